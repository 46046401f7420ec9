import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import * as fc from 'fast-check';
import { atOnce } from '../../../../core/metrics/slices.ts';
import { align, type AlignedRow, type Alignment } from '../../../../core/traces/align.ts';
import { needSharedData } from '../../../shared-data.ts';
import { longCompletion } from '../../../webview/made-trace.ts';

const run = (left: string, right: string) => atOnce(align(left, right));

/** Rows as words: what stands left and right, and how. */
function read(left: string, right: string) {
  const { rows, ...sides } = run(left, right);
  const text = (of: string, steps: Alignment['left'], at: number | null) =>
    at === null ? null : of.slice(steps[at]!.start, steps[at]!.end);
  return rows.map((row) => [row.kind, text(left, sides.left, row.left), text(right, sides.right, row.right)]);
}

/** Every step stands in exactly one row of its side, in order; partners agree. */
function check({ left, right, rows, common }: Alignment): void {
  const placed = (side: 'left' | 'right') => rows.flatMap((row) => (row[side] === null ? [] : [row[side]]));
  assert.deepEqual(placed('left'), [...left.keys()]);
  assert.deepEqual(placed('right'), [...right.keys()]);
  const movedTo = new Map<number, number>();
  for (const row of rows) {
    const isPair = row.kind === 'same' || row.kind === 'alike';
    assert.equal(row.left !== null && row.right !== null, isPair, row.kind);
    assert.equal(row.to !== null, row.kind === 'moved');
    assert.ok(row.similarity >= 0 && row.similarity <= 1 + 1e-9);
    if (row.kind === 'onlyLeft') assert.ok(row.left !== null && row.right === null);
    if (row.kind === 'onlyRight') assert.ok(row.right !== null && row.left === null);
    if (row.kind === 'same') assert.equal(left[row.left!]!.key, right[row.right!]!.key);
    if (row.kind === 'moved' && row.left !== null) movedTo.set(row.left, row.to!);
  }
  const back = rows.filter((row) => row.kind === 'moved' && row.right !== null);
  assert.equal(back.length, movedTo.size);
  for (const row of back) assert.equal(movedTo.get(row.to!), row.right);
  assert.ok(rows.slice(0, common).every(({ kind }) => kind === 'same'));
}

