import * as z from 'zod';
import { benchmarkName } from './benchmarks.ts';
import { common, modelSchema, orReference, reference } from './common.ts';
import { inferenceSchema } from './inference.ts';
import { recordSchema } from './sampling.ts';

/** Short for an evaluate stage that runs beside its parent, one evaluation a checkpoint and marker setting. */
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
  markers: z
    .array(z.string().min(1).nullable())
    .min(1)
    .optional()
    .describe(
      'Style markers, each put at the end of the last user message as it stands; `null` for none. One evaluation each (default: one without).',
    ),
  stop_at_think: z
    .boolean()
    .optional()
    .describe('End completions at `</think>`; the answer is the last box before it (default false).'),
  temperature: z.number().min(0).optional(),
  top_p: z.number().positive().max(1).optional(),
  top_k: z.number().int().min(0).optional(),
  min_p: z.number().min(0).max(1).optional(),
  seed: orReference(z.number().int()).optional(),
  inference: inferenceSchema.optional().describe('Who serves the model (default: the worker itself).'),
  batch: z.number().int().positive().optional().describe('Sequences in the rolling batch.'),
  record: recordSchema,
});
export type EvaluateBlock = z.infer<typeof evaluateBlockSchema>;

const benchmarkSchema = z
  .strictObject({
    benchmark: benchmarkName,
    path: z.string().min(1).optional().describe('Its file as published: .jsonl, .json, .parquet or .csv.'),
    hub: z.string().min(1).optional().describe('A data set of the Hugging Face hub, in place of `path`.'),
    config: z.string().optional().describe('The configuration of the hub data set.'),
    split: z.string().optional().describe('The split of the hub data set (default `test`).'),
    instruction: z.string().optional().describe('Put at the end of every problem in the prompt, as it stands.'),
    template: z
      .string()
      .refine((text) => text.includes('{problem}'), 'must have {problem} where the problem stands')
      .optional()
      .describe(
        "The user's message, with {problem} where the problem stands (default: the problem and the instruction).",
      ),
    system: z.string().optional().describe('System message of every prompt, in place of one that is there.'),
  })
  .refine(({ instruction, template }) => instruction === undefined || template === undefined, {
    message: 'a benchmark has either “instruction” or “template”',
    path: ['template'],
  })
  .refine((source) => (source.path === undefined) !== (source.hub === undefined), {
    message: 'a benchmark has either “path” or “hub”',
  });

export const evaluateStageSchema = z.strictObject({
  ...common,
  kind: z.literal('evaluate'),
  model: modelSchema,
  ...evaluateBlockSchema.omit({ every: true, start: true, data: true }).shape,
  data: z.union([reference, benchmarkSchema]).describe('`${stages.<id>.<name>}`, or a benchmark from its file.'),
  set: z.string().min(1).max(100).optional().describe('What the evaluated set is called (default: as its file).'),
});
