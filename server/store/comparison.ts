/** Figures over the traces of one set: which sets there are, the same problems before and after, accuracy at budgets. */
import type { SQLInputValue } from 'node:sqlite';
import { accuracyAt } from '../../core/metrics/accuracy.ts';
import type { Sample } from '../../core/metrics/accuracy.ts';
import type { Pair, PairChange, PairSide, TraceSet, TraceSide } from '../../core/protocol/comparison.ts';
import type { Params, Result } from '../../core/protocol/methods.ts';
import { markerName } from '../../core/traces/marker-name.ts';
import type { IndexFile } from './index-file.ts';
import { where } from './filters.ts';
import { finishCodes, traceRowId, verdictCodes } from './schema.ts';

/** Every step or evaluation of a run that has traces, in the order in which the first of each was begun. */
export function traceSets(index: IndexFile, { run, markers = false }: Params<'traces/sets'>): TraceSet[] {
  const marker = markers ? 't.marker' : 'NULL';
  const rows = index.all<{
    stage: string;
    of: string | null;
    step: number | null;
    epoch: number | null;
    set_name: string | null;
    marker: string | null;
    n: number;
  }>(
    `SELECT a.stage, t.of, t.step, max(t.epoch) AS epoch, t.set_name, ${marker} AS marker, count(*) AS n FROM traces t JOIN attempts a ON a.id = t.attempt_id
     WHERE a.run = ? AND t.superseded = 0 GROUP BY a.stage, t.of, t.step, t.set_name, ${marker}
     ORDER BY t.set_name IS NULL, min(a.id), t.step, t.set_name, ${marker}`,
    run,
  );
  return rows.map(({ stage, of, step, epoch, set_name: set, marker, n }) => {
    const where = [of ?? stage, step === null ? null : `step ${step}`].filter(Boolean).join(' · ');
    const when = epoch === null ? '' : ` (epoch ${Number(epoch.toFixed(2))})`;
    return {
      run,
      stage,
      step,
      ...(markers && { marker }),
      label: `${where}${when}${set === null ? (step === null ? '' : ' · rollouts') : ` · ${set}`}${marker === null ? '' : ` · ${markerName(marker)}`}`,
      traces: n,
    };
  });
}

interface SampleRow {
  id: number;
  attempt_id: number;
  run: string;
  stage: string;
  attempt: number;
  hash: string;
  label: string;
  verdict: number | null;
  tokens: number | null;
  finish: number | null;
}

/** Finished traces of one side; those that a newer attempt replaced are left out. */
function samples(index: IndexFile, { run, stage, step, marker }: TraceSide): SampleRow[] {
  const condition = where(index, {
    run,
    stage,
    live: false,
    ...(step !== null && { step }),
    ...(marker !== undefined && { marker }),
  });
  return index.all<SampleRow>(
    `SELECT t.id, t.attempt_id, a.run, a.stage, a.attempt, p.hash, p.label, t.verdict, t.tokens, t.finish
     FROM traces t JOIN problems p ON p.id = t.problem_id JOIN attempts a ON a.id = t.attempt_id WHERE ${condition.sql} ORDER BY t.id`,
    ...(condition.values satisfies SQLInputValue[]),
  );
}

export function pairs(index: IndexFile, { before, after }: Params<'traces/pairs'>): Result<'traces/pairs'> {
  const left = Map.groupBy(samples(index, before), (row) => row.hash);
  const right = Map.groupBy(samples(index, after), (row) => row.hash);
  const found: Pair[] = [];
  for (const [problem, rows] of left) {
    const others = right.get(problem);
    if (!others) continue;
    const [a, b] = [side(rows), side(others)];
    found.push({
      problem,
      problemLabel: rows[0]?.label ?? problem,
      before: a,
      after: b,
      change: change(isRight(rows), isRight(others)),
      tokensDelta: a.tokensMean === null || b.tokensMean === null ? null : b.tokensMean - a.tokensMean,
    });
  }
  return { pairs: found, onlyBefore: left.size - found.length, onlyAfter: right.size - found.length };
}

function side(rows: SampleRow[]): PairSide {
  const tokens = rows.flatMap((row) => row.tokens ?? []);
  return {
    traces: rows.map((row) => `${row.run}/${row.stage}/${row.attempt}/${row.id - traceRowId(row.attempt_id, 0)}`),
    right: rows.filter((row) => verdictOf(row) === 'right').length,
    n: rows.length,
    tokensMean: tokens.length === 0 ? null : tokens.reduce((sum, n) => sum + n, 0) / tokens.length,
  };
}

const verdictOf = (row: SampleRow) => (row.verdict === null ? null : (verdictCodes[row.verdict] ?? null));

/** At least half of the graded samples are right; null when none is graded. */
function isRight(rows: SampleRow[]): boolean | null {
  const graded = rows.map(verdictOf).filter((verdict) => verdict === 'right' || verdict === 'wrong');
  return graded.length === 0 ? null : 2 * graded.filter((verdict) => verdict === 'right').length >= graded.length;
}

function change(before: boolean | null, after: boolean | null): PairChange {
  if (before === null || after === null) return 'unknown';
  if (before) return after ? 'both_right' : 'right_to_wrong';
  return after ? 'wrong_to_right' : 'both_wrong';
}

/** Accuracy at each budget, with its bootstrap over problems; a set in which nothing is graded has no row. */
export function budgets(
  index: IndexFile,
  { run, stage, step, budgets: limits }: Params<'metrics/budgets'>,
): Result<'metrics/budgets'> {
  const all: Sample[] = samples(index, { run, stage, step }).map((row) => ({
    problem: row.hash,
    verdict: verdictOf(row),
    tokens: row.tokens,
    finish: row.finish === null ? null : (finishCodes[row.finish] ?? null),
  }));
  return {
    budgets: limits.flatMap((budget) => {
      const accuracy = accuracyAt(all, budget);
      if (!accuracy) return [];
      return [
        {
          budget,
          accuracy: accuracy.mean,
          accuracy_ci95: [accuracy.low, accuracy.high] as [number, number],
          n: accuracy.n,
        },
      ];
    }),
  };
}