describe('aligned steps', () => {
  it('ties what says the same in another spelling, and says what only one side has', () => {
    const left = 'Let $n$ be the number of pairs. So $\\frac{a}{b} = 12$. Wait, that is odd.\n\nThe answer is 12.';
    const right = 'Let n be the number of pairs. So $12 = a/b$. The answer is 12.';
    assert.deepEqual(read(left, right), [
      ['same', 'Let $n$ be the number of pairs.', 'Let n be the number of pairs.'],
      ['same', 'So $\\frac{a}{b} = 12$.', 'So $12 = a/b$.'],
      ['onlyLeft', 'Wait, that is odd.', null],
      ['same', 'The answer is 12.', 'The answer is 12.'],
    ]);
  });

  it('takes calculations in plain text for the same in another spelling, and for others with other numbers', () => {
    assert.deepEqual(
      read('1. log2(x/(yz)) = 1/2\n\nSo x > 2, hence y = 3.', '1. log2(x / (y z)) = 1/2\n\nSo 2 < x, hence 3 = y.'),
      [
        ['same', '1. log2(x/(yz)) = 1/2', '1. log2(x / (y z)) = 1/2'],
        ['same', 'So x > 2, hence y = 3.', 'So 2 < x, hence 3 = y.'],
      ],
    );
    assert.deepEqual(
      read('Compute: log2(x/(yz)) = 1/2', 'Compute: log2(x/(yz)) = 1/3')
        .map(([kind]) => kind)
        .includes('same'),
      false,
    );
  });

  it('names the equations and words that two steps share', () => {
    const left = 'Hence the discriminant is $b^2 - 4ac = 0$ here.\n\nDone with it.';
    const right = 'Other beginning.\n\nTherefore $0 = b^2 - 4ac$, the discriminant vanishes.\n\nDone with it.';
    const found = run(left, right);
    const row = found.rows.find(({ kind }) => kind === 'alike')!;
    assert.deepEqual([row.left, row.right], [0, 1]);
    const why = found.why(row);
    assert.equal(why[0], '0=b^2-4ac');
    assert.ok(why.includes('discriminant'));
    assert.deepEqual(found.why(found.rows.find(({ kind }) => kind === 'onlyRight')!), []);
  });

  it('does not take steps for alike that calculate something else in the same words', () => {
    const kinds = read('We get $x = 5$.\n\nFine words end here.', 'We get $y = 7$.\n\nFine words end here.').map(
      ([kind]) => kind,
    );
    assert.deepEqual(kinds, ['onlyLeft', 'onlyRight', 'same']);
  });

  it('recognises steps that moved, apart from those in order', () => {
    const cases = 'Count the triangles with an even perimeter: $t = 17$.';
    const bound = 'By the pigeonhole principle some colour occurs at least $k = 4$ times.';
    const filler = Array.from({ length: 12 }, (_, i) => `Sentence number ${i} talks about item ${i * 37} alone.`);
    const left = [cases, ...filler, bound].join('\n');
    const right = [...filler, bound, cases].join('\n');
    const found = run(left, right);
    check(found);
    const moved = found.rows.filter(({ kind }) => kind === 'moved');
    assert.deepEqual(
      moved.map(({ left: a, right: b, to }) => [a, b, to]),
      [
        [0, null, 13],
        [null, 13, 0],
      ],
    );
    assert.equal(found.rows.filter(({ kind }) => kind === 'same').length, 13);
  });

  it('takes no phrase that is said anywhere for one that moved', () => {
    const filler = Array.from({ length: 12 }, (_, i) => `Sentence number ${i} talks about item ${i * 37} alone.`);
    const phrase = 'Hmm, let me think about that again.';
    const { rows } = run([phrase, ...filler].join('\n'), [...filler, phrase].join('\n'));
    assert.deepEqual(new Set(rows.map(({ kind }) => kind)), new Set(['same', 'onlyLeft', 'onlyRight']));
  });

  it('does not take calculations for alike that have numbers and functions in common and no equation', () => {
    const begin = 'Let us see what the maximum is here.';
    const left = `${begin}\n\nsqrt(3) x + 3 sqrt(3) x = sqrt(3)/2\n\nSo we are done with this part.`;
    const right = `${begin}\n\n3 sqrt(3)/2 = 2.598\n\nSo we are done with this part.`;
    assert.deepEqual(
      read(left, right).map(([kind]) => kind),
      ['same', 'onlyLeft', 'onlyRight', 'same'],
    );
  });

  it('ties repeated passages in step', () => {
    const loop = 'Wait, let me check. x = 3.\n\n';
    const kinds = (rows: readonly AlignedRow[]) => Object.groupBy(rows, ({ kind }) => kind);
    const found = run(`First of all.\n\n${loop.repeat(800)}`, `${loop.repeat(790)}So it is done.`);
    check(found);
    assert.ok(kinds(found.rows).same!.length >= 1578, `${kinds(found.rows).same!.length}`);
  });

  it('aligns nothing with something, and a text with itself', () => {
    assert.deepEqual(read('', ''), []);
    assert.deepEqual(read('', 'One. Two.'), [
      ['onlyRight', null, 'One.'],
      ['onlyRight', null, 'Two.'],
    ]);
    const text = longCompletion(20_000, 60);
    const found = run(text, text);
    assert.equal(found.common, found.left.length);
    assert.equal(found.rows.length, found.left.length);
  });

  it('puts every step in exactly one row of its side and keeps the order', () => {
    const sentence = fc.constantFrom(
      ...['Wait.', 'So $x = 1$.', 'Let me check that again.', 'Then $a + b = c$ holds for all primes.', 'Hmm, no.'],
      ...[
        'x = 3',
        '\\[ y = \\frac{1}{2} \\]',
        'Consider the triangle ABC.',
        'The perimeter is 12.',
        '我们来看。',
        '$$',
      ],
    );
    const text = fc
      .array(fc.oneof(sentence, fc.string({ maxLength: 20 })), { maxLength: 60 })
      .map((all) => all.join('\n'));
    fc.assert(
      fc.property(text, text, (left, right) => check(run(left, right))),
      { numRuns: 300 },
    );
  });

  it('finds an edit: what was taken out, put in and kept', () => {
    const lines = Array.from({ length: 60 }, (_, i) => `Item ${i * 131} has the value $v_{${i}} = ${i * i + 7}$.`);
    fc.assert(
      fc.property(
        fc.uniqueArray(fc.nat(59), { maxLength: 20 }),
        fc.uniqueArray(fc.nat(59), { maxLength: 20 }),
        (a, b) => {
          const keep = (without: number[]) => lines.filter((_, i) => !without.includes(i)).join('\n');
          const found = run(keep(a), keep(b));
          check(found);
          const same = found.rows.filter(({ kind }) => kind === 'same').length;
          assert.equal(same, lines.filter((_, i) => !a.includes(i) && !b.includes(i)).length);
        },
      ),
      { numRuns: 60 },
    );
  });

  it('aligns real attempts at one problem', function () {
    const read2 = (name: string) =>
      readFileSync(needSharedData(this, 'traces', 'reasoningflow', `${name}_aime2024_responses.jsonl`), 'utf8')
        .trim()
        .split('\n')
        .map((line) => (JSON.parse(line) as { response: string }).response);
    const [first, second] = [read2('DeepSeek-R1'), read2('QwQ-32B')];
    for (const i of [0, 3, 7]) {
      const own = run(first[i]!, second[i]!);
      const other = run(first[i]!, second[(i + 11) % second.length]!);
      check(own);
      check(other);
      const share = ({ rows, left }: Alignment) =>
        rows.filter((row) => row.left !== null && row.right !== null).length / left.length;
      assert.ok(share(own) > 0.05, `problem ${i}: ${share(own)}`);
      assert.ok(share(own) > 3 * share(other), `problem ${i}: ${share(own)} and ${share(other)} with another problem`);
    }
  });
});
