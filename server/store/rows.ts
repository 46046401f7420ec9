/** Traces as rows of a list. */
import type { SQLInputValue } from 'node:sqlite';
import { labels, type SpanCounts } from '../../core/behaviours/spans.ts';
import type { TraceRow } from '../../core/protocol/traces.ts';
import type { IndexFile } from './index-file.ts';
import { finishCodes, spansColumn, traceRowId, verdictCodes } from './schema.ts';

interface Stored {
  id: number;
  attempt_id: number;
  run: string;
  stage: string;
  attempt: number;
  of: string | null;
  step: number | null;
  epoch: number | null;
  set_name: string | null;
  hash: string;
  label: string;
  gold: string | null;
  sample: number;
  grp: string | null;
  verdict: number | null;
  answer: string | null;
  tokens: number | null;
  tokens_exact: number;
  finish: number | null;
  reward: number | null;
  advantage: number | null;
  live: number;
  superseded: number;
  units: number;
  after: number | null;
  flips: number | null;
  lost: number | null;
  counted: number | null;
  [spans: `spans_${string}`]: number | null;
}

/** Most characters of a right answer in a row. */
const GOLD = 200;

const spansColumns = labels.map((label) => `t.${spansColumn(label)}`).join(', ');

/** `tail` is what follows FROM: conditions, order, limit over `traces t`, `problems p` and `attempts a`. */
export function traceRows(
  index: IndexFile,
  tail: string,
  ...values: SQLInputValue[]
): (TraceRow & { rowId: number })[] {
  const rows = index.all<Stored>(
    `SELECT t.id, t.attempt_id, a.run, a.stage, a.attempt, t.of, t.step, t.epoch, t.set_name, p.hash, p.label, substr(p.gold, 1, ${GOLD}) AS gold, t.sample, t.grp, t.verdict, t.answer,
       t.tokens, t.tokens_exact, t.finish, t.reward, t.advantage, t.live, t.superseded, t.units,
       t.after, t.flips, t.lost, t.counted, ${spansColumns}
     FROM traces t JOIN problems p ON p.id = t.problem_id JOIN attempts a ON a.id = t.attempt_id ${tail}`,
    ...values,
  );
  return rows.map((row) => ({
    rowId: row.id,
    trace: `${row.run}/${row.stage}/${row.attempt}/${row.id - traceRowId(row.attempt_id, 0)}`,
    run: row.run,
    stage: row.stage,
    of: row.of,
    attempt: row.attempt,
    step: row.step,
    epoch: row.epoch,
    set: row.set_name,
    problem: row.hash,
    problemLabel: row.label,
    sample: row.sample,
    group: row.grp,
    gold: row.gold,
    verdict: row.verdict === null ? null : (verdictCodes[row.verdict] ?? null),
    answer: row.answer,
    tokens: row.tokens,
    tokensExact: row.tokens_exact === 1,
    finish: row.finish === null ? null : (finishCodes[row.finish] ?? null),
    reward: row.reward,
    advantage: row.advantage,
    live: row.live === 1,
    superseded: row.superseded === 1,
    ...(row.flips !== null && { figures: { after: row.after, flips: row.flips, lost: row.lost } }),
    ...(row.counted !== null && row.spans_verification !== null && { behaviours: countsOf(row) }),
    length: row.units,
  }));
}

/** Labels without a span are left out. */
function countsOf(row: Stored): SpanCounts {
  const counts: SpanCounts = {};
  for (const label of labels) {
    const n = row[`spans_${label}`];
    if (n) counts[label] = n;
  }
  return counts;
}
