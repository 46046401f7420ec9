/** `grpo`: reinforcement learning with TRL's GRPOTrainer and our rewards. */
import type { StageKindDefinition } from './stage-kind.ts';

export const grpo: StageKindDefinition<'grpo'> = {
  kind: 'grpo',
  module: 'longhand_engine.train.grpo',
  engine: 'trl',
  trains: true,
  inputs: ({ model, data }) => ({ model, data }),
  outputs: () => ['checkpoint.last'],
};
