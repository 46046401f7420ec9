/**
 * The recipe: a YAML file of stages. One zod schema serves the service (validation), the editor (diagnostics, completion,
 * hover) and the JSON Schema in the package. Keys under `config` are the engine's own, verbatim; they are checked against
 * `trl-keys.json` by `check.ts`, not here. Each kind of stage has its schema in `stages/`.
 */
import * as z from 'zod';
import { commandStageSchema } from './stages/command.ts';
import { datasetStageSchema } from './stages/dataset.ts';
import { evaluateStageSchema } from './stages/evaluate.ts';
import { grpoStageSchema } from './stages/grpo.ts';
import { mixStageSchema } from './stages/mix.ts';
import { selectStageSchema } from './stages/select.ts';
import { rejectStageSchema } from './stages/reject.ts';
import { sftStageSchema } from './stages/sft.ts';
import { synthesizeStageSchema } from './stages/synthesize.ts';

export const stageSchema = z.discriminatedUnion('kind', [
  datasetStageSchema,
  sftStageSchema,
  grpoStageSchema,
  evaluateStageSchema,
  synthesizeStageSchema,
  rejectStageSchema,
  mixStageSchema,
  selectStageSchema,
  commandStageSchema,
]);
export type StageConfig = z.infer<typeof stageSchema>;
export type StageKind = StageConfig['kind'];

export const recipeSchema = z.strictObject({
  name: z.string().min(1).describe('What runs of the recipe are called.'),
  extends: z
    .string()
    .optional()
    .describe(
      'The recipe that this one builds on: a preset, or a path beside this file. `vars` are joined, stages changed by `id`.',
    ),
  description: z.string().optional().describe('One sentence for lists.'),
  vars: z
    .record(z.string(), z.union([z.number(), z.string(), z.boolean()]))
    .optional()
    .describe('Values that `${vars.NAME}` stands for; a run may set others. `seed` is also the seed of every stage.'),
  stages: z.array(stageSchema).min(1).describe('What is done, each after those that it refers to.'),
});
export type Recipe = z.infer<typeof recipeSchema>;
