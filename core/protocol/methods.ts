/**
 * The contract between service, extension and webview. One interface: a method's name, its parameters, its result and its
 * progress events; everything else derives from it. `server/rpc/schemas.ts` has the zod schemas of the parameters.
 *
 * Ids: a run is `<slug>-<8 characters>`; a trace is `run/stage/attempt/n`. Times are milliseconds since 1970. Text positions
 * are UTF-16 units. One long file, since a contract is read as a whole. Lists page by an opaque cursor: absent `next` means the end.
 */
import type {
  Evaluation,
  Extent,
  Sampling,
  StageEvent,
  TraceFacts,
  Finish,
  Verdict,
  VerdictValue,
  FoundAnswer,
} from './events.ts';
import type { JournalEvent, Outcome } from './files.ts';
import type { Report, TableRef, TableRow } from './report.ts';
import type { Label, Span, SpanCounts } from '../behaviours/spans.ts';
import type { LabelFigures } from '../metrics/behaviours.ts';
import type { Interval } from '../metrics/bootstrap.ts';
import type { RejectSettings, WhatIfAnswer } from '../metrics/what-if.ts';
import type { Section } from '../traces/sections.ts';
import type { StageKind } from '../recipes/schema.ts';

export const PROTOCOL_MAJOR = 1;

export type RunState = 'waiting' | 'running' | 'stopping' | 'stopped' | 'failed' | 'completed';
export type StageState = RunState;

// ---- service -------------------------------------------------------------------------------------------------------

export interface Hello {
  major: number;
  features: string[];
  /** Version of the package that the service runs from. */
  version: string;
  root: string;
  pid: number;
  host: string;
  platform: string;
}

/** One line of the doctor: what was looked at, what was found, and how to mend it. */
export interface Check {
  id: string;
  title: string;
  status: 'ok' | 'warning' | 'missing';
  found: string;
  help: string | null;
  action: string | null;
}

// ---- recipes -------------------------------------------------------------------------------------------------------

/** A preset by name, or the text of a recipe file (with its path for messages and for files beside it). */
export type RecipeSource = { preset: string } | { text: string; path: string | null };

/** A recorded run, to be run again exactly: its plan, with every variable, path and seed that it had. */
export interface RunSource {
  run: string;
}

/** Something that is not as it was when a run ran: a version, a part of the machine, a file. */
export interface RunDifference {
  what: string;
  was: string;
  is: string;
}

export interface PresetInfo {
  name: string;
  title: string;
  description: string;
  needsGpu: boolean;
  text: string;
}

/** `range` is in UTF-16 offsets of the recipe's text. */
export interface RecipeDiagnostic {
  message: string;
  range: { start: number; end: number };
  severity: 'error' | 'warning';
}

export interface PlannedStage {
  id: string;
  kind: StageKind;
  /** Set for stages that the planner added: the stage that they belong to. */
  of: string | null;
  needs: string[];
  engine: string;
  device: string;
  reads: string[];
  writes: string[];
  /** Measured on earlier attempts of the like on this machine, or null: nothing is known. */
  expectedSeconds: number | null;
  /** What the planner decided and why, in sentences. */
  notes: string[];
  config: Record<string, unknown>;
}

export interface Plan {
  name: string;
  vars: Record<string, unknown>;
  stages: PlannedStage[];
  notes: string[];
}

/** A training stage's configuration, constructed by TRL's own class. */
export interface EngineConfig {
  stage: string;
  /** `SFTConfig` or `GRPOConfig`. */
  class: string;
  /** Processes that the batch sizes were computed for. */
  processes: number;
  /** Every argument with the value that it will have; null where TRL refuses. */
  arguments: Record<string, unknown> | null;
  /** Arguments that the recipe sets, and those that differ from TRL's own defaults. */
  set: string[];
  changed: string[];
  /** What follows from several arguments together, such as the sequences a step. */
  facts: string[];
  /** What could not be checked on this machine, in sentences. */
  notChecked: string[];
  /** What TRL refuses, in its words, and the keys that it means. */
  problem: string | null;
  problemKeys: string[];
}
export interface EngineConfigs {
  versions: Record<string, string | null>;
  stages: EngineConfig[];
}

