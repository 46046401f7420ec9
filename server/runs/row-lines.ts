/** Lines of a report's table: what they hold, whether they fit a filter, and the lines of a file one after the other. */
import type { FileHandle } from 'node:fs/promises';
import { SLICE_LIMIT, type Params } from '../../core/protocol/methods.ts';
import type { TableRow } from '../../core/protocol/report.ts';

const CHUNK = 256 * 1024;
/** The longest row; the engine writes none above 192 KiB. */
export const MAX_ROW = SLICE_LIMIT;

/** Makes the error for the row at `position`. */
export type RowFault = (position: number, why: string) => Error;

export interface Line {
  start: number;
  bytes: Buffer;
}

/**
 * The whole lines from `start` on; what lies behind the last one is being written. The buffers are views of one that is kept
 * as long as they are.
 * @throws what `fail` makes, for a line above 256 KiB
 */
export async function* linesOf(file: FileHandle, start: number, fail: RowFault): AsyncGenerator<Line[], void> {
  let at = start;
  let rest = Buffer.alloc(0);
  for (;;) {
    const chunk = Buffer.allocUnsafe(CHUNK);
    const { bytesRead } = await file.read(chunk, 0, CHUNK, at + rest.length);
    if (bytesRead === 0) return;
    const buffer = rest.length > 0 ? Buffer.concat([rest, chunk.subarray(0, bytesRead)]) : chunk.subarray(0, bytesRead);
    const lines: Line[] = [];
    let from = 0;
    for (let end = buffer.indexOf(10); end >= 0; end = buffer.indexOf(10, from)) {
      if (end - from > MAX_ROW) throw fail(at + from, `it is longer than ${MAX_ROW >> 10} KiB`);
      lines.push({ start: at + from, bytes: buffer.subarray(from, end) });
      from = end + 1;
    }
    rest = buffer.subarray(from);
    at += from;
    if (rest.length > MAX_ROW) throw fail(at, `it is longer than ${MAX_ROW >> 10} KiB`);
    if (lines.length > 0) yield lines;
  }
}

const PARTS = Buffer.from(',"parts":[');

/**
 * The row of a line without its parts, which are most of it: they are not even parsed where they stand last, as the engine
 * writes them. A quote inside a JSON text is escaped, so the mark is never part of one. @throws what `fail` makes, for no JSON
 */
export function listed({ start, bytes }: Line, fail: RowFault): unknown {
  const parts = bytes.at(-2) === 0x5d /* ]} */ ? bytes.indexOf(PARTS) : -1;
  const text = parts < 0 ? bytes.toString('utf8') : `${bytes.toString('utf8', 0, parts)}}`;
  let row: unknown;
  try {
    row = JSON.parse(text);
  } catch {
    throw fail(start, 'it is not JSON');
  }
  if (typeof row === 'object' && row !== null) delete (row as { parts?: unknown }).parts;
  return row;
}

/** Whether a row is one of those asked for. A cell that it does not have is null. */
export function fitting({
  where = {},
  text,
}: Pick<Params<'stages/rows'>, 'where' | 'text'>): (row: TableRow) => boolean {
  const wanted = Object.entries(where);
  const words = text?.toLowerCase().trim();
  return ({ cells }) =>
    wanted.every(([key, value]) => {
      const cell: unknown = Object.hasOwn(cells, key) ? cells[key] : null;
      return Array.isArray(value) ? value.includes(cell as never) : cell === value;
    }) &&
    (!words ||
      Object.values(cells).some(
        (cell) => (typeof cell === 'string' || typeof cell === 'number') && String(cell).toLowerCase().includes(words),
      ));
}
