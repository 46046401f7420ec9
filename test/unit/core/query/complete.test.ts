import assert from 'node:assert/strict';
import fc from 'fast-check';
import { completeAt, COMPLETIONS_LIMIT, type Known } from '../../../../core/query/complete.ts';
import { parseQuery } from '../../../../core/query/parse.ts';

const known: Known = {
  stage: ['grpo', 'evaluate two'],
  set: ['aime24', 'math500'],
  problem: ['aime24/3', 'say "hi"', 'two words'],
  step: ['0', '40'],
};

/** What the text is with each completion taken; `|` is the place. */
function taken(text: string): string[] {
  const at = text.indexOf('|');
  const plain = text.replace('|', '');
  return completeAt(plain, at < 0 ? plain.length : at, known).map(
    ({ insert, start, end }) => plain.slice(0, start) + insert + plain.slice(end),
  );
}

describe('query language: completion', () => {
  it('offers fields, those that begin so first, and words of fields', () => {
    assert.equal(taken('ver')[0], 'verdict:');
    assert.ok(taken('verdict:wrong st').slice(0, 2).includes('verdict:wrong stage:'));
    assert.ok(taken('wro').includes('verdict:wrong'));
    assert.deepEqual(taken('-trunc'), ['-is:truncated']);
    assert.ok(taken('').includes('tokens:'));
    assert.ok(taken('behaviour.back')[0]!.startsWith('behaviour.back'));
    assert.ok(taken('ver|dict:wrong').includes('verdict:wrong'));
    assert.ok(!taken('ver|dict:wrong').some((text) => text.startsWith('has:')));
  });

  it('offers the words of a field, and the names that the run has, in quotes where they need them', () => {
    assert.deepEqual(taken('verdict:w'), ['verdict:wrong']);
    assert.deepEqual(taken('verdict:wrong,'), ['verdict:wrong,right', 'verdict:wrong,undecided', 'verdict:wrong,none']);
    assert.deepEqual(taken('stage:ev'), ['stage:"evaluate two"']);
    assert.deepEqual(taken('stage:"ev'), ['stage:"evaluate two"']);
    assert.deepEqual(taken('stage:"ev|x" wait'), ['stage:"evaluate two" wait']);
    assert.deepEqual(taken('set:aime24,m'), ['set:aime24,math500']);
    assert.deepEqual(taken('problem:say'), ['problem:"say ""hi"""']);
    assert.deepEqual(taken('step:4'), ['step:40']);
    assert.ok(taken('tokens:').includes('tokens:>='));
    assert.ok(taken('marker:').includes('marker:none'));
  });

  it('offers nothing inside words in quotes, expressions and behind a field that there is not', () => {
    for (const text of ['"let |me"', '/a|b/', '/a b|', 'foo:x', '"a ""b|']) assert.deepEqual(taken(text), [], text);
    assert.ok(taken('"let me" ver').includes('"let me" verdict:'));
    assert.ok(taken('/a b/i ver').includes('/a b/i verdict:'));
  });

  it('offers at most as many as can be looked through', () => {
    const problem = Array.from({ length: 1000 }, (_, i) => `p-${i}`);
    assert.equal(completeAt('problem:p', 9, { problem }).length, COMPLETIONS_LIMIT);
    assert.deepEqual(
      completeAt('problem:p-999', 13, { problem }).map(({ label }) => label),
      ['p-999'],
    );
  });

  it('makes no error where there was none before the place, whatever stands there', () => {
    const piece = fc.oneof(
      fc.constantFrom('verdict:', 'set:', 'stage:', 'ver', '"', '/', ',', ' ', '-', 'wrong', 'aime24', 'problem:'),
      fc.string({ maxLength: 3 }),
    );
    fc.assert(
      fc.property(fc.array(piece, { maxLength: 8 }), fc.nat(), (pieces, seed) => {
        const text = pieces.join('');
        const at = seed % (text.length + 1);
        for (const { insert, start, end, kind } of completeAt(text, at, known)) {
          assert.ok(start <= at && at <= end && end <= text.length);
          const before = parseQuery(text.slice(0, start));
          if (kind === 'term' && before.errors.length === 0)
            assert.deepEqual(parseQuery(text.slice(0, start) + insert).errors, []);
        }
      }),
      { numRuns: 1000 },
    );
  });
});
