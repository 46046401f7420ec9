/** What k samples of a problem collect: answers that came in time, and problems that one of them solved. */
import { byProblem, finishedWithin, isGraded, rightAt, type Accuracy, type Sample } from './accuracy.ts';
import { bootstrapMean, type BootstrapOptions, type Interval } from './bootstrap.ts';

/**
 * Answers collected: mean over problems of how many of the first `k` samples (all where `k` is absent) finished within the budget
 * with an answer, right or not (the figure of the AIMO-2 report of Fast-Math-R1 beside maj@32). No gold is needed. Null without a sample.
 */
export function answersCollected(
  samples: readonly Sample[],
  k?: number,
  budget = Infinity,
  options?: BootstrapOptions,
): Interval | null {
  if (samples.length === 0) return null;
  const counts = byProblem(samples).map((group) => [
    group.slice(0, k).filter((sample) => sample.answer != null && finishedWithin(sample, budget)).length,
  ]);
  return bootstrapMean(counts, options);
}

/**
 * Share of problems that at least one of the first `k` samples solves (coverage, Brown et al. 2024, arXiv 2407.21787; pass@k without
 * the correction of Chen et al. 2021). Equals `passAtK` where every problem has exactly `k` samples. Null when nothing is graded.
 * @throws RangeError when a problem has fewer than `k` graded samples
 */
export function solvedAtK(
  samples: readonly Sample[],
  k: number,
  budget = Infinity,
  options?: BootstrapOptions,
): Accuracy | null {
  if (!Number.isInteger(k) || k < 1) throw new RangeError(`solved@k needs a positive whole k, not ${k}`);
  const graded = samples.filter(isGraded);
  if (graded.length === 0) return null;
  const groups = byProblem(graded).map((group) => {
    if (group.length < k)
      throw new RangeError(`solved@${k} needs ${k} samples of each problem; ${group[0]!.problem} has ${group.length}`);
    return [group.slice(0, k).some((sample) => rightAt(sample, budget)) ? 1 : 0];
  });
  const undecided = graded.filter(({ verdict }) => verdict === 'undecided').length;
  return { ...bootstrapMean(groups, options), n: graded.length, problems: groups.length, undecided };
}
