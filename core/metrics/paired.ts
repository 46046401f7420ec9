/**
 * Two sets of completions over the same problems: what changed, by how much, and whether chance alone could have made it.
 *
 * The unit is the problem. A sample is right when its verdict is `right` and it was not cut (`finish` is neither `length` nor
 * `error`; one whose finish is not known, as of many imports, counts as finished). Several samples a side:
 *
 * - accuracy is the mean over problems of the share of right among the problem's graded samples; `undecided` counts as not right
 *   and is counted. Its interval is a paired bootstrap over problems, its p a sign-flip permutation test over the problems'
 *   differences (`chance.ts`), which with one sample a side is the exact test of McNemar.
 * - McNemar's table, newly solved and newly broken take each problem once: a side solves it when at least half of its decided
 *   samples (right or wrong) are right.
 * - tokens are the mean over problems of the mean over the samples whose length is known.
 */
import type { VerdictValue } from '../protocol/events.ts';
import type { PairChange } from '../protocol/comparison.ts';
import type { Sample } from './accuracy.ts';
import { intervalOf, resampledSums, type BootstrapOptions, type Interval } from './bootstrap.ts';
import { mcnemar, signFlip, type Chance, type McNemar } from './chance.ts';

/** One completion of a side. `tokensExact: false`: its length is an estimate. */
export interface PairedSample extends Sample {
  tokensExact?: boolean;
}

/** The samples of one problem on one side. */
export interface ProblemSide {
  n: number;
  /** With a gold: right, wrong or undecided. */
  graded: number;
  right: number;
  undecided: number;
  /** right / graded; null where nothing is graded. */
  accuracy: number | null;
  /** At least half of those that are right or wrong are right; null where none is. */
  solved: boolean | null;
  /** Mean over the samples of known length; null where there is none. */
  tokens: number | null;
}

export interface ProblemPair {
  problem: string;
  before: ProblemSide;
  after: ProblemSide;
  change: PairChange;
  /** Only where both sides solve it and both lengths are known: `factor` times as long or longer, as short or shorter, or between. */
  length: 'longer' | 'shorter' | 'similar' | null;
}

export interface PairedOptions extends Pick<BootstrapOptions, 'samples' | 'seed'> {
  /** From how many times the length on a problem that both sides solve is *longer* (and, turned round, *shorter*). Default 2. */
  factor?: number;
}

export const DEFAULT_FACTOR = 2;

/** A figure of both sides over the same problems. `interval` is of the difference; null with fewer than two problems. */
export interface PairedMeans {
  /** Problems on which it stands. */
  problems: number;
  before: number;
  after: number;
  /** after − before. */
  difference: number;
  interval: Interval | null;
  chance: Chance;
}

/** `ratio`: mean after / mean before; null where before is 0. Its interval is null with fewer than two problems. */
export interface PairedLengths extends PairedMeans {
  ratio: number | null;
  ratioInterval: Interval | null;
}

export interface PairedFigures {
  /** Problems on both sides. */
  problems: number;
  /** Problems of only one side: in no figure here. */
  onlyBefore: string[];
  onlyAfter: string[];
  /** Samples over the problems of both sides. */
  samples: { before: number; after: number };
  /** Of them without a verdict on a gold: in no accuracy. */
  ungraded: { before: number; after: number };
  /** Of them with a gold that the checker could not decide: not right in the accuracy, left out of McNemar's table. */
  undecided: { before: number; after: number };
  /** Of them of unknown length, in no mean of tokens; and of estimated length. */
  unknownLength: { before: number; after: number };
  estimated: { before: number; after: number };
  /** Null where no problem is graded on both sides. */
  accuracy: PairedMeans | null;
  /** Null where no problem is decided on both sides. */
  mcnemar: McNemar | null;
  /** Null where no problem has a known length on both sides. */
  tokens: PairedLengths | null;
  /** Problems by change; `wrong_to_right` are newly solved, `right_to_wrong` newly broken. */
  changes: Record<PairChange, number>;
  /** Problems that both sides solve, `factor` times as long or longer after, or as short or shorter. */
  longer: number;
  shorter: number;
  factor: number;
}

