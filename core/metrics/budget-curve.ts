/** Accuracy and tokens spent over a grid of budgets, all from one resampling of the problems, so that the points of a curve belong together. */
import { byProblem, isGraded, rightAt, type Sample } from './accuracy.ts';
import { intervalOf, resampledRises, type Interval, type Rises } from './bootstrap.ts';

/** Most points of a curve. */
const MOST_BUDGETS = 24;

/** 1,000 · 2^(k/2) from below the shortest known length to the first that holds the longest; whole octaves where that is too many. */
export function budgetGrid(lengths: Iterable<number>): number[] {
  let [least, most] = [Infinity, 0];
  for (const tokens of lengths) {
    if (tokens <= 0) continue;
    least = Math.min(least, tokens);
    most = Math.max(most, tokens);
  }
  if (most === 0) return [];
  const from = Math.floor(2 * Math.log2(least / 1000));
  const to = Math.ceil(2 * Math.log2(most / 1000));
  const by = to - from + 1 > MOST_BUDGETS ? 2 : 1;
  const found: number[] = [];
  for (let k = by === 2 ? 2 * Math.floor(from / 2) : from; k < to + by; k += by) {
    const budget = Math.max(1, Math.round(1000 * 2 ** (k / 2)));
    if (budget !== found.at(-1)) found.push(budget);
  }
  return found.slice(-MOST_BUDGETS);
}

export interface CurvePoint {
  /** As `accuracyAt`. */
  accuracy: Interval | null;
  /** The mean of `tokenMeans(…).all`: an output over the budget counts as the budget. */
  tokens: number | null;
  /** Problems of which more samples are right than at the budget before. */
  gained: number;
}

/** Additions of all resamples together: half a second. */
const ADDITIONS = 100_000_000;
/**
 * Resamples: 2,000, fewer where that is more than {@link ADDITIONS}. An end of a 95 % percentile interval then varies from seed to seed
 * by √(p (1 − p) / B) / φ(z) standard errors of the mean (the deviation of a sample quantile, p = 0.025, z = 1.96; Serfling 1980, 2.3.3):
 * 0.06 of them at 2,000 and 0.12 at 500, which is a sixteenth of the half width, of intervals that thousands of problems make narrow.
 */
const RESAMPLES = { most: 2000, fewest: 500 };

interface Curve {
  right: Float64Array[];
  spent: Float64Array[];
}

/**
 * For the samples of each checkpoint {@link CurvePoint} for each of the rising `budgets`, with 95 % bootstrap intervals over problems.
 * Samples that nothing was compared with are left out; those of unknown length are in the accuracy (over every budget) and not in the
 * tokens. Checkpoints with as many problems are resampled together: their draws are the same. Yields every few milliseconds.
 */
export function* budgetCurves(
  checkpoints: readonly (readonly Sample[])[],
  budgets: readonly number[],
): Generator<void, CurvePoint[][]> {
  const curves: Curve[] = [];
  for (const samples of checkpoints) curves.push(yield* sharesAt(samples, budgets));
  const drawn = curves.map((): readonly Float64Array[] => []);
  for (const together of Map.groupBy(curves.keys(), (c) => curves[c]!.right[0]?.length ?? 0).values()) {
    const rises = yield* risesOf(together.map((c) => curves[c]!.right));
    // A draw costs as much as two additions.
    const each = 2 * (rises.start.length - 1) + rises.by.length;
    const samples = Math.max(RESAMPLES.fewest, Math.min(RESAMPLES.most, Math.floor(ADDITIONS / each)));
    const sums = yield* resampledRises(rises, { samples });
    for (const [i, c] of together.entries()) drawn[c] = sums.slice(i * budgets.length, (i + 1) * budgets.length);
  }
  const found: CurvePoint[][] = [];
  for (const [c, { right, spent }] of curves.entries()) {
    found.push(
      budgets.map((_, b) => ({
        accuracy: interval(right[b]!, drawn[c]![b]!),
        tokens: spent[b]!.length === 0 ? null : mean(spent[b]!),
        gained: right[b]!.reduce((n, value, i) => n + (value > (right[b - 1]?.[i] ?? 0) ? 1 : 0), 0),
      })),
    );
    yield;
  }
  return found;
}

function* sharesAt(samples: readonly Sample[], budgets: readonly number[]): Generator<void, Curve> {
  const judged = byProblem(samples.filter(isGraded));
  yield;
  const known = byProblem(samples.filter((sample) => isGraded(sample) && sample.tokens !== null));
  yield;
  const found: Curve = { right: [], spent: [] };
  for (const budget of budgets) {
    found.right.push(shares(judged, (sample) => (rightAt(sample, budget) ? 1 : 0)));
    found.spent.push(shares(known, (sample) => Math.min(sample.tokens!, budget)));
    yield;
  }
  return found;
}

/** The shares of a problem rise with the budget, at most as often as it has samples that are right. All curves have the same number of rows. */
function* risesOf(curves: readonly (readonly Float64Array[])[]): Generator<void, Rises> {
  const n = curves[0]?.[0]?.length ?? 0;
  const columns = curves[0]?.length ?? 0;
  const start = new Int32Array(n + 1);
  const column: number[] = [];
  const by: number[] = [];
  for (let row = 0; row < n; row += 1) {
    start[row] = by.length;
    if (row % 1000 === 999) yield;
    for (const [k, curve] of curves.entries())
      for (const [c, own] of curve.entries()) {
        const rise = own[row]! - (curve[c - 1]?.[row] ?? 0);
        if (rise === 0) continue;
        column.push(k * columns + c);
        by.push(rise);
      }
  }
  start[n] = by.length;
  return { start, column: Uint16Array.from(column), by: Float64Array.from(by), curves: curves.length, columns };
}

/** A problem's mean, each. */
function shares(groups: readonly (readonly Sample[])[], value: (sample: Sample) => number): Float64Array {
  return Float64Array.from(groups, (group) => group.reduce((sum, one) => sum + value(one), 0) / group.length);
}

const mean = (values: Float64Array): number => values.reduce((sum, value) => sum + value, 0) / values.length;

function interval(values: Float64Array, drawn: Float64Array): Interval | null {
  const n = values.length;
  if (n === 0) return null;
  const all = mean(values);
  return n === 1
    ? { mean: all, low: all, high: all }
    : intervalOf(
        all,
        drawn.map((sum) => sum / n),
      );
}
