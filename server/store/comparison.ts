/** Figures over the traces of one set: which sets there are, accuracy at budgets. */
import { isGraded, type Sample } from '../../core/metrics/accuracy.ts';
import { budgetCurves } from '../../core/metrics/budget-curve.ts';
import type { TraceSet } from '../../core/protocol/comparison.ts';
import type { Params, Result } from '../../core/protocol/methods.ts';
import { markerName } from '../../core/traces/marker-name.ts';
import { attemptsOf } from './filters.ts';
import type { IndexFile } from './index-file.ts';
import { rangesOf } from './scan.ts';
import { finishCodes, verdictCodes } from './schema.ts';
import { Slices, tracePages } from './slices.ts';

interface SetRow {
  of: string | null;
  step: number | null;
  epoch: number | null;
  set_name: string | null;
  marker: string | null;
  n: number;
}

/** Every step or evaluation of a run that has traces, in the order in which the first of each was begun. */
export function* traceSets(
  index: IndexFile,
  { run, markers = false }: Params<'traces/sets'>,
): Generator<void, TraceSet[]> {
  const slices = new Slices();
  const marker = markers ? 't.marker' : 'NULL';
  const found = new Map<string, SetRow & { stage: string; first: number }>();
  for (const { attempt, from, to } of rangesOf(index, attemptsOf(index, { run }))) {
    for (const row of index.all<SetRow>(
      `SELECT t.of, t.step, max(t.epoch) AS epoch, t.set_name, ${marker} AS marker, count(*) AS n FROM traces t
       WHERE t.superseded = 0 AND t.id >= ? AND t.id < ? GROUP BY t.of, t.step, t.set_name, ${marker}`,
      from,
      to,
    )) {
      const key = JSON.stringify([attempt.stage, row.of, row.step, row.set_name, row.marker]);
      const known = found.get(key);
      if (!known) found.set(key, { ...row, stage: attempt.stage, first: attempt.id });
      else {
        known.n += row.n;
        if (row.epoch !== null) known.epoch = Math.max(known.epoch ?? -Infinity, row.epoch);
      }
    }
    yield* slices.breath();
  }
  const rows = [...found.values()].sort(
    (a, b) =>
      Number(a.set_name === null) - Number(b.set_name === null) ||
      a.first - b.first ||
      inOrder(a.step, b.step) ||
      inOrder(a.set_name, b.set_name) ||
      inOrder(a.marker, b.marker),
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

/** What is not there comes first. */
function inOrder<T extends string | number>(a: T | null, b: T | null): number {
  if (a === b) return 0;
  return a === null || (b !== null && a < b) ? -1 : 1;
}

interface SampleRow {
  id: number;
  hash: string;
  verdict: number | null;
  tokens: number | null;
  finish: number | null;
}

/**
 * Accuracy at each budget over the finished traces that count, with its bootstrap over problems; a set in which nothing is graded has no
 * row.
 */
export function* budgets(
  index: IndexFile,
  { run, stage, step, budgets: limits }: Params<'metrics/budgets'>,
): Generator<void, Result<'metrics/budgets'>> {
  const slices = new Slices();
  const samples: Sample[] = [];
  const filter = { run, stage, live: false, ...(step !== null && { step }) };
  const select = 't.id, p.hash, t.verdict, t.tokens, t.finish';
  for (const rows of tracePages<SampleRow>(index, filter, select, 'JOIN problems p ON p.id = t.problem_id')) {
    for (const { hash, verdict, tokens, finish } of rows)
      samples.push({
        problem: hash,
        verdict: verdict === null ? null : (verdictCodes[verdict] ?? null),
        tokens,
        finish: finish === null ? null : (finishCodes[finish] ?? null),
      });
    yield* slices.breath();
  }
  const n = samples.filter(isGraded).length;
  const rising = [...new Set(limits)].sort((a, b) => a - b);
  const [points] = yield* slices.slowly(budgetCurves([samples], rising));
  return {
    budgets: limits.flatMap((budget) => {
      const accuracy = points![rising.indexOf(budget)]!.accuracy;
      if (!accuracy) return [];
      const { mean, low, high } = accuracy;
      return [{ budget, accuracy: mean, accuracy_ci95: [low, high] as [number, number], n }];
    }),
  };
}
