import assert from 'node:assert/strict';
import { findAll } from '../../../../core/traces/find.ts';

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

  it('finds an expression line by line', () => {
    assert.deepEqual(findAll('x = 12\ny = 3', String.raw`\d+`, { regex: true }).hits, [
      { start: 4, end: 6 },
      { start: 11, end: 12 },
    ]);
    assert.equal(findAll('aaa', 'a*?', { regex: true }).total, 0, 'empty hits are none');
  });

  it('says what is wrong with an expression', () => {
    assert.match(findAll('x', '(', { regex: true }).error ?? '', /not a valid regular expression/);
  });

  it('says what a limit left out', () => {
    const result = findAll('a'.repeat(100), 'a', { limit: 10 });
    assert.equal(result.hits.length, 10);
    assert.equal(result.total, 100);
    assert.match(result.incomplete ?? '', /first 10 of 100/);
  });

  it('stops at the time limit and says how far it came', () => {
    const slow = `${'a'.repeat(22)}!\n`.repeat(400);
    const result = findAll(slow, '(a+)+$', { regex: true, timeout: 20 });
    assert.match(result.incomplete ?? '', /searched the first \d+ of \d+ characters/);
  });

  it('finds nothing for nothing', () => {
    assert.deepEqual(findAll('abc', ''), { hits: [], total: 0, incomplete: null, error: null });
  });
});
