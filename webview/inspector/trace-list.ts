/**
 * The list of traces: pages by keyset, read as far as the reader scrolls, and read again where something happened. Rows that
 * are not here yet are `null`.
 */
import type { EventBatch } from '../../core/protocol/methods.ts';
import type { TraceFilter, TraceRow, TraceSort } from '../../core/protocol/traces.ts';
import type { Host } from '../host.ts';
import { Store } from '../ui/store.ts';
import { verdictOf } from './verdict-events.ts';

interface Page {
  /** Where it begins: undefined for the first. */
  cursor: string | undefined;
  rows: TraceRow[];
  /** Where the next begins; undefined: it is the last. */
  next: string | undefined;
}

export interface TraceListState {
  filter: TraceFilter;
  sort: TraceSort;
  rows: (TraceRow | null)[];
  total: number;
  /** Longest of the rows that are here: the common scale of the bars. */
  longest: number;
  loading: boolean;
  error: unknown;
  /** How many of the rows are still being written. */
  live: number;
  /** Texts that are still to be read for what is sorted by. */
  toRead: number;
}

const PAGE = 200;
/** Milliseconds between two refreshes while traces grow. */
const REFRESH_EVERY = 200;
/** Most rows that a page holds; beyond it the list says so and asks for a narrower filter. */
export const ROW_LIMIT = 100_000;
/** Most changed rows out of view that are remembered; beyond it what comes into view is simply read again. */
const DIRTY_LIMIT = 20_000;
const firstSort: TraceSort = { key: 'order', descending: false };
const figureKeys: ReadonlySet<TraceSort['key']> = new Set(['after', 'flips', 'lost']);

export class TraceList extends Store<TraceListState> {
  readonly #host: Host;
  #pages: Page[] = [];
  #asked = 0;
  #wanted = PAGE;
  #busy = false;
  // oxlint-disable-next-line no-unused-private-class-members -- read through `??=`
  #timer: ReturnType<typeof setTimeout> | undefined;
  #dirty = new Set<string>();
  #grown = false;
  #shown: [number, number] = [0, PAGE];

  constructor(host: Host) {
    super({
      filter: {},
      sort: firstSort,
      rows: [],
      total: 0,
      longest: 1,
      loading: false,
      error: null,
      live: 0,
      toRead: 0,
    });
    this.#host = host;
  }

