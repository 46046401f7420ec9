/**
 * The rows of a table of a report, or those of them behind a number: read page by page as far as the reader scrolls, without
 * their parts. Rows that are not here yet are `null`. Rows are only ever added, so a row keeps its place; in a sorted list what
 * was added since is counted, and comes when the reader asks for it.
 */
import type { TableRow } from '../../core/protocol/report.ts';
import type { ShownRows } from '../../core/protocol/webview.ts';
import type { Host } from '../host.ts';
import { Store } from '../ui/store.ts';

export interface ListedRow {
  cells: TableRow['cells'];
  trace: string | undefined;
  /** Where it begins: what it is read whole by. */
  cursor: string;
}

export interface RowListState {
  from: Omit<ShownRows, 'label'> | null;
  rows: (ListedRow | null)[];
  /** The rows are those that were listed before, until the first ones of `from` are here. */
  stale: boolean;
  /** Rows in all; null: not known before the end is reached. */
  total: number | null;
  /** Nothing is left to read for now. */
  complete: boolean;
  /** Rows that came since the list was sorted. */
  fresh: number;
  /** There are more rows than are sorted. */
  cut: boolean;
  error: unknown;
}

const PAGE = 100;
/** Rows that are kept with their parts. */
const WHOLE_KEPT = 12;
/** Most rows that a page holds; beyond it the list says so. */
export const ROW_LIMIT = 100_000;

export class RowList extends Store<RowListState> {
  readonly #host: Host;
  #place: { run: string; stage: string; attempt?: number };
  #asked = 0;
  #rows: ListedRow[] = [];
  #next: string | undefined;
  #wanted = PAGE;
  #busy = false;
  readonly #whole = new Map<string, Promise<TableRow | null>>();

  constructor(host: Host, run: string, stage: string) {
    super({ from: null, rows: [], stale: false, total: null, complete: false, fresh: 0, cut: false, error: null });
    this.#host = host;
    this.#place = { run, stage };
  }

  /** Shows rows of an attempt's table from the beginning; null: none. */
  async show(from: RowListState['from'], attempt: number | null): Promise<void> {
    this.#asked += 1;
    const { run, stage, attempt: before } = this.#place;
    const stale = from !== null && from.table === this.value.from?.table && before === (attempt ?? undefined);
    this.#place = { run, stage, ...(attempt === null ? {} : { attempt }) };
    this.#whole.clear();
    this.#rows = [];
    this.#next = undefined;
    this.#wanted = PAGE;
    this.#busy = false;
    const { rows, total } = stale ? this.value : { rows: [], total: null };
    this.set({ from, rows, stale, total, complete: from === null, fresh: 0, cut: false, error: null });
    await this.#read();
  }

  /** The rows that are in view: what lies up to there is read. */
  look(last: number): void {
    this.#wanted = Math.min(ROW_LIMIT, Math.max(this.#wanted, last + PAGE / 2));
    if (!this.value.complete && !this.value.error && this.#rows.length < this.#wanted) void this.#read();
  }

  /** Reads on where it stopped: rows may have come since. */
  async more(): Promise<void> {
    if (this.value.from?.sort && !this.value.error) return this.#countFresh();
    if (this.value.from && (this.value.complete || this.value.error)) await this.#read();
  }

  /** One row with its parts; of the last ones that were asked for it is at hand. */
  whole(row: ListedRow): Promise<TableRow | null> {
    const { table } = this.value.from ?? {};
    const key = `${table}/${row.cursor}`;
    const known = this.#whole.get(key);
    if (known) return known;
    const asked = this.#readWhole(row);
    this.#whole.set(key, asked);
    for (const old of this.#whole.keys()) {
      if (this.#whole.size <= WHOLE_KEPT) break;
      this.#whole.delete(old);
    }
    asked.catch(() => this.#whole.delete(key));
    return asked;
  }

  /** Reads a row that will probably be opened next. */
  expect(index: number): void {
    const row = this.value.rows[index];
    if (row) void this.whole(row).catch(() => undefined);
  }

  async #readWhole(row: ListedRow): Promise<TableRow | null> {
    const { from } = this.value;
    if (!from) return null;
    const { rows } = await this.#host.call('stages/rows', {
      ...this.#place,
      table: from.table,
      cursor: row.cursor,
      limit: 1,
    });
    return rows[0] ?? null;
  }

  /** Sorts again, with the rows that came since. */
  again(): Promise<void> {
    return this.show(this.value.from, this.#place.attempt ?? null);
  }

  async #countFresh(): Promise<void> {
    const { from, total } = this.value;
    if (!from || total === null || this.#busy) return;
    const asked = this.#asked;
    try {
      const now = await this.#host.call('stages/rows', { ...this.#place, ...from, limit: 1, parts: false });
      if (asked === this.#asked && now.total !== null) this.set({ fresh: Math.max(0, now.total - total) });
    } catch {
      // The list stands; whoever reads on is told.
    }
  }

  async #read(): Promise<void> {
    const { from } = this.value;
    if (!from || this.#busy) return;
    this.#busy = true;
    const asked = this.#asked;
    try {
      // The first time round also where there is enough: at the end, to see whether rows came.
      do {
        const last = this.#next === undefined ? this.#rows.at(-1) : undefined;
        const cursor = this.#next ?? last?.cursor;
        const page = await this.#host.call('stages/rows', {
          ...this.#place,
          ...from,
          limit: PAGE,
          parts: false,
          ...(cursor === undefined ? {} : { cursor }),
        });
        if (asked !== this.#asked) return;
        const found = page.rows.map(({ cells, trace }, i) => ({ cells, trace, cursor: page.cursors?.[i] ?? '' }));
        // The last row was asked for again to go on from it.
        this.#rows.push(...(last ? found.slice(1) : found));
        this.#next = page.next;
        this.#publish(page.total, page.cut === true);
      } while (this.#next !== undefined && this.#rows.length < this.#wanted);
    } catch (error) {
      if (asked === this.#asked)
        this.set(this.value.stale ? { error, rows: [], stale: false, total: null } : { error });
    } finally {
      if (asked === this.#asked) this.#busy = false;
    }
  }

  #publish(told: number | null, cut: boolean): void {
    const complete = this.#next === undefined;
    const total = complete ? this.#rows.length : (told ?? (this.value.stale ? null : this.value.total));
    const rows: (ListedRow | null)[] = [...this.#rows];
    const length = complete ? rows.length : Math.max(total ?? 0, rows.length + PAGE);
    while (rows.length < Math.min(length, ROW_LIMIT)) rows.push(null);
    this.set({ rows, stale: false, total, complete, cut, error: null });
  }
}
