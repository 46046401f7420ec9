/**
 * What a newer attempt has replaced. A stage that has steps of its own follows its line of resumed attempts (`lineage.ts`). An
 * evaluation counts in the newest attempt that finished it; and none counts whose checkpoint is itself replaced. Traces that name the
 * item they were drawn for are apart from both: the newest trace of an item counts, whichever attempt of the stage drew it.
 *
 * What counts of an attempt is written in its row, and its traces are then gone through some at a time, in slices that are each right
 * by themselves: `look_from` says how far, and a kill between two of them is no matter.
 */
import type { IndexFile } from './index-file.ts';
import { isSuperseded, validity } from './lineage.ts';
import type { AttemptLink } from './lineage.ts';
import { ROW_IDS_EACH, traceRowId } from './schema.ts';

/** Traces that a slice goes through: some milliseconds where all of them change. */
export const SLICE = 1000;

interface Row {
  id: number;
  stage: string;
  attempt: number;
  kind: string;
  resumed_from: string | null;
  valid_to: number | null;
  valid_seq: number | null;
  evaluates: string | null;
}

/**
 * Works out what counts of a run, and goes through the first slice of the traces for which this is news: all of them where they are few.
 * Run when an attempt is added, and when an evaluation ends in a stage of several attempts; within a transaction. True where traces changed.
 */
export function supersede(index: IndexFile, run: string): boolean {
  const rows = index.all<Row>(
    'SELECT id, stage, attempt, kind, resumed_from, valid_to, valid_seq, evaluates FROM attempts WHERE run = ? ORDER BY stage, attempt',
    run,
  );
  const stages = [...Map.groupBy(rows, (row) => row.stage).values()];
  const isEvaluation = (attempts: Row[]): boolean => attempts.some((row) => row.kind === 'evaluate');
  for (const attempts of stages) if (!isEvaluation(attempts)) followLine(index, attempts);
  const replaced = rows.flatMap(({ stage, attempt, valid_to: to }): Replaced[] =>
    to === null ? [] : [[stage, attempt, to]],
  );
  for (const attempts of stages) if (isEvaluation(attempts)) newestEvaluations(index, attempts, replaced);
  return lookOn(index).changed;
}

function followLine(index: IndexFile, attempts: Row[]): void {
  const links: AttemptLink[] = attempts.map((row) => ({
    attempt: row.attempt,
    resumedFrom: row.resumed_from ? (JSON.parse(row.resumed_from) as AttemptLink['resumedFrom']) : null,
  }));
  const valid = validity(links);
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
    if (to === row.valid_to && seq === row.valid_seq && row.evaluates === null) continue;
    row.valid_to = to;
    row.valid_seq = seq;
    index.run(
      'UPDATE attempts SET valid_to = ?, valid_seq = ?, evaluates = NULL, look_from = ? WHERE id = ?',
      to,
      seq,
      traceRowId(row.id, 0),
      row.id,
    );
  }
}

interface Evaluated {
  of: string | null;
  of_attempt: number | null;
  step: number | null;
  set_name: string | null;
  marker: string | null;
}

type Replaced = [stage: string, attempt: number, validTo: number];

/** What counts of an attempt that evaluates: JSON in its row. */
interface Evaluates {
  /** It is the newest one: all of it, finished or not. */
  newest: boolean;
  /** Of an older one: evaluations that it has finished and no newer one has. */
  finished: string[];
  /** Attempts of which not everything counts any more, so that checkpoints of theirs may not. */
  replaced: Replaced[];
}

