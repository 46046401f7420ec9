import * as z from 'zod';
import { common, orReference } from './common.ts';

export const datasetStageSchema = z.strictObject({
  ...common,
  kind: z.literal('dataset'),
  task: z
    .strictObject({
      builtin: z.enum(['sums-mod-7']),
      train: orReference(z.number().int().positive()).describe('Problems with a worked long chain of thought.'),
      dev: orReference(z.number().int().min(0)).optional().describe('Held-out problems to choose by.'),
      test: orReference(z.number().int().positive()).describe('Held-out problems that nothing is chosen by.'),
      fresh: orReference(z.number().int().positive())
        .optional()
        .describe('Problems without a worked answer that are in no other part, for synthesis.'),
      seed: orReference(z.number().int()).optional(),
    })
    .optional()
    .describe('A task that the project ships, whose answers are computed.'),
  files: z
    .record(z.string(), z.string())
    .optional()
    .describe('JSONL files by output name; rows have `problem` or `prompt`, and perhaps `answer` and `completion`.'),
});
