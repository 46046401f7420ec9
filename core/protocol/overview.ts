/** Figures over all traces of a run, each of which names the traces behind it (`methods.ts`). */
import type { Label } from '../behaviours/spans.ts';
import type { Interval } from '../metrics/bootstrap.ts';
import type { StandardisedRates } from '../metrics/rates.ts';

/** The evaluations of one benchmark by every checkpoint (`set`), or the traces of a stage that name no benchmark (`stage`). */
export interface SeriesRef {
  run: string;
  set?: string;
  stage?: string;
}

/** One place of a series: an evaluation, or a step. Steps are put together where there are more than {@link MOST_CHECKPOINTS}. */
export interface Checkpoint {
  /** Names it within its series, as long as no step is put together with others. */
  key: string;
  stage: string;
  /** The stage whose checkpoint wrote the traces; null where they are its own. */
  of: string | null;
  set: string | null;
  marker: string | null;
  stepFrom: number | null;
  stepTo: number | null;
  epoch: number | null;
  label: string;
  traces: number;
}

export interface SeriesInfo {
  set: string | null;
  stage: string | null;
  traces: number;
  checkpoints: Checkpoint[];
}

/** Of the traces of a problem at a checkpoint: right and not cut, judged (right, wrong, undecided), all. */
export type Cell = [right: number, judged: number, traces: number];

export interface MatrixRow {
  problem: string;
  label: string;
  /** By checkpoint; null where the problem has no trace there. */
  cells: (Cell | null)[];
}

/** Problems of a series: those whose pass rate at a checkpoint is in a bucket, or of which more is right within a budget than within a smaller one. */
export type ProblemsWanted =
  { checkpoint: string; bucket: number } | { checkpoint: string; budget: number; below: number | null };

export interface ProblemRow {
  problem: string;
  label: string;
  /** At the budget below, and at the budget; for a bucket at the checkpoint that is compared with, and at this one. */
  before: Cell | null;
  after: Cell | null;
}

/** Accuracy of one checkpoint at each budget. */
export interface BudgetCurve {
  checkpoint: string;
  /** Right and finished within the budget, mean over problems; null where nothing is judged. */
  accuracy: (Interval | null)[];
  /** Mean tokens where each output is ended at the budget, mean over problems. */
  tokens: (number | null)[];
  /** Problems of which more is right than at the budget before. */
  gained: number[];
  problems: number;
  /** Judged traces; those without a length are over every budget. */
  n: number;
  unknownLength: number;
}

export interface LabelRates {
  label: Label;
  spans: number;
  /** Completions that have at least one. */
  completions: number;
  /** For each thousand tokens, with a 95 % bootstrap over problems: all, the right, the wrong. */
  all: Interval | null;
  right: Interval | null;
  wrong: Interval | null;
  /** Right against wrong at the same problem and length. */
  controlled: StandardisedRates | null;
}

export interface BehaviourCheckpoint {
  checkpoint: string;
  /** Finished traces, how many of them were chosen to be read (evenly spaced), and how many of these have no text any more. */
  traces: number;
  chosen: number;
  unreadable: number;
  right: number;
  wrong: number;
  /** Empty while chosen texts are still to be read. */
  labels: LabelRates[];
}

/** Traces as points, in parallel arrays. */
export interface Scatter {
  /** Traces that fit, and those of them that are no points: too many (every so-manyth is one), or of unknown length. */
  total: number;
  leftOut: number;
  unknownLength: number;
  /** Without a reward while others have one. */
  unrewarded: number;
  tokensExact: boolean;
  tokens: number[];
  /** Null where no trace has one: the points then lie by verdict. */
  rewards: number[] | null;
  /** One letter a point: `r`ight, `w`rong, `u`ndecided, `n`one, `-` not judged. */
  verdicts: string;
  /** `1`: cut at the limit. */
  cut: string;
  steps: (number | null)[];
  /** Where the points of each attempt begin, and each trace's number in its attempt. */
  attempts: { stage: string; attempt: number; from: number }[];
  numbers: number[];
}

export interface OverviewMethods {
  /** What there is to show of a run: its benchmarks, then its stages. `more`: traces beyond {@link MOST_TRACES}, which are in no figure. */
  'overview/series': { params: { run: string }; result: { series: SeriesInfo[]; more: number } };
  /** Problems by checkpoints, a window of the rows. `change` sorts by the last checkpoint less the first that have the problem. */
  'overview/matrix': {
    params: SeriesRef & {
      sort: { key: 'accuracy' | 'change' | 'problem'; descending: boolean };
      text?: string;
      offset: number;
      limit: number;
    };
    result: { checkpoints: Checkpoint[]; rows: MatrixRow[]; total: number; more: number };
  };
  /** How many problems of each checkpoint have which pass rate, by bucket (`core/metrics/difficulty.ts`); those without a judged trace are in none. */
  'overview/difficulty': {
    params: SeriesRef;
    result: { checkpoints: Checkpoint[]; counts: number[][]; unjudged: number[] };
  };
  /** `budgets` default to half octaves of a thousand tokens over the lengths that there are. */
  'overview/budgets': {
    params: SeriesRef & { budgets?: number[] };
    result: { checkpoints: Checkpoint[]; budgets: number[]; curves: BudgetCurve[] };
  };
  'overview/problems': {
    params: SeriesRef & { wanted: ProblemsWanted; against?: string; offset: number; limit: number };
    result: { rows: ProblemRow[]; total: number };
  };
  /**
   * Behaviours by checkpoint and verdict, of at most `most` texts a checkpoint (default {@link MOST_TEXTS}; null: all). Texts are read
   * for a fraction of a second a call: while `waiting` is above 0, the same call goes on.
   */
  'overview/behaviours': {
    params: SeriesRef & { most?: number | null };
    result: {
      detector: { name: string; version: string };
      checkpoints: Checkpoint[];
      of: BehaviourCheckpoint[];
      waiting: number;
    };
  };
  'overview/scatter': {
    params: SeriesRef & { stepFrom?: number; stepTo?: number; checkpoint?: string };
    result: Scatter;
  };
}

/** Places of a series beside each other. */
export const MOST_CHECKPOINTS = 60;
/** Points of a scatter. */
export const MOST_POINTS = 100_000;
/** Texts of a checkpoint that are read for its behaviours when none are asked for. */
export const MOST_TEXTS = 400;
/** Traces of a run that are gone through. */
export const MOST_TRACES = 2_000_000;
/** Problems of a series that have a row. */
export const MOST_PROBLEMS = 50_000;
