/** Accuracy at a budget of tokens, applied after the fact to outputs that were sampled with a larger one. */
import { byProblem, finishedWithin, isGraded, rightAt, type Accuracy, type Sample } from './accuracy.ts';
import { bootstrapMean, type BootstrapOptions, type Interval } from './bootstrap.ts';

/** A candidate answer of a completion: the tokens up to its end, and what it is worth. */
export interface TimedAnswer {
  tokens: number;
  value: 'right' | 'wrong' | 'undecided' | 'none';
  boxed: boolean;
}

export interface TimedSample extends Sample {
  /** Committed answers in order. */
  answers: readonly TimedAnswer[];
}

/**
 * Right when the answer is forced at `budget` tokens: an output that finished within it counts by its verdict, any other by the last
 * answer that it had committed to by then (right or not), and as wrong where it had committed to none.
 *
 * This is the forcing of the text: nothing is sampled anew, so it is a lower bound of what budget forcing by a model (s1,
 * Muennighoff et al. 2025, arXiv 2501.19393) would reach at that place.
 */
export function forcedRightAt(sample: TimedSample, budget: number): boolean {
  if (finishedWithin(sample, budget)) return sample.verdict === 'right';
  return sample.answers.findLast(({ tokens }) => tokens <= budget)?.value === 'right';
}

/** Mean over problems of {@link forcedRightAt}, as `accuracyAt`. Null when nothing is graded. */
export function forcedAccuracyAt(
  samples: readonly TimedSample[],
  budget: number,
  options?: BootstrapOptions,
): Accuracy | null {
  const graded = samples.filter(isGraded);
  if (graded.length === 0) return null;
  const groups = byProblem(graded).map((group) =>
    (group as TimedSample[]).map((sample) => (forcedRightAt(sample, budget) ? 1 : 0)),
  );
  const undecided = graded.filter(({ verdict }) => verdict === 'undecided').length;
  return { ...bootstrapMean(groups, options), n: graded.length, problems: groups.length, undecided };
}

/** Share of outputs that hold a whole box within the first `budget` tokens, finished or not; mean over problems. Needs no gold. */
export function boxBy(samples: readonly TimedSample[], budget: number, options?: BootstrapOptions): Interval | null {
  if (samples.length === 0) return null;
  const groups = byProblem(samples).map((group) =>
    (group as TimedSample[]).map(({ answers }) => (answers.some((one) => one.boxed && one.tokens <= budget) ? 1 : 0)),
  );
  return bootstrapMean(groups, options);
}

/**
 * Accuracy at every budget: the points at which it changes, ascending, with the accuracy from there on. A step function; before
 * the first point it is 0. `mean` is over problems, as `accuracyAt`. Empty when nothing is graded.
 */
export function budgetCurve(samples: readonly Sample[]): { budget: number; accuracy: number }[] {
  const groups = byProblem(samples.filter(isGraded));
  const gains = new Map<number, number>();
  for (const group of groups)
    for (const sample of group)
      if (sample.tokens !== null && rightAt(sample, Infinity))
        gains.set(sample.tokens, (gains.get(sample.tokens) ?? 0) + 1 / (group.length * groups.length));
  let accuracy = 0;
  return [...gains.entries()]
    .sort(([a], [b]) => a - b)
    .map(([budget, gain]) => ({ budget, accuracy: (accuracy += gain) }));
}
