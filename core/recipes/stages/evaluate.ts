import * as z from 'zod';
import { common, modelSchema, orReference, reference } from './common.ts';
import { inferenceSchema } from './inference.ts';

/** Short for an evaluate stage that runs beside its parent, one evaluation a checkpoint. */
export const evaluateBlockSchema = z.strictObject({
  every: z.enum(['epoch', 'checkpoint', 'end']).describe("Which checkpoints: each epoch's, every one, or the last."),
  start: z
    .boolean()
    .optional()
    .describe('Also evaluate the model that the stage starts from (default: only where no earlier stage did).'),
  data: reference,
  samples: orReference(z.number().int().positive()).describe('Completions a problem.'),
  max_tokens: orReference(z.number().int().positive()).describe('Longest completion, in tokens.'),
  budgets: z
    .array(z.number().int().positive())
    .optional()
    .describe('Budgets on completion tokens at which accuracy is computed.'),
  temperature: z.number().min(0).optional(),
  top_p: z.number().positive().max(1).optional(),
  top_k: z.number().int().min(0).optional(),
  min_p: z.number().min(0).max(1).optional(),
  seed: orReference(z.number().int()).optional(),
  inference: inferenceSchema.optional().describe('Who serves the model (default: the worker itself).'),
  batch: z.number().int().positive().optional().describe('Sequences in the rolling batch.'),
});
export type EvaluateBlock = z.infer<typeof evaluateBlockSchema>;

export const evaluateStageSchema = z.strictObject({
  ...common,
  kind: z.literal('evaluate'),
  model: modelSchema,
  ...evaluateBlockSchema.omit({ every: true, start: true }).shape,
});
