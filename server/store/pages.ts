/** Lists of traces, page by page, by keyset cursor: a page costs the same wherever it lies, and rows that come in between shift nothing. */
import { createHash } from 'node:crypto';
import { LonghandError } from '../../core/protocol/errors.ts';
import { PAGE_LIMIT } from '../../core/protocol/methods.ts';
import type { Params, Result } from '../../core/protocol/methods.ts';
import type { TraceFilter, TraceRow } from '../../core/protocol/traces.ts';
import type { Term } from '../../core/query/types.ts';
import { attemptId } from './attempts.ts';
import { attemptsOf, isPlain, knownTotal, where, type Reads, type Where } from './filters.ts';
import type { IndexFile } from './index-file.ts';
import { behind, orderBy, orderOf, type Order } from './list-order.ts';
import { countOf, firstOf, LongLists, type ListFrom, type Row } from './long-lists.ts';
import { Lru } from './lru.ts';
import { parseTraceId } from './paths.ts';
import { traceRows } from './rows.ts';
import { traceRowId } from './schema.ts';
import { listQueryOf, readsOf, unreadOf } from './unread.ts';

const DEFAULT_LIMIT = 100;

type Attempts = readonly { id: number }[];

/** The last row of a page: its value, its row id, and which list it belongs to. */
interface Place {
  v: string | number | null;
  id: number;
  list: string;
}

export class Pages {
  private readonly index: IndexFile;
  private readonly totals = new Lru<string, { commits: number; total: number }>(64);

  private readonly long: LongLists;
  private readonly longest: number;
  /** Counts what {@link forget} is told. */
  private forgotten = 0;

  /** `longest`: traces of the scope beyond which a list is made in slices. */
  constructor(index: IndexFile, longest = 20_000) {
    this.index = index;
    this.long = new LongLists(index);
    this.longest = longest;
  }

  /** A run was deleted, and its row ids may come again. */
  forget(): void {
    this.forgotten += 1;
    this.long.forget();
  }

  /** Yields every few milliseconds. */
  *page(params: Params<'traces/page'>): Generator<void, Result<'traces/page'>> {
    const { filter, query, sort, cursor, limit, offset, around } = params;
    const wish = sort ?? { key: 'order', descending: false };
    const { terms } = listQueryOf(query);
    const order = orderOf(wish);
    const list = createHash('sha256')
      .update(JSON.stringify([filter, query ?? '', wish]))
      .digest('base64url')
      .slice(0, 12);
    const size = Math.max(1, Math.min(limit ?? DEFAULT_LIMIT, PAGE_LIMIT));
    const condition = where(this.index, filter, terms);
    const after = cursor === undefined ? null : readCursor(cursor, list);
    const reads = readsOf({ filter, terms, order });
    const attempts = attemptsOf(this.index, filter);
    const scope = attempts.reduce((sum, attempt) => sum + attempt.traces, 0);
    // Its first pages are quicker found by themselves, as long as the order of all is not known.
    const isDeep = around !== undefined || (offset ?? 0) >= this.longest / 20;
    const isSorted = order.column !== null || !isPlain(filter, terms);
    const { forgotten } = this;
    if (scope > this.longest && isSorted && (isDeep || this.long.knows(list))) {
      const unread = reads.size > 0 ? yield* this.unread(list, { filter, terms, attempts, reads }) : null;
      const ids = yield* this.long.of(list, { condition, attempts, order });
      // What was looked at between may be another run's by now.
      if (forgotten !== this.forgotten) {
        this.long.forget();
        return yield* this.page(params);
      }
      const from = this.placeIn(ids, { after, order, offset, around, size });
      if (from !== null) {
        const shown = Array.from(ids.subarray(from, from + size));
        const last = shown.at(-1);
        const next = from + size < ids.length && last !== undefined ? this.valueOf(last, order) : undefined;
        return {
          rows: this.rows(shown),
          total: ids.length,
          ...(next !== undefined && { next: writeCursor({ v: next, id: last!, list }) }),
          ...(around === undefined && offset === undefined ? {} : { offset: from }),
          ...(unread !== null && { unread }),
        };
      }
    }
    const skip = around === undefined ? (offset ?? 0) : this.pageOf(parseTraceId(around), order, condition, size);
    const ids = isSorted
      ? (yield* firstOf(this.index, { condition, attempts, order, after }, skip + size + 1)).slice(skip)
      : this.inOrder({ condition, order, after }, size + 1, skip);
    const total =
      knownTotal(this.index, filter, terms) ?? (yield* this.counted(`total ${list}`, { attempts, condition }));
    const unread = reads.size > 0 ? yield* this.unread(list, { filter, terms, attempts, reads }) : null;
    if (forgotten !== this.forgotten) return yield* this.page(params);
    const shown = ids.slice(0, size);
    const last = shown.at(-1);
    return {
      rows: this.rows(shown.map((row) => row.id)),
      total,
      ...(ids.length > size && last && { next: writeCursor({ v: last.v, id: last.id, list }) }),
      ...(around === undefined && offset === undefined ? {} : { offset: skip }),
      ...(unread !== null && { unread }),
    };
  }