// ---- runs ----------------------------------------------------------------------------------------------------------

export interface Progress {
  done: number;
  total: number | null;
  /** `steps`, `samples`, `rows`. */
  unit: string;
  epoch: number | null;
  epochs: number | null;
  secondsLeft: number | null;
}

export interface CheckpointInfo {
  /** `run/stage/attempt/checkpoint-step` */
  id: string;
  step: number;
  epoch: number | null;
  path: string;
  bytes: number;
  created: number;
  superseded: boolean;
}

export interface StageError {
  class: string;
  message: string;
  traceback: string;
  hint: string | null;
}

export interface AttemptInfo {
  attempt: number;
  state: StageState;
  outcome: Outcome | null;
  started: number | null;
  ended: number | null;
  resumedFrom: { attempt: number; checkpoint: string | null; step: number } | null;
  reason: string | null;
  error: StageError | null;
  warnings: { code: string; message: string }[];
  cpuSeconds: number | null;
  peakRss: number | null;
  /** Seconds until the kill, while it is stopping. */
  graceLeft: number | null;
}

export interface StageInfo {
  id: string;
  kind: StageKind | 'import';
  of: string | null;
  needs: string[];
  state: StageState;
  phase: string | null;
  progress: Progress | null;
  attempts: AttemptInfo[];
  checkpoints: CheckpointInfo[];
  traces: number;
  folder: string;
}

export interface RunSummary {
  run: string;
  name: string;
  kind: 'recipe' | 'import';
  source: string;
  created: number;
  ended: number | null;
  state: RunState;
  stages: StageInfo[];
  traces: number;
  folder: string;
}

/** One row of the stage table: the base, each evaluated epoch, the end of each stage. */
export interface StageRow {
  id: string;
  kind: string;
  epoch: number | null;
  step: number;
  set: string;
  /** The style marker at the end of the prompts; absent without one. */
  marker?: string;
  accuracy: number | null;
  accuracy_ci95: [number, number] | null;
  tokens_mean: number | null;
  tokens_mean_ci95: [number, number] | null;
  tokens_mean_finished: number | null;
  finished: number | null;
  n: number;
  /** Seconds of this evaluation; for a stage's last row also see `stage_seconds`. */
  seconds: number;
  budgets: Evaluation['budgets'];
}

export interface Series {
  stage: string;
  name: string;
  /** Parallel arrays; the newest attempt's value for each step. `null` where the value was not finite. */
  step: number[];
  epoch: (number | null)[];
  value: (number | null)[];
}

export interface MetricsSnapshot {
  run: string;
  series: Series[];
  evaluations: (Evaluation & { stage: string; superseded: boolean })[];
  /** Steps at which an epoch ends, by stage. */
  epochSteps: Record<string, number[]>;
}

// ---- traces --------------------------------------------------------------------------------------------------------

export interface TraceFilter {
  run?: string;
  stage?: string;
  /** For evaluations: the stage whose checkpoint wrote the traces. */
  of?: string;
  attempt?: number;
  step?: number;
  stepFrom?: number;
  stepTo?: number;
  problem?: string;
  group?: string;
  set?: string;
  /** The style marker at the end of the prompt; `null`: those without one. */
  marker?: string | null;
  /** Traces in which `metrics/behaviours` has counted at least one of these. */
  behaviour?: Label;
  verdict?: VerdictValue[];
  finish?: Finish[];
  /** Case-insensitive words in the problem, the source id or the answer. */
  text?: string;
  live?: boolean;
  superseded?: boolean;
}

export type TraceSortKey =
  'order' | 'problem' | 'stage' | 'step' | 'verdict' | 'answer' | 'tokens' | 'finish' | 'reward' | 'advantage';
