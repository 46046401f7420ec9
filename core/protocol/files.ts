/**
 * The files of an attempt's folder beside `events.jsonl` (see `events.ts`): what the service hands to the runner and what
 * the runner leaves behind. All are JSON, written whole (temporary file, then rename), and carry `v`.
 *
 *     <root>/runs/<run>/run.json  recipe.yaml  recipe.original.yaml (where it extends another one)  plan.json  inputs.json
 *     <root>/runs/<run>/stages/<stage>/attempt-<n>/
 *         spec.json                 before start, by the service: what will run
 *         env.json                  by the worker: versions, hardware
 *         runner.json               by the runner: who runs it
 *         heartbeat.json            by the runner, every 2 s
 *         stop.json                 by the service: a wish to stop; the runner obeys it
 *         events.jsonl              by the worker
 *         text/part-00001.txt …     by the worker: raw UTF-8 of prompts and completions, appended only
 *         tokens/part-00001.bin …   by the worker: little-endian uint32 token ids, in the order of trace_end; where they are recorded,
 *                                   the log-probabilities and entropies of the tokens (core/traces/token-scores.ts)
 *         checkpoints/checkpoint-<step>/COMPLETE.json
 *         data/<name>.jsonl         outputs of a dataset stage
 *         ranks/rank-<r>.json       by each process of a training of several: heartbeat; `.stderr.log`, `.error.json` beside it
 *         work/                     working folder of a command
 *         stdout.log stderr.log
 *         exit.json                 by the runner, last
 *     <root>/runs/<run>/servers/<n>/
 *         server.json               by the service: an inference server that stages of the run share
 *         attempt-<n>/              like a stage's: spec.json, runner.json, heartbeat.json, stdout.log, stderr.log, exit.json
 */
import * as z from 'zod';
import { verdictSchema, verdictValueSchema } from './events.ts';
import { labelEditSchema } from './label-schemas.ts';

const int = z.number().int();

/** Who serves the model of a stage. `key_env`: the variable of the worker's environment that holds the key. */
export const specInferenceSchema = z.object({
  /** With `/v1`, without a slash at its end. */
  url: z.string(),
  /** What requests must call the model. */
  model: z.string(),
  key_env: z.string().nullable(),
  engine: z.string(),
  /** Path of the server's `server.json`, where the service keeps the server: the worker waits until it says `ready`. */
  server: z.string().optional(),
});
export type SpecInference = z.infer<typeof specInferenceSchema>;

export const specSchema = z.object({
  v: z.literal(1),
  run: z.string(),
  stage: z.string(),
  attempt: int.min(1),
  kind: z.string(),
  /** The worker's argument list; the runner starts it as it stands, with `env` added to its own environment. */
  command: z.array(z.string()).min(1),
  env: z.record(z.string(), z.string()),
  /** Seconds between a polite stop and the kill of the whole process tree. */
  grace_s: z.number(),
  /** A random mark put into the environment of all descendants (`LONGHAND_MARK`), so that none can hide. */
  mark: z.string(),
  resumed_from: z.object({ attempt: int, checkpoint: z.string().nullable(), step: int }).nullable(),
  /** The stage of the recipe with every variable and reference resolved to values and absolute paths. */
  stage_config: z.record(z.string(), z.unknown()),
  /** Absolute paths by name: `model`, `data`, `follow` (the folder of the followed stage), … */
  inputs: z.record(z.string(), z.string()),
  seed: int,
  /** Argument list of `longhand annotate`, the one detector of behaviours, for a stage that chooses by them. */
  detector: z.array(z.string()).min(1).optional(),
  /** Null or absent: the model is sampled in the worker's own process. */
  inference: specInferenceSchema.nullable().optional(),
});
export type Spec = z.infer<typeof specSchema>;

/** A process that can be told from a later one with the same number. `start_time` is field 22 of /proc/PID/stat, or the
 * start time as the system's `ps -o lstart=` prints it where there is no /proc. */
export const processSchema = z.object({ pid: int, start_time: z.string(), boot_id: z.string() });
export type ProcessIdentity = z.infer<typeof processSchema>;

export const runnerFileSchema = z.object({
  v: z.literal(1),
  runner: processSchema,
  worker: processSchema.nullable(),
  mark: z.string(),
  host: z.string(),
  started: z.number(),
});

export const heartbeatSchema = z.object({
  v: z.literal(1),
  t: z.number(),
  /** Resident bytes of the worker's process tree. */
  rss: int,
  /** CPU seconds of the worker's process tree so far. */
  cpu_s: z.number(),
  processes: int,
});
export type Heartbeat = z.infer<typeof heartbeatSchema>;

export const stopFileSchema = z.object({
  v: z.literal(1),
  t: z.number(),
  grace_s: z.number(),
  /** `parent`: an evaluation that stops because the stage it follows did; it starts again with that stage. */
  by: z.enum(['user', 'parent', 'service']).optional(),
});
export type StopFile = z.infer<typeof stopFileSchema>;

/** `completed`: the worker's own `end` event says so. `stopped`: because it was asked to. `lost` is said by the service
 * where there is neither a living runner nor an exit.json. */
export const outcomeSchema = z.enum(['completed', 'failed', 'stopped', 'lost']);
export type Outcome = z.infer<typeof outcomeSchema>;

export const exitSchema = z.object({
  v: z.literal(1),
  outcome: outcomeSchema,
  /** Machine word: `config_error`, `data_error`, `user_code`, `oom_host`, `oom_gpu`, `disk_full`, `killed`, `start_failed`, … */
  reason: z.string().nullable(),
  message: z.string().nullable(),
  code: int.nullable(),
  signal: z.string().nullable(),
  started: z.number(),
  ended: z.number(),
  cpu_s: z.number(),
  peak_rss: int,
  /** Processes of the tree that could not be killed: empty, or the machine needs attention. */
  survivors: z.array(int),
});
export type Exit = z.infer<typeof exitSchema>;

