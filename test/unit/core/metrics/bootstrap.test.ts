import assert from 'node:assert/strict';
import { bootstrapMean, quantile, random } from '../../../../core/metrics/bootstrap.ts';

describe('bootstrapMean', () => {
  it('gives the mean over problems of the means of their samples', () => {
    assert.equal(bootstrapMean([[1, 1, 1, 0], [0]]).mean, 0.375);
  });

  it('covers the mean, and narrows with more problems', () => {
    const few = bootstrapMean(Array.from({ length: 20 }, (_, i) => [i % 2]));
    const many = bootstrapMean(Array.from({ length: 2000 }, (_, i) => [i % 2]));
    assert.ok(few.low < 0.5 && few.high > 0.5 && few.high - few.low > many.high - many.low);
    // Normal theory: 0.5 ± 1.96 · √(0.25 / 2000).
    assert.ok(Math.abs(many.low - 0.478) < 0.004 && Math.abs(many.high - 0.522) < 0.004, JSON.stringify(many));
  });

  it('draws problems, not samples: copies of a sample do not narrow it', () => {
    const one = bootstrapMean(Array.from({ length: 30 }, (_, i) => [i % 2]));
    const copies = bootstrapMean(Array.from({ length: 30 }, (_, i) => [i % 2, i % 2, i % 2, i % 2]));
    assert.deepEqual(copies, one);
  });

  it('is the same for the same seed', () => {
    const groups = Array.from({ length: 50 }, (_, i) => [i * 0.31]);
    assert.deepEqual(bootstrapMean(groups, { seed: 3 }), bootstrapMean(groups, { seed: 3 }));
    assert.notDeepEqual(bootstrapMean(groups, { seed: 3 }), bootstrapMean(groups, { seed: 4 }));
  });

  it('leaves out what is not finite, and says nothing of nothing', () => {
    assert.equal(bootstrapMean([[1, NaN], [Infinity], []]).mean, 1);
    assert.deepEqual(bootstrapMean([[1]]), { mean: 1, low: 1, high: 1 });
    assert.deepEqual(bootstrapMean([]), { mean: NaN, low: NaN, high: NaN });
  });
});

describe('quantile and random', () => {
  it('interpolates', () => {
    assert.equal(quantile(Float64Array.of(1, 2, 3, 4), 0.5), 2.5);
    assert.equal(quantile(Float64Array.of(1, 2, 3, 4), 1), 4);
  });

  it('is uniform enough and seeded', () => {
    const draw = random(1);
    const values = Array.from({ length: 10_000 }, draw);
    assert.ok(values.every((value) => value >= 0 && value < 1));
    assert.ok(Math.abs(values.reduce((a, b) => a + b) / 10_000 - 0.5) < 0.01);
    assert.equal(random(1)(), values[0]);
  });
});
