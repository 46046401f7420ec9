/** What a stage reports: `report.json`, rows of its tables, and the texts that rows name by their place in a part file. */
import { open, type FileHandle } from 'node:fs/promises';
import { join, relative } from 'node:path';
import type * as z from 'zod';
import { LonghandError } from '../../core/protocol/errors.ts';
import { PAGE_LIMIT, SLICE_LIMIT, type Params, type Result } from '../../core/protocol/methods.ts';
import { reportSchema, tableRowSchema, type Report, type TableRow } from '../../core/protocol/report.ts';
import { textPart } from '../store/paths.ts';
import type { AttemptRecord, RunRecord } from '../store/trace-store.ts';
import { fitting, linesOf, listed, type RowFault } from './row-lines.ts';
import { orderOf } from './row-order.ts';
import { attemptsOf } from './start-attempt.ts';

const MAX_REPORT = 4 << 20;
/** Bytes that one call looks through for rows that fit; the next call goes on from there. */
const MAX_SCAN = 8 << 20;
const DEFAULT_ROWS = 100;
/** Sorted rows that are read together, since each stands elsewhere. */
const AT_ONCE = 25;

/** The report of one attempt, the newest by default; null where it has written none (yet). @throws `corrupt`, `not_found` */
export async function readReport(record: RunRecord, params: Params<'stages/report'>): Promise<Result<'stages/report'>> {
  const chosen = chooseAttempt(record, params.stage, params.attempt);
  return chosen
    ? { report: await reportOf(record, chosen.folder), attempt: chosen.attempt }
    : { report: null, attempt: null };
}

/**
 * Rows of a table from `cursor` on, in the order in which they were written or by a cell, at most `limit` and 256 KiB of them.
 * With `where` or `text` a page may be shorter, even empty, and still have a `next`: that much was looked through. A line that
 * is not whole yet is left for later: while the stage works, the cursor of the end is none, so ask again without.
 * @throws `corrupt` for a line that is no row, `invalid_params` for a cursor that is none of this table's
 */
export async function readRows(record: RunRecord, params: Params<'stages/rows'>): Promise<Result<'stages/rows'>> {
  const cursor = params.cursor === undefined ? null : parseCursor(params.cursor);
  const chosen = chooseAttempt(record, params.stage, cursor?.attempt ?? params.attempt);
  const path = chosen && join(chosen.folder, 'tables', `${params.table}.jsonl`);
  const file = path && (await openIfThere(path));
  if (!file) return { rows: [], total: 0 };
  try {
    const { size } = await file.stat();
    const start = cursor?.offset ?? 0;
    const noCursor = () =>
      new LonghandError('invalid_params', `“${params.cursor}” is no cursor of the table ${params.table}.`);
    if (start > 0 && !(await isLineStart(file, start))) throw noCursor();
    const fail: RowFault = (position, why) => corrupt(record, path, `the row at byte ${position}: ${why}`);
    const cursors = (starts: number[]) =>
      params.parts === false && { cursors: starts.map((one) => `${chosen.attempt}.${one}`) };
    const { sort } = params;
    if (sort) {
      const order = await orderOf(file, path, { ...params, sort }, (row, at) => asRow(row, at, fail), fail);
      const from = cursor ? order.rows.findIndex((row) => row.start === start) : 0;
      if (from < 0) throw noCursor();
      const { rows, starts } = await sorted(file, order.rows.slice(from), params, fail);
      const after = order.rows[from + rows.length];
      const next = after && { next: `${chosen.attempt}.${after.start}` };
      return { rows, ...next, total: order.rows.length, ...cursors(starts), ...(order.cut && { cut: true }) };
    }
    const found = await scan(file, start, params, fail);
    const next = found.end < size && !found.torn ? { next: `${chosen.attempt}.${found.end}` } : {};
    const whole = start === 0 && next.next === undefined;
    const total = whole ? found.rows.length : await countOf(record, chosen, params);
    return { rows: found.rows, ...next, total, ...cursors(found.starts) };
  } finally {
    await file.close();
  }
}

/** A stretch of a part file as text, at most 256 KiB; `rest` is what is left of it. Characters are not cut. @throws `not_found` */
export async function readPartText(record: RunRecord, params: Params<'stages/text'>): Promise<Result<'stages/text'>> {
  const { part, offset, length } = params.extent;
  const chosen = chooseAttempt(record, params.stage, params.attempt);
  const file = chosen && (await openIfThere(textPart(chosen.folder, part)));
  if (!file)
    throw new LonghandError('not_found', `The stage ${params.stage} of ${params.run} has no text part ${part}.`);
  try {
    const wanted = Math.min(length, SLICE_LIMIT);
    // One byte more shows whether the last character is whole.
    const bytes = Buffer.alloc(wanted + 1);
    const { bytesRead } = await file.read(bytes, 0, wanted + 1, offset);
    if (bytesRead < wanted) {
      throw new LonghandError('corrupt', `Text part ${part} of ${params.stage} ends before byte ${offset + wanted}.`);
    }
    let end = wanted;
    if (wanted < length) while (end > 0 && (bytes[end]! & 0xc0) === 0x80) end--;
    return {
      text: bytes.toString('utf8', 0, end),
      rest: end < length ? { part, offset: offset + end, length: length - end } : null,
    };
  } finally {
    await file.close();
  }
}

function chooseAttempt(record: RunRecord, stage: string, attempt: number | undefined): AttemptRecord | null {
  const attempts = attemptsOf(record, stage);
  if (attempt === undefined) return attempts.at(-1) ?? null;
  const chosen = attempts.find((one) => one.attempt === attempt);
  if (chosen) return chosen;
  throw new LonghandError('not_found', `The stage ${stage} of ${record.run} has no attempt ${attempt}.`);
}

