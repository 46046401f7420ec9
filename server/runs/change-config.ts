/** Changes keys of a training's `config` in the plan of a run, for its next attempt: a smaller batch after the GPU ran out of memory. */
import { LonghandError } from '../../core/protocol/errors.ts';
import { checkConfig } from '../../core/recipes/check.ts';
import { trlKeys } from '../recipes/trl-keys.ts';
import type { PlanFile, PlanStage } from '../recipes/plan-file.ts';
import { stageKind } from '../stages/registry.ts';

/** The plan with `set` put into the `config` of the stage, and a note of what it was. @throws LonghandError `invalid_params` */
export function withConfig(plan: PlanFile, id: string, set: Readonly<Record<string, unknown>>): PlanFile {
  return { ...plan, stages: plan.stages.map((stage) => (stage.id === id ? changed(stage, set) : stage)) };
}

function changed(stage: PlanStage, set: Readonly<Record<string, unknown>>): PlanStage {
  const { id, kind } = stage;
  if (!stageKind(kind).trains)
    throw new LonghandError(
      'invalid_params',
      `${id} is a stage of kind ${kind}: only a training has a config that can be changed.`,
    );
  const problems: string[] = [];
  const keys = trlKeys();
  if (keys) checkConfig({ stages: [{ kind, config: set }] }, keys, (message) => problems.push(message));
  if (problems.length > 0) throw new LonghandError('invalid_params', problems.join('; '));
  const before = (stage.config['config'] ?? {}) as Record<string, unknown>;
  const was = (key: string) => (key in before ? JSON.stringify(before[key]) : 'TRL’s default');
  const changes = Object.entries(set).map(([key, value]) => `${key} ${JSON.stringify(value)}, before ${was(key)}`);
  return {
    ...stage,
    config: { ...stage.config, config: { ...before, ...set } },
    notes: [...stage.notes, `Changed when it was resumed: ${changes.join('; ')}.`],
  };
}
