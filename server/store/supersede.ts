/**
 * Marks what a newer attempt has replaced. Run when an attempt is added, and when an evaluation ends in a stage of several
 * attempts; within a transaction.
 *
 * A stage that has steps of its own follows its line of resumed attempts (`lineage.ts`). An evaluation counts in the newest
 * attempt that finished it; and none counts whose checkpoint is itself replaced. Traces that name the item they were drawn
 * for are apart from both: the newest trace of an item counts, whichever attempt of the stage drew it.
 */
import { countTraces } from './attempts.ts';
import type { IndexFile } from './index-file.ts';
import { isSuperseded, validity } from './lineage.ts';
import type { AttemptLink } from './lineage.ts';

interface Row {
  id: number;
  stage: string;
  attempt: number;
  kind: string;
  resumed_from: string | null;
  valid_to: number | null;
  valid_seq: number | null;
}

/** The ids of the attempts whose traces changed. */
export function supersede(index: IndexFile, run: string): number[] {
  const rows = index.all<Row>(
    'SELECT id, stage, attempt, kind, resumed_from, valid_to, valid_seq FROM attempts WHERE run = ? ORDER BY attempt',
    run,
  );
  const stages = Map.groupBy(rows, (row) => row.stage);
  const changed: number[] = [];
  for (const attempts of stages.values()) {
    const isEvaluation = attempts.some((row) => row.kind === 'evaluate');
    if (!isEvaluation) changed.push(...followLine(index, attempts));
  }
  for (const attempts of stages.values()) {
    if (attempts.some((row) => row.kind === 'evaluate')) changed.push(...newestEvaluations(index, attempts, stages));
  }
  for (const id of changed) countTraces(index, id);
  return changed;
}

/** The same rule as isSuperseded. */
const IS_OUT = `CASE WHEN :to IS NULL THEN 0 WHEN :to < 0 THEN 1 WHEN step IS NULL THEN coalesce(seq > :seq, 0)
  ELSE step > :to OR (step = :to AND coalesce(seq > :seq, 0)) END`;

function followLine(index: IndexFile, attempts: Row[]): number[] {
  const links: AttemptLink[] = attempts.map((row) => ({
    attempt: row.attempt,
    resumedFrom: row.resumed_from ? (JSON.parse(row.resumed_from) as AttemptLink['resumedFrom']) : null,
  }));
  const valid = validity(links);
  const changed: number[] = [];
  for (const row of attempts) {
    const to = valid.get(row.attempt) ?? null;
    const seq =
      to === null || to < 0
        ? null
        : (index.get<{ seq: number | null }>(
            'SELECT max(seq) AS seq FROM checkpoints WHERE attempt_id = ? AND step = ?',
            row.id,
            to,
          )?.seq ?? null);
    if (to === row.valid_to && seq === row.valid_seq) continue;
    row.valid_to = to;
    row.valid_seq = seq;
    index.run('UPDATE attempts SET valid_to = ?, valid_seq = ? WHERE id = ?', to, seq, row.id);
    // To write a trace takes ten times as long as to look at it, and most stay as they are.
    index.run(
      `UPDATE traces SET superseded = ${IS_OUT} WHERE attempt_id = :id AND item IS NULL AND superseded <> ${IS_OUT}`,
      { id: row.id, to, seq },
    );
    changed.push(row.id);
  }
  return changed;
}

interface Evaluated {
  of: string | null;
  of_attempt: number | null;
  step: number | null;
  set_name: string | null;
  marker: string | null;
}

