/** Long work of the store's thread in short slices: it yields after some milliseconds, so that other calls are answered between. */
import type { SQLInputValue } from 'node:sqlite';
import type { TraceFilter } from '../../core/protocol/traces.ts';
import type { Term } from '../../core/query/types.ts';
import { attemptsOf, where } from './filters.ts';
import type { IndexFile } from './index-file.ts';
import { rangesOf } from './scan.ts';

const SLICE_MS = 15;
/** Rows of one statement, and row ids that it goes through. */
export const PAGE = 500;
const IDS = 10_000;

export class Slices {
  #began = performance.now();

  /** Yields where the slice is used up. */
  *breath(): Generator<void> {
    if (performance.now() - this.#began <= SLICE_MS) return;
    yield;
    this.#began = performance.now();
  }

  /** Does all of the work, which may yield more often than there is need to. */
  *slowly<T>(work: Generator<void, T>): Generator<void, T> {
    for (;;) {
      const step = work.next();
      if (step.done) return step.value;
      yield* this.breath();
    }
  }
}

/** Pages of rows by rising id, until one is not full. `page` has at most {@link PAGE} rows behind an id. */
export function* pagesById<Row extends { id: number }>(page: (after: number) => Row[], from: number): Generator<Row[]> {
  for (let after = from; ;) {
    const rows = page(after);
    yield rows;
    const last = rows.at(-1);
    if (rows.length < PAGE || !last) return;
    after = last.id;
  }
}

/** For what is kept of a text after a yield: its run may have been deleted meanwhile, and row ids come again. */
export const STILL_THERE =
  'EXISTS (SELECT 1 FROM traces t JOIN attempts a ON a.id = t.attempt_id WHERE t.id = :trace AND a.run = :run)';

/**
 * Says the same as long as nothing was said of these runs' traces, neither by their workers and runners nor by the journal, and all that
 * was said has come through to them.
 */
export function stampOf(index: IndexFile, run: string | undefined): string {
  const events = index.get<{ n: number; seqs: number; ended: number; looking: number }>(
    `SELECT count(*) AS n, coalesce(sum(last_seq), 0) AS seqs, coalesce(sum(ended), 0) AS ended, coalesce(sum(look_from), 0) AS looking
     FROM attempts WHERE :run IS NULL OR run = :run`,
    { run: run ?? null },
  );
  const journal = index.get<{ value: string }>("SELECT value FROM meta WHERE key = 'journal'");
  return JSON.stringify([events, journal]);
}

/**
 * Traces of a filter, narrowed by `terms`, by row id, page by page; each page is one statement. `select` says what of them, with `id` among it, from `t`
 * (and what `joins` adds), those with ids above `beyond`.
 */
export function* tracePages<Row extends { id: number }>(
  index: IndexFile,
  filter: TraceFilter,
  select: string,
  joins = '',
  { beyond = -1, terms = [] }: { beyond?: number; terms?: readonly Term[] } = {},
): Generator<Row[], void> {
  const condition = where(index, filter, terms);
  // By attempt, as row ids are: a page then begins where the last one ended, and no other run's traces are gone through.
  // A statement ends with its range: of very many traces only few may fit.
  for (const { from, to } of rangesOf(index, attemptsOf(index, filter), { ids: IDS })) {
    if (to <= beyond) continue;
    const page = (after: number): Row[] => {
      const values: SQLInputValue[] = [...condition.values, after, to];
      return index.all<Row>(
        `SELECT ${select} FROM traces t ${joins} WHERE ${condition.sql} AND t.id > ? AND t.id < ? ORDER BY t.id LIMIT ${PAGE}`,
        ...values,
      );
    };
    yield* pagesById(page, Math.max(beyond, from - 1));
  }
}
