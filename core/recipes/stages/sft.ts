import * as z from 'zod';
import { common, config, modelSchema, reference } from './common.ts';
import { evaluateBlockSchema } from './evaluate.ts';

export const sftStageSchema = z.strictObject({
  ...common,
  kind: z.literal('sft'),
  engine: z.literal('trl').optional(),
  model: modelSchema,
  data: reference,
  config,
  evaluate: evaluateBlockSchema.optional(),
});
