/** `sft`: supervised fine-tuning with TRL's SFTTrainer. */
import type { StageKindDefinition } from './stage-kind.ts';

export const sft: StageKindDefinition<'sft'> = {
  kind: 'sft',
  module: 'longhand_engine.train.sft',
  engine: 'trl',
  trains: true,
  inputs: ({ model, data }) => ({ model, data }),
  outputs: () => ['checkpoint.last'],
};
