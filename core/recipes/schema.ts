/**
 * The recipe: a YAML file of stages. One zod schema serves the service (validation), the editor (diagnostics, completion,
 * hover) and the JSON Schema in the package. Keys under `config` are the engine's own, verbatim; they are checked against
 * `trl-keys.json` by `check.ts`, not here.
 */
import * as z from 'zod';

/** A value that may be a reference: `${vars.epochs}` or `${stages.sft.checkpoint.last}`. */
export const referencePattern = /^\$\{[^}]+\}$/;
const reference = z.string().regex(referencePattern, 'expected a reference such as ${stages.sft.checkpoint.last}');
const orReference = <T extends z.ZodType>(schema: T) => z.union([schema, reference]);

const id = z
  .string()
  .regex(/^[a-z][a-z0-9_-]{0,39}$/, 'an id is a lower-case letter, then letters, digits, - or _ (at most 40)');

/** A stage's model: one that Longhand ships, a folder or hub name, or the checkpoint of another stage. */
export const modelSchema = z
  .union([reference, z.strictObject({ builtin: z.enum(['longhand-base']) }), z.string().min(1)])
  .describe('`{ builtin: longhand-base }`, a folder, a hub name, or `${stages.<id>.checkpoint.last}`');

const lengthUnit = z
  .enum(['tokens', 'characters'])
  .describe('What a length counts. Mandatory: the paper says tokens where its code counts characters.');

/** Rewards are told apart by `name`; each is one file in the engine's `rewards` folder. */
export const rewardSchema = z.discriminatedUnion('name', [
  z
    .strictObject({
      name: z.literal('format'),
      weight: z.number().optional(),
    })
    .describe('1 when there is a box before `</think>`, otherwise 0.'),
  z
    .strictObject({
      name: z.literal('cosine'),
      unit: lengthUnit,
      max_length: z.number().positive().describe('The length at which the schedule ends, in `unit`.'),
      right: z
        .tuple([z.number(), z.number()])
        .optional()
        .describe('Reward of a right completion at length 0 and at max_length; default [1, 0.1].'),
      wrong: z
        .tuple([z.number(), z.number()])
        .optional()
        .describe('Reward of a wrong completion at length 0 and at max_length; default [-1, -0.1].'),
      unparsable_gold: z
        .enum(['null', 'one'])
        .optional()
        .describe(
          "What a gold that cannot be parsed gives: nothing (null, the default) or 1.0 as in the paper's code.",
        ),
      weight: z.number().optional(),
    })
    .describe('Cosine schedule over the length: short and right is best, short and wrong is worst.'),
  z
    .strictObject({
      name: z.literal('length'),
      unit: lengthUnit,
      unparsable_gold: z.enum(['null', 'one']).optional(),
      weight: z.number().optional(),
    })
    .describe(
      'Length within the group of one prompt (Kimi k1.5): the shortest gets +0.5, the longest −0.5; a wrong one never gains.',
    ),
  z
    .strictObject({
      name: z.literal('accuracy'),
      unparsable_gold: z.enum(['null', 'one']).optional(),
      weight: z.number().optional(),
    })
    .describe('1 when the verdict is right, 0 when wrong, nothing when undecided.'),
  z
    .strictObject({
      name: z.literal('repetition'),
      ngram_size: z.number().int().positive().optional(),
      max_penalty: z.number().max(0).optional(),
      weight: z.number().optional(),
    })
    .describe("TRL's repetition penalty over token n-grams."),
  z
    .strictObject({
      name: z.literal('soft_overlong'),
      unit: z.literal('tokens'),
      max_length: z.number().int().positive(),
      soft_length: z.number().int().positive(),
      weight: z.number().optional(),
    })
    .describe("TRL's soft overlong punishment (DAPO)."),
]);

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
  batch: z.number().int().positive().optional().describe('Sequences in the rolling batch.'),
});
export type EvaluateBlock = z.infer<typeof evaluateBlockSchema>;

const resourcesSchema = z.strictObject({
  gpus: z.number().int().min(0).optional(),
  nodes: z.number().int().positive().optional(),
  time: z.string().optional(),
});

const common = {
  id,
  needs: z.array(id).optional().describe('Stages that must be complete first, beside those that are referred to.'),
  resources: resourcesSchema.optional(),
  grace: z.number().positive().optional().describe('Seconds for a checkpoint when the stage is stopped (default 120).'),
  env: z.record(z.string(), z.string()).optional().describe('Environment variables of the worker.'),
};

const config = z.record(z.string(), z.unknown()).describe("The trainer's own configuration, verbatim.");

export const datasetStageSchema = z.strictObject({
  ...common,
  kind: z.literal('dataset'),
  task: z
    .strictObject({
      builtin: z.enum(['sums-mod-7']),
      train: orReference(z.number().int().positive()).describe('Problems with a worked long chain of thought.'),
      dev: orReference(z.number().int().min(0)).optional().describe('Held-out problems to choose by.'),
      test: orReference(z.number().int().positive()).describe('Held-out problems that nothing is chosen by.'),
      seed: orReference(z.number().int()).optional(),
    })
    .optional()
    .describe('A task that the project ships, whose answers are computed.'),
  files: z
    .record(z.string(), z.string())
    .optional()
    .describe('JSONL files by output name; rows have `problem` or `prompt`, and perhaps `answer` and `completion`.'),
});

export const sftStageSchema = z.strictObject({
  ...common,
  kind: z.literal('sft'),
  engine: z.literal('trl').optional(),
  model: modelSchema,
  data: reference,
  config,
  evaluate: evaluateBlockSchema.optional(),
});

export const grpoStageSchema = z.strictObject({
  ...common,
  kind: z.literal('grpo'),
  engine: z.literal('trl').optional(),
  model: modelSchema,
  data: reference,
  rewards: z.array(rewardSchema).min(1),
  markers: z.array(z.string()).optional().describe('Style markers of the prompts, to be highlighted.'),
  config,
  evaluate: evaluateBlockSchema.optional(),
});

export const evaluateStageSchema = z.strictObject({
  ...common,
  kind: z.literal('evaluate'),
  model: modelSchema,
  ...evaluateBlockSchema.omit({ every: true, start: true }).shape,
});

export const stageSchema = z.discriminatedUnion('kind', [
  datasetStageSchema,
  sftStageSchema,
  grpoStageSchema,
  evaluateStageSchema,
]);
export type StageConfig = z.infer<typeof stageSchema>;
export type StageKind = StageConfig['kind'];

export const recipeSchema = z.strictObject({
  name: z.string().min(1),
  description: z.string().optional(),
  vars: z.record(z.string(), z.union([z.number(), z.string(), z.boolean()])).optional(),
  stages: z.array(stageSchema).min(1),
});
export type Recipe = z.infer<typeof recipeSchema>;