function newestEvaluations(index: IndexFile, attempts: Row[], stages: Map<string, Row[]>): number[] {
  const changed: number[] = [];
  const newest = attempts.at(-1);
  /** Evaluations that an attempt newer than the one at hand has finished. */
  const done = new Set<string>();
  for (const row of attempts.toReversed()) {
    const evals = index.all<Evaluated & { seq: number }>(
      'SELECT seq, of, of_attempt, step, set_name, marker FROM evals WHERE attempt_id = ? ORDER BY seq DESC',
      row.id,
    );
    const own = new Set<string>();
    for (const evaluation of evals) {
      const key = keyOf(evaluation);
      const out = done.has(key) || own.has(key) || checkpointGone(stages, evaluation) ? 1 : 0;
      if (!out) own.add(key);
      index.run('UPDATE evals SET superseded = ? WHERE attempt_id = ? AND seq = ?', out, row.id, evaluation.seq);
    }
    // Traces of an evaluation are gone through once, and again only where some of it change.
    const groups = index.all<Evaluated & { superseded: number; items: number }>(
      `SELECT DISTINCT of, of_attempt, step, set_name, marker, superseded, item IS NOT NULL AS items
       FROM traces WHERE attempt_id = ?`,
      row.id,
    );
    let touched = 0;
    for (const { superseded, items, ...group } of groups) {
      const key = keyOf(group);
      const gone = checkpointGone(stages, group);
      if (items) {
        if (gone === (superseded === 0)) touched += withItems(index, row.id, group, gone, attempts);
        continue;
      }
      const out = !gone && (row === newest || (own.has(key) && !done.has(key))) ? 0 : 1;
      if (superseded === out) continue;
      touched += index.run(
        `UPDATE traces SET superseded = :out WHERE attempt_id = :id AND of IS :of AND of_attempt IS :of_attempt AND step IS :step
           AND set_name IS :set_name AND marker IS :marker AND item IS NULL AND superseded <> :out`,
        { id: row.id, out, ...group },
      );
    }
    if (touched > 0) changed.push(row.id);
    for (const key of own) done.add(key);
  }
  return changed;
}

/** The traces of an evaluation that name their items. Their number that changed. */
function withItems(index: IndexFile, id: number, group: Evaluated, gone: boolean, attempts: Row[]): number {
  const same = `attempt_id = :id AND of IS :of AND of_attempt IS :of_attempt AND step IS :step AND set_name IS :set_name
    AND marker IS :marker AND item IS NOT NULL`;
  const values = { id, ...group };
  if (gone) return index.run(`UPDATE traces SET superseded = 1 WHERE ${same} AND superseded = 0`, values);
  // Few are out where the checkpoint stands: those that were drawn again, and those whose checkpoint has come back.
  const out = index.all<{ id: number; item: string }>(
    `SELECT id, item FROM traces WHERE ${same} AND superseded = 1`,
    values,
  );
  let touched = 0;
  for (const trace of out) {
    if (newestOf(index, attempts, trace.item).at(-1) !== trace.id) continue;
    touched += index.run('UPDATE traces SET superseded = 0 WHERE id = ?', trace.id);
  }
  return touched;
}

/** The traces of an item in a stage, the newest last. */
function newestOf(index: IndexFile, attempts: Pick<Row, 'id' | 'attempt'>[], item: string): number[] {
  const number = new Map(attempts.map((row) => [row.id, row.attempt]));
  return index
    .all<{ id: number; attempt_id: number }>('SELECT id, attempt_id FROM traces WHERE item = ?', item)
    .filter((row) => number.has(row.attempt_id))
    .toSorted((a, b) => number.get(a.attempt_id)! - number.get(b.attempt_id)! || a.id - b.id)
    .map((row) => row.id);
}

/** After a chunk in which traces of these items began: older traces of them no longer count. True where one was such. */
export function supersedeItems(
  index: IndexFile,
  { run, stage }: { run: string; stage: string },
  items: string[],
): boolean {
  if (items.length === 0) return false;
  const attempts = index.all<Pick<Row, 'id' | 'attempt'>>(
    'SELECT id, attempt FROM attempts WHERE run = ? AND stage = ?',
    run,
    stage,
  );
  let touched = 0;
  for (const item of new Set(items)) {
    for (const id of newestOf(index, attempts, item).slice(0, -1)) {
      touched += index.run('UPDATE traces SET superseded = 1 WHERE id = ? AND superseded = 0', id);
    }
  }
  if (touched > 0) for (const row of attempts) countTraces(index, row.id);
  return touched > 0;
}

const keyOf = (e: Evaluated): string => JSON.stringify([e.of, e.step, e.set_name, e.marker]);

/** True when the checkpoint that was evaluated is one that a newer attempt of its stage has replaced. */
function checkpointGone(stages: Map<string, Row[]>, { of, of_attempt, step }: Evaluated): boolean {
  const source =
    of === null || of_attempt === null ? undefined : stages.get(of)?.find((row) => row.attempt === of_attempt);
  return source !== undefined && isSuperseded(source.valid_to, null, step, 0);
}
