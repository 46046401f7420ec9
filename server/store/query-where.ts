/**
 * The terms of a query as SQL conditions. Every value is bound, none is written into the statement; patterns with `*` go through a
 * function of ours that takes time in proportion to pattern and text, expressions never get here.
 */
import type { SQLInputValue } from 'node:sqlite';
import type { Label } from '../../core/behaviours/spans.ts';
import { infoOf, labelOf } from '../../core/query/fields.ts';
import { foldCase, matchesGlob } from '../../core/query/glob.ts';
import type { Field, FieldTerm, Value } from '../../core/query/types.ts';
import type { IndexFile } from './index-file.ts';
import { parseTraceId } from './paths.ts';
import { finishCodes, spansColumn, traceRowId, verdictCodes } from './schema.ts';

export interface Condition {
  sql: string;
  values: SQLInputValue[];
}

/** The attempts that the traces of a list are in, with what their terms ask for. */
export interface AttemptInScope {
  id: number;
  run: string;
  stage: string;
  attempt: number;
}

/** A term as a condition on `traces t`. */
export function termCondition(index: IndexFile, attempts: readonly AttemptInScope[], term: FieldTerm): Condition {
  const any = term.values.map((value) => valueCondition(index, attempts, term.field, value));
  const sql = any.map((one) => one.sql).join(' OR ');
  // What is unknown is not found, so a negated term has it.
  return { sql: term.negated ? `(${sql}) IS NOT 1` : `(${sql})`, values: any.flatMap((one) => one.values) };
}

const columns: Partial<Record<Field, string>> = {
  of: 't.of',
  set: 't.set_name',
  marker: 't.marker',
  group: 't.grp',
  answer: 't.answer',
  step: 't.step',
  epoch: 't.epoch',
  sample: 't.sample',
  tokens: 't.tokens',
  reward: 't.reward',
  advantage: 't.advantage',
  finish: 't.finish',
};

function valueCondition(index: IndexFile, attempts: readonly AttemptInScope[], field: Field, value: Value): Condition {
  const column = columns[field];
  if (value.is === 'none' && column !== undefined) return plain(`${column} IS NULL`);
  switch (field) {
    case 'verdict':
      return plain('t.verdict = ?', verdictCodes.indexOf(wordOf(value) as (typeof verdictCodes)[number]));
    case 'finish':
      return plain('t.finish = ?', finishCodes.indexOf(wordOf(value) as (typeof finishCodes)[number]));
    case 'stage':
      return inAttempts(attempts.filter(({ stage }) => matches(value, stage)));
    case 'attempt':
      return inAttempts(attempts.filter(({ attempt }) => holds(value, attempt)));
    case 'problem':
      return ofProblems(index, attempts, anyOf(['label', 'source_id', 'hash'].map((name) => nameIs(name, value))));
    case 'gold':
    case 'source': {
      const name = field === 'gold' ? 'gold' : 'source_id';
      return ofProblems(index, attempts, value.is === 'none' ? plain(`${name} IS NULL`) : nameIs(name, value));
    }
    case 'about':
      return about(index, attempts, wordOf(value));
    case 'has':
      return has(index, attempts, wordOf(value));
    case 'is':
      return plain(states[wordOf(value)] ?? '0');
    case 'after':
    case 'flips':
    case 'lost':
      return figureIs(field, value);
    default:
      break;
  }
  if (field === 'behaviour' || labelOf(field) !== null) return spansAre(field, value);
  return infoOf(field).kind === 'number' ? numberIs(column!, value) : nameIs(column!, value);
}

const plain = (sql: string, ...values: SQLInputValue[]): Condition => ({ sql, values });
const wordOf = (value: Value): string => (value.is === 'text' ? value.text : '');

/** The other finished completions of a trace's group that have a reward. */
const others = `SELECT 1 FROM traces o WHERE o.attempt_id = t.attempt_id AND o.grp = t.grp AND o.id <> t.id
  AND o.reward IS NOT NULL AND o.live = 0 AND o.superseded = 0`;

const states: Readonly<Record<string, string>> = {
  live: 't.live = 1',
  truncated: `t.finish = ${finishCodes.indexOf('length')}`,
  superseded: 't.superseded = 1',
  current: 't.superseded = 0',
  flat: `(t.grp IS NOT NULL AND t.reward IS NOT NULL AND t.live = 0 AND EXISTS (${others})
    AND NOT EXISTS (${others} AND o.reward <> t.reward))`,
};

/** A comparison with a number, of a column that holds one or null. */
function numberIs(column: string, value: Value): Condition {
  if (value.is === 'range') return plain(`${column} BETWEEN ? AND ?`, value.from, value.to);
  if (value.is === 'number') return plain(`${column} ${value.op} ?`, value.n);
  return plain('0');
}

/** A name as it is written, or a pattern of names; letter case of a to z does not matter. */
function nameIs(column: string, value: Value): Condition {
  if (value.is === 'glob') {
    // What LIKE does with many stars may take very long; ours does not, but is called for each row.
    if (value.pattern.split('*').length - 1 > 2) return plain(`glob_matches(?, ${column})`, value.pattern);
    return plain(`${column} LIKE ? ESCAPE '\\'`, likePattern(value.pattern));
  }
  return plain(`${column} = ? COLLATE NOCASE`, wordOf(value).toWellFormed());
}

