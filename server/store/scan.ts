/** Going through many traces some thousand at a time, so that the store answers other calls between. */
import type { SQLInputValue } from 'node:sqlite';
import type { IndexFile } from './index-file.ts';
import { traceRowId } from './schema.ts';

/** Row ids of one slice: some milliseconds. */
const IDS = 4000;

/** From and up to (not with) a row id. */
export interface IdRange {
  from: number;
  to: number;
}

/** The row ids of an attempt's traces in slices. */
function attemptRanges(index: IndexFile, attempt: number, ids: number): IdRange[] {
  const start = traceRowId(attempt, 0);
  const last = index.get<{ last: number | null }>(
    'SELECT max(id) AS last FROM traces WHERE id >= ? AND id < ?',
    start,
    traceRowId(attempt + 1, 0),
  )?.last;
  const ranges: IdRange[] = [];
  if (last == null) return ranges;
  for (let from = start; from <= last; from += ids) ranges.push({ from, to: from + ids });
  return ranges;
}

/**
 * The row ids of the traces of attempts, attempt by attempt, in slices of `ids`; `backwards` the last ones first. Whoever goes through them
 * takes a breath (`slices.ts`) after each. What an attempt gets while it is gone through may be left out.
 */
export function* rangesOf<A extends { id: number }>(
  index: IndexFile,
  attempts: readonly A[],
  { ids = IDS, backwards = false }: { ids?: number; backwards?: boolean } = {},
): Generator<IdRange & { attempt: A }, void> {
  for (const attempt of backwards ? attempts.toReversed() : attempts) {
    const ranges = attemptRanges(index, attempt.id, ids);
    for (const range of backwards ? ranges.reverse() : ranges) yield { ...range, attempt };
  }
}

/**
 * The traces of attempts that count, as `columns` of `traces t`, `problems p` and `details d`; those only that `condition` holds of.
 * Yields after each slice; gives a slice's rows to `take`.
 */
// oxlint-disable-next-line typescript/no-unnecessary-type-parameters -- says what the rows are
export function* scan<T>(
  index: IndexFile,
  attempts: readonly number[],
  { columns, condition, values }: { columns: string; condition: string; values: readonly SQLInputValue[] },
  take: (rows: T[]) => void,
): Generator<void, void> {
  const each = attempts.map((id) => ({ id }));
  for (const { from, to } of rangesOf(index, each)) {
    take(
      index.all<T>(
        `SELECT ${columns} FROM traces t JOIN problems p ON p.id = t.problem_id LEFT JOIN details d ON d.id = t.id
         WHERE t.id >= ? AND t.id < ? AND t.superseded = 0 AND t.live = 0 AND ${condition} ORDER BY t.id`,
        from,
        to,
        ...values,
      ),
    );
    yield;
  }
}
