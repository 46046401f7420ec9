/**
 * The one interface to everything that is stored: runs, attempts, events, traces and their texts. What stands behind it
 * (files as the truth, an SQLite index as a cache, in a thread of its own) is nobody else's business. `openStore` in
 * `client.ts` gives one.
 *
 * Every method rejects with a `LonghandError`: `not_found` for an id that is not there, `invalid_params` for one that is not
 * well formed or a cursor of another list, `unreadable` where a file that is needed cannot be read, `disk_full`.
 */
import type { AuditMethods, RescoreWish } from '../../core/protocol/audit.ts';
import type {
  Cursor,
  CheckpointInfo,
  EventBatch,
  Method,
  Params,
  Result,
  StageError,
  StreamEvent,
} from '../../core/protocol/methods.ts';
import type { Sampling, TraceFacts, VerdictValue } from '../../core/protocol/events.ts';
import type { ReaderLayer } from '../../core/protocol/labels.ts';
import type { TraceRow } from '../../core/protocol/traces.ts';
import type { Named } from './label-figures.ts';
import type { SearchBegin, SearchPage } from './search-page.ts';
import type { SearchScope } from './search-places.ts';
import type { LabelEditParams } from './labels.ts';
import type { Exit, JournalEvent, Outcome, RunFile, Spec } from '../../core/protocol/files.ts';

/** The methods of the contract that the store answers by itself; the parameters must have been validated. */
export const storeMethods = [
  'traces/page',
  'traces/get',
  'traces/slice',
  'traces/annotations',
  'traces/group',
  'traces/sets',
  'metrics/snapshot',
  'metrics/budgets',
  'metrics/groups',
  'groups/problems',
  'groups/steps',
  'groups/get',
  'runs/table',
  'labels/get',
  'labels/export',
] as const satisfies readonly Method[];
export type StoreMethod = (typeof storeMethods)[number];

/** Those over many traces: they are answered in slices of some milliseconds, and other calls between. */
export const slicedMethods = [
  'traces/readTexts',
  'traces/tokens',
  'traces/pairs',
  'metrics/paired',
  'metrics/rewardChange',
  'metrics/advisories',
  'overview/series',
  'overview/matrix',
  'overview/difficulty',
  'overview/budgets',
  'overview/problems',
  'overview/behaviours',
  'overview/scatter',
] as const satisfies readonly Method[];
export type SlicedMethod = (typeof slicedMethods)[number];

export interface AttemptKey {
  run: string;
  stage: string;
  attempt: number;
}

/** What the events, the journal and `exit.json` of one attempt say so far: the newest of each. Times are milliseconds. */
export interface AttemptRecord extends AttemptKey {
  /** `run/stage/attempt`, the name of its event stream. */
  stream: string;
  /** Absolute. */
  folder: string;
  /** From spec.json; `import` for imports. */
  kind: string;
  /** Stage whose checkpoints it evaluates, from the newest evaluation or trace; null where nothing says so. */
  of: string | null;
  resumedFrom: Spec['resumed_from'];
  /** When it was made, by the journal. */
  created: number | null;
  /** Times of the first and the last event. */
  firstEvent: number | null;
  lastEvent: number | null;
  phase: 'starting' | 'loading' | 'running' | 'saving' | 'stopping' | null;
  train: { maxSteps: number; resumedStep: number; epochs: number | null; stepsPerEpoch: number | null } | null;
  progress: { done: number; total: number | null; unit: string; t: number } | null;
  /** The first and the newest `metrics` event: what a rate is made of. */
  firstMetrics: { step: number; epoch: number | null; t: number } | null;
  lastMetrics: { step: number; epoch: number | null; t: number } | null;
  checkpoints: CheckpointInfo[];
  error: (StageError & { t: number }) | null;
  /** The newest hundred; `warningCount` counts all. */
  warnings: { code: string; message: string; t: number }[];
  warningCount: number;
  end: {
    complete: boolean;
    step: number | null;
    maxSteps: number | null;
    outputs: Record<string, string>;
    t: number;
  } | null;
  /** The runner's `exit.json`, once it is there. */
  exit: Exit | null;
  /** The journal's `attempt_ended`. */
  outcome: Outcome | null;
  /** -1: no event yet. */
  lastSeq: number;
  traces: number;
  liveTraces: number;
  /** Nothing of it counts any more: a newer attempt did not go on from it. */
  superseded: boolean;
  /** Lines of its record that could not be used, gaps and the like: see `verify`. */
  faults: number;
}

