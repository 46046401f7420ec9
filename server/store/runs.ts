/** Runs in the index: from run.json and the journal. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { LonghandError } from '../../core/protocol/errors.ts';
import { runFileSchema } from '../../core/protocol/files.ts';
import type { RunFile } from '../../core/protocol/files.ts';
import { attemptRecords } from './attempts.ts';
import type { IndexFile } from './index-file.ts';
import { runFolder } from './paths.ts';
import type { RunRecord } from './trace-store.ts';

const LIST_LIMIT = 1000;

/** Reads run.json into the index. Returns why it could not be read, or null. `journalSeq` is that of `run_created`. */
export function registerRun(index: IndexFile, root: string, run: string, journalSeq: number | null): string | null {
  let file: RunFile;
  try {
    file = runFileSchema.parse(JSON.parse(readFileSync(join(runFolder(root, run), 'run.json'), 'utf8')));
  } catch (error) {
    return (error as Error).message;
  }
  index.run(
    `INSERT INTO runs (run, kind, name, source, created, vars, created_seq) VALUES (?, ?, ?, ?, ?, ?, ?)
     ON CONFLICT (run) DO UPDATE SET kind = excluded.kind, name = excluded.name, source = excluded.source, created = excluded.created,
       vars = excluded.vars, created_seq = coalesce(excluded.created_seq, created_seq), deleted = 0, wanted = NULL`,
    run,
    file.kind,
    file.name,
    file.source,
    file.created,
    JSON.stringify(file.vars),
    journalSeq,
  );
  return null;
}

interface RunRow {
  run: string;
  kind: RunFile['kind'];
  name: string;
  source: string;
  created: number;
  vars: string;
  wanted: RunRecord['wanted'];
}

const COLUMNS = 'run, kind, name, source, created, vars, wanted';

export function runRecord(index: IndexFile, root: string, run: string): RunRecord {
  const row = index.get<RunRow>(`SELECT ${COLUMNS} FROM runs WHERE run = ? AND deleted = 0`, run);
  if (!row) throw new LonghandError('not_found', `There is no run ${run}.`);
  return record(index, root, row);
}

/** Newest first. */
export function runRecords(
  index: IndexFile,
  root: string,
  cursor: string | undefined,
  limit = 100,
): { runs: RunRecord[]; next?: string } {
  const [created, run] = cursor === undefined ? [Infinity, ''] : readCursor(cursor);
  const size = Math.max(1, Math.min(limit, LIST_LIMIT));
  const rows = index.all<RunRow>(
    `SELECT ${COLUMNS} FROM runs WHERE deleted = 0 AND (created, run) < (?, ?) ORDER BY created DESC, run DESC LIMIT ?`,
    created === Infinity ? Number.MAX_VALUE : created,
    run,
    size + 1,
  );
  const shown = rows.slice(0, size);
  const last = shown.at(-1);
  return {
    runs: shown.map((row) => record(index, root, row)),
    ...(rows.length > size &&
      last && { next: Buffer.from(JSON.stringify([last.created, last.run])).toString('base64url') }),
  };
}

function readCursor(cursor: string): [number, string] {
  try {
    const place = JSON.parse(Buffer.from(cursor, 'base64url').toString()) as [number, string];
    if (typeof place[0] === 'number' && typeof place[1] === 'string') return place;
  } catch {
    // Said below.
  }
  throw new LonghandError(
    'invalid_params',
    'The cursor does not belong to the list of runs. Begin again at its first page.',
  );
}

function record(index: IndexFile, root: string, row: RunRow): RunRecord {
  const attempts = attemptRecords(index, root, row.run);
  const stages = [...Map.groupBy(attempts, (attempt) => attempt.stage)].map(([stage, list]) => ({
    stage,
    attempts: list.toSorted((a, b) => a.attempt - b.attempt),
  }));
  return {
    run: row.run,
    name: row.name,
    kind: row.kind,
    source: row.source,
    created: row.created,
    vars: JSON.parse(row.vars) as Record<string, unknown>,
    wanted: row.wanted,
    folder: runFolder(root, row.run),
    stages,
    traces: attempts.reduce((sum, attempt) => sum + attempt.traces, 0),
  };
}