  /** Of a list that is all of some attempts, as the index has it: at once, wherever it lies. */
  private inOrder({ condition, order, after }: Omit<ListFrom, 'attempts'>, limit: number, skip: number): Row[] {
    const keyset = after ? behind(order, after) : { sql: '1', values: [] };
    return this.index.all<Row>(
      `SELECT t.id, NULL AS v FROM traces t WHERE ${condition.sql} AND ${keyset.sql} ORDER BY ${orderBy(order)} LIMIT ? OFFSET ?`,
      ...[...condition.values, ...keyset.values, limit, skip],
    );
  }

  /** Where a page begins in a long list; null: its cursor is of a row that is not there any more, or has another value. */
  private placeIn(
    ids: Float64Array,
    {
      after,
      order,
      offset,
      around,
      size,
    }: { after: Place | null; order: Order; offset: number | undefined; around: string | undefined; size: number },
  ): number | null {
    if (around !== undefined) {
      const { key, n } = parseTraceId(around);
      const attempt = attemptId(this.index, key);
      const at = attempt === null ? -1 : ids.indexOf(traceRowId(attempt, n));
      return Math.floor(Math.max(0, at) / size) * size;
    }
    if (!after) return offset ?? 0;
    const at = ids.indexOf(after.id);
    return at >= 0 && this.valueOf(after.id, order) === after.v ? at + 1 + (offset ?? 0) : null;
  }

  /** What a row is sorted by; undefined: it is gone. */
  private valueOf(id: number, { column, join }: Order): Place['v'] | undefined {
    return this.index.get<{ v: Place['v'] }>(`SELECT ${column ?? 'NULL'} AS v FROM traces t ${join} WHERE t.id = ?`, id)
      ?.v;
  }

  /** Where the page of `size` rows begins that holds a trace; 0 where the list has it not. */
  private pageOf({ key, n }: ReturnType<typeof parseTraceId>, order: Order, list: Where, size: number): number {
    const attempt = attemptId(this.index, key);
    if (attempt === null) return 0;
    const id = traceRowId(attempt, n);
    const found = this.index.get<{ v: string | number | null }>(
      `SELECT ${order.column ?? 'NULL'} AS v FROM traces t ${order.join} WHERE ${list.sql} AND t.id = ?`,
      ...list.values,
      id,
    );
    if (!found) return 0;
    const after = behind(order, { v: found.v, id });
    const before = this.index.get<{ n: number }>(
      `SELECT count(*) AS n FROM traces t ${order.join} WHERE ${list.sql} AND t.id <> ? AND (${after.sql}) IS NOT 1`,
      ...list.values,
      id,
      ...after.values,
    );
    return Math.floor((before?.n ?? 0) / size) * size;
  }

  private rows(ids: number[]): TraceRow[] {
    const found = traceRows(this.index, 'WHERE t.id IN (SELECT value FROM json_each(?))', JSON.stringify(ids));
    const byId = new Map(found.map(({ rowId, ...row }) => [rowId, row]));
    return ids.flatMap((id) => byId.get(id) ?? []);
  }

  /** Finished traces of which it is not known whether they fit, or where they belong: their texts are not read. */
  private *unread(
    list: string,
    { filter, terms, attempts, reads }: { filter: TraceFilter; terms: readonly Term[]; attempts: Attempts; reads: ReadonlySet<Reads> }, // prettier-ignore
  ): Generator<void, number> {
    const condition = unreadOf(this.index, filter, terms, reads);
    return yield* this.counted(`unread ${list}`, { attempts, condition });
  }

  /** Counted once as long as nothing is written. */
  private *counted(
    key: string,
    { attempts, condition }: { attempts: Attempts; condition: Where },
  ): Generator<void, number> {
    const { commits } = this.index;
    const known = this.totals.get(key);
    if (known?.commits === commits) return known.total;
    const total = yield* countOf(this.index, attempts, condition);
    this.totals.set(key, { commits, total });
    return total;
  }
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
