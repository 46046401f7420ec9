/** How long a stage will take, from attempts of the like that were completed on this machine. */
import { join } from 'node:path';
import { specSchema } from '../../core/protocol/files.ts';
import { readJson } from '../json-files.ts';
import type { PlanFile, PlanStage } from '../recipes/plan-file.ts';
import { stageFingerprint } from './fingerprint.ts';
import type { AttemptRecord, RunRecord, TraceStore } from '../store/trace-store.ts';

const RUNS_LOOKED_AT = 50;
const ATTEMPTS_KEPT = 5;

/**
 * Seconds by stage, for those of which something is known: the median of the newest five completed, uninterrupted attempts of
 * a stage of that kind with the same configuration but for its amount of work, scaled by that amount (steps or epochs).
 */
export async function expectedSeconds(store: TraceStore, plan: PlanFile): Promise<Map<string, number>> {
  const { runs } = await store.runs({ limit: RUNS_LOOKED_AT });
  const rates = new Map<string, number[]>();
  for (const attempt of runs.flatMap(completed)) {
    const spec = await readJson(join(attempt.folder, 'spec.json'), specSchema);
    if (!spec || spec.resumed_from) continue;
    const { key, work } = stageFingerprint(spec.kind, spec.stage_config);
    const known = rates.get(key) ?? [];
    if (known.length < ATTEMPTS_KEPT) known.push((attempt.exit!.ended - attempt.exit!.started) / 1000 / work);
    rates.set(key, known);
  }
  const result = new Map<string, number>();
  for (const stage of plan.stages) {
    const seconds = estimate(stage, rates);
    if (seconds !== null) result.set(stage.id, seconds);
  }
  return result;
}

function completed(run: RunRecord): AttemptRecord[] {
  return run.stages.flatMap(({ attempts }) => attempts).filter((one) => one.exit?.outcome === 'completed');
}

function estimate(stage: PlanStage, rates: Map<string, number[]>): number | null {
  // Beside its stage an evaluation takes as long as that does.
  if (stage.of !== null) return null;
  const { key, work } = stageFingerprint(stage.kind, stage.config);
  const known = rates.get(key)?.toSorted((a, b) => a - b);
  if (!known || known.length === 0) return null;
  return Math.round(known[Math.floor((known.length - 1) / 2)]! * work * 10) / 10;
}
