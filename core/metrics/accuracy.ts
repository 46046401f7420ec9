/** Accuracy and lengths of one evaluation: several samples of each problem. */
import type { Finish, VerdictValue } from '../protocol/events.ts';
import { bootstrapMean, type BootstrapOptions, type Interval } from './bootstrap.ts';

/** One completion, as far as these figures need it. */
export interface Sample {
  problem: string;
  verdict: VerdictValue | null;
  tokens: number | null;
  finish: Finish | null;
  /** The extracted answer in a normal form; equal texts are one vote. */
  answer?: string | null;
}

/** `n` counts samples, `problems` problems; `undecided` of them count as not right, those without a gold are left out. */
export interface Accuracy extends Interval {
  n: number;
  problems: number;
  undecided: number;
}

/** Right, finished by itself, and at most `budget` tokens (no budget: `Infinity`). A sample of unknown length is over every budget. */
export function rightAt(sample: Sample, budget: number): boolean {
  return (
    sample.verdict === 'right' &&
    sample.finish === 'stop' &&
    (budget === Infinity || (sample.tokens ?? Infinity) <= budget)
  );
}

/**
 * Mean over problems of the share of samples that are right, finished and within the budget, with a 95 % bootstrap over problems.
 * Samples of problems without a gold (`none`, or no verdict yet) are left out; null when none remains.
 */
export function accuracyAt(samples: readonly Sample[], budget = Infinity, options?: BootstrapOptions): Accuracy | null {
  const graded = samples.filter(isGraded);
  if (graded.length === 0) return null;
  const groups = byProblem(graded).map((group) => group.map((sample) => (rightAt(sample, budget) ? 1 : 0)));
  const undecided = graded.filter(({ verdict }) => verdict === 'undecided').length;
  return { ...bootstrapMean(groups, options), n: graded.length, problems: groups.length, undecided };
}

/**
 * Unbiased pass@k (Chen et al. 2021): mean over problems of 1 − C(n−c, k) / C(n, k). Null when nothing is graded.
 * @throws RangeError when a problem has fewer than `k` graded samples.
 */
export function passAtK(
  samples: readonly Sample[],
  k: number,
  budget = Infinity,
  options?: BootstrapOptions,
): Accuracy | null {
  if (!Number.isInteger(k) || k < 1) throw new RangeError(`pass@k needs a positive whole k, not ${k}`);
  const graded = samples.filter(isGraded);
  if (graded.length === 0) return null;
  const groups = byProblem(graded).map((group) => {
    if (group.length < k)
      throw new RangeError(`pass@${k} needs ${k} samples of each problem; ${group[0]!.problem} has ${group.length}`);
    return [passProbability(group.length, group.filter((sample) => rightAt(sample, budget)).length, k)];
  });
  const undecided = graded.filter(({ verdict }) => verdict === 'undecided').length;
  return { ...bootstrapMean(groups, options), n: graded.length, problems: groups.length, undecided };
}

/** 1 − C(n−c, k) / C(n, k) as a product, which neither overflows nor cancels. */
export function passProbability(n: number, c: number, k: number): number {
  if (n - c < k) return 1;
  let miss = 1;
  for (let i = n - c + 1; i <= n; i += 1) miss *= 1 - k / i;
  return 1 - miss;
}

/**
 * Share of problems whose most frequent answer is right, over the first `k` samples of each (all when absent).
 *
 * Only samples that finished within the budget and have an answer vote. A tie counts as the share of the tied answers that
 * are right; a problem without a vote counts as wrong.
 */
export function majorityAtK(
  samples: readonly Sample[],
  k?: number,
  budget = Infinity,
  options?: BootstrapOptions,
): Accuracy | null {
  const graded = samples.filter(isGraded);
  if (graded.length === 0) return null;
  const groups = byProblem(graded).map((group) => [majority(group.slice(0, k), budget)]);
  const undecided = graded.filter(({ verdict }) => verdict === 'undecided').length;
  return { ...bootstrapMean(groups, options), n: graded.length, problems: groups.length, undecided };
}

function majority(group: readonly Sample[], budget: number): number {
  const votes = new Map<string, { n: number; right: boolean }>();
  for (const sample of group) {
    if (
      sample.answer == null ||
      sample.finish !== 'stop' ||
      (budget !== Infinity && (sample.tokens ?? Infinity) > budget)
    )
      continue;
    const vote = votes.get(sample.answer) ?? { n: 0, right: false };
    vote.n += 1;
    vote.right ||= sample.verdict === 'right';
    votes.set(sample.answer, vote);
  }
  const most = Math.max(0, ...[...votes.values()].map(({ n }) => n));
  const tied = [...votes.values()].filter(({ n }) => n === most);
  return most === 0 ? 0 : tied.filter(({ right }) => right).length / tied.length;
}

export interface TokenMeans {
  /** Over every output; one that is cut or longer counts as the budget. */
  all: Interval;
  /** Over the outputs that finished by themselves within the budget; NaN when there is none. */
  finished: Interval;
  /** Share of outputs that finished within the budget. */
  finishedShare: number;
  /** Outputs with a known length, and those without, which are left out. */
  n: number;
  unknown: number;
}

/** Mean tokens with a 95 % bootstrap over problems; null when no length is known. */
export function tokenMeans(
  samples: readonly Sample[],
  budget = Infinity,
  options?: BootstrapOptions,
): TokenMeans | null {
  const known = samples.filter(({ tokens }) => tokens !== null);
  if (known.length === 0) return null;
  const groups = byProblem(known);
  const within = (sample: Sample) => sample.finish === 'stop' && sample.tokens! <= budget;
  // An output that was cut at a smaller limit than the budget would have gone on: its own length is the least it can be.
  const all = groups.map((group) => group.map((sample) => Math.min(sample.tokens!, budget)));
  const finished = groups.map((group) => group.filter(within).map((sample) => sample.tokens!));
  return {
    all: bootstrapMean(all, options),
    finished: bootstrapMean(finished, options),
    finishedShare: known.filter(within).length / known.length,
    n: known.length,
    unknown: samples.length - known.length,
  };
}

function isGraded({ verdict }: Sample): boolean {
  return verdict === 'right' || verdict === 'wrong' || verdict === 'undecided';
}

/** Samples by problem, in the order in which problems first occur. */
export function byProblem(samples: readonly Sample[]): Sample[][] {
  const groups = new Map<string, Sample[]>();
  for (const sample of samples) {
    const group = groups.get(sample.problem);
    if (group) group.push(sample);
    else groups.set(sample.problem, [sample]);
  }
  return [...groups.values()];
}
