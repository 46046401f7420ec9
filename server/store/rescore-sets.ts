/** What a re-score does to the accuracy of each set. */
import { intervalOf, resampledSums } from '../../core/metrics/bootstrap.ts';
import type { Estimate, RescoreSet } from '../../core/protocol/audit.ts';

/** Right answers by problem, before and after. */
export interface Sums {
  of: Pick<RescoreSet, 'stage' | 'of' | 'step' | 'set' | 'marker'>;
  problems: Map<string, { n: number; before: number; after: number }>;
}

/** Mean over problems of the share of right samples; the three intervals from the same draws of problems. */
export function* setsOf(all: ReadonlyMap<string, Sums>): Generator<void, RescoreSet[]> {
  const sets: RescoreSet[] = [];
  for (const { of, problems } of all.values()) {
    const rows = [...problems.values()];
    const n = rows.length;
    const before = Float64Array.from(rows, (row) => row.before / row.n);
    const after = Float64Array.from(rows, (row) => row.after / row.n);
    const [x, y] = (yield* resampledSums([before, after])) as [Float64Array, Float64Array];
    const mean = (values: Float64Array): number => values.reduce((sum, value) => sum + value, 0) / n;
    const estimate = (value: number, drawn: Float64Array): Estimate => {
      const { low, high } = intervalOf(value, drawn);
      return { mean: value, ci95: [low, high] };
    };
    sets.push({
      ...of,
      problems: n,
      n: rows.reduce((sum, row) => sum + row.n, 0),
      before: estimate(
        mean(before),
        x.map((sum) => sum / n),
      ),
      after: estimate(
        mean(after),
        y.map((sum) => sum / n),
      ),
      difference: estimate(
        mean(after) - mean(before),
        y.map((sum, i) => (sum - x[i]!) / n),
      ),
    });
  }
  return sets;
}