export interface TraceSort {
  key: TraceSortKey;
  descending: boolean;
}

export interface TraceRow {
  trace: string;
  run: string;
  stage: string;
  of: string | null;
  attempt: number;
  step: number | null;
  epoch: number | null;
  problem: string;
  /** Source id where there is one, otherwise the beginning of the problem's text. */
  problemLabel: string;
  sample: number;
  group: string | null;
  verdict: VerdictValue | null;
  answer: string | null;
  tokens: number | null;
  tokensExact: boolean;
  finish: Finish | null;
  reward: number | null;
  advantage: number | null;
  /** Still being written. */
  live: boolean;
  superseded: boolean;
  /** Length of the completion so far, in UTF-16 units. */
  length: number;
}

export interface TraceDetail extends TraceRow {
  facts: TraceFacts;
  problemText: string;
  sourceId: string | null;
  gold: string | null;
  goldOrigin: string | null;
  sampling: Sampling | null;
  marker: string | null;
  model: string | null;
  set: string | null;
  promptLength: number;
  answerFound: FoundAnswer | null;
  /** The checker's word, where there is one. */
  verdictBy: Verdict | null;
  /** The quick check's word, always its own. */
  quick: Verdict | null;
  /** How many invalid bytes were replaced, and where in the source they lie. */
  replaced: number;
  source: { file: string; line: number } | null;
}

export interface Annotations {
  trace: string;
  /** Length of the completion that was read; a growing one may be longer by now. */
  length: number;
  spans: Span[];
  counts: SpanCounts;
  sections: Section[];
  /** Start offsets of steps (sentences and display formulas) in the completion. */
  steps: number[];
}

export type PairChange = 'right_to_wrong' | 'wrong_to_right' | 'both_right' | 'both_wrong' | 'unknown';
export interface PairSide {
  traces: string[];
  right: number;
  n: number;
  tokensMean: number | null;
}
/** A problem before and after; with several samples a side is right when at least half of its graded samples are. */
export interface Pair {
  problem: string;
  problemLabel: string;
  before: PairSide;
  after: PairSide;
  change: PairChange;
  tokensDelta: number | null;
}
/** One evaluation or step of a stage: which traces to compare. */
export interface TraceSet {
  run: string;
  stage: string;
  step: number | null;
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
  /** Null while traces of it are still to be read. */
  labels: LabelFigures[] | null;
}

// ---- groups --------------------------------------------------------------------------------------------------------

/** A problem of which a stage sampled groups (GRPO). `graded` and `right` count completions. */
export interface ProblemGroups {
  problem: string;
  label: string;
  groups: number;
  /** Completions. */
  n: number;
  graded: number;
  right: number;
  firstStep: number | null;
  lastStep: number | null;
}

/** One group of a problem: G completions of one prompt in one step. Means are null where nothing is known yet. */
export interface GroupAtStep {
  step: number;
  group: string;
  /** Its first completion. */
  trace: string;
  n: number;
  right: number;
  reward: number | null;
  tokens: number | null;
}

export interface GroupMember {
  row: TraceRow;
  /** Parts by name; null: not applicable, left out of the total. */
  rewards: Record<string, number | null>;
  /** Recomputed from the totals of the group; null: no total yet. */
  advantage: number | null;
  advantageLogged: number | null;
}

export interface GroupDetail {
  problem: string;
  problemLabel: string;
  step: number | null;
  rewardMean: number | null;
  /** With n − 1. */
  rewardDeviation: number | null;
  /** How the advantage was recomputed here; `recorded`: it was not, the worker's own recomputation stands. */
  scale: 'group' | 'batch' | 'none' | 'recorded';
  /** Weights of the reward parts in the total, by name. */
  weights: Record<string, number>;
  members: GroupMember[];
}

