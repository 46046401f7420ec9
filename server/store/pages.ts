/** Lists of traces, page by page, by keyset cursor: a page costs the same wherever it lies, and rows that come in between shift nothing. */
import { createHash } from 'node:crypto';
import type { SQLInputValue } from 'node:sqlite';
import { FIGURES_VERSION } from '../../core/metrics/trace-figures.ts';
import { LonghandError } from '../../core/protocol/errors.ts';
import { PAGE_LIMIT } from '../../core/protocol/methods.ts';
import type { Params, Result } from '../../core/protocol/methods.ts';
import type { TraceFilter, TraceRow, TraceSort, TraceSortKey } from '../../core/protocol/traces.ts';
import { attemptId } from './attempts.ts';
import { attemptsOf, where, type Where } from './filters.ts';
import type { IndexFile } from './index-file.ts';
import { Lru } from './lru.ts';
import { parseTraceId } from './paths.ts';
import { traceRows } from './rows.ts';
import { traceRowId } from './schema.ts';

const DEFAULT_LIMIT = 100;

/** Traces whose text was not read have none, and come last. */
const FIGURES = `LEFT JOIN figures f ON f.trace = t.id AND f.version = '${FIGURES_VERSION}'`;

/** What is sorted by, and the table that has it beside the traces; null: by row id, the order in which the traces were begun. */
const sortColumns: Record<TraceSortKey, { column: string; join?: string } | null> = {
  order: null,
  problem: { column: 'p.label', join: 'CROSS JOIN problems p ON p.id = t.problem_id' },
  stage: { column: 'a.stage', join: 'CROSS JOIN attempts a ON a.id = t.attempt_id' },
  step: { column: 't.step' },
  verdict: { column: 't.verdict' },
  answer: { column: 't.answer' },
  tokens: { column: 't.tokens' },
  finish: { column: 't.finish' },
  reward: { column: 't.reward' },
  advantage: { column: 't.advantage' },
  after: { column: 'f.after', join: FIGURES },
  flips: { column: 'f.flips', join: FIGURES },
  lost: { column: 'f.lost', join: FIGURES },
};

/** The last row of a page: its value, its row id, and which list it belongs to. */
interface Place {
  v: string | number | null;
  id: number;
  list: string;
}

export class Pages {
  private readonly index: IndexFile;
  private readonly totals = new Lru<string, { commits: number; total: number }>(64);

  constructor(index: IndexFile) {
    this.index = index;
  }

  page({ filter, sort, cursor, limit, offset, around }: Params<'traces/page'>): Result<'traces/page'> {
    const order = sort ?? { key: 'order', descending: false };
    const list = createHash('sha256')
      .update(JSON.stringify([filter, order]))
      .digest('base64url')
      .slice(0, 12);
    const size = Math.max(1, Math.min(limit ?? DEFAULT_LIMIT, PAGE_LIMIT));
    const condition = where(this.index, filter);
    const after = cursor === undefined ? null : readCursor(cursor, list);
    const sorted = sortColumns[order.key];
    const column = sorted?.column ?? null;
    const keyset = after ? beyond(column, order, after) : { sql: '1', values: [] };
    const from = sorted?.join ?? '';
    const skip =
      around === undefined ? (offset ?? 0) : this.pageOf(parseTraceId(around), order, { ...condition, from }, size);
    const ids = this.index.all<{ id: number; v: string | number | null }>(
      `SELECT t.id, ${column ?? 'NULL'} AS v FROM traces t ${from} WHERE ${condition.sql} AND ${keyset.sql} ORDER BY ${orderBy(column, order)} LIMIT ${size + 1} OFFSET ${skip}`,
      ...condition.values,
      ...keyset.values,
    );
    const shown = ids.slice(0, size);
    const last = shown.at(-1);
    return {
      rows: this.rows(shown.map((row) => row.id)),
      total: this.total(filter, list, condition.sql, condition.values),
      ...(ids.length > size && last && { next: writeCursor({ v: last.v, id: last.id, list }) }),
      ...(around === undefined && offset === undefined ? {} : { offset: skip }),
    };
  }

