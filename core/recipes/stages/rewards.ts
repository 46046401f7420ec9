/** The rewards of a `grpo` stage. */
import * as z from 'zod';

const lengthUnit = z
  .enum(['tokens', 'characters'])
  .describe('What a length counts. Mandatory: the paper says tokens where its code counts characters.');

/** Rewards are told apart by `name`; each is one file in the engine's `rewards` folder. */
export const rewardSchema = z.discriminatedUnion('name', [
  z
    .strictObject({
      name: z.literal('format'),
      weight: z.number().optional(),
    })
    .describe('1 when there is a box before `</think>`, otherwise 0.'),
  z
    .strictObject({
      name: z.literal('cosine'),
      unit: lengthUnit,
      max_length: z.number().positive().describe('The length at which the schedule ends, in `unit`.'),
      right: z
        .tuple([z.number(), z.number()])
        .optional()
        .describe('Reward of a right completion at length 0 and at max_length; default [1, 0.1].'),
      wrong: z
        .tuple([z.number(), z.number()])
        .optional()
        .describe('Reward of a wrong completion at length 0 and at max_length; default [-1, -0.1].'),
      unparsable_gold: z
        .enum(['null', 'one'])
        .optional()
        .describe(
          "What a gold that cannot be parsed gives: nothing (null, the default) or 1.0 as in the paper's code.",
        ),
      weight: z.number().optional(),
    })
    .describe('Cosine schedule over the length: short and right is best, short and wrong is worst.'),
  z
    .strictObject({
      name: z.literal('length'),
      unit: lengthUnit,
      unparsable_gold: z.enum(['null', 'one']).optional(),
      weight: z.number().optional(),
    })
    .describe(
      'Length within the group of one prompt (Kimi k1.5): the shortest gets +0.5, the longest −0.5; a wrong one never gains.',
    ),
  z
    .strictObject({
      name: z.literal('accuracy'),
      unparsable_gold: z.enum(['null', 'one']).optional(),
      weight: z.number().optional(),
    })
    .describe('1 when the verdict is right, 0 when wrong, nothing when undecided.'),
  z
    .strictObject({
      name: z.literal('repetition'),
      ngram_size: z.number().int().positive().optional(),
      max_penalty: z.number().max(0).optional(),
      weight: z.number().optional(),
    })
    .describe("TRL's repetition penalty over token n-grams."),
  z
    .strictObject({
      name: z.literal('soft_overlong'),
      unit: z.literal('tokens'),
      max_length: z.number().int().positive(),
      soft_length: z.number().int().positive(),
      weight: z.number().optional(),
    })
    .describe("TRL's soft overlong punishment (DAPO)."),
]);
