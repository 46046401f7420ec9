/** How completions are sampled: the names are the OpenAI API's and vLLM's. */
import * as z from 'zod';
import { orReference } from './common.ts';

export const samplingShape = {
  max_tokens: orReference(z.number().int().positive()).describe('Longest completion, in tokens.'),
  temperature: z.number().min(0).optional().describe('Default 1; 0 takes the likeliest token.'),
  top_p: z.number().positive().max(1).optional(),
  top_k: z.number().int().min(0).optional(),
  min_p: z.number().min(0).max(1).optional(),
  stop: z.array(z.string().min(1)).optional().describe('Texts that end a completion; they are not part of it.'),
};
