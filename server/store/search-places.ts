/** Where the texts of a filter's traces lie, page by page, in numbers that pass between threads cheaply. */
import type { TraceFilter, TraceRow } from '../../core/protocol/traces.ts';
import type { Query } from '../../core/query/types.ts';
import { LonghandError } from '../../core/protocol/errors.ts';
import { attemptsOf, where, type Where } from './filters.ts';
import type { IndexFile } from './index-file.ts';
import { attemptFolder, parseTraceId } from './paths.ts';
import { attemptId } from './attempts.ts';
import { traceRows } from './rows.ts';
import { traceRowId } from './schema.ts';
import type { AttemptKey } from './trace-store.ts';

/** Texts and the extents of each: those of text `i` are numbers `starts[i]` to `starts[i + 1]` of `extents`. */
export interface TextPlaces {
  starts: Uint32Array;
  /** Four numbers each: part, position, bytes, UTF-16 units. */
  extents: Float64Array;
}

/** Traces of one attempt, by rising row id. */
export interface SearchPage {
  /** Of the attempt, where its parts are. */
  folder: string;
  ids: Float64Array;
  completions: TextPlaces;
  /** By `promptOf`; -1: the trace has none. Empty where prompts were not asked for. */
  prompts: TextPlaces;
  promptOf: Int32Array;
}

export interface SearchScope {
  filter: TraceFilter;
  /** Terms that the index answers. */
  query: Query;
  prompts: boolean;
}

interface Row {
  id: number;
  prompt: number | null;
  part: number | null;
  position: number;
  bytes: number;
  units: number;
}

/** Rows of one statement: extents, or traces without any. A trace with more of them is a page of its own. */
const PAGE_ROWS = 8192;

/** The next page; null: there are no more traces. */
export function searchPage(
  index: IndexFile,
  root: string,
  { filter, prompts, after }: SearchScope & { after: number },
): SearchPage | null {
  const condition = where(index, filter);
  for (const { id: attempt } of attemptsOf(index, filter)) {
    const [first, end] = [traceRowId(attempt, 0), traceRowId(attempt + 1, 0)];
    if (end <= after) continue;
    const rows = placeRows(index, condition, Math.max(after, first - 1), end);
    if (rows.length === 0) continue;
    const key = index.get<AttemptKey>('SELECT run, stage, attempt FROM attempts WHERE id = ?', attempt);
    if (!key) continue;
    return { folder: attemptFolder(root, key), ...packed(index, attempt, rows, prompts) };
  }
  return null;
}

/** Whole traces with their extents. */
function placeRows(index: IndexFile, condition: Where, after: number, end: number): Row[] {
  const select = (limit: string, from: number, to: number) =>
    index.all<Row>(
      `SELECT t.id, t.prompt, e.part, e.position, e.bytes, e.units FROM traces t LEFT JOIN extents e ON e.kind = 0 AND e.owner = t.id
       WHERE ${condition.sql} AND t.id > ? AND t.id < ? ORDER BY t.id, e.ix ${limit}`,
      ...condition.values,
      from,
      to,
    );
  const rows = select(`LIMIT ${PAGE_ROWS}`, after, end);
  const last = rows.at(-1);
  if (!last || rows.length < PAGE_ROWS) return rows;
  const whole = rows.findLastIndex((row) => row.id !== last.id) + 1;
  return whole > 0 ? rows.slice(0, whole) : select('', last.id - 1, last.id + 1);
}

function packed(index: IndexFile, attempt: number, rows: Row[], withPrompts: boolean): Omit<SearchPage, 'folder'> {
  const ids: number[] = [];
  const promptOf: number[] = [];
  const numbers = new Map<number, number>();
  const completions = new Packer();
  for (const row of rows) {
    if (ids.at(-1) !== row.id) {
      ids.push(row.id);
      completions.begin();
      if (withPrompts) {
        if (row.prompt !== null && !numbers.has(row.prompt)) numbers.set(row.prompt, numbers.size);
        promptOf.push(row.prompt === null ? -1 : (numbers.get(row.prompt) ?? -1));
      }
    }
    if (row.part !== null) completions.add(row.part, row);
  }
  const prompts = new Packer();
  for (const prompt of numbers.keys()) {
    prompts.begin();
    for (const row of index.all<Row & { part: number }>(
      'SELECT part, position, bytes, units FROM extents WHERE kind = 1 AND owner = ? ORDER BY ix',
      traceRowId(attempt, prompt),
    ))
      prompts.add(row.part, row);
  }
  return {
    ids: Float64Array.from(ids),
    completions: completions.end(),
    prompts: prompts.end(),
    promptOf: Int32Array.from(promptOf),
  };
}

class Packer {
  private readonly starts: number[] = [];
  private readonly extents: number[] = [];

  begin(): void {
    this.starts.push(this.extents.length / 4);
  }

  add(part: number, { position, bytes, units }: Row): void {
    this.extents.push(part, position, bytes, units);
  }

  end(): TextPlaces {
    return {
      starts: Uint32Array.from([...this.starts, this.extents.length / 4]),
      extents: Float64Array.from(this.extents),
    };
  }
}

/** Rows of lists by row id; those that are gone meanwhile are left out. */
export function searchedRows(index: IndexFile, ids: number[]): (TraceRow & { rowId: number })[] {
  return traceRows(index, 'WHERE t.id IN (SELECT value FROM json_each(?))', JSON.stringify(ids));
}

/** How many traces the scope has, and the row id behind which the search begins: -1, or that of the trace `after`. */
export function beginSearch(
  index: IndexFile,
  { filter, after }: SearchScope & { after?: string | undefined },
): { total: number; after: number } {
  const { sql, values } = where(index, filter);
  const total = index.get<{ n: number }>(`SELECT count(*) AS n FROM traces t WHERE ${sql}`, ...values)?.n ?? 0;
  if (after === undefined) return { total, after: -1 };
  const { key, n } = parseTraceId(after);
  const attempt = attemptId(index, key);
  if (attempt === null) throw new LonghandError('not_found', `There is no trace ${after}.`);
  return { total, after: traceRowId(attempt, n) };
}
