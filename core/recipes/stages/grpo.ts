import * as z from 'zod';
import { common, config, modelSchema, reference } from './common.ts';
import { evaluateBlockSchema } from './evaluate.ts';
import { rewardSchema } from './rewards.ts';
import { recordSchema } from './sampling.ts';

export const grpoStageSchema = z.strictObject({
  ...common,
  kind: z.literal('grpo'),
  engine: z.literal('trl').optional(),
  model: modelSchema,
  data: reference,
  rewards: z.array(rewardSchema).min(1),
  markers: z.array(z.string()).optional().describe('Style markers of the prompts, to be highlighted.'),
  config,
  record: recordSchema,
  evaluate: evaluateBlockSchema.optional(),
});
