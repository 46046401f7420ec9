/** Who serves the model of a stage that samples; without it the worker samples in its own process. */
import * as z from 'zod';

const concurrency = z.number().int().positive().optional().describe('Completions that are asked for at once.');

/** A server that the service starts for the stage's model, shares between the stages that need the same, and stops. */
const startedServerSchema = z.strictObject({
  engine: z.enum(['vllm', 'sglang', 'llama.cpp', 'transformers', 'embedded']),
  args: z
    .record(z.string(), z.json())
    .optional()
    .describe("The server's own flags, verbatim, without the dashes; `true` gives the flag alone."),
  program: z
    .string()
    .min(1)
    .optional()
    .describe(
      "The server's program, where it is neither beside the engine's Python nor on the PATH (for SGLang: its Python).",
    ),
  start_timeout: z.number().positive().optional().describe('Seconds until it must answer (default 900).'),
  concurrency,
});

/** A server that somebody else runs; it is used as it stands. */
const givenServerSchema = z.strictObject({
  url: z.url({ protocol: /^https?$/ }).describe('The address with `/v1`.'),
  model: z.string().min(1).describe('What requests call the model.'),
  key_env: z.string().min(1).optional().describe('The environment variable that holds its key.'),
  concurrency,
});

export const inferenceSchema = z.union([startedServerSchema, givenServerSchema]);
export type InferenceConfig = z.infer<typeof inferenceSchema>;
