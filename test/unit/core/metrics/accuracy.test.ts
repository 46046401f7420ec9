import assert from 'node:assert/strict';
import {
  accuracyAt,
  majorityAtK,
  passAtK,
  passProbability,
  rightAt,
  tokenMeans,
  type Sample,
} from '../../../../core/metrics/accuracy.ts';

const sample = (
  problem: string,
  verdict: Sample['verdict'],
  tokens: number | null = 10,
  finish: Sample['finish'] = 'stop',
  answer: string | null = null,
): Sample => ({
  problem,
  verdict,
  tokens,
  finish,
  answer,
});

describe('accuracyAt', () => {
  const samples = [
    sample('a', 'right', 10),
    sample('a', 'right', 30),
    sample('b', 'wrong', 10),
    sample('b', 'right', 20, 'length'),
  ];

  it('counts right, finished and within the budget', () => {
    assert.equal(accuracyAt(samples)?.mean, 0.5);
    assert.equal(accuracyAt(samples, 10)?.mean, 0.25);
    assert.equal(accuracyAt(samples, 9)?.mean, 0);
    assert.deepEqual([accuracyAt(samples)?.n, accuracyAt(samples)?.problems], [4, 2]);
  });

  it('knows no accuracy without a gold', () => {
    assert.equal(accuracyAt([]), null);
    assert.equal(accuracyAt([sample('a', 'none'), sample('b', null)]), null);
    assert.equal(accuracyAt([sample('a', 'right'), sample('b', 'none')])?.n, 1);
  });

  it('counts undecided as not right, and says how many', () => {
    const result = accuracyAt([sample('a', 'undecided'), sample('b', 'right')]);
    assert.deepEqual([result?.mean, result?.undecided], [0.5, 1]);
  });

  it('holds a sample of unknown length to be over every budget', () => {
    assert.equal(rightAt(sample('a', 'right', null), 100), false);
    assert.equal(rightAt(sample('a', 'right', null), Infinity), true);
  });
});

describe('passAtK', () => {
  it('is the unbiased estimate', () => {
    // 1 − C(2,2)/C(4,2) = 5/6 for two right of four.
    assert.ok(Math.abs(passProbability(4, 2, 2) - 5 / 6) < 1e-12);
    assert.equal(passProbability(4, 0, 2), 0);
    assert.equal(passProbability(4, 3, 2), 1);
    assert.ok(Math.abs(passProbability(2000, 1, 1000) - 0.5) < 1e-9);
  });

  it('equals accuracy for k = 1', () => {
    const samples = [sample('a', 'right'), sample('a', 'wrong'), sample('b', 'right'), sample('b', 'right')];
    assert.equal(passAtK(samples, 1)?.mean, accuracyAt(samples)?.mean);
  });

  it('refuses fewer samples than k with the number there is', () => {
    assert.throws(() => passAtK([sample('a', 'right')], 2), /needs 2 samples of each problem; a has 1/);
    assert.throws(() => passAtK([], 0), RangeError);
  });
});

describe('majorityAtK', () => {
  const vote = (verdict: Sample['verdict'], answer: string | null, finish: Sample['finish'] = 'stop') =>
    sample('a', verdict, 10, finish, answer);

  it('takes the most frequent answer', () => {
    assert.equal(majorityAtK([vote('right', '5'), vote('right', '5'), vote('wrong', '6')])?.mean, 1);
    assert.equal(majorityAtK([vote('wrong', '6'), vote('wrong', '6'), vote('right', '5')])?.mean, 0);
  });

  it('shares a tie among the tied', () => {
    assert.equal(majorityAtK([vote('right', '5'), vote('wrong', '6')])?.mean, 0.5);
  });

  it('lets only finished answers vote', () => {
    assert.equal(
      majorityAtK([vote('right', '5'), vote('wrong', '6', 'length'), vote('wrong', '6', 'length'), vote('wrong', null)])
        ?.mean,
      1,
    );
    assert.equal(majorityAtK([vote('wrong', null)])?.mean, 0);
  });

  it('looks at the first k alone', () => {
    assert.equal(majorityAtK([vote('right', '5'), vote('wrong', '6'), vote('wrong', '6')], 1)?.mean, 1);
  });
});

describe('tokenMeans', () => {
  it('counts what is cut or longer at the budget, and keeps the finished apart', () => {
    const means = tokenMeans(
      [sample('a', 'right', 10), sample('b', 'wrong', 40, 'length'), sample('c', 'right', 30)],
      20,
    );
    assert.equal(means?.all.mean, (10 + 20 + 20) / 3);
    assert.equal(means?.finished.mean, 10);
    assert.equal(means?.finishedShare, 1 / 3);
  });

  it('leaves unknown lengths out, and says how many', () => {
    const means = tokenMeans([sample('a', 'right', null), sample('b', 'right', 8)]);
    assert.deepEqual([means?.all.mean, means?.n, means?.unknown], [8, 1, 1]);
    assert.equal(tokenMeans([sample('a', 'right', null)]), null);
  });
});
