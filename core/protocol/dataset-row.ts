/**
 * One line of a data set that a stage leaves (`data/<name>.jsonl`). Trainers read `prompt` and `completion` (TRL's
 * conversational shape) and our rewards `answer`; the rest says where the row came from.
 */
import * as z from 'zod';

const messages = z.array(z.object({ role: z.string(), content: z.string() }));

export const datasetRowSchema = z.looseObject({
  prompt: messages,
  /** One assistant message; absent where only the problem is known. */
  completion: messages.optional(),
  problem: z.string(),
  /** Hash of the normalised problem: {@link problemId}. */
  problem_id: z.string(),
  answer: z.string().nullable(),
  /** `trace`: taken from the completion because the source has none. */
  answer_origin: z.enum(['given', 'trace', 'joined']).optional(),
  source_id: z.string().nullable().optional(),
  /** Name of the source or stage; loss is logged by it. */
  source: z.string().optional(),
  /** The style marker that stands at the end of the problem. */
  marker: z.string().nullable().optional(),
  /** Class of a two-turn document by its first and second answer. */
  class: z.enum(['RR', 'RW', 'WR', 'WW']).optional(),
  /**
   * The completion cut into stretches; their texts joined are its content. Where they are given, only those with `train` carry
   * loss.
   */
  segments: z.array(z.object({ name: z.string(), text: z.string(), train: z.boolean() })).optional(),
  /** Tokens of the completion by the tokenizer that the stage names. */
  tokens: z.number().int().optional(),
  /** What it was made of: a line of a file, or traces (`run/stage/attempt/n`). */
  from: z
    .object({ file: z.string().optional(), line: z.number().int().optional(), traces: z.array(z.string()).optional() })
    .optional(),
  /** Why it was kept, in words. */
  kept: z.string().optional(),
});
