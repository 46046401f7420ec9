/** The figures of a run: series of metrics by step, evaluations, the stage table. */
import type { Evaluation } from '../../core/protocol/events.ts';
import type { MetricsSnapshot, Params, Result, Series, StageRow } from '../../core/protocol/methods.ts';
import { attemptRecords } from './attempts.ts';
import type { IndexFile } from './index-file.ts';
import { recounted } from './recount.ts';
import type { AttemptKey, AttemptRecord } from './trace-store.ts';

interface Point {
  stage: string;
  name: string;
  step: number;
  epoch: number | null;
  value: number | null;
}

/** Each step has the value of the newest attempt that counts there. */
export function metricsSnapshot(
  index: IndexFile,
  root: string,
  { run, stages, names }: Params<'metrics/snapshot'>,
): MetricsSnapshot {
  const points = index.all<Point>(
    `SELECT a.stage, m.name, p.step, p.epoch, p.value FROM attempts a JOIN points p ON p.attempt_id = a.id JOIN metric_names m ON m.id = p.name_id
     WHERE a.run = :run AND (a.valid_to IS NULL OR p.step <= a.valid_to)
       AND (:stages IS NULL OR a.stage IN (SELECT value FROM json_each(:stages)))
       AND (:names IS NULL OR m.name IN (SELECT value FROM json_each(:names)))
     ORDER BY a.stage, m.id, p.step, a.attempt`,
    { run, stages: stages ? JSON.stringify(stages) : null, names: names ? JSON.stringify(names) : null },
  );
  const series: Series[] = [];
  for (const { stage, name, step, epoch, value } of points) {
    let last = series.at(-1);
    if (last?.stage !== stage || last.name !== name)
      series.push((last = { stage, name, step: [], epoch: [], value: [] }));
    // The same step again is a newer attempt's.
    if (last.step.at(-1) === step) for (const column of [last.step, last.epoch, last.value]) column.pop();
    last.step.push(step);
    last.epoch.push(epoch);
    last.value.push(value);
  }
  const wanted = stages ? new Set(stages) : null;
  return {
    run,
    series,
    evaluations: evaluations(index, run, wanted),
    epochSteps: epochSteps(attemptRecords(index, root, run), wanted),
  };
}

function evaluations(index: IndexFile, run: string, stages: Set<string> | null): MetricsSnapshot['evaluations'] {
  return index
    .all<
      AttemptKey & { id: number; seq: number; of: string; of_attempt: number | null; value: string; superseded: number }
    >(
      `SELECT a.id, a.run, a.stage, a.attempt, e.seq, e.of, e.of_attempt, e.value, e.superseded FROM evals e JOIN attempts a ON a.id = e.attempt_id WHERE a.run = ? ORDER BY a.id, e.seq`,
      run,
    )
    .filter((row) => !stages || stages.has(row.stage) || stages.has(row.of))
    .map((row) => ({
      ...recounted(index, row, JSON.parse(row.value) as Evaluation),
      ...{ stage: row.stage, superseded: row.superseded === 1 },
    }));
}

/** By what the trainer said of its epochs when it began. */
function epochSteps(attempts: AttemptRecord[], stages: Set<string> | null): Record<string, number[]> {
  const result: Record<string, number[]> = {};
  for (const { stage, train } of attempts) {
    if (!train?.stepsPerEpoch || (stages && !stages.has(stage))) continue;
    const steps: number[] = [];
    for (let epoch = 1; Math.round(epoch * train.stepsPerEpoch) <= train.maxSteps && steps.length < 10_000; epoch++) {
      steps.push(Math.round(epoch * train.stepsPerEpoch));
    }
    result[stage] = steps;
  }
  return result;
}

/** The stage table: the base, each evaluated epoch, the end of each stage; then how long each stage worked. */
export function runTable(index: IndexFile, root: string, run: string): Result<'runs/table'> {
  const attempts = attemptRecords(index, root, run);
  const kinds = new Map(attempts.map((attempt) => [attempt.stage, attempt.kind]));
  const startsFromStage = stagesThatGoOn(index, run);
  const rows: StageRow[] = evaluations(index, run, null)
    .filter((evaluation) => !evaluation.superseded)
    .map((evaluation) => {
      const isBase = evaluation.step === 0 && !startsFromStage.has(evaluation.of);
      return {
        id: isBase ? 'base' : evaluation.of,
        kind: isBase ? 'base' : (kinds.get(evaluation.of) ?? 'unknown'),
        epoch: evaluation.epoch,
        step: evaluation.step,
        set: evaluation.set,
        ...(evaluation.marker ? { marker: evaluation.marker } : {}),
        accuracy: evaluation.accuracy,
        accuracy_ci95: evaluation.accuracy_ci95,
        tokens_mean: evaluation.tokens_mean,
        tokens_mean_ci95: evaluation.tokens_mean_ci95,
        tokens_mean_finished: evaluation.tokens_mean_finished,
        finished: evaluation.finished,
        n: evaluation.n,
        seconds: evaluation.seconds,
        budgets: evaluation.budgets,
        ...(evaluation.relabelled && { relabelled: evaluation.relabelled }),
      };
    });
  const order = [...new Set(attempts.map((attempt) => attempt.stage))];
  const rank = (row: StageRow): number => (row.id === 'base' ? -1 : order.indexOf(row.id));
  rows.sort((a, b) => rank(a) - rank(b) || a.step - b.step);

  const worked = new Map<string, [number, number][]>();
  for (const attempt of attempts) {
    const { firstEvent, lastEvent, exit, stage } = attempt;
    if (firstEvent === null) continue;
    worked.set(stage, [
      ...(worked.get(stage) ?? []),
      [exit?.started ?? firstEvent, Math.max(lastEvent ?? 0, exit?.ended ?? 0)],
    ]);
  }
  const seconds = Object.fromEntries([...worked].map(([stage, spans]) => [stage, unionSeconds(spans)]));
  return { rows, seconds, secondsTotal: unionSeconds([...worked.values()].flat()) };
}

/** Stages whose model is a checkpoint of another stage of the run: their step 0 is no base. */
function stagesThatGoOn(index: IndexFile, run: string): Set<string> {
  const rows = index.all<{ stage: string; model: string | null }>(
    'SELECT stage, model FROM attempts WHERE run = ?',
    run,
  );
  return new Set(
    rows.filter((row) => row.model?.replaceAll('\\', '/').includes(`/runs/${run}/stages/`)).map((row) => row.stage),
  );
}

/** Seconds in which at least one of the spans (milliseconds) was open: stages overlap, and between attempts there may be days. */
export function unionSeconds(spans: readonly (readonly [number, number])[]): number {
  let total = 0;
  let until = -Infinity;
  for (const [start, end] of spans.toSorted((a, b) => a[0] - b[0])) {
    if (end <= until) continue;
    total += end - Math.max(start, until);
    until = end;
  }
  return total / 1000;
}