function newestEvaluations(index: IndexFile, attempts: Row[], replaced: Replaced[]): void {
  const newest = attempts.at(-1);
  /** Evaluations that an attempt newer than the one at hand has finished. */
  const done = new Set<string>();
  for (const row of attempts.toReversed()) {
    const evals = index.all<Evaluated & { seq: number; superseded: number }>(
      'SELECT seq, of, of_attempt, step, set_name, marker, superseded FROM evals WHERE attempt_id = ? ORDER BY seq DESC',
      row.id,
    );
    const own = new Set<string>();
    for (const evaluation of evals) {
      const key = keyOf(evaluation);
      const out = done.has(key) || own.has(key) || checkpointGone(replaced, evaluation) ? 1 : 0;
      if (!out) own.add(key);
      if (out !== evaluation.superseded)
        index.run('UPDATE evals SET superseded = ? WHERE attempt_id = ? AND seq = ?', out, row.id, evaluation.seq);
    }
    const evaluates = JSON.stringify({
      newest: row === newest,
      finished: row === newest ? [] : [...own],
      replaced,
    } satisfies Evaluates);
    if (evaluates !== row.evaluates)
      index.run(
        'UPDATE attempts SET evaluates = ?, look_from = ? WHERE id = ?',
        evaluates,
        traceRowId(row.id, 0),
        row.id,
      );
    for (const key of own) done.add(key);
  }
}

const keyOf = (e: Evaluated): string => JSON.stringify([e.of, e.step, e.set_name, e.marker]);

/** True when the checkpoint that was evaluated is one that a newer attempt of its stage has replaced. */
function checkpointGone(replaced: readonly Replaced[], { of, of_attempt, step }: Evaluated): boolean {
  const source = replaced.find(([stage, attempt]) => stage === of && attempt === of_attempt);
  return source !== undefined && isSuperseded(source[2], null, step, 0);
}

/** Whether a trace of the attempt is replaced; null: the other traces of its item say so. */
export function replacedIn(
  attempt: Pick<Row, 'valid_to' | 'valid_seq' | 'evaluates'>,
): (trace: Evaluated & { seq: number; item: string | null }) => boolean | null {
  if (attempt.evaluates === null)
    return ({ item, step, seq }) =>
      item === null ? isSuperseded(attempt.valid_to, attempt.valid_seq, step, seq) : null;
  const { newest, finished, replaced } = JSON.parse(attempt.evaluates) as Evaluates;
  const own = new Set(finished);
  return (trace) => {
    if (checkpointGone(replaced, trace)) return true;
    return trace.item === null ? !newest && !own.has(keyOf(trace)) : null;
  };
}

// ---- the traces --------------------------------------------------------------------------------------------------------

interface Looking extends Pick<Row, 'id' | 'stage' | 'valid_to' | 'valid_seq' | 'evaluates'> {
  run: string;
  look_from: number;
}

/** Whether there are traces to go through. */
export const isLeft = (index: IndexFile): boolean =>
  index.get('SELECT 1 FROM attempts WHERE look_from IS NOT NULL LIMIT 1') !== undefined;

/** Goes on through the traces of attempts of which something else counts by now: a slice, within a transaction. */
export function lookOn(index: IndexFile): { changed: boolean; more: boolean } {
  let changed = false;
  for (let left = SLICE; ;) {
    const attempt = index.get<Looking>(
      `SELECT id, run, stage, valid_to, valid_seq, evaluates, look_from FROM attempts WHERE look_from IS NOT NULL
       ORDER BY id LIMIT 1`,
    );
    if (!attempt) return { changed, more: false };
    if (left === 0) return { changed, more: true };
    const looked = look(index, attempt, left);
    left -= looked.traces;
    changed ||= looked.changed;
  }
}

interface Counted extends Evaluated {
  seq: number;
  item: string | null;
  superseded: number;
}

