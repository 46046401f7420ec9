/**
 * The list of traces: pages by their place, read where the reader looks and read again where something happened. A page after one
 * that is here is read by its cursor, any other one by its place, so a jump to the end reads none between.
 */
import type { EventBatch } from '../../core/protocol/methods.ts';
import type { TraceFilter, TraceRow, TraceSort } from '../../core/protocol/traces.ts';
import { LonghandError } from '../../core/protocol/errors.ts';
import type { Host } from '../host.ts';
import { Store } from '../ui/store.ts';
import { PAGE, TracePages } from './trace-pages.ts';
import { verdictOf } from './verdict-events.ts';

/** What is listed: the scope, what of it the reader asks for, and in which order. */
export interface ListWish {
  filter: TraceFilter;
  query: string;
  sort: TraceSort;
}

export interface TraceListState {
  wish: ListWish;
  /** Counts the lists that were asked for: a new one begins at its top, or where the selected trace lies. */
  generation: number;
  /** Counts the changes of rows: they are read by `at`. */
  version: number;
  total: number;
  /** Traces of the run. */
  scope: number;
  /** Tokens of the longest trace of the run: the common scale of the bars, whatever the query. */
  longest: number;
  /** A list was asked for and nothing of it is here; the last one is still shown. */
  loading: boolean;
  /** The list begins at its top, wherever the selected trace lies: another order shows what is first in it. */
  fromTop: boolean;
  /** No list was here yet. */
  first: boolean;
  error: unknown;
  /** How many of the rows that are here are still being written. */
  live: number;
  /** Texts that are still to be read for what is sorted or asked by. */
  toRead: number;
}

/** Milliseconds between two refreshes while traces grow. */
const REFRESH_EVERY = 200;
/** Most changed rows out of view that are remembered; beyond it what comes into view is simply read again. */
const DIRTY_LIMIT = 20_000;
/** Most milliseconds that the first rows wait for the scale of their bars. */
const SCALE_PATIENCE = 60;
export const firstSort: TraceSort = { key: 'order', descending: false };

const paramsOf = ({ filter, query, sort }: ListWish) => ({ filter, sort, ...(query !== '' && { query }) });

export class TraceList extends Store<TraceListState> {
  readonly #host: Host;
  readonly #pages = new TracePages();
  #asked = 0;
  #calls = new AbortController();
  #view: [number, number] = [0, PAGE - 1];
  #reading: Promise<void> | null = null;
  /** Pages on their way. */
  #underway = new Map<number, Promise<void>>();
  #selected: string | null = null;
  /** Where the selected trace lies, also when its page was let go; -1: not known. */
  #place = -1;
  #scale = { scope: '', longest: 1 };
  // oxlint-disable-next-line no-unused-private-class-members -- read through `??=`
  #timer: ReturnType<typeof setTimeout> | undefined;
  #dirty = new Set<string>();
  #grown = false;

  constructor(host: Host) {
    super({
      wish: { filter: {}, query: '', sort: firstSort },
      ...{ generation: 0, version: 0, total: 0, scope: 0, longest: 1, loading: false, first: true, fromTop: false },
      ...{ error: null, live: 0, toRead: 0 },
    });
    this.#host = host;
  }

  /** The row at a place; null: it is not here, `reach` reads it. */
  at(index: number): TraceRow | null {
    return this.#pages.at(index);
  }

