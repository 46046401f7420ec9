/** Rows of the matrix in windows: those in view are asked for, what was seen is kept up to a bound. */
import type { MatrixRow } from '../../core/protocol/overview.ts';
import type { Params, Result } from '../../core/protocol/methods.ts';
import type { Host } from '../host.ts';
import { Store } from '../ui/store.ts';

export type MatrixWish = Omit<Params<'overview/matrix'>, 'offset' | 'limit'>;

export interface MatrixState {
  /** Null before the first answer. */
  total: number | null;
  /** Problems that have no row. */
  more: number;
  /** Counts up when rows have come. */
  version: number;
  error: unknown;
}

const PAGE = 100;
/** Pages that are kept. */
const KEPT = 40;
/** Rows of one call when all are saved. */
const MOST = 1000;

export class MatrixModel extends Store<MatrixState> {
  readonly #host: Host;
  readonly #wish: MatrixWish;
  readonly #pages = new Map<number, MatrixRow[] | null>();
  #closed = false;

  constructor(host: Host, wish: MatrixWish) {
    super({ total: null, more: 0, version: 0, error: null });
    this.#host = host;
    this.#wish = wish;
  }

  close(): void {
    this.#closed = true;
  }

  /** Undefined while it is not there. */
  row(i: number): MatrixRow | undefined {
    return this.#pages.get(Math.floor(i / PAGE))?.[i % PAGE];
  }

  /** Sees to it that these rows come. */
  need(first: number, last: number): void {
    const { total } = this.value;
    const end = total === null ? 0 : Math.floor(Math.max(0, Math.min(last, total - 1)) / PAGE);
    for (let page = Math.floor(Math.max(0, first) / PAGE); page <= end; page += 1) void this.#read(page);
  }

  /** Every row, for a file. */
  async all(): Promise<MatrixRow[]> {
    const rows: MatrixRow[] = [];
    for (;;) {
      const found = await this.#ask(rows.length, MOST);
      rows.push(...found.rows);
      if (found.rows.length === 0 || rows.length >= found.total) return rows;
    }
  }

  #ask(offset: number, limit: number): Promise<Result<'overview/matrix'>> {
    return this.#host.call('overview/matrix', { ...this.#wish, offset, limit }, { timeout: 120_000 });
  }

  async #read(page: number): Promise<void> {
    if (this.#pages.has(page)) return;
    this.#pages.set(page, null);
    try {
      const { rows, total, more } = await this.#ask(page * PAGE, PAGE);
      if (this.#closed) return;
      this.#pages.set(page, rows);
      for (const oldest of this.#pages.keys()) {
        if (this.#pages.size <= KEPT) break;
        if (Math.abs(oldest - page) > 2) this.#pages.delete(oldest);
      }
      this.set({ total, more, version: this.value.version + 1, error: null });
    } catch (error) {
      this.#pages.delete(page);
      if (!this.#closed) this.set({ error });
    }
  }
}
