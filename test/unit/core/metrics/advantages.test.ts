import assert from 'node:assert/strict';
import { describe, it } from 'mocha';
import { advantageDiffers, groupAdvantages, meanAndDeviation } from '../../../../core/metrics/advantages.ts';

const near = (found: number[], wanted: number[]) =>
  assert.ok(
    found.length === wanted.length && found.every((value, i) => Math.abs(value - wanted[i]!) < 1e-9),
    JSON.stringify(found),
  );

describe('advantages of a group', () => {
  it('divide by the unbiased deviation and the small number', () => {
    // Mean 1, squares 1 + 0 + 1, over n − 1 = 2: deviation 1.
    assert.deepEqual(meanAndDeviation([0, 1, 2]), { mean: 1, deviation: 1 });
    near(groupAdvantages([0, 1, 2], 'group'), [-1 / 1.0001, 0, 1 / 1.0001]);
    near(groupAdvantages([0, 1, 2], 'batch', 4), [-1 / 4.0001, 0, 1 / 4.0001]);
    near(groupAdvantages([0, 1, 2], 'none'), [-1, 0, 1]);
  });

  it('give 0 where all are equal, where there is no reward, and where there is one alone', () => {
    near(groupAdvantages([0.3, 0.3, 0.3], 'group'), [0, 0, 0]);
    near(groupAdvantages([1, null, 3], 'none'), [-1, 0, 1]);
    near(groupAdvantages([2], 'group'), [0]);
    assert.deepEqual(meanAndDeviation([null]), { mean: null, deviation: 0 });
  });

  it('differ beyond what single precision explains', () => {
    assert.equal(advantageDiffers(1.12, 1.1249), false);
    assert.equal(advantageDiffers(1.12, 1.126), true);
    assert.equal(advantageDiffers(1.12, null), false);
  });
});
