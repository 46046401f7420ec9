/** Figures over the traces of one set: which sets there are, accuracy at budgets. */
import type { SQLInputValue } from 'node:sqlite';
import { accuracyAt } from '../../core/metrics/accuracy.ts';
import type { Sample } from '../../core/metrics/accuracy.ts';
import type { TraceSet, TraceSide } from '../../core/protocol/comparison.ts';
import type { Params, Result } from '../../core/protocol/methods.ts';
import { markerName } from '../../core/traces/marker-name.ts';
import type { IndexFile } from './index-file.ts';
import { where } from './filters.ts';
import { finishCodes, verdictCodes } from './schema.ts';

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
      ...(of !== null && { of }),
      ...(set !== null && { set }),
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

const verdictOf = (row: SampleRow) => (row.verdict === null ? null : (verdictCodes[row.verdict] ?? null));

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
