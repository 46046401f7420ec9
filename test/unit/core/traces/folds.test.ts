import assert from 'node:assert/strict';
import fc from 'fast-check';
import { describe, it } from 'mocha';
import { foldsOf } from '../../../../core/traces/folds.ts';
import { stepStarts } from '../../../../core/traces/steps.ts';

const long =
  'We take the first equation and put the value of x into it, so that 3 times 4 plus 5 makes 17 as it should.';
const next = 'Then the second equation gives 2 times 4 minus 1, which is 7, and that is what stands on its right side.';

function folds(text: string, checks: [string, string][] = [], code: { start: number; end: number }[] = []) {
  const found = foldsOf(text, {
    steps: stepStarts(text),
    checks: checks.map(([from, to]) => ({ start: text.indexOf(from), end: text.indexOf(to) + to.length })),
    code,
  });
  return found.map(({ start, end, kind, first }) => ({
    kind,
    text: text.slice(start, end),
    ...(first !== undefined && { first }),
  }));
}

describe('folds', () => {
  it('leave the step with the cue of a check, and fold the rest', () => {
    const text = `So x = 4. Let me check that. ${long} ${next} Good. The answer is 4.`;
    assert.deepEqual(folds(text, [['Let me check', 'side.']]), [{ kind: 'check', text: `${long} ${next}` }]);
    assert.deepEqual(folds(text, [['Let me check', 'check that.']]), [], 'a check of one step');
    assert.deepEqual(folds('Check: 2 = 2. Yes. Good.', [['Check', 'Good.']]), [], 'a short one');
  });

  it('fold what was said before in the same order, with the place of the first', () => {
    const text = `Begin here. ${long} ${next} So far so good. Now something else is said here. ${long}\n${next.toUpperCase()} The end.`;
    assert.deepEqual(folds(text), [{ kind: 'repeat', text: `${long}\n${next.toUpperCase()}`, first: 12 }]);
    const turned = `${next} It is so. ${long} Well. ${long.slice(0, 40)}. ${next.slice(0, 40)}.`;
    assert.deepEqual(folds(turned), []);
  });

  it('fold passages that stood apart as one where they come together', () => {
    const text = `${long} Now to something else altogether. ${next} And so on. ${next} ${long} The end.`;
    assert.deepEqual(folds(text), [{ kind: 'repeat', text: `${next} ${long}`, first: text.indexOf(next) }]);
  });

  it('fold a loop but for its first copy', () => {
    const text = `Start. ${`${long} `.repeat(5)}End.`;
    assert.deepEqual(
      folds(text).map(({ kind, text: folded }) => [kind, folded.length]),
      [['repeat', long.length * 4 + 3]],
    );
  });

  it('fold code behind its first line, and nothing within it', () => {
    const fence = `\`\`\`python\n${'print(1 + 2 * 3 - 4 / 5 ** 6)\n'.repeat(6)}\`\`\``;
    const text = `Let us compute this now.\n\n${fence}\n\nIt says so.`;
    const at = text.indexOf(fence);
    assert.deepEqual(
      folds(text, [], [{ start: at, end: at + fence.length }]).map(({ kind }) => kind),
      ['code'],
    );
  });

  it('never overlap, lie in the text, and are in order', () => {
    const step = fc.constantFrom(long, next, 'So.', 'Wait, let me look at that once more, carefully.', '$$x = 1$$\n');
    const range = fc.tuple(fc.nat(4000), fc.nat(600)).map(([start, size]) => ({ start, end: start + size }));
    fc.assert(
      fc.property(fc.array(step, { maxLength: 30 }), fc.array(range), fc.array(range), (parts, checks, code) => {
        const text = parts.join(' ');
        const inside = ({ end }: { end: number }) => end <= text.length;
        const found = foldsOf(text, {
          steps: stepStarts(text),
          checks: checks.filter(inside),
          code: code.filter(inside),
        });
        let last = 0;
        for (const { start, end } of found) {
          assert.ok(start >= last && end > start && end <= text.length);
          last = end;
        }
      }),
    );
  });
});
