/** The traces that a full-text search finds, as it finds them: a list like that of all traces, with the hits of each. */
import { SEARCH_LIMIT_MOST, type SearchCounts, type SearchHit } from '../../core/protocol/search.ts';
import { LonghandError } from '../../core/protocol/errors.ts';
import type { TraceFilter, TraceRow, TraceSort } from '../../core/protocol/traces.ts';
import type { Host } from '../host.ts';
import { Store } from '../ui/store.ts';
import { searchRun, type SearchRun } from './search-run.ts';
import { sortRows } from './sort-rows.ts';

export interface SearchListState {
  /** Null: nothing is searched. */
  query: string | null;
  filter: TraceFilter;
  sort: TraceSort;
  running: boolean;
  /** The reader ended it before its end. */
  stopped: boolean;
  counts: SearchCounts | null;
  /** More traces have hits than are listed: the search goes on behind this one when the reader asks. */
  after: string | null;
  error: unknown;
  /** Texts are being read of which the query needs to know more than it did: how many are left; null: none are. */
  toRead: number | null;
  generation: number;
  version: number;
  total: number;
  longest: number;
}

const noSort: TraceSort = { key: 'order', descending: false };

export class SearchList extends Store<SearchListState> {
  readonly #host: Host;
  #run: SearchRun | null = null;
  #reading: AbortController | null = null;
  #found: SearchHit[] = [];
  #shown: SearchHit[] = [];
  readonly #places = new Map<string, number>();

  constructor(host: Host) {
    super({
      ...{ query: null, filter: {}, sort: noSort, running: false, stopped: false, counts: null, after: null },
      ...{ error: null, toRead: null, generation: 0, version: 0, total: 0, longest: 1 },
    });
    this.#host = host;
  }

  /** Begins a search; what the last one found stays until this one has found something or ended. */
  show(filter: TraceFilter, query: string, sort: TraceSort): void {
    this.stop();
    this.#found = [];
    this.set({ filter, query, sort, counts: null, after: null, stopped: false, error: null });
    this.#begin(undefined, true);
  }

  /** Another order of what was found. */
  sort(sort: TraceSort): void {
    this.set({ sort, generation: this.value.generation + 1 });
    this.#publish();
  }

  /** The next traces, where more have hits than are listed. */
  more(): void {
    const { after, running } = this.value;
    if (after !== null && !running) this.#begin(after, false);
  }

  /** Reads the texts of which it is not known whether they belong to the search, some at a time, and searches again. */
  async readTexts(): Promise<void> {
    const { filter, query, sort, counts } = this.value;
    if (query === null || this.#reading) return;
    this.stop();
    const reading = new AbortController();
    this.#reading = reading;
    this.set({ toRead: counts?.unread ?? 0 });
    try {
      for (let unread = 1; unread > 0; this.set({ toRead: unread })) {
        ({ unread } = await this.#host.call('traces/readTexts', { filter, query }, { signal: reading.signal }));
        if (reading.signal.aborted) return;
      }
      this.show(filter, query, sort);
    } catch (error) {
      if (reading.signal.aborted) return;
      this.#endReading();
      this.set({ error });
      this.#publish();
    }
  }

  #endReading(): void {
    this.#reading?.abort();
    this.#reading = null;
    if (this.value.toRead !== null) this.set({ toRead: null });
  }

  /** Ends the search, or the reading of texts for it; what was found stays. */
  stop(): void {
    this.#endReading();
    if (!this.#run) return;
    this.#run.cancel();
    this.#run = null;
    this.set({ running: false, stopped: true });
    this.#publish();
  }

  /** Nothing is searched any more. */
  clear(): void {
    if (this.value.query === null) return;
    this.stop();
    this.#found = [];
    this.set({ query: null, counts: null, after: null, error: null });
    this.#publish();
  }

  at(index: number): TraceRow | null {
    return this.#shown[index]?.row ?? null;
  }

  hit(trace: string): SearchHit | null {
    const index = this.#places.get(trace);
    return index === undefined ? null : (this.#shown[index] ?? null);
  }

  indexOf(trace: string): number {
    return this.#places.get(trace) ?? -1;
  }

  async reach(index: number): Promise<TraceRow | null> {
    return this.at(index);
  }

  look(): void {
    // All that was found is here.
  }

  #begin(after: string | undefined, fresh: boolean): void {
    const { filter, query, counts: before } = this.value;
    if (query === null) return;
    let first = fresh;
    const take = (found: readonly SearchHit[]) => {
      this.#found.push(...found.slice(0, SEARCH_LIMIT_MOST - this.#found.length));
      if (first && found.length > 0) {
        first = false;
        this.set({ generation: this.value.generation + 1 });
      }
    };
    const run = searchRun(
      this.#host,
      { filter, query, ...(after !== undefined && { after }) },
      ({ found, ...counts }) => {
        if (this.#run !== run) return;
        take(found);
        this.set({ counts: before && after !== undefined ? before : counts });
        if (!first || found.length > 0) this.#publish();
      },
    );
    this.#run = run;
    this.set({ running: true, stopped: false });
    run.done.then(
      (totals) => {
        if (this.#run !== run) return;
        this.#run = null;
        const full = this.#found.length >= SEARCH_LIMIT_MOST;
        this.set({
          running: false,
          counts: before && after !== undefined ? before : totals,
          after: full ? null : (totals.after ?? null),
        });
        this.#publish();
      },
      (error: unknown) => {
        if (this.#run !== run) return;
        this.#run = null;
        const cancelled = LonghandError.is(error) && error.code === 'cancelled';
        this.set({ running: false, ...(cancelled ? { stopped: true } : { error }) });
        this.#publish();
      },
    );
  }

  #publish(): void {
    const { sort } = this.value;
    this.#shown = sort.key === 'order' && !sort.descending ? this.#found : sortRows(this.#found, sort);
    this.#places.clear();
    this.#shown.forEach(({ row }, i) => this.#places.set(row.trace, i));
    const longest = this.#found.reduce((most, { row }) => Math.max(most, row.tokens ?? 0), 1);
    this.set({ version: this.value.version + 1, total: this.#shown.length, longest });
  }
}