/**
 * An inference server of a run. `starting`: also again, after it died. `failed` and `stopped` are final; the same need gets a
 * new server, with a number of its own.
 */
export const serverFileSchema = z.object({
  v: z.literal(1),
  state: z.enum(['starting', 'ready', 'failed', 'stopping', 'stopped']),
  engine: z.enum(['vllm', 'sglang', 'llama.cpp', 'transformers', 'embedded']),
  /** The folder or hub name that it serves. */
  checkpoint: z.string(),
  url: z.string(),
  /** What requests must call the model: the server's word, known when it is ready. */
  model: z.string(),
  /** Two needs with the same share a server. */
  need: z.string(),
  /** The newest `attempt-<n>` and how often the server died and was started again. */
  attempt: int.min(0),
  restarts: int.min(0),
  /** Seconds that it has from its start until it answers. */
  timeout_s: z.number(),
  /** Accelerators that it was given. */
  devices: z.array(int),
  /** Since when it is in this state. */
  t: z.number(),
  /** Why it failed, or died. */
  message: z.string().nullable(),
});
export type ServerFile = z.infer<typeof serverFileSchema>;

/** What makes a checkpoint trustworthy: every file with its size, written after all of them. */
export const completeFileSchema = z.object({
  v: z.literal(1),
  step: int,
  epoch: z.number().nullable(),
  files: z.record(z.string(), int),
});

export const runFileSchema = z.object({
  v: z.literal(1),
  run: z.string(),
  name: z.string(),
  kind: z.enum(['recipe', 'import']),
  created: z.number(),
  /** Where the recipe came from: `preset:two-stage-tiny` or a path. */
  source: z.string(),
  vars: z.record(z.string(), z.unknown()),
});
export type RunFile = z.infer<typeof runFileSchema>;

/** What a reader can say of a completion: whether there is a gold answer is no opinion. */
export const givenVerdictSchema = verdictValueSchema.exclude(['none']);
export type GivenVerdict = z.infer<typeof givenVerdictSchema>;

/** Journal: what no worker writes. One stream for the whole root. */
const journalBase = { v: z.literal(1), seq: int.min(0), t: z.number() };
export const journalSchema = z.discriminatedUnion('type', [
  z.object({ ...journalBase, type: z.literal('run_created'), run: z.string(), kind: z.enum(['recipe', 'import']) }),
  z.object({ ...journalBase, type: z.literal('run_deleted'), run: z.string() }),
  z.object({ ...journalBase, type: z.literal('run_renamed'), run: z.string(), name: z.string() }),
  z.object({ ...journalBase, type: z.literal('run_wanted'), run: z.string(), wanted: z.enum(['running', 'stopped']) }),
  z.object({
    ...journalBase,
    type: z.literal('attempt_created'),
    run: z.string(),
    stage: z.string(),
    attempt: int,
    resumed_from: specSchema.shape.resumed_from,
  }),
  /** The runner is gone; the outcome as the service sees it. */
  z.object({
    ...journalBase,
    type: z.literal('attempt_ended'),
    run: z.string(),
    stage: z.string(),
    attempt: int,
    outcome: outcomeSchema,
  }),
  /** A reader's word on a completion; `verdict` null takes it back. `before`: what had counted until then. */
  z.object({
    ...journalBase,
    type: z.literal('verdict_given'),
    run: z.string(),
    stage: z.string(),
    attempt: int,
    trace: int,
    verdict: givenVerdictSchema.nullable(),
    by: z.string(),
    before: verdictSchema.nullable(),
  }),
  /** Traces of a run count by other rules from now on: those that were judged otherwise, by what they were and became. */
  z.object({
    ...journalBase,
    type: z.literal('rescored'),
    run: z.string(),
    by: z.string(),
    checker: z.string(),
    version: z.string(),
    /** The name of the rules that it judged by: every switch that differs from its own (`core/answers/policy.ts`). */
    policy: z.string(),
    /** The traces that were asked about: a filter and a query of the contract, and which verdicts were to be judged again. */
    filter: z.record(z.string(), z.unknown()),
    query: z.string().optional(),
    over: z.array(verdictValueSchema).nullable(),
    changes: z.array(
      z.object({
        stage: z.string(),
        attempt: int,
        from: verdictValueSchema.nullable(),
        to: verdictValueSchema,
        traces: z.array(int),
      }),
    ),
  }),
  /** A reader's labels of a trace (`run/stage/attempt/n`), changed from revision `base` to the next. `detector`: whose spans could be seen. */
  z.object({
    ...journalBase,
    type: z.literal('labels_edited'),
    run: z.string(),
    trace: z.string(),
    by: z.string(),
    base: int.min(0),
    detector: z.object({ name: z.string(), version: z.string() }),
    edits: z.array(labelEditSchema),
  }),
  /** A judge was asked about traces of the run and has said something of so many since; what it said is in the run's `judge/traces.jsonl`. */
  z.object({
    ...journalBase,
    type: z.literal('run_judged'),
    run: z.string(),
    url: z.string(),
    model: z.string(),
    prompt: z.string(),
    traces: int.min(0),
  }),
  /** `rescore`: the seq of the event that is taken back. */
  z.object({ ...journalBase, type: z.literal('rescore_undone'), run: z.string(), rescore: int, by: z.string() }),
]);
export type JournalEvent = z.infer<typeof journalSchema>;
