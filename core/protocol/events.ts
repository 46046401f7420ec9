/**
 * The record of one attempt: `events.jsonl`, one JSON object a line, appended by the worker and by nobody else.
 * It is the contract between every worker (Python or Node) and the service. Additions only within a version.
 *
 * Rules: `seq` counts from 0 without a gap within an attempt (a resumed attempt starts again at 0). Each line is one
 * `write` of a whole line. Text is written to its part file before the event that names it. Numbers are finite: what is
 * NaN or infinite is `null`. Offsets named `offset` and `length` are bytes in a part file; `start` and `end` are UTF-16
 * units in a text. Unknown event types and unknown keys are kept and ignored by readers.
 */
import * as z from 'zod';

export const EVENTS_VERSION = 1;

const int = z.number().int();
const finite = z.number().nullable();

/** Where a stretch of raw text lies: a part file under `text/`, a byte offset and a byte length. */
export const extentSchema = z.object({ part: int.min(1), offset: int.min(0), length: int.min(0) });
export type Extent = z.infer<typeof extentSchema>;

/** What was asked of the sampler. Absent means: the engine's default. */
export const samplingSchema = z.object({
  temperature: z.number().optional(),
  top_p: z.number().optional(),
  top_k: z.number().optional(),
  min_p: z.number().optional(),
  max_tokens: int.optional(),
  seed: int.optional(),
});
export type Sampling = z.infer<typeof samplingSchema>;

/** `right` and `wrong` are a checker's word; `undecided`: it could not say; `none`: there is no gold. */
export const verdictValueSchema = z.enum(['right', 'wrong', 'undecided', 'none']);
export type VerdictValue = z.infer<typeof verdictValueSchema>;

export const verdictSchema = z.object({
  value: verdictValueSchema,
  checker: z.string(),
  version: z.string(),
  reason: z.string().nullable().optional(),
});
export type Verdict = z.infer<typeof verdictSchema>;

/** The answer as found in the completion: the span in UTF-16 units and the rule that found it (`boxed`, `answer_is`, …). */
export const answerSchema = z.object({ text: z.string(), start: int.min(0), end: int.min(0), rule: z.string() });
export type FoundAnswer = z.infer<typeof answerSchema>;

export const finishSchema = z.enum(['stop', 'length', 'error']);
export type Finish = z.infer<typeof finishSchema>;

/** What is known of a trace. Every key may come later than `trace_end`, in a `trace_facts` event; the newest value wins. */
export const factsSchema = z.object({
  tokens: int.min(0).optional(),
  reasoning_tokens: int.min(0).optional(),
  answer_tokens: int.min(0).optional(),
  /** true: counted by the model's tokenizer; false: an estimate. */
  tokens_exact: z.boolean().optional(),
  finish: finishSchema.optional(),
  answer: answerSchema.nullable().optional(),
  verdict: verdictSchema.optional(),
  /** Reward parts by name; `null` = not applicable (excluded from the sum). */
  rewards: z.record(z.string(), finite).optional(),
  /** The weighted sum over the parts that are not null. */
  reward: finite.optional(),
  /** Advantage as our worker recomputes it from the rewards of the group. */
  advantage: finite.optional(),
  /** Advantage as the trainer logged it. */
  advantage_logged: finite.optional(),
  error: z.string().optional(),
  /** Means over the tokens of it whose log-probability and entropy are recorded; natural, before temperature and filters. */
  logprob: z.number().optional(),
  entropy: z.number().optional(),
});
export type TraceFacts = z.infer<typeof factsSchema>;

const base = { v: z.literal(1), seq: int.min(0), t: z.number() };
const trace = int.min(0);

const intervalSchema = z.tuple([z.number(), z.number()]).nullable();

export const evaluationSchema = z.object({
  /** The stage whose checkpoint was evaluated; the base model is step 0 of the stage that starts from it. */
  of: z.string(),
  step: int.min(0),
  epoch: z.number().nullable(),
  checkpoint: z.string(),
  set: z.string(),
  marker: z.string().nullable().optional(),
  problems: int,
  samples: int,
  /** problems × samples */
  n: int,
  accuracy: z.number().nullable(),
  /** 95 % bootstrap over problems. */
  accuracy_ci95: intervalSchema,
  /** Mean over every output, those that were cut counted at `max_tokens`. */
  tokens_mean: z.number().nullable(),
  tokens_mean_ci95: intervalSchema,
  /** Mean over outputs that ended by themselves. */
  tokens_mean_finished: z.number().nullable(),
  finished: z.number().nullable(),
  max_tokens: int,
  budgets: z.array(
    z.object({
      budget: int,
      accuracy: z.number().nullable(),
      accuracy_ci95: intervalSchema,
      /** pass@samples. */
      pass: z.number().nullable().optional(),
      majority: z.number().nullable().optional(),
      answers: z.number().nullable().optional(),
      /** Over every output, longer ones counted at the budget; and over those that ended within it. */
      tokens_mean: z.number().nullable().optional(),
      tokens_mean_finished: z.number().nullable().optional(),
    }),
  ),
  seconds: z.number(),
  /** Unbiased pass@k for k = 1, 2, 4, … up to the samples. */
  pass: z.array(z.object({ k: int, value: z.number().nullable(), ci95: intervalSchema })).optional(),
  /** Accuracy of the most frequent answer of each problem; of answers that tie, each counts by its share. */
  majority: z.number().nullable().optional(),
  majority_ci95: intervalSchema.optional(),
  /** Completions a problem that finished with an answer. */
  answers: z.number().nullable().optional(),
  tokens_mean_right: z.number().nullable().optional(),
  /** Over those with a gold that are not both right and finished. */
  tokens_mean_wrong: z.number().nullable().optional(),
  /** The text at which completions were ended. */
  stop: z.string().optional(),
  /** false: some were estimated, as the server did not count. */
  tokens_exact: z.boolean().optional(),
});
export type Evaluation = z.infer<typeof evaluationSchema>;

