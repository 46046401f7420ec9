import * as z from 'zod';
import { common, id, orReference } from './common.ts';

export const selectStageSchema = z.strictObject({
  ...common,
  kind: z.literal('select'),
  from: id.describe('The training stage whose checkpoints are compared; it needs an `evaluate` block.'),
  rule: z
    .enum(['accuracy', 'accuracy_at_budget', 'shortest_not_worse'])
    .describe(
      'The highest accuracy, the highest within `budget` tokens, or the fewest tokens among those whose accuracy is not below the 95 % interval of the highest. Of equals the earlier one.',
    ),
  budget: orReference(z.number().int().positive())
    .optional()
    .describe('Only completions of at most so many tokens count; one of the budgets of the evaluation.'),
  set: z.string().optional().describe('The set that is compared, where several were evaluated.'),
  marker: z.string().nullable().optional().describe('The style marker of the evaluations that are compared.'),
});
