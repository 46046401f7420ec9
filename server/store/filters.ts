/** A filter of traces as SQL. Every value is bound, none is written into the statement. */
import type { SQLInputValue } from 'node:sqlite';
import type { TraceFilter } from '../../core/protocol/traces.ts';
import type { IndexFile } from './index-file.ts';
import { finishCodes, verdictCodes } from './schema.ts';

export interface Where {
  /** Conditions on `traces t`, joined by AND; `1` when there is none. */
  sql: string;
  values: SQLInputValue[];
}

/** Whether an answer was found, of `traces t` and `details d`: by the checker where it has looked, else by the quick look. */
export const answeredSql = `coalesce(json_type(d.facts, '$.answer') <> 'null', t.answer IS NOT NULL)`;

/** `superseded` left out or false leaves out what a newer attempt replaced; true lists it with the rest. */
export function where(index: IndexFile, filter: TraceFilter): Where {
  const parts: string[] = [];
  const values: SQLInputValue[] = [];
  const add = (sql: string, ...bound: SQLInputValue[]): void => {
    parts.push(sql);
    values.push(...bound);
  };
  if (filter.run !== undefined || filter.stage !== undefined || filter.attempt !== undefined) {
    // Numbers from the index itself, so they may stand in a statement.
    const ids = attemptsOf(index, filter).map(({ id }) => id);
    add(`t.attempt_id IN (${ids.join(', ') || 'NULL'})`);
  }
  if (!filter.superseded) add('t.superseded = 0');
  if (filter.of !== undefined) add('t.of = ?', filter.of);
  if (filter.step !== undefined) add('t.step = ?', filter.step);
  if (filter.stepFrom !== undefined) add('t.step >= ?', filter.stepFrom);
  if (filter.stepTo !== undefined) add('t.step <= ?', filter.stepTo);
  if (filter.problem !== undefined) add('t.problem_id IN (SELECT id FROM problems WHERE hash = ?)', filter.problem);
  if (filter.group !== undefined) add('t.grp = ?', filter.group);
  if (filter.set !== undefined) add('t.set_name = ?', filter.set);
  if (filter.marker === null) add('t.marker IS NULL');
  else if (filter.marker !== undefined) add('t.marker = ?', filter.marker);
  if (filter.behaviour !== undefined)
    add('t.id IN (SELECT trace FROM behaviours WHERE json_extract(counts, ?) > 0)', `$.${filter.behaviour}`);
  if (filter.live !== undefined) add('t.live = ?', filter.live ? 1 : 0);
  if (filter.verdict !== undefined)
    add(`t.verdict IN (${filter.verdict.map((v) => verdictCodes.indexOf(v)).join(', ')})`);
  if (filter.finish !== undefined) add(`t.finish IN (${filter.finish.map((f) => finishCodes.indexOf(f)).join(', ')})`);
  if (filter.answered !== undefined)
    add(`${filter.answered ? '' : 'NOT '}(SELECT ${answeredSql} FROM details d WHERE d.id = t.id)`);
  for (const word of words(filter.text)) {
    add(
      `(t.problem_id IN (SELECT id FROM problems WHERE instr(search, ?) > 0) OR instr(coalesce(t.answer_search, t.answer), ?) > 0)`,
      word,
      word,
    );
  }
  return { sql: parts.join(' AND ') || '1', values };
}

const words = (text: string | undefined): string[] =>
  text?.toWellFormed().toLowerCase().split(/\s+/).filter(Boolean).slice(0, 20) ?? [];

/** The attempts that a filter leaves, with the number of their traces that count. */
export function attemptsOf(index: IndexFile, { run, stage, attempt }: TraceFilter): { id: number; traces: number }[] {
  return index.all<{ id: number; traces: number }>(
    `SELECT id, traces FROM attempts WHERE (:run IS NULL OR run = :run) AND (:stage IS NULL OR stage = :stage)
       AND (:attempt IS NULL OR attempt = :attempt) ORDER BY id`,
    { run: run ?? null, stage: stage ?? null, attempt: attempt ?? null },
  );
}
