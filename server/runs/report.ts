/** What a stage reports: `report.json`, rows of its tables, and the texts that rows name by their place in a part file. */
import { open, type FileHandle } from 'node:fs/promises';
import { join, relative } from 'node:path';
import type * as z from 'zod';
import { LonghandError } from '../../core/protocol/errors.ts';
import { PAGE_LIMIT, SLICE_LIMIT, type Params, type Result } from '../../core/protocol/methods.ts';
import { reportSchema, tableRowSchema, type Report, type TableRow } from '../../core/protocol/report.ts';
import { textPart } from '../store/paths.ts';
import type { AttemptRecord, RunRecord } from '../store/trace-store.ts';
import { attemptsOf } from './start-attempt.ts';

const MAX_REPORT = 4 << 20;
const CHUNK = 256 * 1024;
/** Bytes that one call looks through for rows that fit `where`; the next call goes on from there. */
const MAX_SCAN = 8 << 20;
/** The longest row; the engine writes none above 192 KiB. */
const MAX_ROW = SLICE_LIMIT;
const DEFAULT_ROWS = 100;

/** The report of one attempt, the newest by default; null where it has written none (yet). @throws `corrupt`, `not_found` */
export async function readReport(record: RunRecord, params: Params<'stages/report'>): Promise<Result<'stages/report'>> {
  const chosen = chooseAttempt(record, params.stage, params.attempt);
  return chosen
    ? { report: await reportOf(record, chosen.folder), attempt: chosen.attempt }
    : { report: null, attempt: null };
}

/**
 * Rows of a table from `cursor` on, in the order in which they were written, at most `limit` and 256 KiB of them. With `where`
 * a page may be shorter, even empty, and still have a `next`: that much was looked through. A line that is not whole yet is
 * left for later: while the stage works, the cursor of the end is none, so ask again without.
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
    if (start > 0 && !(await isLineStart(file, start))) {
      throw new LonghandError('invalid_params', `“${params.cursor}” is no cursor of the table ${params.table}.`);
    }
    const found = await scan(file, start, params, (position, why) =>
      corrupt(record, path, `the row at byte ${position}: ${why}`),
    );
    const next = found.end < size && !found.torn ? { next: `${chosen.attempt}.${found.end}` } : {};
    const whole = start === 0 && next.next === undefined;
    const total = whole ? found.rows.length : await countOf(record, chosen, params);
    const cursors = params.parts === false && { cursors: found.starts.map((start) => `${chosen.attempt}.${start}`) };
    return { rows: found.rows, ...next, total, ...cursors };
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
  { table, where }: Params<'stages/rows'>,
): Promise<number | null> {
  if (where && Object.keys(where).length > 0) return null;
  const report = await reportOf(record, folder);
  const block = report?.blocks.find((block) => block.type === 'table' && block.table === table);
  return block?.type === 'table' ? block.rows : null;
}

interface Scanned {
  rows: TableRow[];
  /** Where each row begins. */
  starts: number[];
  /** Where to go on. */
  end: number;
  /** What lies behind `end` is a line that is not whole. */
  torn: boolean;
}

async function scan(
  file: FileHandle,
  start: number,
  { where = {}, limit = DEFAULT_ROWS, parts = true }: Params<'stages/rows'>,
  fail: (position: number, why: string) => LonghandError,
): Promise<Scanned> {
  const rows: TableRow[] = [];
  const starts: number[] = [];
  let end = start;
  let bytes = 0;
  let buffer = Buffer.alloc(0);
  const most = Math.min(limit, PAGE_LIMIT);
  for (;;) {
    const line = buffer.indexOf(10);
    if (line < 0) {
      if (buffer.length > MAX_ROW) throw fail(end, `it is longer than ${MAX_ROW >> 10} KiB`);
      if (end - start >= MAX_SCAN) return { rows, starts, end, torn: false };
      const more = Buffer.alloc(CHUNK);
      const { bytesRead } = await file.read(more, 0, CHUNK, end + buffer.length);
      if (bytesRead === 0) return { rows, starts, end, torn: buffer.length > 0 };
      buffer = Buffer.concat([buffer, more.subarray(0, bytesRead)]);
      continue;
    }
    if (line > MAX_ROW) throw fail(end, `it is longer than ${MAX_ROW >> 10} KiB`);
    if (rows.length === most) return { rows, starts, end, torn: false };
    const row = parseAs(tableRowSchema, buffer.toString('utf8', 0, line), (why) => fail(end, why));
    const fits = Object.entries(where).every(([key, value]) => cell(row, key) === value);
    if (!parts) delete row.parts;
    const size = parts || !fits ? line : JSON.stringify(row).length;
    if (fits && rows.length > 0 && bytes + size > SLICE_LIMIT) return { rows, starts, end, torn: false };
    if (fits) {
      rows.push(row);
      starts.push(end);
      bytes += size;
    }
    end += line + 1;
    buffer = buffer.subarray(line + 1);
  }
}

/** A cell that the row does not have is null. */
const cell = (row: TableRow, key: string): unknown => (Object.hasOwn(row.cells, key) ? row.cells[key] : null);

function parseAs<T>(schema: z.ZodType<T>, text: string, fail: (why: string) => LonghandError): T {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    throw fail('it is not JSON');
  }
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
