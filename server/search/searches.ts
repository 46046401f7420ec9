/** Full-text searches as clients ask for them: which traces, which threads, and what is told when. */
import { LonghandError } from '../../core/protocol/errors.ts';
import {
  SEARCH_BATCH,
  SEARCH_LIMIT,
  SLOW_TEXTS,
  type SearchCounts,
  type SearchProgress,
  type SearchTotals,
} from '../../core/protocol/search.ts';
import type { Params } from '../../core/protocol/methods.ts';
import type { SearchBegin } from '../store/search-page.ts';
import type { TraceStore } from '../store/trace-store.ts';
import { chunksOf } from './chunks.ts';
import type { Chunk, FoundTrace } from './scan.ts';
import { readSearch } from './query.ts';
import { SearchThreads, type TaskEnd } from './threads.ts';

/** Milliseconds between two notifications while it searches. */
const EVERY_MS = 100;
/** Searches at the same time; more are refused. */
const MOST_SEARCHES = 64;
/** Traces that were found and not yet told of, beyond which the search waits for the client to read. */
const UNTOLD = 2 * SEARCH_BATCH;

export interface SearchContext {
  signal: AbortSignal;
  /** Resolves when the client's connection has taken it. */
  progress: (progress: SearchProgress) => Promise<void>;
}

export class Searches {
  private readonly store: TraceStore;
  private readonly threads: SearchThreads;
  private active = 0;

  constructor(store: TraceStore, options: ConstructorParameters<typeof SearchThreads>[0] = {}) {
    this.store = store;
    this.threads = new SearchThreads(options);
  }

  /**
   * Answers `traces/search`.
   * @throws LonghandError `invalid_query` for a query that is wrong or has nothing to look for in texts, `not_runnable` where too
   *   many searches run, what the store rejects with, and the signal's reason
   */
  async search(params: Params<'traces/search'>, { signal, progress }: SearchContext): Promise<SearchTotals> {
    const asked = readSearch(params.query);
    if (this.active >= MOST_SEARCHES)
      throw new LonghandError('not_runnable', `${MOST_SEARCHES} searches are running. Try again when one has ended.`);
    this.active += 1;
    // What is still on its way when the search fails or ends is not wanted any more.
    const end = new AbortController();
    const either = AbortSignal.any([signal, end.signal]);
    try {
      const scope = { filter: params.filter, query: asked.metadata, prompts: asked.wanted.texts.includes('prompt') };
      const begun = await this.store.beginSearch({ ...scope, after: params.after });
      const run = new Run(params.limit ?? SEARCH_LIMIT, begun, this.store, progress, either);
      const chunks = chunksOf((after) => this.store.searchPage({ ...scope, after }), begun.after);
      await Promise.race([
        run.go(
          chunks,
          (chunk, room) => this.threads.run({ wanted: asked.wanted, chunk, room }, either),
          this.threads.size + 2,
        ),
        // At once, whatever it waits for: a client that does not read, most of all.
        new Promise<never>((_, reject) => {
          either.addEventListener('abort', () => reject(either.reason as Error), { once: true });
        }),
      ]);
      return run.totals();
    } catch (error) {
      throw signal.aborted ? signal.reason : error;
    } finally {
      end.abort(new LonghandError('cancelled', 'The search has ended.'));
      this.active -= 1;
    }
  }

  close(): Promise<void> {
    return this.threads.close();
  }
}

/** A chunk on its way. */
interface Slot {
  chunk: Chunk;
  end: Promise<TaskEnd>;
}

/** One search while it runs. */
class Run {
  private readonly limit: number;
  private readonly store: TraceStore;
  private readonly send: SearchContext['progress'];
  private readonly signal: AbortSignal;
  private readonly began = performance.now();
  private readonly counts: SearchCounts;
  private untold: FoundTrace[] = [];
  private taken = 0;
  private listed = 0;
  private slowTexts = 0;
  /** The last trace that is listed; set where another one has hits too. */
  private last = '';
  private told = -Infinity;
  private telling: Promise<void> | null = null;
  private failure: unknown = null;

  constructor(
    limit: number,
    { total, unread }: SearchBegin,
    store: TraceStore,
    send: SearchContext['progress'],
    signal: AbortSignal,
  ) {
    this.limit = limit;
    this.store = store;
    this.send = send;
    this.signal = signal;
    const leftOut = { unreadable: 0, cut: 0, slow: 0, givenUp: 0 };
    this.counts = { searched: 0, total, hits: 0, traces: 0, seconds: 0, leftOut, ...(unread !== null && { unread }) };
  }

