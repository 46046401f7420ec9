/** What lists of traces are sorted by, as SQL. */
import type { SQLInputValue } from 'node:sqlite';
import { labels, type Label } from '../../core/behaviours/spans.ts';
import type { TraceSort, TraceSortKey } from '../../core/protocol/traces.ts';
import type { Reads } from './filters.ts';
import { spansColumn } from './schema.ts';

export interface Order {
  descending: boolean;
  /** What is sorted by; null: the row id, the order in which the traces were begun. */
  column: string | null;
  /** The table that has it beside the traces. */
  join: string;
  /** What is read in texts before it is known. */
  reads: Reads | null;
}

interface Column {
  column: string;
  join?: string;
  reads?: Reads;
}

const ofFigures = (column: string): Column => ({ column, reads: 'figures' });
const ofBehaviours = (label: Label | null): Column => ({ column: `t.${spansColumn(label)}`, reads: 'behaviours' });

const columns: Record<TraceSortKey, Column | null> = {
  order: null,
  problem: { column: 'p.label', join: 'CROSS JOIN problems p ON p.id = t.problem_id' },
  // Problem by problem, in each by length.
  problemTokens: {
    column: "CASE WHEN t.tokens IS NOT NULL THEN p.label || char(1) || printf('%012d', t.tokens) END",
    join: 'CROSS JOIN problems p ON p.id = t.problem_id',
  },
  gold: { column: 'p.gold', join: 'CROSS JOIN problems p ON p.id = t.problem_id' },
  group: { column: 't.grp' },
  stage: { column: 'a.stage', join: 'CROSS JOIN attempts a ON a.id = t.attempt_id' },
  step: { column: 't.step' },
  epoch: { column: 't.epoch' },
  set: { column: 't.set_name' },
  sample: { column: 't.sample' },
  verdict: { column: 't.verdict' },
  answer: { column: 't.answer' },
  tokens: { column: 't.tokens' },
  length: { column: 't.units' },
  finish: { column: 't.finish' },
  reward: { column: 't.reward' },
  advantage: { column: 't.advantage' },
  after: ofFigures('t.after'),
  flips: ofFigures('t.flips'),
  lost: ofFigures('t.lost'),
  behaviour: ofBehaviours(null),
  ...(Object.fromEntries(labels.map((label) => [`behaviour.${label}`, ofBehaviours(label)])) as Record<
    `behaviour.${Label}`,
    Column
  >),
};

export function orderOf({ key, descending }: TraceSort): Order {
  const sorted = columns[key];
  return {
    descending,
    column: sorted?.column ?? null,
    join: sorted?.join ?? '',
    reads: sorted?.reads ?? null,
  };
}

/** What is not known comes last in both directions; equals stay in the order in which they were begun. */
export function orderBy({ column, descending }: Order): string {
  const direction = descending ? 'DESC' : 'ASC';
  return column === null ? `t.id ${direction}` : `v ${direction} NULLS LAST, t.id ASC`;
}

/** The condition on what comes behind a row with this value and row id. */
export function behind(
  { column, descending }: Order,
  { v, id }: { v: string | number | null; id: number },
): { sql: string; values: SQLInputValue[] } {
  const sign = descending ? '<' : '>';
  if (column === null) return { sql: `t.id ${sign} ?`, values: [id] };
  if (v === null) return { sql: `(${column} IS NULL AND t.id > ?)`, values: [id] };
  return { sql: `(${column} ${sign} ? OR (${column} = ? AND t.id > ?) OR ${column} IS NULL)`, values: [v, v, id] };
}