async function reportOf(record: RunRecord, folder: string): Promise<Report | null> {
  const path = join(folder, 'report.json');
  const file = await openIfThere(path);
  if (!file) return null;
  try {
    const { size } = await file.stat();
    if (size > MAX_REPORT) throw corrupt(record, path, `it is larger than ${MAX_REPORT >> 20} MiB`);
    const text = await file.readFile('utf8');
    return parseAs(reportSchema, text, (why) => corrupt(record, path, why));
  } finally {
    await file.close();
  }
}

/** Rows of the whole table where the report counts them; unknown for a part of it. */
async function countOf(
  record: RunRecord,
  { folder }: AttemptRecord,
  { table, where, text }: Params<'stages/rows'>,
): Promise<number | null> {
  if (text || (where && Object.keys(where).length > 0)) return null;
  const report = await reportOf(record, folder);
  const block = report?.blocks.find((block) => block.type === 'table' && block.table === table);
  return block?.type === 'table' ? block.rows : null;
}

interface Found {
  rows: TableRow[];
  /** Where each row begins. */
  starts: number[];
}

interface Scanned extends Found {
  /** Where to go on. */
  end: number;
  /** What lies behind `end` is a line that is not whole. */
  torn: boolean;
}

async function scan(file: FileHandle, start: number, params: Params<'stages/rows'>, fail: RowFault): Promise<Scanned> {
  const page = new PageOfRows(params);
  const fits = fitting(params);
  let end = start;
  const found = (torn: boolean): Scanned => ({ rows: page.rows, starts: page.starts, end, torn });
  for await (const lines of linesOf(file, start, fail)) {
    for (const { start: at, bytes } of lines) {
      if (page.full) return found(false);
      const row = rowOf(bytes, at, params, fail);
      if (fits(row) && !page.add(row, at, bytes.length)) return found(false);
      end = at + bytes.length + 1;
    }
    if (end - start >= MAX_SCAN) return found(false);
  }
  return found(true);
}

/** Reads the rows of a page from where they stand. */
async function sorted(
  file: FileHandle,
  places: readonly { start: number; end: number }[],
  params: Params<'stages/rows'>,
  fail: RowFault,
): Promise<Found> {
  const page = new PageOfRows(params);
  for (let from = 0; from < places.length && !page.full; from += AT_ONCE) {
    const some = places.slice(from, from + AT_ONCE);
    const lines = await Promise.all(
      some.map(async ({ start, end }) => {
        const bytes = Buffer.alloc(end - start);
        await file.read(bytes, 0, bytes.length, start);
        return { start, bytes };
      }),
    );
    for (const { start, bytes } of lines) {
      if (page.full || !page.add(rowOf(bytes, start, params, fail), start, bytes.length)) return page;
    }
  }
  return page;
}

/** Rows until a page is full: by their number, or by what they weigh. */
class PageOfRows {
  readonly rows: TableRow[] = [];
  readonly starts: number[] = [];
  readonly #most: number;
  readonly #whole: boolean;
  #bytes = 0;

  constructor({ limit = DEFAULT_ROWS, parts = true }: Params<'stages/rows'>) {
    this.#most = Math.min(limit, PAGE_LIMIT);
    this.#whole = parts;
  }

  get full(): boolean {
    return this.rows.length >= this.#most;
  }

  /** False: there is no room for it. The first row always has. */
  add(row: TableRow, start: number, length: number): boolean {
    const size = this.#whole ? length : JSON.stringify(row).length;
    if (this.rows.length > 0 && this.#bytes + size > SLICE_LIMIT) return false;
    this.rows.push(row);
    this.starts.push(start);
    this.#bytes += size;
    return true;
  }
}

function rowOf(bytes: Buffer, start: number, { parts = true }: Params<'stages/rows'>, fail: RowFault): TableRow {
  if (parts) return parseAs(tableRowSchema, bytes.toString('utf8'), (why) => fail(start, why));
  return asRow(listed({ start, bytes }, fail), start, fail);
}

function asRow(value: unknown, start: number, fail: RowFault): TableRow {
  return checked(tableRowSchema, value, (why) => fail(start, why));
}

function parseAs<T>(schema: z.ZodType<T>, text: string, fail: (why: string) => Error): T {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    throw fail('it is not JSON');
  }
  return checked(schema, value, fail);
}

function checked<T>(schema: z.ZodType<T>, value: unknown, fail: (why: string) => Error): T {
  const parsed = schema.safeParse(value);
  if (parsed.success) return parsed.data;
  const issue = parsed.error.issues[0];
  throw fail(`${issue?.path.join('.') || 'it'}: ${issue?.message ?? 'not valid'}`);
}

function parseCursor(cursor: string): { attempt: number; offset: number } {
  const match = /^(\d{1,9})\.(\d{1,15})$/.exec(cursor);
  if (!match) throw new LonghandError('invalid_params', `“${cursor}” is no cursor of a table.`);
  return { attempt: Number(match[1]), offset: Number(match[2]) };
}

async function isLineStart(file: FileHandle, offset: number): Promise<boolean> {
  const before = Buffer.alloc(1);
  const { bytesRead } = await file.read(before, 0, 1, offset - 1);
  return bytesRead === 1 && before[0] === 10;
}

async function openIfThere(path: string): Promise<FileHandle | null> {
  return open(path, 'r').catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return null;
    throw new LonghandError('unreadable', error.message);
  });
}

function corrupt(record: RunRecord, path: string, why: string): LonghandError {
  return new LonghandError('corrupt', `${relative(record.folder, path)} of ${record.run}: ${why}.`);
}