  /** All rows that are here. */
  rows(): TraceRow[] {
    return [...this.#pages.rows()];
  }

  /** Where a trace lies, or -1 where that is not known: it is known of the rows that are here and of the selected one. */
  indexOf(trace: string): number {
    const here = this.#pages.indexOf(trace);
    return here >= 0 ? here : trace === this.#selected ? this.#place : -1;
  }

  /** The trace whose place is to be known, also when its page was let go: the selected one. */
  mark(trace: string | null): void {
    if (trace === this.#selected) return;
    this.#selected = trace;
    this.#place = trace === null ? -1 : this.#pages.indexOf(trace);
  }

  /**
   * Shows a list from where `selected` lies when it is in it, otherwise or with `fromTop` from its beginning. What was shown stays
   * until then.
   */
  async show(wish: ListWish, selected: string | null = null, fromTop = false): Promise<void> {
    const asked = this.#begin();
    this.set({ wish, loading: true, error: null, toRead: 0 });
    try {
      const scale = this.#readScale(wish.filter);
      const around = selected === null ? {} : { around: selected };
      const answer = await this.#ask(wish, fromTop ? {} : around);
      if (asked !== this.#asked) return;
      await Promise.race([scale, new Promise((done) => setTimeout(done, SCALE_PATIENCE))]);
      if (asked !== this.#asked) return;
      this.#pages.clear();
      const page = Math.floor((answer.offset ?? 0) / PAGE);
      this.#pages.put(page, answer.rows, answer.next);
      this.#place = -1;
      this.#view = [page * PAGE, page * PAGE + 40];
      this.set({
        generation: this.value.generation + 1,
        first: false,
        fromTop,
        total: answer.total,
        toRead: answer.unread ?? 0,
      });
      this.#publish();
      void scale.then(() => asked === this.#asked && this.#publish());
      if (fromTop && selected !== null && this.#place < 0) await this.#locate(selected);
      if (this.value.toRead > 0) await this.#readTexts(asked);
    } catch (error) {
      if (asked !== this.#asked || LonghandError.is(error, 'cancelled')) return;
      this.set({ error, loading: false });
    }
  }

  /** Finds where a trace lies that is not among the rows that are here; the list is shown meanwhile. */
  async #locate(trace: string): Promise<void> {
    const asked = this.#asked;
    // Where it cannot be found nothing else is lost: its place stays unknown.
    const found = await this.#ask(this.value.wish, { around: trace }).catch(() => null);
    if (!found) return;
    const { rows, offset } = found;
    const at = rows.findIndex((row) => row.trace === trace);
    if (asked !== this.#asked || trace !== this.#selected || at < 0) return;
    this.#place = (offset ?? 0) + at;
    this.#publish();
  }

  #begin(): number {
    this.#calls.abort();
    this.#calls = new AbortController();
    this.#dirty.clear();
    this.#grown = false;
    this.#reading = null;
    this.#underway = new Map();
    return (this.#asked += 1);
  }

  /** What is sorted or asked by is found in the texts: they are read a while at a time, and the list again when all are. */
  async #readTexts(asked: number): Promise<void> {
    const { wish } = this.value;
    const { signal } = this.#calls;
    for (let unread = this.value.toRead; unread > 0;) {
      ({ unread } = await this.#host.call('traces/readTexts', paramsOf(wish), { signal }));
      if (asked !== this.#asked) return;
      this.set({ toRead: unread });
    }
    await this.reload();
  }

  /** The rows that are in view: they are read, and what lies next to them. */
  look(first: number, last: number): void {
    this.#view = [first, Math.max(first, last)];
    if (this.#dirtyInView().length > 0) this.#later();
    void this.#fill();
  }

  /** The row at a place, read where it is not here; null: there is none, or it cannot be read now. */
  async reach(index: number): Promise<TraceRow | null> {
    if (index < 0 || index >= this.value.total) return null;
    const asked = this.#asked;
    if (!this.at(index)) await this.#read(Math.floor(index / PAGE)).catch(() => undefined);
    return asked === this.#asked ? this.at(index) : null;
  }

  /** Reads again what is in view: after a reconnection, or when the texts were read. */
  async reload(): Promise<void> {
    if (this.value.error !== null || this.value.first) return this.show(this.value.wish, this.#selected);
    await this.#refresh();
  }

  /** Something happened in the run: pages in view are read again, at most every 200 ms. */
  onEvents(batch: EventBatch): void {
    const { filter } = this.value.wish;
    const [streamRun, stage] = batch.stream.split('/');
    if (batch.stream === 'journal') return this.#onJournal(batch);
    if (filter.run !== undefined && filter.run !== streamRun) return;
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
    if (this.#grown || this.#dirtyInView().length > 0) this.#later();
  }

  /** A row that was judged stays in its place with its new verdict, whatever the filter; a re-score is read as a whole. */
  #onJournal({ events }: EventBatch): void {
    const { run } = this.value.wish.filter;
    for (const event of events) {
      const trace = verdictOf(event);
      if (trace !== null && this.#pages.indexOf(trace) >= 0) void this.#patch(trace).catch(() => undefined);
      else if (
        (event.type === 'rescored' || event.type === 'rescore_undone') &&
        (run === undefined || run === event.run)
      )
        void this.reload().catch(() => undefined);
    }
  }

  async #patch(trace: string): Promise<void> {
    const { verdict } = await this.#host.call('traces/get', { trace });
    this.#pages.patch(trace, { verdict });
    this.#publish();
  }

  async #onTimer(): Promise<void> {
    this.#timer = undefined;
    if (this.value.loading) return this.#later();
    const touched = this.#dirtyInView();
    for (const trace of touched) this.#dirty.delete(trace);
    if (touched.length > 0 || this.#grown) {
      this.#grown = false;
      // Where the backend is gone the banner says so; what is shown stays.
      await this.#refresh().catch(() => undefined);
    }
    if (this.#grown || this.#dirtyInView().length > 0) this.#later();
  }

  #later(): void {
    this.#timer ??= setTimeout(() => void this.#onTimer(), REFRESH_EVERY);
  }

  #dirtyInView(): string[] {
    const found: string[] = [];
    if (this.#dirty.size === 0) return found;
    for (let i = this.#view[0]; i <= this.#view[1]; i += 1) {
      const row = this.at(i);
      if (row && this.#dirty.has(row.trace)) found.push(row.trace);
    }
    return found;
  }

  async #ask(wish: ListWish, where: { cursor?: string; offset?: number; around?: string }) {
    return this.#host.call('traces/page', { ...paramsOf(wish), limit: PAGE, ...where }, { signal: this.#calls.signal });
  }

  /** The longest trace of the run. */
  async #readScale(filter: TraceFilter): Promise<void> {
    const scope = filter.run === undefined ? filter : { run: filter.run };
    const key = JSON.stringify(scope);
    if (this.#scale.scope === key) return;
    const wish = { filter: scope, sort: { key: 'tokens', descending: true }, limit: 1 } as const;
    const answer = await this.#host.call('traces/page', wish).catch(() => null);
    if (answer) this.set({ scope: answer.total });
    if (answer) this.#scale = { scope: key, longest: Math.max(1, answer.rows[0]?.tokens ?? 1) };
  }

  /** Reads a page; whoever wants it while it is on its way waits for the same. */
  async #read(page: number): Promise<void> {
    const known = this.#underway.get(page);
    if (known) return known;
    const reading = this.#readPage(page);
    const held = this.#underway;
    held.set(page, reading);
    try {
      await reading;
    } finally {
      held.delete(page);
    }
  }

  async #readPage(page: number): Promise<void> {
    const asked = this.#asked;
    const cursor = this.#pages.get(page - 1)?.next;
    const answer = await this.#ask(
      this.value.wish,
      page === 0 ? {} : cursor === undefined ? { offset: page * PAGE } : { cursor },
    );
    if (asked !== this.#asked) return;
    this.#pages.put(page, answer.rows, answer.next);
    this.#pages.trim(Math.floor(this.#view[0] / PAGE));
    this.set({ total: answer.total, error: null });
    this.#publish();
  }

  /** Reads what is missing in view and beside it, one page after the other; a view that was passed is not read. */
  async #fill(): Promise<void> {
    if (this.#reading || this.value.first || this.value.loading) return;
    const asked = this.#asked;
    this.#reading = (async () => {
      for (let page = this.#missing(); page !== null && asked === this.#asked; page = this.#missing())
        await this.#read(page);
    })();
    try {
      await this.#reading;
    } catch (error) {
      if (asked === this.#asked && !LonghandError.is(error, 'cancelled')) this.set({ error });
    } finally {
      if (asked === this.#asked) this.#reading = null;
    }
  }

  /** The next page to read: in view first, then half a page before and behind it. */
  #missing(): number | null {
    const last = Math.ceil(this.value.total / PAGE) - 1;
    const [from, to] = this.#view;
    for (const margin of [0, PAGE / 2]) {
      const begin = Math.max(0, Math.floor((from - margin) / PAGE));
      const end = Math.min(last, Math.floor((to + margin) / PAGE));
      for (let page = begin; page <= end; page += 1) {
        const held = this.#pages.get(page);
        if (!held || (held.stale && margin === 0)) return page;
      }
    }
    return null;
  }

  /** Reads what is in view again. Rows may have come before it: its place is found again by the row at the top of the view. */
  async #refresh(): Promise<void> {
    if (this.value.loading) return;
    const asked = this.#asked;
    const { wish } = this.value;
    const [from, to] = this.#view;
    const anchor = from > 0 ? this.at(from) : null;
    const answer = await this.#ask(wish, anchor ? { around: anchor.trace } : {});
    const page = Math.floor((answer.offset ?? 0) / PAGE);
    const found = anchor ? answer.rows.findIndex(({ trace }) => trace === anchor.trace) : -1;
    const by = found >= 0 ? page * PAGE + found - from : 0;
    // What else is in view comes with it, so that nothing is blank in between.
    const others: [number, Awaited<typeof answer>][] = [];
    if (by !== 0)
      for (let at = Math.max(0, Math.floor((from + by) / PAGE)); at <= Math.floor((to + by) / PAGE); at += 1)
        if (at !== page) others.push([at, await this.#ask(wish, { offset: at * PAGE })]);
    if (asked !== this.#asked) return;
    this.#pages.stale();
    if (by !== 0) {
      this.#pages.clear();
      this.#view = [this.#view[0] + by, this.#view[1] + by];
      if (this.#place >= 0) this.#place += by;
    }
    if (!anchor || found >= 0) this.#pages.put(page, answer.rows, answer.next);
    for (const [at, { rows, next }] of others) this.#pages.put(at, rows, next);
    this.set({ total: answer.total, error: null });
    this.#publish();
    await this.#fill();
  }

  #publish(): void {
    let { longest } = this.#scale;
    let live = 0;
    for (const row of this.#pages.rows()) {
      longest = Math.max(longest, row.tokens ?? 0);
      if (row.live) live += 1;
    }
    const place = this.#selected === null ? -1 : this.#pages.indexOf(this.#selected);
    if (place >= 0) this.#place = place;
    this.set({ version: this.value.version + 1, longest, live, loading: false, error: null });
  }
}
