import * as z from 'zod';
import { benchmarkName } from './benchmarks.ts';
import { common, modelSchema, orReference } from './common.ts';

const positive = z.number().int().positive();

/** The name of a data set, under which other stages refer to it. */
export const outputName = z
  .string()
  .regex(/^[A-Za-z0-9][A-Za-z0-9_-]{0,39}$/, 'a name is of letters, digits, - and _ (at most 40)');

const column = z.string().min(1).max(500).nullable().optional();

const columnsSchema = z
  .strictObject({
    problem: column.describe('The problem, a text (default `problem`, `question`, `prompt`).'),
    prompt: column.describe('Messages that ask it, where they are more than the problem.'),
    messages: column.describe('A conversation that ends with the completion (default `messages`, `conversations`).'),
    completion: column.describe('One completion (default `completion`, `generation`, `response`).'),
    generations: column.describe('A list of candidate completions (default `generations`).'),
    correct: column.describe('Whether each is right (default `correct`, `correctness_math_verify`).'),
    gold: column.describe('The right answer (default `answer`, `gold`, `ground_truth`).'),
    id: column.describe('Default `source_id`, `id`, `uuid`.'),
    accuracy: column.describe('Share of right completions, for filters (default: of the verdicts).'),
    tokens: column.describe('Tokens of each completion, where no `tokenizer` counts them.'),
  })
  .describe(
    'Which column is what; dotted for nested ones, `null` for none. What is left out is looked for by its usual names.',
  );

const sourceSchema = z.strictObject({
  name: z.string().min(1).max(100).optional().describe('Stands in every row as its `source`; default: the file.'),
  path: z
    .string()
    .min(1)
    .optional()
    .describe('A .jsonl, .json, .parquet or .csv file, a folder of these, or the data set of another stage.'),
  hub: z.string().min(1).optional().describe('A data set of the Hugging Face hub, in place of `path`.'),
  benchmark: benchmarkName
    .optional()
    .describe('It is a benchmark as published: its problems and gold answers are taken as `evaluate` takes them.'),
  config: z.string().optional().describe('The configuration of the hub data set.'),
  split: z
    .string()
    .optional()
    .describe('The split of the hub data set (default `train`; that of a benchmark: its usual one).'),
  columns: columnsSchema.optional(),
  filter: z
    .union([z.string(), z.array(z.string())])
    .optional()
    .describe(
      'Rows to keep, such as `tokens > 12800 and accuracy between 0.5 and 0.75`. Fields are tokens (of the longest generation), tokens_min, tokens_mean, characters, generations, accuracy, correct, problem, answer, id, line, and the columns of the source.',
    ),
  sample: orReference(positive).optional().describe('So many of the rows that pass the filter, drawn by `seed`.'),
  seed: orReference(z.number().int()).optional(),
});

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
  sources: z
    .array(sourceSchema)
    .min(1)
    .max(100)
    .optional()
    .describe('Files or hub data sets that are filtered, joined and chosen from, in this order.'),
  output: outputName.optional().describe('Name of the data set made from `sources` (default `train`).'),
  deduplicate: z
    .literal('problem')
    .optional()
    .describe('Rows with the same normalised problem text become one, with the generations of all.'),
  choose: z
    .enum(['shortest_correct', 'longest_correct', 'first', 'all'])
    .optional()
    .describe('Which generation of a problem is taken (default: the first).'),
  gold_from_trace: z
    .boolean()
    .optional()
    .describe('Where the source has no answer, the one that its generations give; marked `answer_origin: trace`.'),
  decontaminate: z
    .strictObject({
      against: z.array(z.string().min(1)).min(1).describe('Evaluation sets: files, or data sets of other stages.'),
      ngram: orReference(positive).optional().describe('Words in a row that both must have (default 13).'),
    })
    .optional()
    .describe('Drops problems that share a run of words with an evaluation set, and lists each hit.'),
  tokenizer: modelSchema.optional().describe('The model whose tokenizer counts; without it lengths are in characters.'),
  max_tokens: orReference(positive).optional().describe('Longer generations are not taken.'),
  system: z.string().optional().describe('System message of every prompt, in place of one that is there.'),
});
