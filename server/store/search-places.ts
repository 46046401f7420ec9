/** Where the texts of a filter's traces lie, page by page, in numbers that pass between threads cheaply. */
import type { TraceFilter, TraceRow } from '../../core/protocol/traces.ts';
import type { Query } from '../../core/query/types.ts';
import { LonghandError } from '../../core/protocol/errors.ts';
import { attemptsOf, knownTotal, where, type Where } from './filters.ts';
import type { IndexFile } from './index-file.ts';
import { countOf } from './long-lists.ts';
import { Lru } from './lru.ts';
import { attemptFolder, parseTraceId } from './paths.ts';
import { attemptId } from './attempts.ts';
import { traceRows } from './rows.ts';
import { rangesOf } from './scan.ts';
import { traceRowId } from './schema.ts';
import { EXTENT, type SearchBegin, type SearchPage, type TextPlaces } from './search-page.ts';
import { Slices, stampOf } from './slices.ts';
import { readsOf, unreadOf } from './unread.ts';

export interface SearchScope {
  filter: TraceFilter;
  /** Terms that the index answers. */
  query: Query;
  prompts: boolean;
}

/** Rows of one statement: extents, or traces without any. A trace with more of them is a page of its own. */
const PAGE_ROWS = 8192;
/** Row ids that one statement goes through: of few of them a condition may hold. */
const PAGE_IDS = 16_384;
/** Numbers of a row: the trace, its prompt, part, position and bytes; -1 where there is none. */
const COLUMNS = 5;

/** Bytes of the pages that are kept: of two million short texts. */
const KEPT = 64 * 2 ** 20;

/** The pages of the last searches are kept while nothing new is said of the traces: who searches looks for one thing after another. */
export class SearchPlaces {
  private readonly index: IndexFile;
  private readonly root: string;
  private readonly kept = new Lru<string, { stamp: string; page: SearchPage }>(KEPT, ({ page }) => bytesOf(page));

  constructor(index: IndexFile, root: string) {
    this.index = index;
    this.root = root;
  }

  /** A run was deleted, and its row ids may come again. */
  forget(): void {
    this.kept.clear();
  }

  /** The next page; null: there are no more traces. Yields every few milliseconds. */
  *page({ filter, query, prompts, after }: SearchScope & { after: number }): Generator<void, SearchPage | null> {
    const { index, root } = this;
    // What is found in texts changes without a word of workers or journal.
    const isKept = readsOf({ filter, terms: query.terms }).size === 0;
    const key = JSON.stringify([filter, query.terms, prompts, after]);
    const known = this.kept.get(key);
    if (known && known.stamp === stampOf(index, filter.run)) return known.page;
    const slices = new Slices();
    const condition = where(index, filter, query.terms);
    const left = attemptsOf(index, filter).filter(({ id }) => traceRowId(id + 1, 0) > after);
    for (const { attempt, from, to } of rangesOf(index, left, { ids: PAGE_IDS })) {
      if (to <= after) continue;
      const rows = placeRows(index, condition, Math.max(after, from - 1), to);
      if (rows.length > 0) {
        const page = { folder: attemptFolder(root, attempt), ...packed(index, attempt.id, rows, prompts) };
        if (isKept) this.kept.set(key, { stamp: stampOf(index, filter.run), page });
        return page;
      }
      yield* slices.breath();
      // Its run may have been deleted meanwhile, and ids come again.
      if (attemptId(index, attempt) !== attempt.id) return null;
    }
    return null;
  }

  /** @throws `not_found` where the trace `after` is not there any more */
  *begin({
    filter,
    query: { terms },
    after,
  }: SearchScope & { after?: string | undefined }): Generator<void, SearchBegin> {
    const { index } = this;
    const attempts = attemptsOf(index, filter);
    const behind = after === undefined ? -1 : rowIdOf(index, after);
    const known = after === undefined ? knownTotal(index, filter, terms) : null;
    const total = known ?? (yield* countOf(index, attempts, where(index, filter, terms), behind));
    const reads = readsOf({ filter, terms });
    const unread =
      reads.size > 0 ? yield* countOf(index, attempts, unreadOf(index, filter, terms, reads), behind) : null;
    return { total, after: behind, unread };
  }

  /** Rows of lists by row id; those that are gone meanwhile are left out. */
  rows(ids: number[]): (TraceRow & { rowId: number })[] {
    return traceRows(this.index, 'WHERE t.id IN (SELECT value FROM json_each(?))', JSON.stringify(ids));
  }
}

