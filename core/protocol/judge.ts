/**
 * A judge: a model behind an OpenAI-compatible endpoint that the user names, asked for the behaviours of traces. What it says is a
 * layer beside the detector's spans (`layers.ts`).
 *
 *     <root>/runs/<run>/judge/traces.jsonl   a record for each trace that was judged whole, appended; the newest of each judge counts
 *     <root>/runs/<run>/judge/job.json       what was last asked for, and how far that came
 *     <root>/judge-cache/answers-*.jsonl     answers by the hash of their question, so that nothing is paid for twice; bounded
 *
 * A key is in none of them.
 */
import * as z from 'zod';
import { judgeLabels } from '../judge/definitions.ts';
import type { Agreement } from '../labels/agreement.ts';
import type { Label } from '../behaviours/spans.ts';
import type { LayerId } from './layers.ts';
import type { TraceFilter } from './traces.ts';

export interface JudgeEndpoint {
  /** `http://…` or `https://…`, as a rule with `/v1` at its end; questions go to `<url>/chat/completions`, and nothing goes elsewhere. */
  url: string;
  model: string;
  /** Questions at the same time: 1 to 64, default 4. */
  concurrency?: number;
  /** Most tokens of one answer; default 4,096. */
  maxTokens?: number;
  /** Of a million tokens, in the user's currency. */
  price?: { input: number; output: number };
}

/** Who can be asked with which key: one that the client hands over for this job, or a variable of the service's environment. */
export type JudgeKey = { value: string } | { env: string };

/**
 * `random`: `n` traces, drawn in proportion from the strata of stage, judged stage (`of`) and verdict, one of each at least while
 * there is room. `stage`: `n` of each stage. The same seed draws the same ones.
 */
export type JudgeSample =
  { kind: 'all' } | { kind: 'random'; n: number; seed: number } | { kind: 'stage'; n: number; seed: number };

export interface JudgeSelection {
  run: string;
  /** Of the run's finished traces; superseded ones are left out. */
  filter?: TraceFilter;
  /** Narrows the filter, as in `traces/page`: words and expressions are refused (`invalid_query`). */
  query?: string;
  sample: JudgeSample;
  /** Asks anew what has been answered already. */
  again?: boolean;
}

export interface JudgeEstimate {
  /** Finished traces that fit the filter, and how many of them were chosen. */
  fitting: number;
  traces: number;
  /** Of those chosen: judged already by this judge, so not asked again. */
  judged: number;
  /** Chosen traces by stage. */
  stages: { stage: string; traces: number }[];
  /** Questions, and those of them whose answer is kept. */
  stretches: number;
  cached: number;
  /** Estimates from lengths; no tokenizer is asked. Of the questions that will be sent. */
  inputTokens: number;
  outputTokens: number;
  /** What the answers may take at most: a model that thinks first writes more than its answer. */
  outputTokensMost: number;
  /** In the currency of the prices; null where none are known. */
  cost: number | null;
  costMost: number | null;
  seconds: number;
  /** `answers`: from the time of earlier answers of this model here. `assumed`: nothing is known of it. */
  secondsFrom: 'answers' | 'assumed';
  /** Traces whose text was read for this; the others are taken to be like them. */
  read: number;
}

export interface JudgeJob {
  run: string;
  /**
   * `interrupted`: the service ended while it ran; what was answered is kept, and asking for the same goes on. `stopped`: so was asked.
   */
  state: 'running' | 'stopping' | 'done' | 'stopped' | 'failed' | 'interrupted';
  endpoint: JudgeEndpoint;
  /** The version of the questions. */
  prompt: string;
  selection: JudgeSelection;
  started: number;
  ended: number | null;
  /** `judged` holds those that had been judged before. `incomplete`: some question of theirs was never answered. */
  traces: { chosen: number; judged: number; before: number; incomplete: number; unreadable: number };
  /** Questions answered, those of them that were kept from earlier, and those given up after all tries. */
  stretches: { answered: number; cached: number; failed: number };
  /** Steps that got labels (or the word that they have none), and those whose answer could not be parsed. */
  steps: { judged: number; unparsed: number };
  /** Steps that were judged in two stretches, and of how many both said the same. */
  twice: { steps: number; same: number };
  /** As the endpoint counted them for this job; `estimated`: it counts none. */
  tokens: { input: number; output: number; estimated: boolean };
  cost: number | null;
  /** Requests that were sent again. */
  retries: number;
  secondsLeft: number | null;
  /** Why it failed, or the last thing that went wrong. Never holds a key. */
  message: string | null;
  /** Lines that could not be parsed: the first few, with the reason. Text of a model. */
  faults: { line: string; why: string }[];
  /** Answers kept under the root, in bytes, and the most that are kept. */
  cache: { bytes: number; limit: number };
}

