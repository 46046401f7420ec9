/** `sft`: supervised fine-tuning with TRL's SFTTrainer. */
import type { StageKindDefinition } from './stage-kind.ts';

const lossNotes = {
  default:
    "Loss on the completion where rows have a prompt and a completion, otherwise on all tokens (TRL's own rule).",
  all: 'Loss on all tokens, those of the prompt included (completion_only_loss: false).',
  completion: 'Loss on the completion only (completion_only_loss: true).',
  segments: 'Loss on the segments that the rows mark as trained; the prompt and all other segments are masked.',
};

export const sft: StageKindDefinition<'sft'> = {
  kind: 'sft',
  module: 'longhand_engine.train.sft',
  engine: 'trl',
  trains: true,
  inputs: ({ model, data }) => ({ model, data }),
  outputs: () => ['checkpoint.last'],
  notes: ({ loss }) => [lossNotes[loss ?? 'default']],
};
