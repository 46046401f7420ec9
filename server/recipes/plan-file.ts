/** `<root>/runs/<run>/plan.json`: the stages of a run as planned, variables put in, references to other stages left as they are. */
import { join } from 'node:path';
import * as z from 'zod';
import { stageSchema } from '../../core/recipes/schema.ts';
import { readJson } from '../json-files.ts';

const id = z.string().regex(/^[a-z][a-z0-9_-]*(\.eval)?$/);

export const planStageSchema = z.object({
  id,
  kind: z.enum(stageSchema.options.map((one) => one.shape.kind.value)),
  /** For an evaluation beside a training stage: that stage. It starts with it and sees its checkpoints as they come. */
  of: id.nullable(),
  /** Stages that must be complete before this one starts. */
  needs: z.array(id),
  /** The stage's configuration for the worker; of the recipe's keys without `evaluate`, `needs` and the like. */
  config: z.record(z.string(), z.unknown()),
  /** Values that become absolute paths under these names when the stage starts. */
  inputs: z.record(z.string(), z.union([z.string(), z.object({ builtin: z.literal('longhand-base') })])),
  outputs: z.array(z.string()),
  gpus: z.number().int().nullable(),
  /** Of a training: how many processes, and how they share the model (null: each has it whole). */
  processes: z.number().int().min(1).default(1),
  distributed: z.enum(['zero2', 'zero3', 'fsdp']).nullable().default(null),
  grace: z.number(),
  env: z.record(z.string(), z.string()),
  notes: z.array(z.string()),
});
export type PlanStage = z.infer<typeof planStageSchema>;

export const planFileSchema = z.object({
  v: z.literal(1),
  name: z.string(),
  vars: z.record(z.string(), z.unknown()),
  seed: z.number().int(),
  stages: z.array(planStageSchema),
  notes: z.array(z.string()),
});
export type PlanFile = z.infer<typeof planFileSchema>;

/** The plan of the run in `folder`, null where it has none (an import) or none that can be read. */
export function readPlan(folder: string): Promise<PlanFile | null> {
  return readJson(join(folder, 'plan.json'), planFileSchema);
}
