import * as z from 'zod';
import { common, orReference } from './common.ts';
import { outputName } from './dataset.ts';

export const mixStageSchema = z.strictObject({
  ...common,
  kind: z.literal('mix'),
  sources: z
    .array(
      z.strictObject({
        data: z.string().min(1).describe('The data set of another stage, or a JSONL file.'),
        name: z.string().min(1).max(100).optional().describe('Stands in every row as its `source`.'),
        marker: z
          .string()
          .nullable()
          .optional()
          .describe('Put, as it stands, at the end of the last user message: a style marker.'),
        weight: orReference(z.number().positive().max(1000))
          .optional()
          .describe(
            'How many times its rows are taken (default 1); 0.5 is half of them, 1.5 is all and half of them again.',
          ),
        limit: orReference(z.number().int().positive())
          .optional()
          .describe('At most so many of its rows, drawn by the seed.'),
      }),
    )
    .min(1)
    .max(100),
  seed: orReference(z.number().int()).optional(),
  shuffle: z.boolean().optional().describe('Rows in random order (default true).'),
  output: outputName.optional().describe('Name of the data set (default `train`).'),
});
