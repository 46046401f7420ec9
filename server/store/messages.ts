/** What passes between the store's thread and the service. */
import type { RescoreWish } from '../../core/protocol/audit.ts';
import type { VerdictValue } from '../../core/protocol/events.ts';
import type { ErrorCode } from '../../core/protocol/errors.ts';
import type { Cursor, EventBatch, Params, Result } from '../../core/protocol/methods.ts';
import type { ReaderLayer } from '../../core/protocol/labels.ts';
import type { Named } from './label-figures.ts';
import type { LabelEditParams } from './labels.ts';
import type { AuditMethod } from './audit.ts';
import type { EngineRow } from './rescore.ts';
import type { ImportBatch, ImportStart } from './importing.ts';
import type { JournalEvent } from '../../core/protocol/files.ts';
import type { TraceRow } from '../../core/protocol/traces.ts';
import type { SearchBegin, SearchPage } from './search-page.ts';
import type { SearchScope } from './search-places.ts';
import type {
  AttemptKey,
  AttemptRecord,
  NewJournalEvent,
  RunRecord,
  StoreFault,
  SlicedMethod,
  StoreMethod,
  VerifyReport,
} from './trace-store.ts';

/** Every call: its arguments and its result. */
export interface StoreCalls {
  read: { args: [method: StoreMethod, params: Params<StoreMethod>]; result: Result<StoreMethod> };
  setFigures: { args: [params: Params<'metrics/figures'>]; result: Result<'metrics/figures'> };
  traceFigures: { args: [params: Params<'traces/figures'>]; result: Result<'traces/figures'> };
  sliced: { args: [method: SlicedMethod, params: Params<SlicedMethod>]; result: Result<SlicedMethod> };
  behaviours: { args: [params: Params<'metrics/behaviours'>]; result: Result<'metrics/behaviours'> };
  editLabels: { args: [params: LabelEditParams]; result: ReaderLayer };
  labelAgreement: { args: [params: Named<'labels/agreement'>]; result: Result<'labels/agreement'> };
  judgeAgreement: { args: [params: Params<'judge/agreement'>]; result: Result<'judge/agreement'> };
  beginSearch: {
    args: [scope: SearchScope & { after?: string | undefined }];
    result: SearchBegin;
  };
  searchPage: { args: [scope: SearchScope & { after: number }]; result: SearchPage | null };
  searchedRows: { args: [ids: number[]]; result: (TraceRow & { rowId: number })[] };
  labelQueue: { args: [params: Named<'labels/queue'>]; result: Result<'labels/queue'> };
  rescoreRows: {
    args: [wish: RescoreWish, after: number, count: boolean];
    result: { rows: EngineRow[]; left: number };
  };
  giveVerdicts: {
    args: [run: string, names: string[], verdicts: [id: number, value: VerdictValue][]];
    result: void;
  };
  audit: { args: [method: AuditMethod, params: Params<AuditMethod>]; result: Result<AuditMethod> };
  catchUp: { args: [key: AttemptKey | undefined]; result: void };
  runs: { args: [cursor: string | undefined, limit: number | undefined]; result: { runs: RunRecord[]; next?: string } };
  run: { args: [run: string]; result: RunRecord };
  attempt: { args: [key: AttemptKey]; result: AttemptRecord };
  appendJournal: { args: [event: NewJournalEvent]; result: JournalEvent };
  deleteRun: { args: [run: string]; result: void };
  cursor: { args: [run: string | undefined]; result: Cursor };
  startOf: { args: [cursor: Cursor, run: string | undefined]; result: { start: Cursor; last: Cursor } };
  replay: {
    args: [stream: string, after: number, limit: number | undefined];
    result: { events: EventBatch['events']; done: boolean };
  };
  /** Batches are sent only while somebody listens. */
  listen: { args: [on: boolean]; result: void };
  beginImport: { args: [start: ImportStart]; result: { existed: boolean } };
  appendImport: { args: [run: string, batch: ImportBatch]; result: void };
  finishImport: { args: [run: string]; result: { traces: number; metrics: number } };
  abortImport: { args: [run: string]; result: void };
  reindex: { args: []; result: { attempts: number; events: number; traces: number } };
  verify: { args: []; result: VerifyReport };
  close: { args: []; result: void };
}
export type StoreCall = keyof StoreCalls;

export interface Request<C extends StoreCall = StoreCall> {
  id: number;
  call: C;
  args: StoreCalls[C]['args'];
}

export type Message =
  | { type: 'ready' }
  | { type: 'result'; id: number; value: unknown }
  | { type: 'error'; id: number; error: { code: ErrorCode; message: string; detail: unknown } }
  | { type: 'progress'; id: number; done: number; total: number; current: string }
  | { type: 'batch'; batch: EventBatch }
  | { type: 'attempts'; attempts: AttemptKey[] }
  | { type: 'fault'; fault: StoreFault }
  | { type: 'failed'; error: { code: ErrorCode; message: string } };
