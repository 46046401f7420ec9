import assert from 'node:assert/strict';
import fc from 'fast-check';
import { matchesGlob } from '../../../../core/query/glob.ts';

/** The same by an expression. */
const byExpression = (pattern: string, text: string): boolean => {
  const source = pattern
    .replace(/[\\^$.+()[\]{}|/]/g, '\\$&')
    .replaceAll('*', '[^]*')
    .replaceAll('?', '[^]');
  return new RegExp(`^${source}$`, 'u').test(text);
};

describe('query language: patterns', () => {
  it('matches names', () => {
    for (const [pattern, text, expected] of [
      ['aime24/*', 'AIME24/3', true],
      ['*24*', 'aime24/3', true],
      ['a?c', 'abc', true],
      ['a?c', 'ac', false],
      ['a?c', 'a𝑥c', true],
      ['*', '', true],
      ['?', '', false],
      ['a*b*c', 'a--b--c--b', false],
      ['É*', 'école', false],
    ] as const)
      assert.equal(matchesGlob(pattern, text), expected, `${pattern} ${text}`);
  });

  it('matches what an expression matches', () => {
    const letters = (extra: string[]) => fc.string({ unit: fc.constantFrom('a', 'b', '𝑥', ...extra), maxLength: 10 });
    fc.assert(
      fc.property(letters(['*', '?']), letters(['.']), (pattern, text) =>
        assert.equal(matchesGlob(pattern, text), byExpression(pattern, text), `${pattern} ${text}`),
      ),
      { numRuns: 5000 },
    );
  });

  it('takes little time for the worst of patterns', () => {
    const began = performance.now();
    assert.equal(matchesGlob('*a*a*a*a*a*a*a*b', 'a'.repeat(100_000)), false);
    assert.ok(performance.now() - began < 500);
  });
});