/** Samples by problem; no problem has an empty list. */
export type ByProblem<S extends Sample = Sample> = ReadonlyMap<string, readonly S[]>;

/** Right and not cut. */
export function countsAsRight({ verdict, finish }: Pick<Sample, 'verdict' | 'finish'>): boolean {
  return verdict === 'right' && finish !== 'length' && finish !== 'error';
}

/** A problem that is on both sides. */
export function pairOf(
  problem: string,
  before: readonly Sample[],
  after: readonly Sample[],
  factor = DEFAULT_FACTOR,
): ProblemPair {
  const [was, is] = [sideOf(before), sideOf(after)];
  const change = changeOf(was.solved, is.solved);
  return { problem, before: was, after: is, change, length: lengthOf(change, was.tokens, is.tokens, factor) };
}

/** The figures of the samples of one problem. */
export function sideOf(samples: readonly Sample[]): ProblemSide {
  const count = (value: VerdictValue) => samples.filter(({ verdict }) => verdict === value).length;
  const undecided = count('undecided');
  const decided = count('right') + count('wrong');
  const right = samples.filter(countsAsRight).length;
  const known = samples.flatMap(({ tokens }) => tokens ?? []);
  return {
    n: samples.length,
    graded: decided + undecided,
    right,
    undecided,
    accuracy: decided + undecided === 0 ? null : right / (decided + undecided),
    solved: decided === 0 ? null : 2 * right >= decided,
    tokens: known.length === 0 ? null : known.reduce((sum, n) => sum + n, 0) / known.length,
  };
}

function changeOf(before: boolean | null, after: boolean | null): PairChange {
  if (before === null || after === null) return 'unknown';
  if (before) return after ? 'both_right' : 'right_to_wrong';
  return after ? 'wrong_to_right' : 'both_wrong';
}

function lengthOf(
  change: PairChange,
  before: number | null,
  after: number | null,
  factor: number,
): ProblemPair['length'] {
  if (change !== 'both_right' || before === null || after === null) return null;
  if (after > before && after >= factor * before) return 'longer';
  return before > after && before >= factor * after ? 'shorter' : 'similar';
}

/** All figures of two sets over the same problems, at once: see {@link pairedSteps}. */
export function pairedFigures(
  before: readonly PairedSample[],
  after: readonly PairedSample[],
  options?: PairedOptions,
): PairedFigures {
  const problemOf = ({ problem }: PairedSample) => problem;
  const steps = pairedSteps(Map.groupBy(before, problemOf), Map.groupBy(after, problemOf), options);
  for (;;) {
    const step = steps.next();
    if (step.done) return step.value;
  }
}

/** Problems between two yields. */
const SLICE = 2000;

/**
 * All figures of two sets over the same problems. Yields every few milliseconds.
 *
 * Intervals are 95 % percentile intervals of a paired bootstrap over problems: each resample draws whole problems, the same on both
 * sides (Efron and Tibshirani 1993, ch. 13). The ratio of tokens is the ratio of the two means, not the mean of ratios.
 * @throws RangeError for a factor that is not above 1
 */
