/** All kinds of stages. A new one is a file beside this, a line here, and its schema in core/recipes/schema.ts. */
import type { StageConfig, StageKind } from '../../core/recipes/schema.ts';
import { command } from './command.ts';
import { dataset } from './dataset.ts';
import { evaluate } from './evaluate.ts';
import { grpo } from './grpo.ts';
import { mix } from './mix.ts';
import { select } from './select.ts';
import { reject } from './reject.ts';
import { sft } from './sft.ts';
import type { InputValue, StageKindDefinition } from './stage-kind.ts';
import { synthesize } from './synthesize.ts';

const kinds: { [K in StageKind]: StageKindDefinition<K> } = {
  dataset,
  sft,
  grpo,
  evaluate,
  mix,
  select,
  command,
  synthesize,
  reject,
};

export function stageKind(kind: StageKind): StageKindDefinition {
  return kinds[kind] as unknown as StageKindDefinition;
}

/** True for a stage that has its accelerators to itself: a training, and a command that asks for some. */
export function holdsAccelerators({ kind, gpus }: { kind: StageKind; gpus: number | null }): boolean {
  return stageKind(kind).trains || (kind === 'command' && (gpus ?? 0) > 0);
}

export function stageInputs(config: StageConfig): Record<string, InputValue> {
  return (kinds[config.kind] as unknown as StageKindDefinition).inputs(config);
}

export function stageOutputs(config: StageConfig): string[] {
  return (kinds[config.kind] as unknown as StageKindDefinition).outputs(config);
}

export function stageNotes(config: StageConfig): string[] {
  return (kinds[config.kind] as unknown as StageKindDefinition).notes?.(config) ?? [];
}
