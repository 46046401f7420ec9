/** Opens the store: its thread, and the interface to it. */
import { Worker } from 'node:worker_threads';
import { LonghandError } from '../../core/protocol/errors.ts';
import type { StreamEvent, EventBatch, Params, Result } from '../../core/protocol/methods.ts';
import type { AuditMethod } from './audit.ts';
import { Follower } from './subscription.ts';
import type { Message, StoreCall, StoreCalls } from './messages.ts';
import type {
  AttemptKey,
  ImportWriter,
  SlicedMethod,
  StoreFault,
  StoreMethod,
  StoreProgress,
  TraceStore,
} from './trace-store.ts';
import { storeWorkerUrl } from './worker-url.ts';

interface Pending {
  /** Called in the moment of the answer, before any later message of the thread is looked at. */
  resolve: (value: unknown) => void;
  reject: (error: Error) => void;
  progress?: (progress: StoreProgress) => void;
}

/**
 * Opens the store of a root folder, making the folder where there is none. One process a root at a time: the caller holds its lock.
 * Resolves when questions can be asked; what lies on disk is still being read then (`catchUp` waits for it).
 */
export async function openStore({ root }: { root: string }): Promise<TraceStore> {
  const client = new StoreClient(root);
  await client.ready;
  return client;
}

class StoreClient implements TraceStore {
  readonly root: string;
  readonly ready: Promise<void>;
  private readonly worker: Worker;
  private readonly pending = new Map<number, Pending>();
  private readonly followers = new Set<Follower>();
  private readonly attemptListeners = new Set<(attempts: AttemptKey[]) => void>();
  private readonly faultListeners = new Set<(fault: StoreFault) => void>();
  private readonly failureListeners = new Set<(error: Error) => void>();
  private nextId = 1;
  private closing: Promise<void> | null = null;
  private failure: LonghandError | null = null;

  constructor(root: string) {
    this.root = root;
    this.worker = new Worker(storeWorkerUrl(), {
      workerData: { root },
      execArgv: ['--disable-warning=ExperimentalWarning'],
    });
    this.ready = new Promise((resolve, reject) => {
      this.pending.set(0, { resolve: () => resolve(), reject });
    });
    this.worker.on('message', (message: Message) => this.receive(message));
    this.worker.on('error', (error) =>
      this.fail(new LonghandError('internal', `The store stopped: ${(error as Error).message}`)),
    );
    this.worker.on('exit', () => {
      if (!this.closing) this.fail(new LonghandError('internal', 'The store stopped.'));
    });
  }

  private receive(message: Message): void {
    switch (message.type) {
      case 'ready':
        this.take(0)?.resolve(undefined);
        return;
      case 'result':
        this.take(message.id)?.resolve(message.value);
        return;
      case 'error':
        this.take(message.id)?.reject(
          new LonghandError(message.error.code, message.error.message, message.error.detail),
        );
        return;
      case 'progress': {
        const { done, total, current } = message;
        this.pending.get(message.id)?.progress?.({ done, total, unit: 'attempts', current });
        return;
      }
      case 'batch':
        for (const follower of this.followers) follower.push(message.batch);
        return;
      case 'attempts':
        for (const listener of this.attemptListeners) listener(message.attempts);
        return;
      case 'fault':
        for (const listener of this.faultListeners) listener(message.fault);
        return;
      case 'failed':
        this.fail(new LonghandError(message.error.code, message.error.message));
        return;
    }
  }

  private take(id: number): Pending | undefined {
    const pending = this.pending.get(id);
    this.pending.delete(id);
    return pending;
  }

  private fail(error: LonghandError): void {
    if (this.failure) return;
    this.failure = error;
    for (const { reject } of this.pending.values()) reject(error);
    this.pending.clear();
    for (const listener of this.failureListeners) listener(error);
  }

