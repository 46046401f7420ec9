/** Attempts in the index: their registration, how far their events have been read, and what these say so far. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { exitSchema, specSchema } from '../../core/protocol/files.ts';
import type { Exit, Outcome, Spec } from '../../core/protocol/files.ts';
import type { CheckpointInfo } from '../../core/protocol/methods.ts';
import { isSuperseded } from './lineage.ts';
import type { IndexFile } from './index-file.ts';
import { attemptFolder, streamOf } from './paths.ts';
import type { AttemptKey, AttemptRecord } from './trace-store.ts';

/** What the events say, the newest of each; kept as JSON, as nothing is ever looked up by it. */
export type Digest = Pick<
  AttemptRecord,
  | 'firstEvent'
  | 'lastEvent'
  | 'phase'
  | 'train'
  | 'progress'
  | 'firstMetrics'
  | 'lastMetrics'
  | 'error'
  | 'warnings'
  | 'warningCount'
  | 'end'
  | 'of'
>;

const emptyDigest: Digest = {
  firstEvent: null,
  lastEvent: null,
  phase: null,
  train: null,
  progress: null,
  firstMetrics: null,
  lastMetrics: null,
  error: null,
  warnings: [],
  warningCount: 0,
  end: null,
  of: null,
};

export interface AttemptState extends AttemptKey {
  id: number;
  kind: string;
  folder: string;
  digest: Digest;
  device: string | null;
  inode: string | null;
  position: number;
  line: number;
  /** In the middle of a line that is too long to be read. */
  skipping: number;
  last_seq: number;
  /** Up to this seq a repeated event is no surprise: the file is read again. */
  again_to: number;
  /** Position of the newest mark. */
  mark: number;
  ended: number;
  valid_to: number | null;
  valid_seq: number | null;
  evaluates: string | null;
  faults: number;
}

interface AttemptRow extends Omit<AttemptState, 'folder' | 'digest'> {
  created: number | null;
  created_seq: number | null;
  resumed_from: string | null;
  markers: string | null;
  outcome: string | null;
  exit: string | null;
  digest: string;
  traces: number;
  live: number;
}

export function loadAttempt(index: IndexFile, root: string, id: number): AttemptState | null {
  const row = index.get<AttemptRow>('SELECT * FROM attempts WHERE id = ?', id);
  return row ? { ...row, folder: attemptFolder(root, row), digest: JSON.parse(row.digest) as Digest } : null;
}

export function attemptId(index: IndexFile, key: AttemptKey): number | null {
  return (
    index.get<{ id: number }>(
      'SELECT id FROM attempts WHERE run = ? AND stage = ? AND attempt = ?',
      key.run,
      key.stage,
      key.attempt,
    )?.id ?? null
  );
}

/** Writes how far it has been read and what that says, and counts its traces again; within the transaction of the chunk. */
export function saveAttempt(index: IndexFile, state: AttemptState): void {
  index.run(
    `UPDATE attempts SET digest = ?, device = ?, inode = ?, position = ?, line = ?, skipping = ?, last_seq = ?, again_to = ?, mark = ?, ended = ?,
       valid_seq = ?, faults = ? WHERE id = ?`,
    JSON.stringify(state.digest),
    state.device,
    state.inode,
    state.position,
    state.line,
    state.skipping,
    state.last_seq,
    state.again_to,
    state.mark,
    state.ended,
    state.valid_seq,
    state.faults,
    state.id,
  );
}

export function countTraces(index: IndexFile, id: number): void {
  index.run(
    `UPDATE attempts SET traces = (SELECT count(*) FROM traces WHERE attempt_id = :id AND superseded = 0),
       live = (SELECT count(*) FROM traces WHERE attempt_id = :id AND live = 1) WHERE id = :id`,
    { id },
  );
}