  /** Keeps `ahead` chunks on their way, and takes what comes of them in their order. */
  async go(
    chunks: AsyncGenerator<Chunk>,
    run: (chunk: Chunk, room: number) => Promise<TaskEnd>,
    ahead: number,
  ): Promise<void> {
    const slots: Slot[] = [];
    const begin = (chunk: Chunk): Slot => {
      const end = run(chunk, Math.max(0, this.limit - this.taken));
      // Looked at when its turn comes; until then a failure is nobody's.
      end.catch(() => undefined);
      return { chunk, end };
    };
    const timer = setInterval(() => void this.tell(), EVERY_MS);
    this.signal.addEventListener('abort', () => clearInterval(timer), { once: true });
    try {
      let more = true;
      for (;;) {
        while (more && slots.length < ahead) {
          const next = await chunks.next();
          this.signal.throwIfAborted();
          if (next.done) more = false;
          else slots.push(begin(next.value));
        }
        const slot = slots.shift();
        if (!slot) break;
        const end = await slot.end;
        if ('slow' in end) slots.unshift(...this.without(slot.chunk, end.slow).map(begin));
        else await this.take(slot.chunk, end.scanned);
        if (this.slowTexts >= SLOW_TEXTS) {
          // Of a live run there may be more by now than were counted.
          this.counts.leftOut.givenUp = Math.max(0, this.counts.total - this.counts.searched);
          break;
        }
      }
    } finally {
      clearInterval(timer);
    }
    await this.telling;
    while (this.untold.length > 0) await this.tellNow();
    if (this.failure) throw this.failure;
  }

  /** What is left of a chunk without the trace that was too slow. */
  private without(chunk: Chunk, slow: number): Chunk[] {
    this.slowTexts += 1;
    this.counts.leftOut.slow += 1;
    this.counts.searched += 1;
    const part = (from: number, to: number): Chunk => ({ ...chunk, from, to });
    return [part(chunk.from, slow), part(slow + 1, chunk.to)].filter(({ from, to }) => from < to);
  }

  private async take(chunk: Chunk, scanned: Extract<TaskEnd, { scanned: unknown }>['scanned']): Promise<void> {
    const { counts } = this;
    counts.searched += chunk.to - chunk.from;
    counts.hits += scanned.hits;
    counts.traces += scanned.traces;
    counts.leftOut.unreadable += scanned.unreadable;
    counts.leftOut.cut += scanned.cut;
    const found = scanned.found.slice(0, this.limit - this.taken);
    this.taken += found.length;
    for (const one of found) this.untold.push(one);
    if (this.failure) throw this.failure;
    // The first come at once.
    if (this.told < 0 && found.length > 0) await this.tell();
    while (this.untold.length > UNTOLD) await this.tell();
  }

  /** Sends what there is, unless something is being sent or was sent just now. */
  private async tell(): Promise<void> {
    if (!this.telling) {
      this.telling = this.tellNow()
        .catch((error: unknown) => {
          this.failure ??= error;
          this.untold = [];
        })
        .finally(() => (this.telling = null));
    }
    await this.telling;
  }

  private async tellNow(): Promise<void> {
    const batch = this.untold.splice(0, SEARCH_BATCH);
    this.told = performance.now();
    const rows = batch.length > 0 ? await this.store.searchedRows(batch.map(({ id }) => id)) : [];
    const byId = new Map(rows.map(({ rowId, ...row }) => [rowId, row]));
    // A trace whose run was deleted meanwhile is not there any more.
    const found = batch.flatMap(({ id, ...hit }) => {
      const row = byId.get(id);
      return row ? [{ row, ...hit }] : [];
    });
    this.last = found.at(-1)?.row.trace ?? this.last;
    this.listed += found.length;
    this.signal.throwIfAborted();
    await this.send({ ...this.now(), found });
  }

  private now(): SearchCounts {
    const { leftOut } = this.counts;
    return { ...this.counts, leftOut: { ...leftOut }, seconds: (performance.now() - this.began) / 1000 };
  }

  totals(): SearchTotals {
    const counts = this.now();
    return {
      ...counts,
      listed: this.listed,
      ...(counts.traces > this.taken && this.last !== '' && { after: this.last }),
    };
  }
}