  /** `now` sees the result before any later message does. */
  private call<C extends StoreCall>(
    call: C,
    args: StoreCalls[C]['args'],
    options: { now?: (value: StoreCalls[C]['result']) => void; progress?: (progress: StoreProgress) => void } = {},
  ): Promise<StoreCalls[C]['result']> {
    if (this.failure) return Promise.reject(this.failure);
    if (this.closing && call !== 'close') return Promise.reject(new LonghandError('cancelled', 'The store is closed.'));
    return new Promise((resolve, reject) => {
      const id = this.nextId++;
      const answered = (value: unknown): void => {
        options.now?.(value as StoreCalls[C]['result']);
        resolve(value as StoreCalls[C]['result']);
      };
      this.pending.set(id, { resolve: answered, reject, ...(options.progress && { progress: options.progress }) });
      // oxlint-disable-next-line unicorn/require-post-message-target-origin -- a thread has no origin
      this.worker.postMessage({ id, call, args });
    });
  }

  read<M extends StoreMethod>(method: M, params: Params<M>): Promise<Result<M>> {
    return this.call('read', [method, params]);
  }

  setFigures(params: Params<'metrics/figures'>): Promise<Result<'metrics/figures'>> {
    return this.call('setFigures', [params]);
  }

  traceFigures(params: Params<'traces/figures'>): Promise<Result<'traces/figures'>> {
    return this.call('traceFigures', [params]);
  }

  sliced<M extends SlicedMethod>(method: M, params: Params<M>): Promise<Result<M>> {
    return this.call('sliced', [method, params]);
  }

  behaviours(params: Params<'metrics/behaviours'>): Promise<Result<'metrics/behaviours'>> {
    return this.call('behaviours', [params]);
  }

  editLabels(params: StoreCalls['editLabels']['args'][0]): ReturnType<TraceStore['editLabels']> {
    return this.call('editLabels', [params]);
  }

  labelAgreement(params: StoreCalls['labelAgreement']['args'][0]): ReturnType<TraceStore['labelAgreement']> {
    return this.call('labelAgreement', [params]);
  }

  judgeAgreement(params: Params<'judge/agreement'>): ReturnType<TraceStore['judgeAgreement']> {
    return this.call('judgeAgreement', [params]);
  }

  labelQueue(params: StoreCalls['labelQueue']['args'][0]): ReturnType<TraceStore['labelQueue']> {
    return this.call('labelQueue', [params]);
  }

  beginSearch(scope: StoreCalls['beginSearch']['args'][0]): ReturnType<TraceStore['beginSearch']> {
    return this.call('beginSearch', [scope]);
  }

  searchPage(scope: StoreCalls['searchPage']['args'][0]): ReturnType<TraceStore['searchPage']> {
    return this.call('searchPage', [scope]);
  }

  searchedRows(ids: number[]): ReturnType<TraceStore['searchedRows']> {
    return this.call('searchedRows', [ids]);
  }

  rescoreRows(...args: StoreCalls['rescoreRows']['args']): ReturnType<TraceStore['rescoreRows']> {
    return this.call('rescoreRows', args);
  }

  giveVerdicts(...args: StoreCalls['giveVerdicts']['args']): Promise<void> {
    return this.call('giveVerdicts', args);
  }

  audit<M extends AuditMethod>(method: M, params: Params<M>): Promise<Result<M>> {
    return this.call('audit', [method, params]);
  }

  catchUp(attempt?: AttemptKey): Promise<void> {
    return this.call('catchUp', [attempt]);
  }

  runs(options: { cursor?: string; limit?: number } = {}): ReturnType<TraceStore['runs']> {
    return this.call('runs', [options.cursor, options.limit]);
  }

  run(run: string): ReturnType<TraceStore['run']> {
    return this.call('run', [run]);
  }

  attempt(attempt: AttemptKey): ReturnType<TraceStore['attempt']> {
    return this.call('attempt', [attempt]);
  }

  appendJournal(event: Parameters<TraceStore['appendJournal']>[0]): ReturnType<TraceStore['appendJournal']> {
    return this.call('appendJournal', [event]);
  }

