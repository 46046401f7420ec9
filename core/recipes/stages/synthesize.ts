/** Two-turn synthesis (arXiv 2601.05616): answer, transition, second answer, summary. */
import * as z from 'zod';
import { common, modelSchema, orReference, reference } from './common.ts';
import { inferenceSchema } from './inference.ts';
import { recordSchema, samplingShape } from './sampling.ts';

const orders = {
  together: ['answer_1', 'answer_2', 'transition', 'summary'],
  in_sequence: ['answer_1', 'transition', 'answer_2', 'summary'],
} as const;
type Turn = (typeof orders)['together'][number];

const promptSchema = z
  .union([
    z.string().min(1),
    z.strictObject({
      user: z.string().min(1).describe("The user's message."),
      system: z.string().optional(),
      assistant: z
        .string()
        .optional()
        .describe('What the model is shown as the beginning of its own message, and goes on from.'),
      begin: z.string().optional().describe('The first words of the turn itself; the model goes on from them.'),
      end: z.string().min(1).optional().describe('The text that ends the turn and belongs to it.'),
      with: z
        .array(z.string().min(1))
        .optional()
        .describe('Texts that the turn must have; otherwise it is drawn again.'),
      without: z.array(z.string().min(1)).optional().describe('Texts that it must not have.'),
    }),
  ])
  .describe(
    "The user's message, or more of the conversation. {problem}, {gold} and the turns drawn before ({answer_1}, {answer_2}, {transition}; {answer_1_unboxed}: without its boxes) are put in; {{name}} is the text {name}.",
  );
type Prompt = z.infer<typeof promptSchema>;

const turnSampling = z.strictObject({
  ...samplingShape,
  tries: z
    .number()
    .int()
    .min(1)
    .max(100)
    .optional()
    .describe('Draws until the turn is as its prompt asks, and the summary decides for the right answer (default 1).'),
});

const byClass = z
  .strictObject({ RR: promptSchema, RW: promptSchema, WR: promptSchema })
  .describe('One prompt for each class of right (R) and wrong (W) first and second answer.');

const stage = z.strictObject({
  ...common,
  kind: z.literal('synthesize'),
  model: modelSchema,
  data: reference.describe('Problems with their gold answers; completions are left aside.'),
  order: z
    .enum(['together', 'in_sequence'])
    .optional()
    .describe(
      'In which the turns are drawn, which the paper leaves open: both answers first, then the transition and the summary (default, its Fig. 3), or in the order of the document.',
    ),
  prompts: z.strictObject({
    answer_1: promptSchema,
    answer_2: promptSchema,
    transition: promptSchema,
    summary: z.union([promptSchema, byClass]),
  }),
  sampling: z.strictObject({
    answer_1: turnSampling,
    answer_2: turnSampling,
    transition: turnSampling,
    summary: turnSampling,
  }),
  document: z
    .strictObject({
      lead: z.string().optional().describe('What stands before the first answer (default: nothing).'),
      join: z.string().optional().describe('What stands between two turns (default: an empty line).'),
    })
    .optional(),
  balance: z
    .strictObject({
      when_rw_exceeds: z
        .enum(['drop_rw', 'keep_all', 'error'])
        .optional()
        .describe(
          'All WR, all RW, and RR up to WR − RW are taken. Where RW are more than WR the paper says nothing: take as many RW as WR (default), take all, or stop.',
        ),
    })
    .optional(),
  filters: z
    .strictObject({
      min_characters: z.number().int().min(0).optional().describe('Of every turn (default 20, as in the paper).'),
      decision: z
        .enum(['right', 'any'])
        .optional()
        .describe('The final decision must be right (default), or may be any.'),
      behaviours: z
        .partialRecord(
          z.enum(['verification', 'backtracking', 'subgoal', 'backward_reasoning']),
          z.number().int().positive(),
        )
        .optional()
        .describe("Least number of a document's spans, by behaviour, as the inspector's detector finds them."),
    })
    .optional(),
  seed: orReference(z.number().int()).optional(),
  inference: inferenceSchema.optional().describe('Who serves the model (default: the worker itself).'),
  batch: z.number().int().positive().optional().describe('Sequences in the rolling batch.'),
  record: recordSchema,
});

export const synthesizeStageSchema = stage.superRefine(({ prompts, order = 'together' }, context) => {
  for (const turn of orders[order]) {
    const given = prompts[turn];
    const known = knownPlaces(turn, order);
    const named: [string[], Prompt][] =
      typeof given === 'object' && 'RR' in given
        ? (['RR', 'RW', 'WR'] as const).map((kind) => [[kind], given[kind]])
        : [[[], given]];
    for (const [path, prompt] of named) {
      const texts = typeof prompt === 'string' ? { '': prompt } : prompt;
      for (const key of ['', 'user', 'system', 'assistant', 'begin'] as const) {
        const text = (texts as Record<string, unknown>)[key];
        const unknown = typeof text === 'string' ? placesOf(text).find((place) => !known.includes(place)) : undefined;
        if (unknown === undefined) continue;
        context.addIssue({
          code: 'custom',
          path: ['prompts', turn, ...path, ...(key ? [key] : [])],
          message: `{${unknown}} is not known when ${turn} is drawn (order: ${order}); there are ${known.map((place) => `{${place}}`).join(', ')}. Write {{${unknown}}} for the text itself`,
        });
      }
    }
  }
});

/** The names that stand in single braces. */
function placesOf(template: string): string[] {
  return [...template.matchAll(/\{\{[a-z][a-z0-9_]*\}\}|\{([a-z][a-z0-9_]*)\}/g)].flatMap(([, name]) => name ?? []);
}

function knownPlaces(turn: Turn, order: keyof typeof orders): string[] {
  const turns: readonly Turn[] = orders[order];
  const before = turns.slice(0, turns.indexOf(turn));
  return ['problem', 'gold', ...before.flatMap((name) => [name, `${name}_unboxed`])];
}