  /** Where the page of `size` rows begins that holds a trace; 0 where the list has it not. */
  private pageOf(
    { key, n }: ReturnType<typeof parseTraceId>,
    order: TraceSort,
    list: Where & { from: string },
    size: number,
  ): number {
    const attempt = attemptId(this.index, key);
    if (attempt === null) return 0;
    const id = traceRowId(attempt, n);
    const column = sortColumns[order.key]?.column ?? null;
    const found = this.index.get<{ v: string | number | null }>(
      `SELECT ${column ?? 'NULL'} AS v FROM traces t ${list.from} WHERE ${list.sql} AND t.id = ?`,
      ...list.values,
      id,
    );
    if (!found) return 0;
    const behind = beyond(column, order, { v: found.v, id });
    const before = this.index.get<{ n: number }>(
      `SELECT count(*) AS n FROM traces t ${list.from} WHERE ${list.sql} AND t.id <> ? AND (${behind.sql}) IS NOT 1`,
      ...list.values,
      id,
      ...behind.values,
    );
    return Math.floor((before?.n ?? 0) / size) * size;
  }

  private rows(ids: number[]): TraceRow[] {
    const found = traceRows(this.index, 'WHERE t.id IN (SELECT value FROM json_each(?))', JSON.stringify(ids));
    const byId = new Map(found.map(({ rowId, ...row }) => [rowId, row]));
    return ids.flatMap((id) => byId.get(id) ?? []);
  }

  /** From the attempts' own counts where they suffice, otherwise counted once as long as nothing is written. */
  private total(filter: TraceFilter, list: string, sql: string, values: SQLInputValue[]): number {
    if (
      Object.entries(filter).every(([key, value]) => value === undefined || ['run', 'stage', 'attempt'].includes(key))
    ) {
      return attemptsOf(this.index, filter).reduce((sum, attempt) => sum + attempt.traces, 0);
    }
    const known = this.totals.get(list);
    if (known?.commits === this.index.commits) return known.total;
    const total = this.index.get<{ n: number }>(`SELECT count(*) AS n FROM traces t WHERE ${sql}`, ...values)?.n ?? 0;
    this.totals.set(list, { commits: this.index.commits, total });
    return total;
  }
}

function orderBy(column: string | null, { descending }: TraceSort): string {
  const direction = descending ? 'DESC' : 'ASC';
  // Nothing known comes last in both directions; equals stay in the order in which they were begun.
  return column === null ? `t.id ${direction}` : `v ${direction} NULLS LAST, t.id ASC`;
}

function beyond(
  column: string | null,
  { descending }: TraceSort,
  { v, id }: Omit<Place, 'list'>,
): { sql: string; values: SQLInputValue[] } {
  const sign = descending ? '<' : '>';
  if (column === null) return { sql: `t.id ${sign} ?`, values: [id] };
  if (v === null) return { sql: `(${column} IS NULL AND t.id > ?)`, values: [id] };
  return { sql: `(${column} ${sign} ? OR (${column} = ? AND t.id > ?) OR ${column} IS NULL)`, values: [v, v, id] };
}

const writeCursor = (place: Place): string => Buffer.from(JSON.stringify(place)).toString('base64url');

function readCursor(cursor: string, list: string): Place {
  try {
    const place = JSON.parse(Buffer.from(cursor, 'base64url').toString()) as Place;
    const isValue = place.v === null || typeof place.v === 'string' || typeof place.v === 'number';
    if (place.list === list && Number.isSafeInteger(place.id) && isValue) return place;
  } catch {
    // Said below.
  }
  throw new LonghandError('invalid_params', 'The cursor does not belong to this list. Begin again at its first page.');
}
