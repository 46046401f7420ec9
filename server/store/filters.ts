/** A filter of traces, and what a reader asks for within it, as SQL. Every value is bound, none is written into the statement. */
import type { SQLInputValue } from 'node:sqlite';
import { LonghandError } from '../../core/protocol/errors.ts';
import type { TraceFilter } from '../../core/protocol/traces.ts';
import { infoOf } from '../../core/query/fields.ts';
import { parseQuery } from '../../core/query/parse.ts';
import { isText, type FieldTerm, type Query, type Term } from '../../core/query/types.ts';
import type { IndexFile } from './index-file.ts';
import { about, idsOf, termCondition, type AttemptInScope } from './query-where.ts';
import { finishCodes, spansColumn, verdictCodes } from './schema.ts';

export interface Where {
  /** Conditions on `traces t`, joined by AND; `1` when there is none. */
  sql: string;
  values: SQLInputValue[];
}

/**
 * `superseded` left out or false leaves out what a newer attempt replaced; true lists it with the rest, and so does a term that asks
 * for it. Of `terms` those that are looked for in texts say nothing here.
 */
export function where(index: IndexFile, filter: TraceFilter, terms: readonly Term[] = []): Where {
  const parts: string[] = [];
  const values: SQLInputValue[] = [];
  const add = (sql: string, ...bound: SQLInputValue[]): void => {
    parts.push(sql);
    values.push(...bound);
  };
  const attempts = attemptsOf(index, filter);
  if (filter.run !== undefined || filter.stage !== undefined || filter.attempt !== undefined)
    add(`t.attempt_id IN (${idsOf(attempts)})`);
  if (!filter.superseded && !terms.some(asksForSuperseded)) add('t.superseded = 0');
  const named = { of: filter.of, step: filter.step, set_name: filter.set, marker: filter.marker };
  for (const [column, value] of Object.entries(named))
    if (value === null) add(`t.${column} IS NULL`);
    else if (value !== undefined) add(`t.${column} = ?`, value);
  if (filter.stepFrom !== undefined) add('t.step >= ?', filter.stepFrom);
  if (filter.stepTo !== undefined) add('t.step <= ?', filter.stepTo);
  if (filter.problem !== undefined)
    add(
      `t.problem_id IN (SELECT id FROM problems WHERE attempt_id IN (${idsOf(attempts)}) AND hash = ?)`,
      filter.problem,
    );
  if (filter.group !== undefined) add('t.grp = ?', filter.group);
  if (filter.behaviour !== undefined) add(`t.${spansColumn(filter.behaviour)} > 0`);
  if (filter.live !== undefined) add('t.live = ?', filter.live ? 1 : 0);
  if (filter.verdict !== undefined)
    add(`t.verdict IN (${filter.verdict.map((v) => verdictCodes.indexOf(v)).join(', ')})`);
  if (filter.finish !== undefined) add(`t.finish IN (${filter.finish.map((f) => finishCodes.indexOf(f)).join(', ')})`);
  if (filter.answered !== undefined) add('t.answered = ?', filter.answered ? 1 : 0);
  for (const condition of [
    ...(filter.text === undefined ? [] : [about(index, attempts, filter.text)]),
    ...terms.flatMap((term) => (isListed(term) ? [term] : [])).map((term) => termCondition(index, attempts, term)),
  ])
    add(condition.sql, ...condition.values);
  return { sql: parts.join(' AND ') || '1', values };
}

/** What the index answers: no words, no expressions, nothing about where these are looked for. */
const isListed = (term: Term): term is FieldTerm => !isText(term) && !infoOf(term.field).search;

const asksForSuperseded = (term: Term): boolean =>
  term.kind === 'field' &&
  term.field === 'is' &&
  term.values.some((value) => value.is === 'text' && value.text === (term.negated ? 'current' : 'superseded'));

/** The attempts that a filter leaves, with the number of their traces that count. */
export function attemptsOf(
  index: IndexFile,
  { run, stage, attempt }: TraceFilter,
): (AttemptInScope & { traces: number })[] {
  return index.all<AttemptInScope & { traces: number }>(
    `SELECT id, run, stage, attempt, traces FROM attempts WHERE (:run IS NULL OR run = :run) AND (:stage IS NULL OR stage = :stage)
       AND (:attempt IS NULL OR attempt = :attempt) ORDER BY id`,
    { run: run ?? null, stage: stage ?? null, attempt: attempt ?? null },
  );
}

/** The number of traces where the attempts' own counts say it; null: they have to be counted. */
export function knownTotal(index: IndexFile, filter: TraceFilter, terms: readonly Term[]): number | null {
  if (!isPlain(filter, terms)) return null;
  return attemptsOf(index, filter).reduce((sum, attempt) => sum + attempt.traces, 0);
}

/** Whether all that counts of some attempts is listed. */
export const isPlain = (filter: TraceFilter, terms: readonly Term[]): boolean =>
  terms.length === 0 &&
  Object.entries(filter).every(([key, value]) => value === undefined || ['run', 'stage', 'attempt'].includes(key));

/** What has to be read in texts before it is known of a trace. */
export type Reads = 'behaviours' | 'figures';

/** What a term needs of texts; null: nothing. */
export function termReads(term: Term): Reads | null {
  if (term.kind !== 'field') return null;
  const { field, values } = term satisfies FieldTerm;
  if (field === 'has')
    return values.some((value) => value.is === 'text' && value.text === 'loop') ? 'behaviours' : null;
  return infoOf(field).reads ?? null;
}

/** The query of a request. @throws `invalid_query` with what is wrong and where */
export function queryOf(text: string | undefined): Query {
  if (text === undefined) return { terms: [] };
  const { query, errors } = parseQuery(text);
  const [first] = errors;
  if (!first) return query;
  const more = errors.length > 1 ? ` (and ${errors.length - 1} more)` : '';
  throw new LonghandError('invalid_query', `At character ${first.start + 1}: ${first.message}${more}`, { errors });
}
