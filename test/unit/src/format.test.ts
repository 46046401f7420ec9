import assert from 'node:assert/strict';
import { describe, it } from 'mocha';
import { bytes, duration, oneLine, plural, timeLeft } from '../../../src/format.ts';

describe('format', () => {
  it('says durations in at most two units', () => {
    assert.deepEqual([0, 0.2, 59, 59.5, 60, 89, 90, 3599, 3600, 7500, 86_400, 187_200, -5].map(duration), [
      '0 s',
      '1 s',
      '59 s',
      '1 min',
      '1 min',
      '1 min',
      '2 min',
      '1 h',
      '1 h',
      '2 h 5 min',
      '1 d',
      '2 d 4 h',
      '0 s',
    ]);
  });

  it('says nothing of a time that is not known', () => {
    assert.equal(timeLeft(null), '');
    assert.equal(timeLeft(Number.NaN), '');
    assert.equal(timeLeft(40), '40 s left');
  });

  it('counts', () => {
    assert.equal(plural(1, 'row'), '1 row');
    assert.equal(plural(12_345, 'row'), '12,345 rows');
    assert.deepEqual([999, 1500, 2_800_000_000].map(bytes), ['999 B', '1.5 kB', '2.8 GB']);
  });

  it('makes one line of many, and says that it was cut', () => {
    assert.equal(oneLine(' a\n b\t c '), 'a b c');
    assert.equal(oneLine('abcdef', 4), 'abc…');
  });
});
