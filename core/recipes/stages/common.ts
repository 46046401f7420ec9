/** What the schemas of all kinds of stages share. */
import * as z from 'zod';

/** A value that may be a reference: `${vars.epochs}` or `${stages.sft.checkpoint.last}`. */
export const referencePattern = /^\$\{[^}]+\}$/;
export const reference = z
  .string()
  .regex(referencePattern, 'expected a reference such as ${stages.sft.checkpoint.last}');
export const orReference = <T extends z.ZodType>(schema: T) => z.union([schema, reference]);

export const id = z
  .string()
  .regex(/^[a-z][a-z0-9_-]{0,39}$/, 'an id is a lower-case letter, then letters, digits, - or _ (at most 40)');

/** A stage's model: one that Longhand ships, a folder or hub name, or the checkpoint of another stage. */
export const modelSchema = z
  .union([reference, z.strictObject({ builtin: z.enum(['longhand-base']) }), z.string().min(1)])
  .describe('`{ builtin: longhand-base }`, a folder, a hub name, or `${stages.<id>.checkpoint.last}`');

export const resourcesSchema = z.strictObject({
  gpus: z
    .number()
    .int()
    .min(0)
    .optional()
    .describe('GPUs that it has to itself (default: one where there is one); 0: the CPU.'),
  processes: z
    .number()
    .int()
    .positive()
    .optional()
    .describe(
      'Processes that train together (default: one for each of `gpus`); on a CPU, to try a training of several.',
    ),
  distributed: z
    .enum(['zero2', 'zero3', 'fsdp'])
    .optional()
    .describe(
      'How several processes share a model: ZeRO-2 or ZeRO-3 by DeepSpeed, or FSDP (default: each has it whole).',
    ),
  nodes: z.number().int().positive().optional(),
  time: z.string().optional(),
});

export const common = {
  id,
  needs: z.array(id).optional().describe('Stages that must be complete first, beside those that are referred to.'),
  resources: resourcesSchema.optional(),
  grace: z.number().positive().optional().describe('Seconds for a checkpoint when the stage is stopped (default 120).'),
  env: z.record(z.string(), z.string()).optional().describe('Environment variables of the worker.'),
};

export const config = z.record(z.string(), z.unknown()).describe("The trainer's own configuration, verbatim.");
