/**
 * The contract between service, extension and webview. One interface: a method's name, its parameters, its result and its
 * progress events; everything else derives from it. `server/rpc/schemas.ts` has the zod schemas of the parameters. What it
 * gives of recipes, traces, groups, comparisons and imports stands in files of their names beside this one.
 *
 * Ids: a run is `<slug>-<8 characters>`; a trace is `run/stage/attempt/n`. Times are milliseconds since 1970. Text positions
 * are UTF-16 units. Lists page by an opaque cursor: absent `next` means the end.
 */
import type { AdvisoryMethods } from './advisories.ts';
import type { AuditMethods } from './audit.ts';
import type { BehaviourSet, ComparisonMethods, TraceSet, TraceSide } from './comparison.ts';
import type { Evaluation, Extent, StageEvent } from './events.ts';
import type { FigureMethods } from './figures.ts';
import type { JournalEvent, Outcome } from './files.ts';
import type { GroupAtStep, GroupDetail, GroupHealth, ProblemGroups } from './groups.ts';
import type { ImportInspection, ImportMapping, ImportResult } from './imports.ts';
import type {
  EngineConfigs,
  Plan,
  PresetInfo,
  RecipeDiagnostic,
  RecipeSource,
  RunDifference,
  RunSource,
} from './recipes.ts';
import type { JudgeMethods } from './judge.ts';
import type { LabelMethods } from './labels.ts';
import type { OverviewMethods } from './overview.ts';
import type { RewardChangeMethods } from './reward-change.ts';
import type { SearchMethods } from './search.ts';
import type { TokenMethods } from './tokens.ts';
import type { Report, TableRef, TableRow } from './report.ts';
import type { Annotations, TraceDetail, TraceFilter, TraceRow, TraceSort } from './traces.ts';
import type { RejectSettings, WhatIfAnswer } from '../metrics/what-if.ts';
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
  /** Traces of it that count by a reader's word or a re-score's: the figures are computed from these, not the worker's. */
  relabelled?: number;
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
  evaluations: (Evaluation & { stage: string; superseded: boolean; relabelled?: number })[];
  /** Steps at which an epoch ends, by stage. */
  epochSteps: Record<string, number[]>;
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

export interface Methods
  extends
    AdvisoryMethods,
    AuditMethods,
    FigureMethods,
    JudgeMethods,
    LabelMethods,
    ComparisonMethods,
    OverviewMethods,
    RewardChangeMethods,
    SearchMethods,
    TokenMethods {
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
  /** `config` changes keys of a training's `config` from this attempt on; it takes those of the recipe for the others. */
  'stages/resume': {
    params: { run: string; stage: string; config?: Record<string, unknown> };
    result: { attempt: number };
  };
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

  /**
   * Begins after `cursor`; or `offset` rows from the beginning, for a jump; or with the page of `limit` rows that holds the trace
   * `around`, counted from the beginning, and with the first where the list does not hold it. The answer's `offset` says how
   * many rows lie before it, where one of these two was asked for.
   *
   * `query` is in the language of `core/query` and narrows the filter; `invalid_query` says what is wrong with it and where. Words
   * and expressions that it has the texts searched for are refused: `traces/search` finds them.
   *
   * Where the query or the sorting needs what is found in texts (behaviours, tokens after the first right answer and the like),
   * `unread` counts the finished traces whose text was not read: they may be missing from the list, or stand at its end.
   * `traces/readTexts` reads them.
   */
  'traces/page': {
    params: {
      filter: TraceFilter;
      query?: string;
      sort?: TraceSort;
      cursor?: string;
      offset?: number;
      around?: string;
      limit?: number;
    };
    result: { rows: TraceRow[]; next?: string; total: number; offset?: number; unread?: number };
  };
  /**
   * Reads texts that a list needs, for a fraction of a second a call; while `unread` is above 0, the same call goes on. Words and
   * expressions in the query say nothing here.
   */
  'traces/readTexts': {
    params: { filter: TraceFilter; query?: string; sort?: TraceSort };
    result: { unread: number };
  };
  'traces/get': { params: { trace: string }; result: TraceDetail };
  /** At most 256 KiB of UTF-16 units a call; the end is cut to what exists, and never splits a surrogate pair. */
  'traces/slice': {
    params: { trace: string; in: 'prompt' | 'completion'; start: number; end: number };
    result: { text: string; start: number; end: number; length: number; live: boolean };
  };
  /** With `from` the spans from that number on; `readAnnotations` asks until all are there. */
  'traces/annotations': { params: { trace: string; from?: number }; result: Annotations };
  'traces/group': { params: { trace: string }; result: { rows: TraceRow[] } };
  /** With `markers` each marker setting of an evaluation is a set of its own. */
  'traces/sets': { params: { run: string; markers?: boolean }; result: { sets: TraceSet[] } };

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
