import assert from 'node:assert/strict';
import { entropy, entropyBySteps, entropyLowerBound } from '../../../core/metrics/entropy.ts';
import { lengthBand, standardisedRates, type Exposure } from '../../../core/metrics/rates.ts';
import { ofClasses, twoTurns } from '../../../core/metrics/two-turns.ts';

const near = (a: number | null | undefined, b: number, by = 1e-12) =>
  assert.ok(a != null && Math.abs(a - b) < by, `${a} ≠ ${b}`);
const one = (problem: string, tokens: number, events: number): Exposure => ({ problem, tokens, events });

describe('rates at the same length and difficulty', () => {
  it('equal the crude ratio in one stratum', () => {
    const { ratio, crude, difference, interval } = standardisedRates([one('a', 600, 6)], [one('a', 900, 3)]);
    near(ratio, 3);
    near(crude.ratio, 3);
    near(difference, 10 - 10 / 3);
    // Var(log ratio) = 1/6 + 1/3 for Poisson counts in one stratum: (x+y)st/(s+t)² over xt·ys/(s+t)² = (x+y)/(xy).
    near(Math.log(interval!.high / interval!.low), 2 * 1.959964 * Math.sqrt(1 / 6 + 1 / 3), 1e-6);
  });

  it('undo what longer outputs on harder problems do (Simpson)', () => {
    // Within each problem both sides have the same rate; a has more of its tokens on the problem with many.
    const a = [one('easy', 300, 3), one('hard', 9000, 900)];
    const b = [one('easy', 400, 4), one('hard', 8500, 850)];
    const more = [...a, one('hard', 9000, 900)];
    assert.ok(standardisedRates(more, b).crude.ratio! > 1);
    near(standardisedRates(more, b).ratio, 1);
    near(standardisedRates(more, b).difference, 0);
  });

  it('leave out strata of one side, and say how many completions remain', () => {
    const found = standardisedRates([one('a', 300, 1), one('b', 300, 9)], [one('a', 300, 2), one('a', 5000, 1)]);
    assert.deepEqual([found.strata, found.completions], [1, { a: 1, b: 1 }]);
    near(found.ratio, 0.5);
    const none = standardisedRates([one('a', 300, 1)], [one('b', 300, 1)]);
    assert.deepEqual([none.ratio, none.difference, none.interval, none.strata], [null, null, null, 0]);
    assert.equal(standardisedRates([one('a', 0, 1)], [one('a', 0, 1)]).crude.a, null);
  });

  it('take a band for each doubling from 256 tokens on', () => {
    assert.deepEqual([0, 255, 256, 511, 512, 1024, 32_768].map(lengthBand), [0, 0, 1, 1, 2, 3, 8]);
  });
});

describe('entropy', () => {
  const logs = (...of: number[]) => of.map(Math.log);

  it('is ln n for n equal probabilities, and 0 for one', () => {
    near(entropy(logs(0.25, 0.25, 0.25, 0.25)), Math.log(4));
    near(entropy(logs(1, 0)), 0);
  });

  it('from the largest few is at most that of any distribution that has them, and is reached', () => {
    // All ways to spread the rest over a grid of 1/40 in at most 6 tokens, none above the least one given.
    const grid = 40;
    const top = [16, 8, 5];
    const bound = entropyLowerBound(logs(...top.map((n) => n / grid)));
    let least = Infinity;
    const spread = (left: number, most: number, rest: number[]): void => {
      if (left === 0) least = Math.min(least, entropy(logs(...[...top, ...rest].map((n) => n / grid))));
      else if (rest.length < 6) for (let n = Math.min(most, left); n > 0; n -= 1) spread(left - n, n, [...rest, n]);
    };
    spread(grid - 29, 5, []);
    near(bound, least);
    const rest = 11 / grid;
    assert.ok(bound > entropy(logs(...top.map((n) => n / grid))) - rest * Math.log(rest));
  });

  it('from all of them is the entropy itself', () => {
    near(entropyLowerBound(logs(0.5, 0.3, 0.2)), entropy(logs(0.5, 0.3, 0.2)));
    assert.equal(entropyLowerBound([]), 0);
    near(entropyLowerBound(logs(0.1)), Math.log(10));
  });

  it('has a mean, and mean and largest by step', () => {
    assert.deepEqual(entropyBySteps([1, 3, NaN, 5, 7], [0, 0, 0, 2, -1], 3), {
      mean: 4,
      tokens: 4,
      steps: [{ mean: 2, max: 3 }, null, { mean: 5, max: 5 }],
    });
    assert.equal(entropyBySteps([], [], 0).mean, null);
  });
});

describe('two turns', () => {
  it('has both accuracies, their difference and both directions', () => {
    const found = twoTurns([
      ['right', 'right'],
      ['right', 'wrong'],
      ['wrong', 'right'],
      ['wrong', 'right'],
      ['wrong', 'wrong'],
      ['undecided', 'right'],
      ['none', 'none'],
    ])!;
    assert.deepEqual(found.classes, { RR: 1, RW: 1, WR: 3, WW: 1 });
    assert.deepEqual([found.n, found.undecided], [6, 1]);
    near(found.first, 2 / 6);
    near(found.second, 4 / 6);
    near(found.change, found.second - found.first);
    near(found.change, found.mended - found.broken);
    assert.equal(twoTurns([['none', 'right']]), null);
    assert.equal(ofClasses({ RR: 0, RW: 0, WR: 0, WW: 0 }), null);
  });
});
