/**
 * Removes a run from the index. Its attempts go at once, and with them everything that could be asked for; the rows that hung on them
 * go slice after slice (`looking.ts`), so that nobody waits for half a million traces. A kill between two slices is no matter: `forgotten`
 * names the attempts whose rows are still there, and no other attempt ever has their ids.
 */
import type { IndexFile } from './index-file.ts';
import { forgetLabels } from './labels.ts';
import { forgetRulings } from './rulings.ts';
import { traceRowId } from './schema.ts';

/** Rows of a table that a slice deletes, about: some milliseconds. */
const SLICE = 1000;

/** What hangs on an attempt beside its traces and texts, and by which column it is deleted some at a time. */
const rest = {
  problems: 'hash',
  prompts: 'n',
  points: 'name_id',
  evals: 'seq',
  checkpoints: 'path',
  marks: 'seq',
  faults: 'id',
};

/** Removes a run and remembers that it was deleted. Within a transaction. */
export function forgetRun(index: IndexFile, run: string): void {
  index.run('INSERT INTO forgotten SELECT id FROM attempts WHERE run = ?', run);
  index.run('DELETE FROM attempts WHERE run = ?', run);
  forgetRulings(index, run);
  forgetLabels(index, run);
  index.run(
    'INSERT INTO runs (run, created, deleted) VALUES (?, 0, 1) ON CONFLICT (run) DO UPDATE SET deleted = 1',
    run,
  );
}

/** Whether rows of a deleted run are still there. */
export const isForgetting = (index: IndexFile): boolean => index.get('SELECT 1 FROM forgotten LIMIT 1') !== undefined;

/** Deletes a slice of them. Within a transaction. */
export function forgetOn(index: IndexFile): void {
  const id = index.get<{ attempt_id: number }>(
    'SELECT attempt_id FROM forgotten ORDER BY attempt_id LIMIT 1',
  )?.attempt_id;
  if (id === undefined) return;
  if (forgetTraces(index, id) || forgetPrompts(index, id)) return;
  for (const [table, column] of Object.entries(rest)) if (forgetRest(index, id, table, column)) return;
  index.run('DELETE FROM forgotten WHERE attempt_id = ?', id);
}

function forgetTraces(index: IndexFile, attempt: number): boolean {
  const [from, to] = [traceRowId(attempt, 0), traceRowId(attempt + 1, 0)];
  const traces = index.get<{ last: number | null }>(
    'SELECT max(id) AS last FROM (SELECT id FROM traces WHERE id >= ? AND id < ? ORDER BY id LIMIT ?)',
    ...[from, to, SLICE],
  );
  const texts = lastOwner(index, 0, from, to);
  // A trace has one extent or thousands.
  const last = Math.min(traces?.last ?? Infinity, texts ?? Infinity);
  if (last === Infinity) return false;
  for (const [table, column] of [
    ['traces', 'id'],
    ['details', 'id'],
    ['behaviours', 'trace'],
    ['figures', 'trace'],
    ['audits', 'trace'],
  ])
    index.run(`DELETE FROM ${table} WHERE ${column} >= ? AND ${column} <= ?`, from, last);
  index.run('DELETE FROM extents WHERE kind = 0 AND owner >= ? AND owner <= ?', from, last);
  return true;
}

function forgetPrompts(index: IndexFile, attempt: number): boolean {
  const from = traceRowId(attempt, 0);
  const last = lastOwner(index, 1, from, traceRowId(attempt + 1, 0));
  if (last === null) return false;
  index.run('DELETE FROM extents WHERE kind = 1 AND owner >= ? AND owner <= ?', from, last);
  return true;
}

/** The owner of the last of the first extents; null: there is none. */
function lastOwner(index: IndexFile, kind: 0 | 1, from: number, to: number): number | null {
  const found = index.get<{ last: number | null }>(
    `SELECT max(owner) AS last FROM
       (SELECT owner FROM extents WHERE kind = ? AND owner >= ? AND owner < ? ORDER BY owner, ix LIMIT ?)`,
    ...[kind, from, to, SLICE],
  );
  return found?.last ?? null;
}

function forgetRest(index: IndexFile, attempt: number, table: string, column: string): boolean {
  const some = `SELECT ${column} FROM ${table} WHERE attempt_id = :attempt ORDER BY ${column} LIMIT :slice`;
  const deleted = index.run(
    `DELETE FROM ${table} WHERE attempt_id = :attempt AND ${column} <= (SELECT max(${column}) FROM (${some}))`,
    { attempt, slice: SLICE },
  );
  return deleted > 0;
}