function look(index: IndexFile, attempt: Looking, most: number): { traces: number; changed: boolean } {
  const ids = index.get<{ last: number | null; n: number }>(
    'SELECT max(id) AS last, count(*) AS n FROM (SELECT id FROM traces WHERE id >= ? AND id < ? ORDER BY id LIMIT ?)',
    attempt.look_from,
    traceRowId(attempt.id + 1, 0),
    most,
  );
  const traces = ids?.n ?? 0;
  const last = ids?.last ?? 0;
  const news = traces === 0 ? { out: [], back: [] } : newsOf(index, attempt, last);
  for (const [superseded, some] of [news.back, news.out].entries())
    if (some.length > 0)
      index.run(
        'UPDATE traces SET superseded = ? WHERE id IN (SELECT value FROM json_each(?))',
        superseded,
        JSON.stringify(some),
      );
  index.run(
    'UPDATE attempts SET look_from = ?, traces = traces + ? WHERE id = ?',
    traces < most ? null : last + 1,
    news.back.length - news.out.length,
    attempt.id,
  );
  return { traces, changed: news.out.length + news.back.length > 0 };
}

/** The traces up to the row id `last` that count no more, and those that count again. */
function newsOf(index: IndexFile, attempt: Looking, last: number): { out: number[]; back: number[] } {
  const isReplaced = replacedIn(attempt);
  const range = 'id >= :from AND id <= :last';
  const values = { from: attempt.look_from, last };
  const mayChange = (trace: Counted): boolean => (isReplaced(trace) ?? false) !== (trace.superseded === 1);
  const news: { out: number[]; back: number[] } = { out: [], back: [] };
  let stage: Map<number, number> | null = null;
  // Evaluations are few: in most slices none of them changes, and what is known of each trace is not read.
  if (
    attempt.evaluates !== null &&
    !index
      .all<Counted>(
        `SELECT DISTINCT of, of_attempt, step, set_name, marker, superseded, 0 AS seq, iif(item IS NULL, NULL, '') AS item
         FROM traces WHERE ${range}`,
        values,
      )
      .some(mayChange)
  )
    return news;
  for (const trace of index.all<Counted & { id: number }>(
    `SELECT id, of, of_attempt, step, set_name, marker, superseded, seq, item FROM traces WHERE ${range}`,
    values,
  )) {
    if (!mayChange(trace)) continue;
    if (trace.superseded === 0) news.out.push(trace.id);
    else if (trace.item === null) news.back.push(trace.id);
    else {
      stage ??= attemptsOfStage(index, attempt);
      if (newestOf(index, stage, trace.item).at(-1) === trace.id) news.back.push(trace.id);
    }
  }
  return news;
}

/** Numbers of a stage's attempts by their ids. */
function attemptsOfStage(index: IndexFile, { run, stage }: { run: string; stage: string }): Map<number, number> {
  const rows = index.all<{ id: number; attempt: number }>(
    'SELECT id, attempt FROM attempts WHERE run = ? AND stage = ?',
    run,
    stage,
  );
  return new Map(rows.map(({ id, attempt }) => [id, attempt]));
}

/** The traces of an item in a stage, the newest last. */
function newestOf(index: IndexFile, attempts: ReadonlyMap<number, number>, item: string): number[] {
  return index
    .all<{ id: number; attempt_id: number }>('SELECT id, attempt_id FROM traces WHERE item = ?', item)
    .filter((row) => attempts.has(row.attempt_id))
    .toSorted((a, b) => attempts.get(a.attempt_id)! - attempts.get(b.attempt_id)! || a.id - b.id)
    .map((row) => row.id);
}

/** After a chunk in which traces of these items began: older traces of them no longer count. True where one was such. */
export function supersedeItems(index: IndexFile, stage: { run: string; stage: string }, items: string[]): boolean {
  if (items.length === 0) return false;
  const attempts = attemptsOfStage(index, stage);
  const out = new Map<number, number>();
  for (const item of new Set(items)) {
    for (const id of newestOf(index, attempts, item).slice(0, -1)) {
      const attempt = Math.floor(id / ROW_IDS_EACH);
      const changed = index.run('UPDATE traces SET superseded = 1 WHERE id = ? AND superseded = 0', id);
      if (changed > 0) out.set(attempt, (out.get(attempt) ?? 0) + 1);
    }
  }
  for (const [id, n] of out) index.run('UPDATE attempts SET traces = traces - ? WHERE id = ?', n, id);
  return out.size > 0;
}