/** Of the completions of one step that have a reward. */
export interface GroupHealth {
  step: number;
  groups: number;
  completions: number;
  /** Groups whose rewards are all equal, so that nothing is learned from them: all right, all wrong, or neither. */
  flat: { right: number; wrong: number; other: number };
  /** Completions cut at the maximum length. */
  cut: number;
  /** Completions with a cosine reward, and how many of them are at or beyond its maximum length. */
  cosine: { n: number; saturated: number } | null;
  right: number;
  wrong: number;
  /** Mean tokens of the right and of the wrong ones. */
  tokensRight: number | null;
  tokensWrong: number | null;
}

// ---- import --------------------------------------------------------------------------------------------------------

export interface ImportMapping {
  /** Column of the problem or prompt, of the completion, of the gold answer, of the id. Dotted for nested keys. */
  prompt?: string;
  completion: string;
  gold?: string;
  id?: string;
}
export interface ImportSkip {
  file: string;
  line: number;
  why: string;
}
export interface ImportInspection {
  path: string;
  format: string;
  bytes: number;
  rows: number | null;
  columns: { name: string; type: string; example: string }[];
  mapping: ImportMapping | null;
  /** False: the mapping is sure and nothing need be asked. */
  needsMapping: boolean;
  /** `gold`: problems and answers without completions, to be joined to a file that has some; it is no run by itself. */
  holds: 'completions' | 'gold' | 'unknown';
  /** Why nothing was recognised, or what is doubtful. */
  notes: string[];
}
export interface ImportResult {
  run: string;
  format: string;
  traces: number;
  metrics: number;
  /** True when the same content had been imported before. */
  existed: boolean;
  /** Rows of all files, read and skipped; 0 when it existed. */
  rows: number;
  skipped: ImportSkip[];
  /** Rows skipped beyond those listed. */
  skippedMore: number;
  notes: string[];
}

// ---- keeping house -------------------------------------------------------------------------------------------------

export interface HousekeepingProgress {
  done: number;
  total: number;
  unit: string;
  current: string;
}

/** Something in the files that could not be used. */
export interface StoreFaultInfo {
  /** Relative to the root. */
  file: string;
  /** From 1; null: the file as a whole. */
  line: number | null;
  kind: string;
  message: string;
}

// ---- events --------------------------------------------------------------------------------------------------------

/** Sequence numbers by stream: `journal`, or `run/stage/attempt`. The value is the last seq that the client has. */
export type Cursor = Record<string, number>;
export type StreamEvent = StageEvent | JournalEvent;
export interface EventBatch {
  stream: string;
  events: StreamEvent[];
}

// ---- the interface -------------------------------------------------------------------------------------------------

export interface Methods {
  'service/hello': { params: { major: number; client: string }; result: Hello };
  'service/doctor': { params: Record<string, never>; result: { checks: Check[] } };
  'service/shutdown': { params: { force: boolean }; result: { stopping: boolean; why: string | null } };

  'recipes/presets': { params: Record<string, never>; result: { presets: PresetInfo[] } };
  'recipes/check': { params: { source: RecipeSource }; result: { diagnostics: RecipeDiagnostic[] } };
  /** With `resolved` the engine constructs the configuration of every training stage: seconds, and nothing is loaded. */
  'recipes/plan': {
    params: { source: RecipeSource; set?: Record<string, unknown>; resolved?: boolean };
    result: { plan: Plan | null; diagnostics: RecipeDiagnostic[]; engine?: EngineConfigs };
  };

