/** How completions are sampled: the names are the OpenAI API's and vLLM's. */
import * as z from 'zod';
import { orReference } from './common.ts';

/** What is recorded of completions beside their texts and token ids. */
export const recordSchema = z
  .strictObject({
    logprobs: z
      .boolean()
      .describe(
        'The log-probability of every token and the entropy of what it was drawn from, before temperature and filters (default false: some percent of the time of sampling, 4 bytes a token).',
      ),
    top_logprobs: z
      .number()
      .int()
      .min(0)
      .max(20)
      .optional()
      .describe(
        'How many of the likeliest tokens a server is asked for, which bound the entropy from below (default 5). The embedded engine knows the entropy itself.',
      ),
  })
  .optional()
  .describe('What is recorded of completions beside their texts and token ids.');

export const samplingShape = {
  max_tokens: orReference(z.number().int().positive()).describe('Longest completion, in tokens.'),
  temperature: z.number().min(0).optional().describe('Default 1; 0 takes the likeliest token.'),
  top_p: z.number().positive().max(1).optional(),
  top_k: z.number().int().min(0).optional(),
  min_p: z.number().min(0).max(1).optional(),
  stop: z.array(z.string().min(1)).optional().describe('Texts that end a completion; they are not part of it.'),
};
