import * as z from 'zod';
import { common, modelSchema, orReference, reference } from './common.ts';
import { inferenceSchema } from './inference.ts';
import { recordSchema, samplingShape } from './sampling.ts';

/** Difficulty-aware rejection sampling (arXiv 2601.05616). */
export const rejectStageSchema = z.strictObject({
  ...common,
  kind: z.literal('reject'),
  model: modelSchema,
  data: reference.describe('Problems with their gold answers; completions are left aside.'),
  rounds: z
    .array(z.number().int().positive())
    .min(1)
    .max(20)
    .describe(
      'Samples a problem in each round; a round is only for what the last one left unsolved (paper: [2, 10, 100]).',
    ),
  keep: z.number().int().positive().optional().describe('Right samples that are kept of a problem (default 1).'),
  length: z
    .union([
      z.enum(['median_of_correct', 'nearest_to_mean']),
      z.strictObject({ band: z.tuple([z.number().min(0).max(1), z.number().min(0).max(1)]) }),
    ])
    .optional()
    .describe(
      'Which right sample is of “medium length”, which the paper does not define: the lower median of the right ones (default), the nearest to their mean, or the nearest to the middle of a band of quantiles, `{ band: [0.25, 0.75] }`.',
    ),
  system: z.string().optional().describe('A system message in place of the one that the rows have.'),
  ...samplingShape,
  seed: orReference(z.number().int()).optional(),
  inference: inferenceSchema.optional().describe('Who serves the model (default: the worker itself).'),
  batch: z.number().int().positive().optional().describe('Sequences in the rolling batch.'),
  record: recordSchema,
});
