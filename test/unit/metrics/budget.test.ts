import assert from 'node:assert/strict';
import {
  accuracyAt,
  majorityAtK,
  majorityOf,
  passAtK,
  passProbability,
  type Sample,
} from '../../../core/metrics/accuracy.ts';
import { boxBy, budgetCurve, forcedAccuracyAt, forcedRightAt, type TimedSample } from '../../../core/metrics/budget.ts';
import { answersCollected, solvedAtK } from '../../../core/metrics/collected.ts';

const sample = (problem: string, verdict: Sample['verdict'], rest: Partial<TimedSample> = {}): TimedSample => ({
  problem,
  verdict,
  tokens: 100,
  finish: 'stop',
  answer: '1',
  answers: [],
  ...rest,
});

/** All subsets of k of n. */
function* subsets(n: number, k: number, from = 0): Generator<number[]> {
  if (k === 0) yield [];
  for (let i = from; i <= n - k; i += 1) for (const rest of k === 0 ? [] : subsets(n, k - 1, i + 1)) yield [i, ...rest];
}

describe('pass@k', () => {
  it('is the mean over every subset of k samples of whether one is right', () => {
    for (let n = 1; n <= 8; n += 1)
      for (let c = 0; c <= n; c += 1)
        for (let k = 1; k <= n; k += 1) {
          const all = [...subsets(n, k)];
          const hit = all.filter((chosen) => chosen.some((i) => i < c)).length;
          assert.ok(Math.abs(passProbability(n, c, k) - hit / all.length) < 1e-12, `n ${n}, c ${c}, k ${k}`);
        }
  });

  it('averages over problems', () => {
    // 1 − C(1,2)/C(3,2) = 1 for two right of three (one wrong cannot fill two), 1 − C(2,2)/C(3,2) = 2/3 for one of three.
    const samples = [
      ...['right', 'right', 'wrong'].map((verdict) => sample('a', verdict as 'right')),
      ...['right', 'wrong', 'wrong'].map((verdict) => sample('b', verdict as 'right')),
    ];
    assert.ok(Math.abs(passAtK(samples, 2)!.mean - (1 + 2 / 3) / 2) < 1e-12);
    assert.ok(Math.abs(accuracyAt(samples)!.mean - 0.5) < 1e-12);
    assert.equal(solvedAtK(samples, 2)!.mean, 1);
    assert.equal(solvedAtK(samples, 3)!.mean, passAtK(samples, 3)!.mean);
  });
});

describe('maj@k', () => {
  it('counts right answers of several spellings as one vote', () => {
    const group = [
      sample('a', 'right', { answer: '1/2' }),
      sample('a', 'right', { answer: '0.5' }),
      sample('a', 'wrong', { answer: '2' }),
      sample('a', 'wrong', { answer: '3' }),
    ];
    assert.equal(majorityOf(group), 1);
  });

  it('gives a tie of three the share of the right one, and a problem without an answer nothing', () => {
    const tie = ['1', '2', '3'].map((answer) => sample('a', answer === '1' ? 'right' : 'wrong', { answer }));
    assert.equal(majorityOf(tie), 1 / 3);
    assert.equal(majorityOf(tie.map((one) => ({ ...one, answer: null }))), 0);
    assert.equal(majorityOf(tie.map((one) => ({ ...one, finish: 'length' as const }))), 0);
  });

  it('is refused with fewer samples, with the number there is', () => {
    assert.throws(() => majorityAtK([sample('a', 'right')], 2), /maj@2 needs 2 samples of each problem; a has 1/);
    assert.throws(() => solvedAtK([sample('a', 'right')], 3), /solved@3 needs 3 samples of each problem; a has 1/);
  });
});

describe('an end that was not recorded', () => {
  it('counts as finished: an import without finish reasons has no 0 %', () => {
    assert.equal(accuracyAt([sample('a', 'right', { finish: null })])?.mean, 1);
    assert.equal(accuracyAt([sample('a', 'right', { finish: 'length' })])?.mean, 0);
  });
});

describe('answers collected', () => {
  it('counts the samples of each problem that came in time with an answer', () => {
    const samples = [
      sample('a', 'right', { tokens: 10 }),
      sample('a', 'wrong', { tokens: 30 }),
      sample('b', 'wrong', { tokens: 10, answer: null }),
      sample('b', 'none', { tokens: 10, finish: 'length' }),
    ];
    assert.equal(answersCollected(samples)?.mean, 1);
    assert.equal(answersCollected(samples, undefined, 20)?.mean, 0.5);
    assert.equal(answersCollected(samples, 1)?.mean, 0.5);
    assert.equal(answersCollected([]), null);
  });
});

describe('accuracy at a budget by forced answer', () => {
  const path = sample('a', 'wrong', {
    tokens: 100,
    answers: [
      { tokens: 20, value: 'right', boxed: false },
      { tokens: 60, value: 'wrong', boxed: true },
    ],
  });

  it('takes the last answer that was committed to by then, and the verdict where it finished', () => {
    assert.deepEqual([10, 20, 59, 60, 100].map((budget) => forcedRightAt(path, budget)), [false, true, true, false, false]); // prettier-ignore
    const cut = { ...path, finish: 'length' as const, verdict: 'right' as const, answers: [] };
    assert.equal(forcedRightAt(cut, 1000), false);
    assert.equal(forcedAccuracyAt([path, sample('b', 'right', { tokens: 30 })], 30)?.mean, 1);
    assert.equal(forcedAccuracyAt([sample('a', 'none')], 30), null);
  });

  it('knows a box by its end', () => {
    assert.deepEqual(
      [59, 60].map((budget) => boxBy([path], budget)?.mean),
      [0, 1],
    );
  });
});

describe('the curve over every budget', () => {
  it('has a point where accuracy changes, and agrees with accuracy at each', () => {
    const samples = [
      sample('a', 'right', { tokens: 10 }),
      sample('a', 'right', { tokens: 30 }),
      sample('b', 'right', { tokens: 20, finish: 'length' }),
      sample('b', 'wrong', { tokens: 5 }),
      sample('c', 'right', { tokens: 10 }),
      sample('d', 'none', { tokens: 1 }),
    ];
    const curve = budgetCurve(samples);
    assert.deepEqual(
      curve.map(({ budget }) => budget),
      [10, 30],
    );
    for (const { budget, accuracy } of curve)
      assert.ok(Math.abs(accuracy - accuracyAt(samples, budget)!.mean) < 1e-12, String(budget));
    assert.deepEqual(budgetCurve([sample('a', 'none')]), []);
  });
});