export interface RunRecord {
  run: string;
  name: string;
  kind: RunFile['kind'];
  source: string;
  created: number;
  vars: Record<string, unknown>;
  wanted: 'running' | 'stopped' | null;
  /** Absolute. */
  folder: string;
  /** By stage in the order in which their first attempts were made; attempts in ascending order. */
  stages: { stage: string; attempts: AttemptRecord[] }[];
  /** Traces that are not superseded. */
  traces: number;
}

type WithoutBase<T> = T extends unknown ? Omit<T, 'v' | 'seq' | 't'> : never;
/** A journal event as its author gives it; the store adds `v`, `seq` and `t`. */
export type NewJournalEvent = WithoutBase<JournalEvent>;

export interface Subscription {
  /** The position from which it started: of every stream that is known. */
  cursor: Cursor;
  close(): void;
}

/** One row of an imported file, already decoded. */
export interface ImportedTrace {
  problem: { text: string; gold: string | null; sourceId: string | null; goldOrigin?: 'given' | 'trace' | 'joined' };
  /** The prompt as the model saw it; null where the file has only the problem. Stored once for all that share it. */
  prompt: string | null;
  completion: string;
  /** What the model thought of its tokens: a stretch of `core/traces/token-scores.ts`. */
  scores?: Uint8Array;
  facts: TraceFacts;
  /** Index among the completions of its problem. */
  sample: number;
  step?: number | null;
  epoch?: number | null;
  set?: string;
  group?: string | null;
  sampling?: Sampling;
  marker?: string | null;
  model?: string;
  /** Where it lies in the source; lines count from 1. */
  source: { file: string; line: number };
  /** Invalid bytes or lone surrogates of the source that became U+FFFD. */
  replaced: number;
}

export interface ImportedMetrics {
  step: number;
  epoch: number | null;
  values: Record<string, number | null>;
}

/** Writes one import as `runs/<run>/stages/import/attempt-1`. What `append` has acknowledged survives a kill. */
export interface ImportWriter {
  readonly run: string;
  append(batch: {
    traces?: ImportedTrace[];
    metrics?: ImportedMetrics[];
    warnings?: { code: string; message: string }[];
  }): Promise<void>;
  /** Writes the `end` and resolves when all of it can be read through the store. */
  finish(): Promise<{ traces: number; metrics: number }>;
  /** Removes the run again. */
  abort(): Promise<void>;
}

/** Something in the files that could not be used. `line` counts from 1; null: the file as a whole. */
export interface StoreFault {
  /** Relative to the root. */
  file: string;
  line: number | null;
  kind: FaultKind;
  message: string;
}
export type FaultKind =
  | 'bad_line'
  | 'long_line'
  | 'torn_line'
  | 'invalid_utf8'
  | 'seq_gap'
  | 'seq_repeat'
  | 'truncated'
  | 'replaced'
  | 'missing_file'
  | 'missing_part'
  | 'bad_scores'
  | 'extent_outside'
  | 'unknown_trace'
  | 'incomplete_checkpoint'
  | 'index_differs'
  | 'storage';

export interface VerifyReport {
  attempts: number;
  events: number;
  traces: number;
  bytes: number;
  /** The first thousand; `faultCount` counts all. A torn last line of a running attempt is no fault. */
  faults: StoreFault[];
  faultCount: number;
}

export interface StoreProgress {
  done: number;
  total: number;
  /** Streams (attempts). */
  unit: 'attempts';
  current: string;
}

export interface TraceStore {
  readonly root: string;

  /** Resolves when everything that lay on disk when it was called has been read into the index (of one attempt, or of all). */
  catchUp(attempt?: AttemptKey): Promise<void>;

  /** Answers a method of the contract. */
  read<M extends StoreMethod>(method: M, params: Params<M>): Promise<Result<M>>;

  /** The same for those over many traces, which let other calls pass. */
  sliced<M extends SlicedMethod>(method: M, params: Params<M>): Promise<Result<M>>;

  /** Answers `metrics/behaviours`, which reads texts for a fraction of a second and lets other calls pass. */
  behaviours(params: Params<'metrics/behaviours'>): Promise<Result<'metrics/behaviours'>>;

  /** Answer `metrics/figures` and `traces/figures`, as `behaviours` does. */
  setFigures(params: Params<'metrics/figures'>): Promise<Result<'metrics/figures'>>;
  traceFigures(params: Params<'traces/figures'>): Promise<Result<'traces/figures'>>;

  /** With the reader's name filled in. @throws also `conflict` */
  editLabels(params: LabelEditParams): Promise<ReaderLayer>;
  /** Reads texts for a fraction of a second; the answer says how many are still to be read. */
  labelAgreement(params: Named<'labels/agreement'>): Promise<Result<'labels/agreement'>>;
  /** Answers `judge/agreement`, as `behaviours` does. */
  judgeAgreement(params: Params<'judge/agreement'>): Promise<Result<'judge/agreement'>>;
  labelQueue(params: Named<'labels/queue'>): Promise<Result<'labels/queue'>>;