/** Adds the attempt, or what the journal and spec.json say of it by now. `missing` says why spec.json could not be read. */
export function registerAttempt(
  index: IndexFile,
  root: string,
  key: AttemptKey,
  journal: { seq: number; t: number } | null,
): { id: number; isNew: boolean; missing: string | null } {
  const { spec, missing } = readSpec(attemptFolder(root, key));
  const markers = spec?.stage_config['markers'];
  const before = attemptId(index, key);
  index.run(
    `INSERT INTO attempts (run, stage, attempt, kind, created, created_seq, resumed_from, markers, model, digest) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
     ON CONFLICT (run, stage, attempt) DO UPDATE SET kind = excluded.kind, created = coalesce(excluded.created, created),
       created_seq = coalesce(excluded.created_seq, created_seq), resumed_from = excluded.resumed_from, markers = excluded.markers, model = excluded.model`,
    key.run,
    key.stage,
    key.attempt,
    spec?.kind ?? 'unknown',
    journal?.t ?? null,
    journal?.seq ?? null,
    spec?.resumed_from ? JSON.stringify(spec.resumed_from) : null,
    Array.isArray(markers) ? JSON.stringify(markers) : null,
    spec?.inputs['model'] ?? null,
    JSON.stringify(emptyDigest),
  );
  const id = before ?? attemptId(index, key) ?? 0;
  return { id, isNew: before === null, missing };
}

/** An attempt's spec.json, or why it cannot be read. */
export function readSpec(folder: string): { spec: Spec | null; missing: string | null } {
  try {
    return { spec: specSchema.parse(JSON.parse(readFileSync(join(folder, 'spec.json'), 'utf8'))), missing: null };
  } catch (error) {
    return { spec: null, missing: (error as Error).message };
  }
}

/** The runner's last word, or null: not there, or not readable yet. */
export function readExit(folder: string): Exit | null {
  try {
    return exitSchema.parse(JSON.parse(readFileSync(join(folder, 'exit.json'), 'utf8')));
  } catch {
    return null;
  }
}

/** No event will come any more: what is still open stays unfinished. */
export function endAttempt(index: IndexFile, id: number): void {
  index.run('UPDATE traces SET live = 0 WHERE attempt_id = ? AND live = 1', id);
  index.run('UPDATE attempts SET ended = 1, live = 0 WHERE id = ?', id);
}

/** The attempts of a run as their readers see them, in the order in which they were made. */
export function attemptRecords(
  index: IndexFile,
  root: string,
  run: string,
  only?: Partial<AttemptKey>,
): AttemptRecord[] {
  const rows = index.all<AttemptRow>(
    'SELECT * FROM attempts WHERE run = :run AND (:stage IS NULL OR stage = :stage) AND (:attempt IS NULL OR attempt = :attempt) ORDER BY id',
    { run, stage: only?.stage ?? null, attempt: only?.attempt ?? null },
  );
  return rows.map((row) => {
    const key = { run: row.run, stage: row.stage, attempt: row.attempt };
    const folder = attemptFolder(root, key);
    return {
      ...key,
      stream: streamOf(key),
      folder,
      kind: row.kind,
      resumedFrom: row.resumed_from ? (JSON.parse(row.resumed_from) as Spec['resumed_from']) : null,
      created: row.created,
      ...(JSON.parse(row.digest) as Digest),
      checkpoints: checkpoints(index, row),
      exit: row.exit ? (JSON.parse(row.exit) as Exit) : null,
      outcome: row.outcome as Outcome | null,
      lastSeq: row.last_seq,
      traces: row.traces,
      liveTraces: row.live,
      superseded: row.valid_to === -1,
      faults: row.faults,
    };
  });
}

function checkpoints(index: IndexFile, row: AttemptRow): CheckpointInfo[] {
  const found = index.all<{ step: number; epoch: number | null; path: string; bytes: number; seq: number; t: number }>(
    'SELECT step, epoch, path, bytes, seq, t FROM checkpoints WHERE attempt_id = ? ORDER BY step, seq',
    row.id,
  );
  return found.map(({ step, epoch, path, bytes, seq, t }) => ({
    id: `${streamOf(row)}/checkpoint-${step}`,
    step,
    epoch,
    path,
    bytes,
    created: t,
    superseded: isSuperseded(row.valid_to, row.valid_seq, step, seq),
  }));
}