  /** Shows what fits `filter`, from the beginning. */
  async show(filter: TraceFilter, sort: TraceSort = firstSort): Promise<void> {
    const asked = (this.#asked += 1);
    this.#wanted = PAGE;
    this.#busy = true;
    this.set({ filter, sort, loading: true, error: null, toRead: 0 });
    try {
      const first = await this.#read(undefined, filter, sort);
      if (asked !== this.#asked) return;
      this.#pages = [first];
      this.#busy = false;
      this.#publish();
      await this.#more();
      if (figureKeys.has(sort.key)) await this.#readTexts(asked);
    } catch (error) {
      if (asked !== this.#asked) return;
      this.#busy = false;
      this.set({ error, loading: false });
    }
  }

  /** What is sorted by is found in the texts: they are read, and the list again when there was something to read. */
  async #readTexts(asked: number): Promise<void> {
    const { run, stage, step } = this.value.filter;
    if (run === undefined) return;
    const side = { run, ...(stage !== undefined && { stage }), ...(step !== undefined && { step }) };
    let read = false;
    for (;;) {
      const { waiting } = await this.#host.call('metrics/figures', { of: { sides: [side] }, only: 'texts' });
      if (asked !== this.#asked) return;
      read ||= waiting > 0;
      this.set({ toRead: waiting });
      if (waiting === 0) break;
    }
    // The first call may have read all that was missing.
    if (read || this.value.rows.some((row) => row && !row.live && !row.figures))
      await this.#refresh([0, this.#loaded()]);
  }

  /** The rows that are in view: what lies up to there is read. */
  look(first: number, last: number): void {
    this.#shown = [first, last];
    // Rows that changed while they were out of view are read again now.
    if (this.#dirtyInView().length > 0) this.#later();
    if (last + PAGE / 2 > this.#loaded() && this.#pages.at(-1)?.next !== undefined) {
      this.#wanted = Math.min(ROW_LIMIT, last + PAGE);
      void this.#more();
    }
  }

  /** Reads again what was read: after a reconnection. */
  async reload(): Promise<void> {
    if (this.value.error || this.#pages.length === 0) await this.show(this.value.filter, this.value.sort);
    else await this.#refresh([0, this.#loaded()]);
  }

  /** Something happened in the run: pages in view are read again, at most every 200 ms. */
  onEvents(batch: EventBatch): void {
    const { filter } = this.value;
    const run = filter.run;
    const [streamRun, stage] = batch.stream.split('/');
    if (batch.stream === 'journal') return this.#onJournal(batch);
    if (run !== undefined && run !== streamRun) return;
    if (filter.stage !== undefined && filter.stage !== stage) return;
    for (const event of batch.events) {
      if (!('trace' in event)) continue;
      if (event.type === 'trace_begin') this.#grown = true;
      else this.#dirty.add(`${batch.stream}/${event.trace}`);
    }
    if (this.#dirty.size > DIRTY_LIMIT) {
      this.#dirty.clear();
      this.#grown = true;
    }
    if (this.#grown || this.#dirty.size > 0) this.#later();
  }

  /** A row that was judged stays in its place with its new verdict, whatever the filter; a re-score is read as a whole. */
  #onJournal({ events }: EventBatch): void {
    const listed = new Set(this.value.rows.flatMap((row) => row?.trace ?? []));
    for (const event of events) {
      const trace = verdictOf(event);
      if (trace !== null && listed.has(trace)) void this.#patch(trace).catch(() => undefined);
      else if ((event.type === 'rescored' || event.type === 'rescore_undone') && isIn(event.run, this.value.filter))
        void this.reload().catch(() => undefined);
    }
  }

  async #patch(trace: string): Promise<void> {
    const { verdict } = await this.#host.call('traces/get', { trace });
    for (const page of this.#pages)
      page.rows = page.rows.map((row) => (row.trace === trace ? { ...row, verdict } : row));
    this.#publish();
  }

  async #onTimer(): Promise<void> {
    this.#timer = undefined;
    if (this.#busy) return this.#later();
    const [from, to] = this.#shown;
    const grown = this.#grown;
    const touched = this.#dirtyInView();
    this.#grown = false;
    for (const trace of touched) this.#dirty.delete(trace);
    try {
      if (touched.length > 0 || grown) await this.#refresh([from, to], grown);
    } catch {
      // The banner says that the backend is gone; what is shown stays.
    }
    if (this.#grown || this.#dirtyInView().length > 0) this.#later();
  }

  #later(): void {
    this.#timer ??= setTimeout(() => void this.#onTimer(), REFRESH_EVERY);
  }

  #dirtyInView(): string[] {
    const [from, to] = this.#shown;
    const rows = this.value.rows.slice(from, to + 1);
    return rows.flatMap((row) => (row && this.#dirty.has(row.trace) ? [row.trace] : []));
  }

  async #read(cursor: string | undefined, filter: TraceFilter, sort: TraceSort): Promise<Page & { total: number }> {
    const { rows, next, total } = await this.#host.call('traces/page', {
      filter,
      sort,
      limit: PAGE,
      ...(cursor === undefined ? {} : { cursor }),
    });
    this.#total = total;
    return { cursor, rows, next, total };
  }

  #total = 0;

  #loaded(): number {
    return this.#pages.reduce((sum, page) => sum + page.rows.length, 0);
  }

  async #more(): Promise<void> {
    if (this.#busy) return;
    this.#busy = true;
    const asked = this.#asked;
    const { filter, sort } = this.value;
    try {
      while (this.#loaded() < this.#wanted) {
        const last = this.#pages.at(-1);
        if (!last || last.next === undefined) break;
        const page = await this.#read(last.next, filter, sort);
        if (asked !== this.#asked) return;
        this.#pages.push(page);
        this.#publish();
      }
    } catch (error) {
      if (asked === this.#asked) this.set({ error });
    } finally {
      if (asked === this.#asked) this.#busy = false;
    }
  }

  /** Reads the pages over rows `from…to` again, and those after them whose beginning moved; the last one too when rows came. */
  async #refresh([from, to]: [number, number], last = false): Promise<void> {
    if (this.#busy) return;
    this.#busy = true;
    const asked = this.#asked;
    const { filter, sort } = this.value;
    const pages = [...this.#pages];
    try {
      let row = 0;
      for (let i = 0; i < pages.length; i += 1) {
        const page = pages[i]!;
        const cursor = i === 0 ? undefined : pages[i - 1]!.next;
        if (cursor === undefined && i > 0) {
          pages.length = i;
          break;
        }
        const inView = row <= to && row + page.rows.length > from;
        row += page.rows.length;
        if (!inView && page.cursor === cursor && !(last && i === pages.length - 1)) continue;
        pages[i] = await this.#read(cursor, filter, sort);
        if (asked !== this.#asked) return;
      }
      this.#pages = pages;
      this.#publish();
    } finally {
      if (asked === this.#asked) this.#busy = false;
    }
    await this.#more();
  }

  #publish(): void {
    const loaded = this.#pages.flatMap((page) => page.rows);
    const complete = this.#pages.at(-1)?.next === undefined;
    const total = complete ? loaded.length : Math.max(this.#total, loaded.length);
    const known = new Map(this.value.rows.map((row) => [row?.trace, row]));
    // The same object for a row that did not change, so that it is not drawn again.
    const rows: (TraceRow | null)[] = loaded.map((row) => {
      const before = known.get(row.trace);
      return before && same(before, row) ? before : row;
    });
    while (rows.length < Math.min(total, ROW_LIMIT)) rows.push(null);
    let longest = 1;
    for (const row of loaded) longest = Math.max(longest, row.tokens ?? 0);
    const live = loaded.reduce((n, row) => n + (row.live ? 1 : 0), 0);
    this.set({ rows, total, longest, live, loading: false, error: null });
  }
}

const isIn = (run: string, filter: TraceFilter): boolean => filter.run === undefined || filter.run === run;

function same(a: TraceRow, b: TraceRow): boolean {
  for (const key of Object.keys(b) as (keyof TraceRow)[]) if (a[key] !== b[key]) return false;
  return true;
}