const bytesOf = ({ ids, promptOf, completions, prompts }: SearchPage): number =>
  [ids, promptOf, completions.starts, completions.extents, prompts.starts, prompts.extents].reduce(
    (sum, { byteLength }) => sum + byteLength,
    0,
  );

/**
 * Whole traces with their extents, in numbers one after the other. As text from the index, parsed at once: an object a row takes twice as long,
 * and this is what a search of many short texts waits for.
 */
function placeRows(index: IndexFile, condition: Where, after: number, end: number): number[] {
  const select = (limit: string, from: number, to: number): number[] => {
    const found = index.get<{ numbers: string | null }>(
      `SELECT group_concat(id || ',' || prompt || ',' || part || ',' || position || ',' || bytes) AS numbers FROM (
         SELECT t.id AS id, coalesce(t.prompt, -1) AS prompt, coalesce(e.part, -1) AS part, coalesce(e.position, 0) AS position,
           coalesce(e.bytes, 0) AS bytes
         FROM traces t LEFT JOIN extents e ON e.kind = 0 AND e.owner = t.id
         WHERE ${condition.sql} AND t.id > ? AND t.id < ? ORDER BY t.id, e.ix ${limit})`,
      ...condition.values,
      from,
      to,
    );
    return JSON.parse(`[${found?.numbers ?? ''}]`) as number[];
  };
  const rows = select(`LIMIT ${PAGE_ROWS}`, after, end);
  const last = rows.at(-COLUMNS);
  if (last === undefined || rows.length < PAGE_ROWS * COLUMNS) return rows;
  // The last trace may have more of them.
  let whole = rows.length;
  while (whole > 0 && rows[whole - COLUMNS] === last) whole -= COLUMNS;
  return whole > 0 ? rows.slice(0, whole) : select('', last - 1, last + 1);
}

function packed(
  index: IndexFile,
  attempt: number,
  rows: readonly number[],
  withPrompts: boolean,
): Omit<SearchPage, 'folder'> {
  const ids: number[] = [];
  const promptOf: number[] = [];
  const numbers = new Map<number, number>();
  const completions = new Packer();
  for (let i = 0; i < rows.length; i += COLUMNS) {
    if (ids.at(-1) !== rows[i]) {
      ids.push(rows[i]!);
      completions.begin();
      const prompt = rows[i + 1]!;
      if (withPrompts) {
        if (prompt >= 0 && !numbers.has(prompt)) numbers.set(prompt, numbers.size);
        promptOf.push(numbers.get(prompt) ?? -1);
      }
    }
    if (rows[i + 2]! >= 0) completions.add(rows[i + 2]!, rows[i + 3]!, rows[i + 4]!);
  }
  const prompts = new Packer();
  for (const prompt of numbers.keys()) {
    prompts.begin();
    for (const { part, position, bytes } of index.all<{ part: number; position: number; bytes: number }>(
      'SELECT part, position, bytes FROM extents WHERE kind = 1 AND owner = ? ORDER BY ix',
      traceRowId(attempt, prompt),
    ))
      prompts.add(part, position, bytes);
  }
  return {
    ids: shared(Float64Array, ids),
    completions: completions.end(),
    prompts: prompts.end(),
    promptOf: shared(Int32Array, promptOf),
  };
}

/** In memory that threads share: passing it on copies nothing. Nobody writes to it. */
function shared<T extends Uint32Array | Int32Array | Float64Array>(
  type: { new (buffer: SharedArrayBuffer): T; BYTES_PER_ELEMENT: number },
  values: readonly number[],
): T {
  const array = new type(new SharedArrayBuffer(values.length * type.BYTES_PER_ELEMENT));
  array.set(values);
  return array;
}

class Packer {
  private readonly starts: number[] = [];
  private readonly extents: number[] = [];

  begin(): void {
    this.starts.push(this.extents.length / EXTENT);
  }

  add(part: number, position: number, bytes: number): void {
    this.extents.push(part, position, bytes);
  }

  end(): TextPlaces {
    return {
      starts: shared(Uint32Array, [...this.starts, this.extents.length / EXTENT]),
      extents: shared(Float64Array, this.extents),
    };
  }
}

function rowIdOf(index: IndexFile, trace: string): number {
  const { key, n } = parseTraceId(trace);
  const attempt = attemptId(index, key);
  if (attempt === null)
    throw new LonghandError('not_found', `There is no trace ${trace}. Search again from the beginning.`);
  return traceRowId(attempt, n);
}
