import * as z from 'zod';
import { common, config, modelSchema, reference } from './common.ts';
import { evaluateBlockSchema } from './evaluate.ts';

const sftLossSchema = z
  .enum(['all', 'completion', 'segments'])
  .describe(
    "Tokens that carry loss: `all` of prompt and completion, the `completion` only (TRL's own rule for rows with both, and the default), or those of the `segments` that the rows mark with `train` (rows without segments: their completion).",
  );

export const sftStageSchema = z.strictObject({
  ...common,
  kind: z.literal('sft'),
  engine: z.literal('trl').optional(),
  model: modelSchema,
  data: reference,
  loss: sftLossSchema.optional(),
  config,
  evaluate: evaluateBlockSchema.optional(),
});