  /** A recorded run takes no `set`: it runs again as it was. */
  'runs/start': {
    params: { source: RecipeSource | RunSource; set?: Record<string, unknown>; name?: string };
    result: { run: string };
  };
  /** What differs between the machine of a run and this one. */
  'runs/differences': { params: { run: string }; result: { differences: RunDifference[]; unknown: string[] } };
  'runs/list': { params: { cursor?: string; limit?: number }; result: { runs: RunSummary[]; next?: string } };
  'runs/get': { params: { run: string }; result: RunSummary };
  'runs/stop': { params: { run: string }; result: { stopping: string[] } };
  'runs/resume': { params: { run: string }; result: { resumed: string[] } };
  'runs/delete': { params: { run: string }; result: { deleted: boolean } };
  'runs/rename': { params: { run: string; name: string }; result: { name: string } };
  'runs/table': {
    params: { run: string };
    result: { rows: StageRow[]; seconds: Record<string, number>; secondsTotal: number };
  };
  /** With `force` a stage that is stopping already is killed at once; its grace ends. */
  'stages/stop': { params: { run: string; stage: string; force?: boolean }; result: { stopping: boolean } };
  'stages/resume': { params: { run: string; stage: string }; result: { attempt: number } };
  /** At most 256 KiB a call; `offset` negative: from the end. */
  'stages/log': {
    params: {
      run: string;
      stage: string;
      attempt?: number;
      stream: 'stdout' | 'stderr';
      offset?: number;
      limit?: number;
    };
    result: { text: string; offset: number; end: number; size: number };
  };

  /** What the newest attempt (or `attempt`) reports; null where it has written nothing yet, or its kind reports nothing. */
  'stages/report': {
    params: { run: string; stage: string; attempt?: number };
    result: { report: Report | null; attempt: number | null };
  };
  /**
   * Rows of a report's table, those only whose cells equal `where` and hold `text` in any letter case; in the order written,
   * or sorted by a cell (numbers before texts, what is absent last). At most 256 KiB a page; a page may be shorter than
   * `limit`, even empty, and have a `next`. `total`: all rows that are listed, where that is known. `cut`: the table has more
   * rows than are sorted ({@link SORT_LIMIT}); those behind are not in the list.
   */
  'stages/rows': {
    params: {
      run: string;
      stage: string;
      attempt?: number;
      table: string;
      where?: TableRef['where'];
      text?: string;
      sort?: { key: string; descending: boolean };
      cursor?: string;
      limit?: number;
      /** False: rows without their parts, for a list; `cursors` then says where each row begins, to read it whole. */
      parts?: boolean;
    };
    result: { rows: TableRow[]; next?: string; total: number | null; cursors?: string[]; cut?: true };
  };
  /**
   * What a `reject` stage would have kept of the samples that it drew, with other rounds, another rule of length, or more of
   * a problem; what is not asked for is as in the stage. Null where it has left no samples (yet).
   */
  'stages/whatIf': {
    params: { run: string; stage: string; attempt?: number } & Partial<RejectSettings>;
    result: WhatIfAnswer | null;
  };
  /** The text that a row's part names by `extent`, at most 256 KiB of it; ask again with `rest` for what is left. */
  'stages/text': {
    params: { run: string; stage: string; attempt?: number; extent: Extent };
    result: { text: string; rest: Extent | null };
  };

  'metrics/snapshot': { params: { run: string; stages?: string[]; names?: string[] }; result: MetricsSnapshot };
  /** Accuracy at budgets, recomputed from the traces of one set. */
  'metrics/budgets': {
    params: { run: string; stage: string; step: number | null; budgets: number[] };
    result: { budgets: { budget: number; accuracy: number; accuracy_ci95: [number, number]; n: number }[] };
  };

  /**
   * Lengths and behaviours by set, 95 % intervals by bootstrap over problems, against a base on the same problems. `of` are sides, or
   * a run's evaluations (all its traces where it has none). `base`: default the run's evaluation of the same set at step 0,
   * without a marker; of several sides the one of the same set, with the same marker where it has it. `classes`: a synthesis by
   * class and turn, in place of sets.
   *
   * Texts are read by the detector when they are asked for, for a fraction of a second a call, and kept in the index: while `waiting`
   * is above 0, so many are still to be read, and the same call goes on. At most 200 sets; `more` counts those beyond.
   */
  'metrics/behaviours': {
    params: {
      of: { run: string } | { sides: Partial<TraceSide>[] };
      base?: Partial<TraceSide>[];
      classes?: boolean;
    };
    result: { detector: { name: string; version: string }; sets: BehaviourSet[]; waiting: number; more: number };
  };