  /** For `traces/search`, which reads the texts itself: how many traces there are, and where their texts lie, page by page. */
  beginSearch(scope: SearchScope & { after?: string | undefined }): Promise<SearchBegin>;
  searchPage(scope: SearchScope & { after: number }): Promise<SearchPage | null>;
  /** By row id; those that are gone are left out. */
  searchedRows(ids: number[]): Promise<(TraceRow & { rowId: number })[]>;

  /** Answers of a re-score that the engine's checker has not judged, by row id above `after`, some hundred; `left`: all, if asked. */
  rescoreRows(
    wish: RescoreWish,
    after: number,
    count: boolean,
  ): Promise<{ rows: { id: number; gold: string; answer: string }[]; left: number }>;
  /** Keeps what the engine's checkers (names with versions) said of a run's answers, for previews. */
  giveVerdicts(run: string, names: string[], verdicts: [id: number, value: VerdictValue][]): Promise<void>;
  /** Answers the methods of the audit: verdicts given and taken back, the queue, re-scores. Long work lets other calls pass. */
  audit<M extends keyof AuditMethods>(method: M, params: Params<M>): Promise<Result<M>>;

  // ---- run control ---------------------------------------------------------------------------------------------------

  /** Newest first; deleted runs are left out. `limit` is at most 1000, 100 by default. */
  runs(options?: { cursor?: string; limit?: number }): Promise<{ runs: RunRecord[]; next?: string }>;
  run(run: string): Promise<RunRecord>;
  attempt(attempt: AttemptKey): Promise<AttemptRecord>;

  /**
   * Appends to `<root>/journal.jsonl`, on disk before it resolves. The folder and its files must be there first:
   * `run_created` reads run.json, `attempt_created` reads spec.json and begins to tail the attempt's events.
   */
  appendJournal(event: NewJournalEvent): Promise<JournalEvent>;
  /** Journals the deletion, forgets the run and removes its folder. Its attempts must have ended: the caller knows. */
  deleteRun(run: string): Promise<void>;

  // ---- events --------------------------------------------------------------------------------------------------------

  /** The newest seq of every stream: `journal` and `run/stage/attempt`; of one run's streams and the journal with `run`. */
  cursor(run?: string): Promise<Cursor>;
  /** Events with a seq above `after` (-1: all), at most `limit` (default 1000) of them or 1 MiB; `done`: that was the newest. */
  replay(stream: string, after: number, limit?: number): Promise<{ events: StreamEvent[]; done: boolean }>;
  /**
   * Replays what the cursor has not seen, then goes on live; nothing is missed and nothing comes twice. The listener may
   * return a promise: what follows waits for it. Where it throws, the subscription ends, and `onEnd` says why.
   *
   * A stream that the cursor does not name starts at its beginning when it was made after the cursor's `journal` position,
   * otherwise at its newest event (take a snapshot after subscribing); `-1` asks for all of it. A stream that was deleted and
   * made again (an import) starts at its beginning.
   */
  subscribe(
    cursor: Cursor,
    options: { run?: string; onEnd?: (error: unknown) => void },
    listener: (batch: EventBatch) => void | Promise<void>,
  ): Promise<Subscription>;
  /** Attempts of which something changed: events, exit.json, the journal. At most one call a committed batch. */
  onAttempts(listener: (attempts: AttemptKey[]) => void): () => void;
  /** Faults as they are met, for the log. */
  onFault(listener: (fault: StoreFault) => void): () => void;
  /** The thread behind the store died: every call from now on rejects. */
  onFailure(listener: (error: Error) => void): () => void;

  // ---- import --------------------------------------------------------------------------------------------------------

  /**
   * Begins an import. `run` is `<slug>-<8 characters of the content's hash>`. `existed` when the same content has been imported
   * whole before: then nothing is written. What an interrupted import left is removed first.
   */
  beginImport(run: {
    run: string;
    name: string;
    source: string;
    vars?: Record<string, unknown>;
  }): Promise<{ existed: true } | { existed: false; writer: ImportWriter }>;

  // ---- keeping house -------------------------------------------------------------------------------------------------

  /** Throws the index away and makes it again from the files. Lists are incomplete until it resolves. */
  reindex(
    onProgress?: (progress: StoreProgress) => void,
  ): Promise<{ attempts: number; events: number; traces: number; seconds: number }>;
  /** Checks every file against itself and the index; changes nothing. */
  verify(onProgress?: (progress: StoreProgress) => void): Promise<VerifyReport>;
  close(): Promise<void>;
}