  deleteRun(run: string): Promise<void> {
    return this.call('deleteRun', [run]);
  }

  cursor(run?: string): ReturnType<TraceStore['cursor']> {
    return this.call('cursor', [run]);
  }

  replay(stream: string, after: number, limit?: number): ReturnType<TraceStore['replay']> {
    return this.call('replay', [stream, after, limit]);
  }

  async subscribe(
    cursor: Parameters<TraceStore['subscribe']>[0],
    { run, onEnd }: { run?: string; onEnd?: (error: unknown) => void },
    listener: (batch: EventBatch) => void | Promise<void>,
  ): ReturnType<TraceStore['subscribe']> {
    const follower: Follower = new Follower(
      run,
      listener,
      (stream, after, deliver) => this.fetch(stream, after, deliver),
      (error) => {
        this.leave(follower);
        onEnd?.(error);
      },
    );
    await this.call('listen', [true]);
    const { start } = await this.call('startOf', [cursor, run], {
      now: (value) => {
        this.followers.add(follower);
        follower.begin(value.start, value.last);
      },
    });
    return { cursor: start, close: () => this.leave(follower) };
  }

  private async fetch(
    stream: string,
    after: number,
    deliver: (events: StreamEvent[], done: boolean) => void,
  ): Promise<void> {
    try {
      await this.call('replay', [stream, after, undefined], { now: ({ events, done }) => deliver(events, done) });
    } catch (error) {
      // Deleted in the meantime: the journal says so to whoever listens.
      if (!LonghandError.is(error, 'not_found')) throw error;
      deliver([], true);
    }
  }

  private leave(follower: Follower): void {
    follower.close();
    if (this.followers.delete(follower) && this.followers.size === 0 && !this.failure && !this.closing)
      void this.call('listen', [false]);
  }

  onAttempts(listener: (attempts: AttemptKey[]) => void): () => void {
    return listen(this.attemptListeners, listener);
  }

  onFault(listener: (fault: StoreFault) => void): () => void {
    return listen(this.faultListeners, listener);
  }

  onFailure(listener: (error: Error) => void): () => void {
    return listen(this.failureListeners, listener);
  }

  async beginImport(start: Parameters<TraceStore['beginImport']>[0]): ReturnType<TraceStore['beginImport']> {
    const { existed } = await this.call('beginImport', [start]);
    if (existed) return { existed };
    const run = start.run;
    const writer: ImportWriter = {
      run,
      append: (batch) => this.call('appendImport', [run, batch]),
      finish: () => this.call('finishImport', [run]),
      abort: () => this.call('abortImport', [run]),
    };
    return { existed: false, writer };
  }

  async reindex(onProgress?: (progress: StoreProgress) => void): ReturnType<TraceStore['reindex']> {
    const began = performance.now();
    const result = await this.call('reindex', [], { ...(onProgress && { progress: onProgress }) });
    return { ...result, seconds: (performance.now() - began) / 1000 };
  }

  verify(onProgress?: (progress: StoreProgress) => void): ReturnType<TraceStore['verify']> {
    return this.call('verify', [], { ...(onProgress && { progress: onProgress }) });
  }

  close(): Promise<void> {
    this.closing ??= this.shutDown();
    return this.closing;
  }

  private async shutDown(): Promise<void> {
    for (const follower of this.followers) follower.close();
    if (this.failure) return;
    const exited = new Promise<void>((resolve) => {
      this.worker.once('exit', () => resolve());
    });
    const answered = this.call('close', []);
    await answered.catch(() => this.worker.terminate());
    await exited;
    for (const { reject } of this.pending.values()) reject(new LonghandError('cancelled', 'The store is closed.'));
    this.pending.clear();
  }
}

function listen<T>(listeners: Set<T>, listener: T): () => void {
  listeners.add(listener);
  return () => listeners.delete(listener);
}
