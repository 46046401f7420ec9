import assert from 'node:assert/strict';
import { expressionOf, findAll } from '../../../../core/traces/find.ts';

describe('findAll', () => {
  it('finds a literal as it stands, case aside', () => {
    assert.deepEqual(findAll('Wait. wait (x+1)', 'wait').hits, [
      { start: 0, end: 4 },
      { start: 6, end: 10 },
    ]);
    assert.equal(findAll('Wait. wait', 'wait', { matchCase: true }).total, 1);
    assert.equal(findAll('f(x+1) and (x+1)', '(x+1)').total, 2);
    assert.equal(findAll('waiting wait', 'wait', { wholeWord: true }).hits[0]?.start, 8);
  });

  it('takes signs of expressions literally', () => {
    for (const sign of ['\\', '^', '$', '.', '*', '+', '?', '(', ')', '[', ']', '{', '}', '|', '/', '-']) {
      assert.equal(findAll(`a${sign}b`, sign).total, 1, sign);
    }
    assert.equal(findAll('a.b', 'a-b').total, 0);
  });

  it('takes an expression as it is written, line by line', () => {
    const hits = (text: string, source: string) =>
      [...text.matchAll(expressionOf(source, { regex: true }) as RegExp)].map(({ 0: hit }) => hit);
    assert.deepEqual(hits('x = 12\ny = 3', String.raw`\d+$`), ['12', '3']);
    assert.deepEqual(hits('a 𝒳 b', '.'), ['a', ' ', '𝒳', ' ', 'b']);
  });

  it('says what is wrong with an expression', () => {
    assert.match(expressionOf('(', { regex: true }) as string, /not a valid regular expression/);
  });

  it('counts what is beyond the limit as well', () => {
    const result = findAll('a'.repeat(100), 'a', {}, 10);
    assert.equal(result.hits.length, 10);
    assert.equal(result.total, 100);
  });

  it('finds nothing for nothing', () => {
    assert.deepEqual(findAll('abc', ''), { hits: [], total: 0 });
  });
});
