import assert from 'node:assert/strict';
import { fit, fitDense, type Example } from '../../training/logistic.ts';

const example = (features: number[], answers: number[], weight = 1): Example => ({
  features: Int32Array.from(features),
  answers: Int8Array.from(answers),
  weight,
});

describe('logistic regression', () => {
  it('finds the log odds where nothing is penalised', () => {
    // One constant feature; 3 of 4 say yes: the weight is ln 3.
    const rows = [1, 1, 1, 0].map((answer) => example([0], [answer]));
    assert.ok(Math.abs(fit(rows, new Float64Array(1), 1)[0]! - Math.log(3)) < 0.01);
  });

  it('weighs examples, and leaves out what is not known', () => {
    const rows = [example([0], [1, -1], 3), example([0], [0, 1]), example([0], [-1, 0])];
    const [first, second] = fit(rows, new Float64Array(2), 2);
    assert.ok(Math.abs(first! - Math.log(3)) < 0.01);
    assert.ok(Math.abs(second!) < 0.01);
  });

  it('is at the minimum: the gradient with its penalty is nought', () => {
    const rows = [example([0, 1], [1]), example([0], [0]), example([1], [1]), example([0, 2], [0]), example([2], [1])];
    const penalty = 0.5;
    const weights = fit(rows, new Float64Array(3).fill(penalty), 1);
    const gradient = [0, 1, 2].map((k) => penalty * weights[k]!);
    for (const { features, answers } of rows) {
      const sum = [...features].reduce((total, k) => total + weights[k]!, 0);
      for (const k of features) gradient[k]! += 1 / (1 + Math.exp(-sum)) - answers[0]!;
    }
    for (const one of gradient) assert.ok(Math.abs(one) < 0.01, `${one}`);
    const inputs = Float64Array.from(
      rows.flatMap(({ features }) => [0, 1, 2].map((k) => (features.includes(k) ? 1 : 0))),
    );
    const dense = fitDense(
      inputs,
      3,
      rows.map(({ answers }, row) => ({ row, answer: answers[0]! })),
      penalty,
    );
    for (const [k, weight] of dense.entries()) assert.ok(Math.abs(weight - weights[k]!) < 0.01);
  });
});