const likePattern = (pattern: string): string =>
  pattern
    .toWellFormed()
    .replace(/[\\%_]/g, '\\$&')
    .replaceAll('*', '%')
    .replaceAll('?', '_');

function anyOf(conditions: readonly Condition[]): Condition {
  return { sql: conditions.map(({ sql }) => sql).join(' OR '), values: conditions.flatMap(({ values }) => values) };
}

const holds = (value: Value, n: number): boolean => {
  if (value.is === 'range') return n >= value.from && n <= value.to;
  if (value.is !== 'number') return false;
  const { op, n: other } = value;
  return op === '='
    ? n === other
    : op === '>'
      ? n > other
      : op === '>='
        ? n >= other
        : op === '<'
          ? n < other
          : n <= other;
};

const matches = (value: Value, name: string): boolean =>
  value.is === 'glob' ? matchesGlob(value.pattern, name) : foldCase(wordOf(value)) === foldCase(name);

/** Ids are numbers of the index itself, so they may stand in a statement. */
export const idsOf = (attempts: readonly { id: number }[]): string => attempts.map(({ id }) => id).join(', ') || 'NULL';

const inAttempts = (attempts: readonly AttemptInScope[]): Condition => plain(`t.attempt_id IN (${idsOf(attempts)})`);

/** So many problems are gone through to find those that fit, and so many of these are named one by one. */
const LOOKED = 20_000;
const NAMED = 500;

/**
 * Traces of the problems for which the condition holds, which is on `problems`. A list is made in many slices, none of which may go
 * through all problems again: few that fit are named, otherwise the problem of each trace is looked up.
 */
function ofProblems(index: IndexFile, attempts: readonly AttemptInScope[], { sql, values }: Condition): Condition {
  const own = `FROM problems WHERE attempt_id IN (${idsOf(attempts)})`;
  const count = index.get<{ n: number }>(`SELECT count(*) AS n FROM (SELECT 1 ${own} LIMIT ${LOOKED + 1})`)?.n ?? 0;
  if (count <= LOOKED) {
    // To call a function of ours for every trace would take longer than any number of names.
    const most = sql.includes('glob_matches') ? LOOKED : NAMED;
    const fit = index.all<{ id: number }>(`SELECT id ${own} AND (${sql}) LIMIT ${most + 1}`, ...values);
    if (fit.length <= most)
      return plain('t.problem_id IN (SELECT value FROM json_each(?))', JSON.stringify(fit.map(({ id }) => id)));
  }
  return plain(`EXISTS (SELECT 1 FROM problems WHERE problems.id = t.problem_id AND (${sql}))`, ...values);
}

/** All words stand in the problem, its source id or the answer, each in any of them. */
export function about(index: IndexFile, attempts: readonly AttemptInScope[], text: string): Condition {
  const words = text.toWellFormed().toLowerCase().split(/\s+/).filter(Boolean).slice(0, 20);
  const each = words.map((word) => {
    const problems = ofProblems(index, attempts, plain('instr(search, ?) > 0', word));
    const sql = `(${problems.sql} OR instr(coalesce(t.answer_search, t.answer), ?) > 0)`;
    return plain(sql, ...problems.values, word);
  });
  return { sql: each.map(({ sql }) => sql).join(' AND ') || '1', values: each.flatMap(({ values }) => values) };
}

function has(index: IndexFile, attempts: readonly AttemptInScope[], what: string): Condition {
  switch (what) {
    case 'answer':
      return plain('t.answered = 1');
    case 'gold':
      return ofProblems(index, attempts, plain('gold IS NOT NULL'));
    case 'verdict':
      return plain('t.verdict IS NOT NULL');
    case 'reward':
      return plain('t.reward IS NOT NULL');
    case 'loop':
      return plain(`t.${spansColumn('loop')} > 0`);
    case 'labels':
      return plain('t.id IN (SELECT value FROM json_each(?))', JSON.stringify(labelled(index, attempts)));
    case 'logprobs':
      return plain('t.scored = 1');
    default:
      return plain('0');
  }
}

/** Row ids of the traces that a reader has labelled or reviewed. */
function labelled(index: IndexFile, attempts: readonly AttemptInScope[]): number[] {
  const ids = new Map(attempts.map(({ id, run, stage, attempt }) => [`${run}/${stage}/${attempt}`, id]));
  const found: number[] = [];
  for (const run of new Set(attempts.map((attempt) => attempt.run)))
    for (const { trace } of index.all<{ trace: string }>(
      `SELECT DISTINCT trace FROM reader_labels WHERE run = ? AND (reviewed = 1 OR json_array_length(layer, '$.spans') > 0)`,
      run,
    )) {
      const { key, n } = parseTraceId(trace);
      const id = ids.get(`${key.run}/${key.stage}/${key.attempt}`);
      if (id !== undefined) found.push(traceRowId(id, n));
    }
  return found;
}

function spansAre(field: Field, value: Value): Condition {
  if (value.is === 'text') return plain(`t.${spansColumn(value.text as Label)} > 0`);
  return numberIs(`t.${spansColumn(labelOf(field))}`, value);
}

/** Of those whose text was read: with `none` there is nothing after a right answer, or its length in tokens is not known. */
function figureIs(field: 'after' | 'flips' | 'lost', value: Value): Condition {
  return value.is === 'none' ? plain(`(t.${field} IS NULL AND t.flips IS NOT NULL)`) : numberIs(`t.${field}`, value);
}
