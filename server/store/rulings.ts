/**
 * Verdicts that the journal gives: a reader's word, and re-scores. They are kept by name, as the journal may be read before the traces
 * are, and stand above what the trace's own record says.
 */
import type { ReaderVerdict, RescoredVerdict } from '../../core/protocol/audit.ts';
import type { Verdict, VerdictValue } from '../../core/protocol/events.ts';
import type { JournalEvent } from '../../core/protocol/files.ts';
import { attemptId } from './attempts.ts';
import type { IndexFile } from './index-file.ts';
import { ROW_IDS_EACH, traceRowId, verdictCodes } from './schema.ts';
import type { AttemptKey } from './trace-store.ts';

type Of<T extends JournalEvent['type']> = Extract<JournalEvent, { type: T }>;
export type RulingEvent = Of<'verdict_given' | 'rescored' | 'rescore_undone'>;

/** SQL: beside the traces `t` of attempts `a`, what a reader said of them as `r`. */
export const JOIN_READER = `LEFT JOIN reader_verdicts r
  ON r.run = a.run AND r.stage = a.stage AND r.attempt = a.attempt AND r.n = t.id - t.attempt_id * ${ROW_IDS_EACH}`;

const READER = 'SELECT value FROM reader_verdicts WHERE run = ? AND stage = ? AND attempt = ? AND n = ?';
const RESCORED =
  'SELECT value FROM rescored WHERE run = ? AND stage = ? AND attempt = ? AND n = ? ORDER BY seq DESC LIMIT 1';

export const isRuling = (event: JournalEvent): event is RulingEvent =>
  event.type === 'verdict_given' || event.type === 'rescored' || event.type === 'rescore_undone';

/** The code of the verdict that the journal gives a trace; null: it says nothing of it. */
export function ruling(index: IndexFile, { run, stage, attempt }: AttemptKey, n: number): number | null {
  const reader = index.get<{ value: number | null }>(READER, run, stage, attempt, n)?.value ?? null;
  return reader ?? index.get<{ value: number }>(RESCORED, run, stage, attempt, n)?.value ?? null;
}

/** True when the journal says anything of traces of this attempt, or of any of the stage where none is named. */
export function hasRulings(
  index: IndexFile,
  { run, stage, ...of }: Omit<AttemptKey, 'attempt'> & Partial<AttemptKey>,
): boolean {
  const attempt = of.attempt === undefined ? '' : 'AND attempt = ?';
  const values = [run, stage, ...(of.attempt === undefined ? [] : [of.attempt])];
  const found = (table: string): boolean =>
    index.get(`SELECT 1 FROM ${table} WHERE run = ? AND stage = ? ${attempt} LIMIT 1`, ...values) !== undefined;
  return found('reader_verdicts') || found('rescored');
}

/** Within a transaction. The caller forgets what it keeps of traces. */
export function applyRuling(index: IndexFile, event: RulingEvent): void {
  switch (event.type) {
    case 'verdict_given':
      return applyVerdict(index, event);
    case 'rescored':
      return applyRescore(index, event);
    case 'rescore_undone':
      return undoRescore(index, event);
  }
}

function applyVerdict(index: IndexFile, event: Of<'verdict_given'>): void {
  const { run, stage, attempt, trace: n } = event;
  index.run(
    `INSERT INTO reader_verdicts VALUES (?, ?, ?, ?, ?, 1, ?, ?, ?)
     ON CONFLICT (run, stage, attempt, n) DO UPDATE SET value = excluded.value, version = version + 1, by = excluded.by, t = excluded.t,
       before = excluded.before`,
    run,
    stage,
    attempt,
    n,
    event.verdict === null ? null : verdictCodes.indexOf(event.verdict),
    event.by,
    event.t,
    event.before === null ? null : JSON.stringify(event.before),
  );
  const id = attemptId(index, event);
  if (id !== null) count(index, event, id, [n]);
}

function applyRescore(index: IndexFile, event: Of<'rescored'>): void {
  const { run, seq } = event;
  const changes = event.changes.reduce((sum, { traces }) => sum + traces.length, 0);
  index.run(
    'INSERT OR REPLACE INTO rescores VALUES (?, ?, ?, ?, ?, ?, ?, ?, 0)',
    seq,
    run,
    event.t,
    event.by,
    event.checker,
    event.version,
    event.policy,
    changes,
  );
  for (const { stage, attempt, to, traces } of event.changes) {
    const code = verdictCodes.indexOf(to);
    index.run(
      'INSERT OR REPLACE INTO rescored SELECT ?, ?, ?, value, ?, ? FROM json_each(?)',
      run,
      stage,
      attempt,
      seq,
      code,
      JSON.stringify(traces),
    );
    const id = attemptId(index, { run, stage, attempt });
    if (id !== null) count(index, { run, stage, attempt }, id, traces);
  }
}