  'traces/page': {
    params: { filter: TraceFilter; sort?: TraceSort; cursor?: string; limit?: number };
    result: { rows: TraceRow[]; next?: string; total: number };
  };
  'traces/get': { params: { trace: string }; result: TraceDetail };
  /** At most 256 KiB of UTF-16 units a call; the end is cut to what exists, and never splits a surrogate pair. */
  'traces/slice': {
    params: { trace: string; in: 'prompt' | 'completion'; start: number; end: number };
    result: { text: string; start: number; end: number; length: number; live: boolean };
  };
  'traces/annotations': { params: { trace: string }; result: Annotations };
  'traces/group': { params: { trace: string }; result: { rows: TraceRow[] } };
  /** With `markers` each marker setting of an evaluation is a set of its own. */
  'traces/sets': { params: { run: string; markers?: boolean }; result: { sets: TraceSet[] } };
  'traces/pairs': {
    params: { before: TraceSide; after: TraceSide };
    result: { pairs: Pair[]; onlyBefore: number; onlyAfter: number };
  };

  /** Problems in the order in which they were first sampled; `text` as in a filter of traces. */
  'groups/problems': {
    params: { run: string; stage: string; text?: string; cursor?: number; limit?: number };
    result: { problems: ProblemGroups[]; next?: number; total: number };
  };
  /** The groups of one problem by step, at most {@link PAGE_LIMIT}; `more` counts those beyond. */
  'groups/steps': {
    params: { run: string; stage: string; problem: string };
    result: { groups: GroupAtStep[]; more: number };
  };
  'groups/get': { params: { trace: string }; result: GroupDetail };
  /** By step from `stepFrom` on; `next` is the step to go on from. */
  'metrics/groups': {
    params: { run: string; stage: string; stepFrom?: number; limit?: number };
    result: { steps: GroupHealth[]; next?: number };
  };

  'import/inspect': { params: { path: string; format?: string }; result: ImportInspection };
  'import/run': {
    params: { paths: string[]; format?: string; mapping?: ImportMapping; name?: string };
    result: ImportResult;
    progress: { file: string; rows: number; bytes: number; totalBytes: number };
  };

  /** Throws the index away and makes it again from the files. Lists are incomplete until it answers. */
  'store/reindex': {
    params: Record<string, never>;
    result: { attempts: number; events: number; traces: number; seconds: number };
    progress: HousekeepingProgress;
  };
  /** Checks every file against itself and the index; changes nothing. At most 1000 faults are listed, all are counted. */
  'store/verify': {
    params: Record<string, never>;
    result: {
      attempts: number;
      events: number;
      traces: number;
      bytes: number;
      faults: StoreFaultInfo[];
      faultCount: number;
    };
    progress: HousekeepingProgress;
  };

  /**
   * Replays what the cursor has not seen, then goes on live with `events/batch` notifications until unsubscribed. Streams that
   * the cursor does not name are replayed from their beginning, or left out up to this moment with `from: 'now'` (for a client
   * that reads the past as snapshots).
   */
  'events/subscribe': { params: { cursor: Cursor; run?: string; from?: 'start' | 'now' }; result: { cursor: Cursor } };
  'events/unsubscribe': { params: Record<string, never>; result: Record<string, never> };
}

export type Method = keyof Methods;
export type Params<M extends Method> = Methods[M]['params'];
export type Result<M extends Method> = Methods[M]['result'];
export type ProgressOf<M extends Method> = Methods[M] extends { progress: infer P } ? P : never;

/** What the service sends unasked. */
export interface Notifications {
  'events/batch': EventBatch;
}

/** Longest slice of text or log in one answer, in UTF-16 units or bytes. */
export const SLICE_LIMIT = 256 * 1024;
/** Most rows of a page. */
export const PAGE_LIMIT = 1000;
/** Most rows of a report's table that are sorted. */
export const SORT_LIMIT = 100_000;
