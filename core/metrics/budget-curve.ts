/** Accuracy and tokens spent over a grid of budgets, all from one resampling of the problems, so that the points of a curve belong together. */
import { byProblem, isGraded, rightAt, type Sample } from './accuracy.ts';
import { intervalOf, resampledSums, type Interval } from './bootstrap.ts';

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

/**
 * {@link CurvePoint} for each of the rising `budgets`, with 95 % bootstrap intervals over problems. Samples that nothing was compared with are left
 * out; those of unknown length are in the accuracy (over every budget) and not in the tokens. Yields every few milliseconds.
 */
export function* budgetPoints(samples: readonly Sample[], budgets: readonly number[]): Generator<void, CurvePoint[]> {
  const judged = byProblem(samples.filter(isGraded));
  yield;
  const known = byProblem(samples.filter((sample) => isGraded(sample) && sample.tokens !== null));
  yield;
  const right = budgets.map((budget) => shares(judged, (sample) => (rightAt(sample, budget) ? 1 : 0)));
  yield;
  const spent = budgets.map((budget) => shares(known, (sample) => Math.min(sample.tokens!, budget)));
  yield;
  const drawn = yield* resampledSums(right);
  return budgets.map((_, b) => ({
    accuracy: interval(right[b]!, drawn[b]!),
    tokens: spent[b]!.length === 0 ? null : mean(spent[b]!),
    gained: right[b]!.reduce((n, value, i) => n + (value > (right[b - 1]?.[i] ?? 0) ? 1 : 0), 0),
  }));
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
