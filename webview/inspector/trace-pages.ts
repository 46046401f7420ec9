/**
 * The rows of a list that are here, in pages of a fixed size by their place. Pages far from the view are let go, so a list of any
 * length costs the same. Pure.
 */
import type { TraceRow } from '../../core/protocol/traces.ts';

export const PAGE = 200;
/** Most pages that are held: 8,000 rows. */
const MOST_PAGES = 40;

export interface HeldPage {
  rows: TraceRow[];
  /** Where the next page begins; undefined: it is the last. */
  next: string | undefined;
  /** Something happened since it was read: it is shown, and read again when it is in view. */
  stale: boolean;
}

export class TracePages {
  readonly #pages = new Map<number, HeldPage>();

  /** The row at a place, or null where it is not here. */
  at(index: number): TraceRow | null {
    return this.#pages.get(Math.floor(index / PAGE))?.rows[index % PAGE] ?? null;
  }

  /** The place of a trace among the rows that are here, or -1. */
  indexOf(trace: string): number {
    for (const [page, { rows }] of this.#pages) {
      const at = rows.findIndex((row) => row.trace === trace);
      if (at >= 0) return page * PAGE + at;
    }
    return -1;
  }

  get(page: number): HeldPage | undefined {
    return this.#pages.get(page);
  }

  get size(): number {
    return this.#pages.size;
  }

  *rows(): Generator<TraceRow> {
    for (const { rows } of this.#pages.values()) yield* rows;
  }

  /** Takes a page in; a row that did not change stays the same object, so that it is not drawn again. */
  put(page: number, rows: readonly TraceRow[], next: string | undefined): void {
    const known = new Map(this.#pages.get(page)?.rows.map((row) => [row.trace, row]));
    const kept = rows.map((row) => {
      const before = known.get(row.trace);
      return before && same(before, row) ? before : row;
    });
    this.#pages.set(page, { rows: kept, next, stale: false });
  }

  /** Changes the rows of a trace in place. */
  patch(trace: string, change: Partial<TraceRow>): void {
    for (const page of this.#pages.values())
      page.rows = page.rows.map((row) => (row.trace === trace ? { ...row, ...change } : row));
  }

  stale(): void {
    for (const page of this.#pages.values()) page.stale = true;
  }

  clear(): void {
    this.#pages.clear();
  }

  /** Lets go what lies farthest from a page. */
  trim(near: number): void {
    const byDistance = [...this.#pages.keys()].sort((a, b) => Math.abs(b - near) - Math.abs(a - near));
    for (const page of byDistance.slice(0, Math.max(0, byDistance.length - MOST_PAGES))) this.#pages.delete(page);
  }
}

function same(a: TraceRow, b: TraceRow): boolean {
  for (const key of Object.keys(b) as (keyof TraceRow)[])
    if (a[key] !== b[key] && (key !== 'figures' || JSON.stringify(a.figures) !== JSON.stringify(b.figures)))
      return false;
  return Object.keys(a).length === Object.keys(b).length;
}
