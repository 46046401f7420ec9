import assert from 'node:assert/strict';
import { accuracyAt, byProblem, rightAt, type Sample } from '../../../core/metrics/accuracy.ts';
import { random, resampledRises, resampledSums } from '../../../core/metrics/bootstrap.ts';
import { budgetCurves, budgetGrid } from '../../../core/metrics/budget-curve.ts';

function run<T>(work: Generator<void, T>): T {
  for (;;) {
    const step = work.next();
    if (step.done) return step.value;
  }
}

/** Problems of every difficulty, lengths from 200 to 30,000 tokens, some cut, some of unknown length. */
function made(problems: number, samples: number, seed: number): Sample[] {
  const next = random(seed);
  return Array.from({ length: problems }, (_, p) => {
    const share = next();
    return Array.from({ length: samples }, (): Sample => {
      const tokens = next() < 0.02 ? null : Math.floor(200 + 29_800 * next() ** 2);
      const finish = next() < 0.05 ? ('length' as const) : ('stop' as const);
      return { problem: `p${p}`, verdict: next() < share ? 'right' : 'wrong', tokens, finish };
    });
  }).flat();
}

describe('Accuracy over budgets', () => {
  it('is at each budget the accuracy there with its interval, for checkpoints with as many problems and with others', () => {
    const checkpoints = [made(30, 3, 1), made(30, 5, 2), made(7, 1, 3), []];
    const budgets = budgetGrid(checkpoints.flat().flatMap(({ tokens }) => tokens ?? []));
    const curves = run(budgetCurves(checkpoints, budgets));
    for (const [c, own] of checkpoints.entries())
      for (const [b, budget] of budgets.entries()) {
        const expected = accuracyAt(own, budget);
        const { accuracy } = curves[c]![b]!;
        if (!expected) assert.equal(accuracy, null);
        else
          for (const key of ['mean', 'low', 'high'] as const)
            assert.ok(Math.abs(accuracy![key] - expected[key]) < 1e-9, `${c} ${budget} ${key}`);
      }
  });

  it('has over thousands of problems the interval of the normal distribution, though it draws fewer resamples', () => {
    const own = made(5000, 16, 4);
    const budget = 8000;
    const [point] = run(budgetCurves([own, own, own, own, own], [budget]))[0]!;
    const { mean: found, low, high } = point!.accuracy!;
    const shares = byProblem(own).map((group) => group.filter((one) => rightAt(one, budget)).length / group.length);
    const mean = shares.reduce((sum, share) => sum + share, 0) / shares.length;
    const deviation = Math.sqrt(shares.reduce((sum, share) => sum + (share - mean) ** 2, 0) / shares.length);
    const half = (1.96 * deviation) / Math.sqrt(shares.length);
    assert.ok(Math.abs(found - mean) < 1e-9);
    assert.ok(
      Math.abs(mean - low - half) < 0.25 * half && Math.abs(high - mean - half) < 0.25 * half,
      `${low} ${high}`,
    );
  });

  it('adds what rises as it would add the columns themselves', () => {
    const columns = [
      Float64Array.of(0, 0.25, 1, 0),
      Float64Array.of(0.5, 0.25, 1, 0),
      Float64Array.of(0.5, 0.75, 1, 0),
    ];
    const rises = {
      start: Int32Array.of(0, 1, 3, 4, 4),
      column: Uint16Array.of(1, 0, 2, 0),
      by: Float64Array.of(0.5, 0.25, 0.5, 1),
      ...{ curves: 1, columns: 3 },
    };
    const options = { samples: 300, seed: 7 };
    const expected = run(resampledSums(columns, options));
    for (const [c, own] of run(resampledRises(rises, options)).entries())
      for (const [s, sum] of own.entries()) assert.ok(Math.abs(sum - expected[c]![s]!) < 1e-9);
  });

  it('yields while it draws', () => {
    const work = budgetCurves([made(2000, 2, 5)], [500, 1000, 2000, 4000]);
    let yields = 0;
    while (!work.next().done) yields += 1;
    assert.ok(yields > 20, String(yields));
  });
});
