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

/**
 * Not cut, and at most `budget` tokens (no budget: `Infinity`). An end that was not recorded, as in many imports, counts as
 * finished; a sample of unknown length is over every budget.
 */
export function finishedWithin({ finish, tokens }: Pick<Sample, 'finish' | 'tokens'>, budget = Infinity): boolean {
  return finish !== 'length' && finish !== 'error' && (budget === Infinity || (tokens ?? Infinity) <= budget);
}

/** Right, finished by itself, and at most `budget` tokens. */
export function rightAt(sample: Sample, budget: number): boolean {
  return sample.verdict === 'right' && finishedWithin(sample, budget);
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
    atLeast(group, k, `pass@${k}`);
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
 * maj@k, also cons@k (self-consistency, Wang et al. 2022, arXiv 2203.11171). Only samples that finished within the budget and have
 * an answer vote. A tie counts as the share of the tied answers that are right, which is what a random choice among them is worth
 * in the mean; a problem without a vote counts as wrong.
 * @throws RangeError when a problem has fewer than `k` graded samples
 */
export function majorityAtK(
  samples: readonly Sample[],
  k?: number,
  budget = Infinity,
  options?: BootstrapOptions,
): Accuracy | null {
  const graded = samples.filter(isGraded);
  if (graded.length === 0) return null;
  const groups = byProblem(graded).map((group) => {
    if (k !== undefined) atLeast(group, k, `maj@${k}`);
    return [majorityOf(group.slice(0, k), budget)];
  });
  const undecided = graded.filter(({ verdict }) => verdict === 'undecided').length;
  return { ...bootstrapMean(groups, options), n: graded.length, problems: groups.length, undecided };
}

/**
 * The worth of the most frequent answer among samples that finished within the budget: 1 right, 0 wrong, of a tie the share of right
 * ones; 0 without a vote. Equal texts (in the caller's normal form) are one vote, and so are all right answers: they equal the gold.
 */
export function majorityOf(group: readonly Sample[], budget = Infinity): number {
  const votes = new Map<string, number>();
  let right = 0;
  for (const sample of group) {
    if (sample.answer == null || !finishedWithin(sample, budget)) continue;
    if (sample.verdict === 'right') right += 1;
    else votes.set(sample.answer, (votes.get(sample.answer) ?? 0) + 1);
  }
  const most = Math.max(right, ...votes.values());
  if (most === 0 || right < most) return 0;
  return 1 / (1 + [...votes.values()].filter((n) => n === most).length);
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
  const within = (sample: Sample) => finishedWithin(sample, budget);
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

/** @throws RangeError that says how many there are */
function atLeast(group: readonly Sample[], k: number, name: string): void {
  if (group.length < k)
    throw new RangeError(`${name} needs ${k} samples of each problem; ${group[0]!.problem} has ${group.length}`);
}

/** There is a gold to which it was compared. */
export function isGraded({ verdict }: Pick<Sample, 'verdict'>): boolean {
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