function undoRescore(index: IndexFile, { run, rescore }: Of<'rescore_undone'>): void {
  const rows = index.all<{ stage: string; attempt: number; n: number }>(
    'SELECT stage, attempt, n FROM rescored WHERE seq = ? AND run = ?',
    rescore,
    run,
  );
  index.run('UPDATE rescores SET undone = 1 WHERE seq = ? AND run = ?', rescore, run);
  index.run('DELETE FROM rescored WHERE seq = ? AND run = ?', rescore, run);
  for (const [, group] of Map.groupBy(rows, (row) => `${row.stage}/${row.attempt}`)) {
    const { stage, attempt } = group[0]!;
    const id = attemptId(index, { run, stage, attempt });
    if (id !== null)
      count(
        index,
        { run, stage, attempt },
        id,
        group.map(({ n }) => n),
      );
  }
}

/** The verdict of a trace's own record as a code: the engine's checker's, or the quick check's where that has not spoken. */
const OWN = `CASE coalesce(json_extract(d.facts, '$.verdict.value'), json_extract(d.quick, '$.value'))
  ${verdictCodes.map((value, code) => `WHEN '${value}' THEN ${code}`).join(' ')} END`;

/** Writes the verdict that counts into the rows of these traces, as far as they are there. */
function count(index: IndexFile, { run, stage, attempt }: AttemptKey, id: number, traces: readonly number[]): void {
  const of = 'run = :run AND stage = :stage AND attempt = :attempt AND n = traces.id - :first';
  index.run(
    `UPDATE traces SET verdict = coalesce(
       (SELECT value FROM reader_verdicts WHERE ${of}),
       (SELECT value FROM rescored WHERE ${of} ORDER BY seq DESC LIMIT 1),
       (SELECT ${OWN} FROM details d WHERE d.id = traces.id))
     WHERE id IN (SELECT :first + value FROM json_each(:traces))`,
    { run, stage, attempt, first: traceRowId(id, 0), traces: JSON.stringify(traces) },
  );
}

const valueOf = (code: number): VerdictValue => verdictCodes[code] ?? 'none';

/** What a reader said of a trace; null where nobody did, or it was taken back. */
export function readerVerdict(index: IndexFile, key: AttemptKey, n: number): ReaderVerdict | null {
  const row = index.get<{ value: number | null; version: number; by: string; t: number; before: string | null }>(
    'SELECT value, version, by, t, before FROM reader_verdicts WHERE run = ? AND stage = ? AND attempt = ? AND n = ?',
    ...named(key, n),
  );
  if (!row || row.value === null) return null;
  return {
    value: valueOf(row.value),
    checker: 'reader',
    version: String(row.version),
    by: row.by,
    t: row.t,
    before: row.before === null ? null : (JSON.parse(row.before) as Verdict),
  };
}

/** The newest re-score that stands for a trace. */
export function rescoredVerdict(index: IndexFile, key: AttemptKey, n: number): RescoredVerdict | null {
  const row = index.get<{
    value: number;
    seq: number;
    checker: string;
    version: string;
    policy: string;
    by: string;
    t: number;
  }>(
    `SELECT c.value, c.seq, s.checker, s.version, s.policy, s.by, s.t FROM rescored c JOIN rescores s ON s.seq = c.seq
     WHERE c.run = ? AND c.stage = ? AND c.attempt = ? AND c.n = ? ORDER BY c.seq DESC LIMIT 1`,
    ...named(key, n),
  );
  if (!row) return null;
  const { seq, value, ...rest } = row;
  return { ...rest, value: valueOf(value), rescore: seq };
}

const named = ({ run, stage, attempt }: AttemptKey, n: number): [string, string, number, number] => [
  run,
  stage,
  attempt,
  n,
];

/** With the run itself. */
export function forgetRulings(index: IndexFile, run: string): void {
  for (const table of ['reader_verdicts', 'rescored', 'rescores']) index.run(`DELETE FROM ${table} WHERE run = ?`, run);
}