export function* pairedSteps(
  before: ByProblem<PairedSample>,
  after: ByProblem<PairedSample>,
  options: PairedOptions = {},
): Generator<void, PairedFigures> {
  const factor = options.factor ?? DEFAULT_FACTOR;
  if (!(factor > 1 && Number.isFinite(factor))) throw new RangeError(`A factor of length is above 1, not ${factor}.`);
  const pairs: ProblemPair[] = [];
  const onlyBefore: string[] = [];
  for (const [problem, own] of before) {
    const other = after.get(problem);
    if (other) pairs.push(pairOf(problem, own, other, factor));
    else onlyBefore.push(problem);
    if ((pairs.length + onlyBefore.length) % SLICE === 0) yield;
  }
  const count = (test: (sample: PairedSample) => boolean) => {
    const of = (side: ByProblem<PairedSample>) =>
      pairs.reduce((sum, { problem }) => sum + side.get(problem)!.filter(test).length, 0);
    return { before: of(before), after: of(after) };
  };
  const changes: PairedFigures['changes'] = {
    right_to_wrong: 0,
    wrong_to_right: 0,
    both_right: 0,
    both_wrong: 0,
    unknown: 0,
  };
  for (const { change } of pairs) changes[change] += 1;
  const decided = pairs.length - changes.unknown;
  const graded = pairs.filter((pair) => pair.before.accuracy !== null && pair.after.accuracy !== null);
  const measured = pairs.filter((pair) => pair.before.tokens !== null && pair.after.tokens !== null);
  const accuracy = yield* meansOf(graded, 'accuracy', options, commonDenominator(graded));
  const tokens = yield* meansOf(measured, 'tokens', options);
  return {
    problems: pairs.length,
    onlyBefore,
    onlyAfter: [...after.keys()].filter((problem) => !before.has(problem)),
    samples: count(() => true),
    ungraded: count(({ verdict }) => verdict === null || verdict === 'none'),
    undecided: count(({ verdict }) => verdict === 'undecided'),
    unknownLength: count((sample) => sample.tokens === null),
    estimated: count((sample) => sample.tokens !== null && sample.tokensExact === false),
    accuracy: accuracy?.means ?? null,
    mcnemar: decided === 0 ? null : mcnemar(changes.right_to_wrong, changes.wrong_to_right),
    tokens: tokens && { ...tokens.means, ratio: tokens.ratio, ratioInterval: tokens.ratioInterval },
    changes,
    longer: pairs.filter(({ length }) => length === 'longer').length,
    shorter: pairs.filter(({ length }) => length === 'shorter').length,
    factor,
  };
}

function* meansOf(
  pairs: readonly ProblemPair[],
  key: 'accuracy' | 'tokens',
  options: PairedOptions,
  denominator?: number,
): Generator<void, { means: PairedMeans; ratio: number | null; ratioInterval: Interval | null } | null> {
  const n = pairs.length;
  if (n === 0) return null;
  const columns = [pairs.map(({ before }) => before[key]!), pairs.map(({ after }) => after[key]!)].map((values) =>
    Float64Array.from(values),
  );
  const [was, is] = columns.map((column) => column.reduce((sum, value) => sum + value, 0) / n) as [number, number];
  const [drawnBefore, drawnAfter] =
    n > 1 ? ((yield* resampledSums(columns, options)) as [Float64Array, Float64Array]) : [];
  const spread = (mean: number, of: (after: number, before: number) => number): Interval | null =>
    drawnAfter && drawnBefore
      ? intervalOf(
          mean,
          drawnAfter.map((value, s) => of(value, drawnBefore[s]!)),
        )
      : null;
  const ratio = was === 0 ? null : is / was;
  const ratioInterval = ratio === null ? null : spread(ratio, (a, b) => a / b);
  const differences = pairs.map(({ before, after }) => after[key]! - before[key]!);
  const chance = yield* signFlip(differences, {
    ...(denominator !== undefined && { denominator }),
    ...(options.seed !== undefined && { seed: options.seed }),
  });
  const interval = spread(is - was, (a, b) => (a - b) / n);
  return {
    means: { problems: n, before: was, after: is, difference: is - was, interval, chance },
    ratio,
    ratioInterval,
  };
}

/** Shares of samples are multiples of 1 / this; undefined where that is too fine to go through them all. */
function commonDenominator(pairs: readonly ProblemPair[]): number | undefined {
  let whole = 1;
  for (const size of new Set(pairs.flatMap(({ before, after }) => [before.graded, after.graded]))) {
    whole = (whole / greatestDivisor(whole, size)) * size;
    if (whole > 1e6) return undefined;
  }
  return whole;
}

function greatestDivisor(a: number, b: number): number {
  return b === 0 ? a : greatestDivisor(b, a % b);
}
