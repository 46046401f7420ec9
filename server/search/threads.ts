/** The threads that search: made when there is something to do, shared by all searches, and ended when an expression does not end. */
import { availableParallelism } from 'node:os';
import { Worker } from 'node:worker_threads';
import { LonghandError } from '../../core/protocol/errors.ts';
import { EXPRESSION_SECONDS } from '../../core/protocol/search.ts';
import type { Scanned } from './scan.ts';
import { shared, type ScanAnswer, type ScanTask } from './task.ts';

/** `slow`: the trace in whose text an expression took too long; nothing of the chunk is known then. */
export type TaskEnd = { scanned: Scanned } | { slow: number };

interface Waiting {
  task: ScanTask;
  signal: AbortSignal;
  resolve: (end: TaskEnd) => void;
  reject: (error: unknown) => void;
}

/** Searching is bound by memory beyond these. */
const MOST_THREADS = 4;
/** Threads that nobody needs are kept so long. */
const IDLE_MS = 60_000;
/** A cancelled thread that is still within one text after this time is ended. */
const CANCEL_MS = 50;
const LOOK_MS = 200;

export class SearchThreads {
  readonly size: number;
  /** Seconds that one text may take. */
  private readonly patience: number;
  private readonly waiting: Waiting[] = [];
  private readonly threads = new Set<Thread>();
  private idle: NodeJS.Timeout | null = null;
  private closed = false;

  constructor({ size = Math.min(MOST_THREADS, availableParallelism()), patience = EXPRESSION_SECONDS } = {}) {
    this.size = size;
    this.patience = patience;
  }

  /** Searches one chunk. Rejects with the signal's reason as soon as it is aborted. */
  run(task: ScanTask, signal: AbortSignal): Promise<TaskEnd> {
    if (this.closed) return Promise.reject(new LonghandError('cancelled', 'The service ends.'));
    if (signal.aborted) return Promise.reject(signal.reason as Error);
    return new Promise((resolve, reject) => {
      this.waiting.push({ task, signal, resolve, reject });
      this.next();
    });
  }

  private next(): void {
    if (this.closed) return;
    for (;;) {
      const free = [...this.threads].find((thread) => !thread.busy && !thread.ended);
      if (this.waiting.length === 0 || (!free && this.threads.size >= this.size)) break;
      const job = this.waiting.shift()!;
      if (job.signal.aborted) {
        job.reject(job.signal.reason);
        continue;
      }
      const thread = free ?? this.make();
      void thread.run(job, this.patience).finally(() => {
        if (thread.ended) this.threads.delete(thread);
        this.next();
      });
    }
    this.rest();
  }

  private make(): Thread {
    const thread = new Thread();
    this.threads.add(thread);
    return thread;
  }

  /** Ends the threads some time after the last of them had something to do. */
  private rest(): void {
    if (this.idle) clearTimeout(this.idle);
    this.idle = null;
    if ([...this.threads].some(({ busy }) => busy)) return;
    this.idle = setTimeout(() => {
      for (const thread of this.threads) void thread.end();
      this.threads.clear();
    }, IDLE_MS).unref();
  }

  async close(): Promise<void> {
    this.closed = true;
    if (this.idle) clearTimeout(this.idle);
    for (const { reject } of this.waiting.splice(0)) reject(new LonghandError('cancelled', 'The service ends.'));
    await Promise.all([...this.threads].map((thread) => thread.end()));
  }
}

class Thread {
  busy = false;
  ended = false;
  /** It was ended by us. */
  private stopped = false;
  private readonly worker: Worker;
  private readonly numbers = new Int32Array(new SharedArrayBuffer(12));

  constructor() {
    // Beside this file in the sources, beside the bundle when bundled.
    const name = import.meta.url.endsWith('.ts') ? './search-worker.ts' : './search-worker.mjs';
    this.worker = new Worker(new URL(name, import.meta.url), {
      workerData: { shared: this.numbers.buffer },
      execArgv: [],
    });
    this.worker.unref();
    // Said to whoever waits; without a listener it would end the service.
    this.worker.on('error', () => undefined);
    this.worker.on('exit', () => (this.ended = true));
  }

  /** Never rejects: what comes of the job is said to whoever waits for it. */
  async run({ task, signal, resolve, reject }: Waiting, patience: number): Promise<void> {
    this.busy = true;
    Atomics.store(this.numbers, shared.cancelled, 0);
    Atomics.store(this.numbers, shared.trace, -1);
    const { promise: settled, resolve: settle } = Promise.withResolvers<void>();
    const answered = (answer: ScanAnswer) => {
      if (!answer.ok) reject(failed(answer));
      else if (answer.scanned) resolve({ scanned: answer.scanned });
      else reject(signal.reason);
      settle();
    };
    // Also of a thread that `close` ends: nobody may wait for ever.
    const gone = () => {
      if (this.stopped) reject(new LonghandError('cancelled', 'The service ends.'));
      broke(new Error('its thread has ended'));
    };
    const broke = (error: unknown) => {
      this.ended = true;
      reject(failed({ ok: false, why: error instanceof Error ? error.message : String(error), code: null }));
      settle();
    };
    let late: NodeJS.Timeout | undefined;
    const aborted = () => {
      // The caller is told at once; the thread stops behind the text that it is in, or is ended.
      reject(signal.reason);
      Atomics.store(this.numbers, shared.cancelled, 1);
      late = setTimeout(() => void this.end().then(settle), CANCEL_MS);
    };
    let began = performance.now();
    let beats = Atomics.load(this.numbers, shared.beats);
    const look = () => {
      const slow = Atomics.load(this.numbers, shared.trace);
      const now = Atomics.load(this.numbers, shared.beats);
      // Reading may take as long as the disk takes.
      if (now !== beats || slow < 0) [beats, began] = [now, performance.now()];
      if (performance.now() - began < patience * 1000) return;
      void this.end();
      resolve({ slow });
      settle();
    };
    const timer = setInterval(look, Math.min(LOOK_MS, patience * 250));
    this.worker.on('message', answered).on('error', broke).on('exit', gone);
    signal.addEventListener('abort', aborted);
    // oxlint-disable-next-line unicorn/require-post-message-target-origin -- a thread has no origin
    this.worker.postMessage(task);
    await settled;
    clearInterval(timer);
    clearTimeout(late);
    signal.removeEventListener('abort', aborted);
    this.worker.off('message', answered).off('error', broke).off('exit', gone);
    this.busy = false;
  }

  async end(): Promise<void> {
    this.ended = true;
    this.stopped = true;
    await this.worker.terminate();
  }
}

function failed({ why, code }: Extract<ScanAnswer, { ok: false }>): LonghandError {
  if (code === 'EACCES' || code === 'EPERM' || code === 'EIO') return new LonghandError('unreadable', why);
  return new LonghandError('internal', `A text could not be searched: ${why}`);
}
