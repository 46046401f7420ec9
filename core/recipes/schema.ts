/**
 * The recipe: a YAML file of stages. One zod schema serves the service (validation), the editor (diagnostics, completion,
 * hover) and the JSON Schema in the package. Keys under `config` are the engine's own, verbatim; they are checked against
 * `trl-keys.json` by `check.ts`, not here. Each kind of stage has its schema in `stages/`.
 */
import * as z from 'zod';
import { datasetStageSchema } from './stages/dataset.ts';
import { evaluateStageSchema } from './stages/evaluate.ts';
import { grpoStageSchema } from './stages/grpo.ts';
import { sftStageSchema } from './stages/sft.ts';

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
