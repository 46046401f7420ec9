import assert from 'node:assert/strict';
import { normalizeProblem } from '../../../../core/traces/problem-id.ts';

describe('normalizeProblem', () => {
  it('makes every run of white space one space, and trims', () => {
    assert.equal(normalizeProblem('  Find\n\n x.\t\u00a0Now '), 'Find x. Now');
  });

  it('composes letters', () => {
    assert.equal(normalizeProblem('e\u0301'), '\u00e9');
  });

  it('is the same done twice', () => {
    const once = normalizeProblem(' a  b\r\n');
    assert.equal(normalizeProblem(once), once);
  });
});
