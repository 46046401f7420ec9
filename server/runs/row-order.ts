/**
 * The rows of a report's table in the order of a cell. The whole table is looked through once; which row stands where is kept
 * for the next pages, and only what was appended since is read again.
 */
import type { FileHandle } from 'node:fs/promises';
import { SORT_LIMIT, type Params } from '../../core/protocol/methods.ts';
import type { TableRow } from '../../core/protocol/report.ts';
import { fitting, linesOf, listed, type RowFault } from './row-lines.ts';

/** Orders that are kept, the newest ones. */
const KEPT = 4;
/** Of a text, what decides about its place. */
const KEY_LENGTH = 200;

type Key = string | number | null;

interface Order {
  /** Rows that fit, by where they begin and end in the file. */
  rows: { start: number; end: number; key: Key }[];
  /** Bytes that were looked through. */
  end: number;
  cut: boolean;
}

const orders = new Map<string, Promise<Order>>();
const collator = new Intl.Collator('en', { numeric: true });

/**
 * @param path of the file, and what else tells it from another one that had its name
 * @returns where the rows begin and end, sorted; `cut` when the table has more than {@link SORT_LIMIT} that fit
 */
export async function orderOf(
  file: FileHandle,
  path: string,
  params: Pick<Params<'stages/rows'>, 'where' | 'text'> & { sort: NonNullable<Params<'stages/rows'>['sort']> },
  parse: (value: unknown, position: number) => TableRow,
  fail: RowFault,
): Promise<Order> {
  const { where, text, sort } = params;
  const { ino } = await file.stat();
  const name = JSON.stringify([path, ino, where, text, sort]);
  const before = orders.get(name)?.catch(() => null) ?? null;
  const made = (async () => extended((await before) ?? { rows: [], end: 0, cut: false }, file, params, parse, fail))();
  orders.delete(name);
  orders.set(name, made);
  for (const old of orders.keys()) {
    if (orders.size <= KEPT) break;
    orders.delete(old);
  }
  made.catch(() => orders.get(name) === made && orders.delete(name));
  return made;
}

async function extended(
  order: Order,
  file: FileHandle,
  params: Parameters<typeof orderOf>[2],
  parse: Parameters<typeof orderOf>[3],
  fail: RowFault,
): Promise<Order> {
  const { size } = await file.stat();
  const kept = size < order.end ? { rows: [], end: 0, cut: false } : order;
  if (kept.cut || size === kept.end) return kept;
  const fits = fitting(params);
  const rows = [...kept.rows];
  let { end } = kept;
  let cut = false;
  read: for await (const lines of linesOf(file, end, fail)) {
    for (const line of lines) {
      const { start, bytes } = line;
      const row = parse(listed(line, fail), start);
      if (fits(row)) {
        if (rows.length === SORT_LIMIT) {
          cut = true;
          break read;
        }
        rows.push({ start, end: start + bytes.length, key: keyOf(row.cells[params.sort.key]) });
      }
      end = start + bytes.length + 1;
    }
  }
  const sign = params.sort.descending ? -1 : 1;
  rows.sort((a, b) => {
    // What has no value is last both ways; equal ones stay in the order in which they were written.
    if (a.key === null || b.key === null) return a.key === b.key ? a.start - b.start : a.key === null ? 1 : -1;
    return sign * compare(a.key, b.key) || a.start - b.start;
  });
  return { rows, end, cut };
}

/** A list of lengths stands where its chosen one does. */
function keyOf(cell: TableRow['cells'][string] | undefined): Key {
  if (typeof cell === 'string') return cell.slice(0, KEY_LENGTH);
  if (typeof cell === 'boolean') return cell ? 1 : 0;
  if (typeof cell === 'object' && cell !== null)
    return cell.chosen === null ? null : (cell.values[cell.chosen] ?? null);
  return cell ?? null;
}

function compare(a: string | number, b: string | number): number {
  if (typeof a === 'number') return typeof b === 'number' ? a - b : -1;
  return typeof b === 'number' ? 1 : collator.compare(a, b);
}
