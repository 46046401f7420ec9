/** Sets of traces beside each other: pairs of problems, lengths and behaviours (`methods.ts`). */
import type { LabelFigures } from '../metrics/behaviours.ts';
import type { Interval } from '../metrics/bootstrap.ts';
import type { PairedFigures, ProblemPair } from '../metrics/paired.ts';

export type PairChange = 'right_to_wrong' | 'wrong_to_right' | 'both_right' | 'both_wrong' | 'unknown';

export interface PairSide {
  traces: string[];
  /** Right and not cut. */
  right: number;
  n: number;
  tokensMean: number | null;
}

/** A problem before and after; with several samples a side is right when at least half of those that are right or wrong are. */
export interface Pair {
  problem: string;
  problemLabel: string;
  before: PairSide;
  after: PairSide;
  change: PairChange;
  /** Where both sides are right: `factor` times as long or more, as short or less, or between. */
  length: ProblemPair['length'];
  tokensDelta: number | null;
}

/** Problems that only one side has; the first thousand by name. */
export interface OneSided {
  n: number;
  problems: { problem: string; label: string }[];
}

/** {@link PairedFigures} of two sides. */
export interface PairedAnswer extends Omit<PairedFigures, 'onlyBefore' | 'onlyAfter'> {
  onlyBefore: OneSided;
  onlyAfter: OneSided;
  /** Models that the traces of each side name, at most five: tokens of different tokenizers do not compare. */
  models: { before: string[]; after: string[] };
}

export interface ComparisonMethods {
  /** `factor`: from how many times the length on is *longer* (default 2). */
  'traces/pairs': {
    params: { before: TraceSide; after: TraceSide; factor?: number };
    result: { pairs: Pair[]; onlyBefore: number; onlyAfter: number };
  };
  /** What changed between two sides over the same problems, and whether it could be chance (`core/metrics/paired.ts`). */
  'metrics/paired': { params: { before: TraceSide; after: TraceSide; factor?: number }; result: PairedAnswer };
}

/** One evaluation or step of a stage: which traces to compare. */
export interface TraceSet {
  run: string;
  stage: string;
  step: number | null;
  /** The stage whose checkpoint wrote them, and the benchmark; absent where they have none. */
  of?: string;
  set?: string;
  /** The marker setting, where sets were asked for by it. */
  marker?: string | null;
  label: string;
  traces: number;
}

/** Traces of a stage: of one step or evaluation with `step`, of one marker setting with `marker` (`null`: without one). */
export interface TraceSide {
  run: string;
  stage: string;
  step: number | null;
  marker?: string | null;
  /** Only those that this stage's checkpoint wrote, and only those of this benchmark. */
  of?: string;
  set?: string;
}

/** Which traces a set is. */
export function sideOf({ run, stage, step, marker, of, set }: TraceSet): TraceSide {
  return {
    run,
    stage,
    step,
    ...(marker !== undefined && { marker }),
    ...(of !== undefined && { of }),
    ...(set !== undefined && { set }),
  };
}

/** Lengths and behaviours of the finished traces of one evaluation and marker setting; of a class of documents where asked for. */
export interface BehaviourSet {
  run: string;
  stage: string;
  /** The stage whose checkpoint wrote them; null where they are its own. */
  of: string | null;
  step: number | null;
  /** The benchmark; of a synthesis the turn. */
  set: string | null;
  marker: string | null;
  /** RR, RW, WR or WW by the two answers; null where classes were not asked for, or a document has none. */
  class: string | null;
  traces: number;
  problems: number;
  /** Traces whose text is gone, which are in no figure; those of unknown length, in no mean; those read up to a limit only. */
  unreadable: number;
  unknownLength: number;
  cut: number;
  /** False: some lengths are estimates. */
  tokensExact: boolean;
  tokens: Interval | null;
  /** What it is compared with, over the problems that both have. */
  base: (Pick<BehaviourSet, 'run' | 'stage' | 'step' | 'set' | 'marker'> & { paired: number }) | null;
  /** Mean tokens over those of `base`. */
  ratio: Interval | null;
  /** Null while traces are still to be read; all other numbers are 0 or null then. */
  labels: LabelFigures[] | null;
}