export const eventSchema = z.discriminatedUnion('type', [
  z.object({
    ...base,
    type: z.literal('state'),
    phase: z.enum(['starting', 'loading', 'running', 'saving', 'stopping']),
  }),
  /** `resumed_step` is 0 for a fresh start. */
  z.object({
    ...base,
    type: z.literal('train_begin'),
    max_steps: int,
    resumed_step: int,
    epochs: z.number().nullable(),
    steps_per_epoch: z.number().nullable(),
  }),
  /** For work that is not counted in optimiser steps. */
  z.object({ ...base, type: z.literal('progress'), done: int, total: int.nullable(), unit: z.string() }),
  z.object({
    ...base,
    type: z.literal('metrics'),
    step: int,
    epoch: z.number().nullable(),
    values: z.record(z.string(), finite),
  }),
  /** Once a problem and attempt, before the first event that names it. `problem` is {@link problemId}'s hash. */
  z.object({
    ...base,
    type: z.literal('problem'),
    problem: z.string(),
    source_id: z.string().nullable().optional(),
    text: z.string(),
    gold: z.string().nullable(),
    gold_origin: z.enum(['given', 'trace', 'joined']).optional(),
  }),
  /** The prompt as the model saw it, special tokens and all; stored once for all traces that share it. */
  z.object({
    ...base,
    type: z.literal('prompt'),
    prompt: int.min(0),
    problem: z.string(),
    ...extentSchema.shape,
    tokens: int.optional(),
  }),
  z.object({
    ...base,
    type: z.literal('trace_begin'),
    trace,
    problem: z.string(),
    /** Null where no prompt text is known apart from the problem. */
    prompt: int.min(0).nullable(),
    step: int.nullable().optional(),
    epoch: z.number().nullable().optional(),
    /** For evaluations: the stage whose checkpoint wrote it. */
    of: z.string().optional(),
    set: z.string().optional(),
    sample: int.min(0),
    /** The GRPO group: completions of one prompt in one step share it. */
    group: z.string().nullable().optional(),
    sampling: samplingSchema.optional(),
    marker: z.string().nullable().optional(),
    model: z.string().optional(),
    /** Key of the work that asked for it: the newest trace of an item within a stage counts, whichever attempt drew it. */
    item: z.string().optional(),
  }),
  /** One more extent of the completion. UTF-8 is never cut inside a character. */
  z.object({ ...base, type: z.literal('trace_text'), trace, ...extentSchema.shape }),
  /**
   * `token_ids`: where the completion's ids lie in a part under `tokens/` (bytes; four an id). `scores`: where the log-probabilities and entropies of
   * its tokens lie there (see `core/traces/token-scores.ts`). `tail`: bytes at the end of the
   * text that ended the completion and are not part of it (an end token, a stop text).
   */
  z.object({
    ...base,
    type: z.literal('trace_end'),
    trace,
    facts: factsSchema,
    token_ids: extentSchema.optional(),
    scores: extentSchema.optional(),
    tail: int.min(0).optional(),
  }),
  z.object({ ...base, type: z.literal('trace_facts'), trace, facts: factsSchema }),
  /** Sent only when `COMPLETE.json` lies in the folder. `path` is relative to the attempt's folder. */
  z.object({
    ...base,
    type: z.literal('checkpoint'),
    step: int,
    epoch: z.number().nullable(),
    path: z.string(),
    bytes: int,
  }),
  z.object({ ...base, type: z.literal('eval'), ...evaluationSchema.shape }),
  z.object({ ...base, type: z.literal('warn'), code: z.string(), message: z.string() }),
  z.object({
    ...base,
    type: z.literal('error'),
    class: z.string(),
    message: z.string(),
    traceback: z.string(),
    hint: z.string().nullable().optional(),
  }),
  /**
   * Last line of an attempt that ended by itself. `complete` for training is `step >= max_steps`.
   * `outputs` are paths relative to the attempt's folder, by the name that references use:
   * `train`, `test`, … of a dataset; `checkpoint.last` of a training stage.
   */
  z.object({
    ...base,
    type: z.literal('end'),
    complete: z.boolean(),
    step: int.nullable(),
    max_steps: int.nullable(),
    outputs: z.record(z.string(), z.string()),
  }),
]);
export type StageEvent = z.infer<typeof eventSchema>;