/** By step and span; the judge's word is `gold`. */
export interface JudgeLabelAgreement extends Agreement {
  label: Label;
}

export interface JudgeDisagreement {
  trace: string;
  /** In the completion, UTF-16 units. */
  start: number;
  end: number;
  label: Label;
  /** Who has the label there; the other has it not. */
  only: 'judge' | 'detector';
  text: string;
}

export interface JudgeAgreement {
  judge: LayerId;
  detector: { name: string; version: string };
  /** Traces that both have read, and steps of them that the judge has judged. */
  traces: number;
  steps: number;
  labels: JudgeLabelAgreement[];
  /** Spans that only one of them has, by trace and place, at most 200; `more` counts those beyond. */
  disagreements: JudgeDisagreement[];
  more: number;
  /** Traces that are still to be read: the same call goes on. */
  waiting: number;
}

export interface JudgeMethods {
  /** What it would take; nothing is sent. */
  'judge/estimate': { params: { endpoint: JudgeEndpoint; selection: JudgeSelection }; result: JudgeEstimate };
  /**
   * Begins to ask, and answers at once. What has been answered is never asked again, so the same call goes on after a stop or a kill.
   * @throws `already_running` where the run is being judged, `invalid_params` for the address or the key
   */
  'judge/start': {
    params: { endpoint: JudgeEndpoint; selection: JudgeSelection; key?: JudgeKey };
    result: JudgeJob;
  };
  /** The run's last job; null where there was none. */
  'judge/status': { params: { run: string }; result: { job: JudgeJob | null } };
  /** What is being asked is given up; what was answered stays. */
  'judge/stop': { params: { run: string }; result: { stopping: boolean } };
  /**
   * Of the judge whose record is the newest, or of that one, over the judged traces of a run, a stage, or of one trace. Texts are read
   * for a fraction of a second a call: while `waiting` is above 0 the same call goes on. Null: no judge has said anything.
   */
  'judge/agreement': {
    params: { run: string; stage?: string; trace?: string; judge?: { name: string; version: string } };
    result: { agreement: JudgeAgreement | null; judges: (LayerId & { traces: number })[] };
  };
}

const natural = z.number().int().min(0);

export const judgeEndpointSchema = z.object({
  url: z.string().min(1).max(2000),
  model: z.string().min(1).max(500),
  concurrency: z.number().int().min(1).max(64).optional(),
  maxTokens: z.number().int().min(16).max(1_000_000).optional(),
  price: z.object({ input: z.number().min(0).max(1e6), output: z.number().min(0).max(1e6) }).optional(),
});
export const judgeKeySchema = z.union([
  z.object({ value: z.string().min(1).max(4096) }),
  z.object({ env: z.string().regex(/^[A-Za-z_][A-Za-z0-9_]{0,199}$/, 'is not the name of a variable') }),
]);
const drawn = { n: natural.min(1).max(1_000_000), seed: natural };
export const judgeSampleSchema = z.discriminatedUnion('kind', [
  z.object({ kind: z.literal('all') }),
  z.object({ kind: z.literal('random'), ...drawn }),
  z.object({ kind: z.literal('stage'), ...drawn }),
]);

/** A line of `traces.jsonl`. Offsets are UTF-16 units of the completion. */
export const judgedTraceSchema = z.object({
  v: z.literal(1),
  t: z.number(),
  trace: z.string(),
  /** The model, the version of the questions, the endpoint, and the hash of all that an answer depends on but the text. */
  judge: z.object({ model: z.string(), prompt: z.string(), url: z.string(), key: z.string() }),
  /** Of the completion, as far as it was read. */
  length: natural,
  spans: z.array(z.object({ start: natural, end: natural, label: z.enum(judgeLabels) })),
  /** What was judged; steps whose answer could not be parsed are left out. */
  read: z.array(z.tuple([natural, natural])),
  steps: z.object({ judged: natural, unparsed: natural }),
});
export type JudgedTrace = z.infer<typeof judgedTraceSchema>;
