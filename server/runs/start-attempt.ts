/** Makes an attempt's folder: resolves what the stage reads, writes spec.json, and says from where it goes on. */
import { randomUUID } from 'node:crypto';
import { existsSync } from 'node:fs';
import { mkdir } from 'node:fs/promises';
import { join, relative, resolve } from 'node:path';
import { LonghandError } from '../../core/protocol/errors.ts';
import type { Spec } from '../../core/protocol/files.ts';
import type { Engine } from '../engine.ts';
import type { InferenceServers } from '../inference/servers.ts';
import { writeJson } from '../json-files.ts';
import { baseModelFolder, selfCommand } from '../package-paths.ts';
import type { PlanFile, PlanStage } from '../recipes/plan-file.ts';
import { references } from '../../core/recipes/references.ts';
import { stageReference } from '../recipes/references.ts';
import { stageKind } from '../stages/registry.ts';
import type { InputValue } from '../stages/stage-kind.ts';
import type { AttemptRecord, RunRecord, TraceStore } from '../store/trace-store.ts';
import { isComplete, newestCheckpoint } from './checkpoints.ts';
import { writeMissingExit } from './missing-exit.ts';

export interface NewAttempt {
  attempt: number;
  folder: string;
  resumedFrom: Spec['resumed_from'];
  /** Path of the server.json of the inference server that serves it; null where none of ours does. */
  server: string | null;
  /** Why it cannot be started; exit.json says so already. */
  problem: LonghandError | null;
}

export interface AttemptRequest {
  store: TraceStore;
  record: RunRecord;
  plan: PlanFile;
  stage: PlanStage;
  /** Null where there is none: then the attempt fails with the engine's problem. */
  engine: Engine | LonghandError;
  /** Accelerators by number; empty: the CPU. */
  devices: number[];
  accelerated: boolean;
  servers: InferenceServers;
}

/**
 * Writes the next attempt of a stage. What keeps it from starting (no engine, a checkpoint that is gone) becomes an attempt
 * that has failed, so that it can be seen and resumed.
 * Rejects with the system's error where the folder cannot be written.
 */
export async function writeAttempt(request: AttemptRequest): Promise<NewAttempt> {
  const { record, plan, stage, engine } = request;
  const earlier = attemptsOf(record, stage.id);
  const attempt = (earlier.at(-1)?.attempt ?? 0) + 1;
  const folder = join(record.folder, 'stages', stage.id, `attempt-${attempt}`);
  const resumedFrom = await resumePoint(stage, earlier);
  const spec: Spec = {
    v: 1,
    run: record.run,
    stage: stage.id,
    attempt,
    kind: stage.kind,
    command: workerCommand(engine instanceof LonghandError ? 'python' : engine.python, stage, folder),
    env: { ...environment(request), ...stage.env },
    grace_s: stage.grace,
    mark: randomUUID(),
    resumed_from: resumedFrom,
    stage_config: { ...stage.config },
    inputs: {},
    seed: plan.seed,
    ...(choosesByBehaviours(stage) && { detector: [...selfCommand(), 'annotate'] }),
  };
  let problem = engine instanceof LonghandError ? engine : null;
  try {
    for (const [name, value] of Object.entries(stage.inputs)) {
      spec.inputs[name] = await resolveInput(request, value);
      if (name in spec.stage_config) spec.stage_config[name] = spec.inputs[name];
    }
    spec.stage_config = (await resolveDeep(request, spec.stage_config)) as Spec['stage_config'];
    spec.env = (await resolveDeep(request, spec.env)) as Spec['env'];
    if (stage.of !== null) spec.inputs['follow'] = join(record.folder, 'stages', stage.of);
    if (!(engine instanceof LonghandError)) await serve(request, engine, spec);
  } catch (error) {
    if (!LonghandError.is(error)) throw error;
    problem ??= error;
  }
  await mkdir(folder, { recursive: true });
  if (problem) {
    const reason = problem.code === 'not_found' ? 'data_error' : problem.code;
    await writeMissingExit(folder, { outcome: 'failed', reason, message: problem.message });
  }
  // A key in the environment is for nobody else's eyes.
  await writeJson(join(folder, 'spec.json'), spec, spec.inference?.key_env ? 0o600 : 0o644);
  return { attempt, folder, resumedFrom, server: spec.inference?.server ?? null, problem };
}

/** Worth a process of its own only where the recipe asks for behaviours. */
function choosesByBehaviours({ kind, config }: PlanStage): boolean {
  const filters = kind === 'synthesize' ? (config['filters'] as { behaviours?: object } | undefined) : undefined;
  return filters?.behaviours !== undefined;
}

/** Gives the stage the server that its `inference` asks for. @throws LonghandError where there can be none */
async function serve({ servers, record, stage, devices, ...rest }: AttemptRequest, engine: Engine, spec: Spec) {
  if (stage.config['inference'] === undefined) return;
  const checkpoint = spec.inputs['model'];
  if (checkpoint === undefined) throw new LonghandError('invalid_recipe', `${stage.id} has no model to be served.`);
  const env = { ...environment({ devices, accelerated: rest.accelerated }), ...stage.env };
  const served = await servers.serve({ runFolder: record.folder, stage, checkpoint, engine, devices, env });
  spec.inference = served.inference;
  Object.assign(spec.env, served.env);
}

/** One process is started as it is; several by accelerate, under a process that watches over them. */
function workerCommand(python: string, stage: PlanStage, folder: string): string[] {
  const { module } = stageKind(stage.kind);
  if (stage.processes === 1) return [python, '-u', '-m', module, folder];
  const distributed = stage.distributed ? ['--distributed', stage.distributed] : [];
  const several = ['--processes', String(stage.processes), ...distributed];
  return [python, '-u', '-m', 'longhand_engine.launch', folder, module, ...several];
}

export function attemptsOf(record: RunRecord, stage: string): AttemptRecord[] {
  return record.stages.find((one) => one.stage === stage)?.attempts ?? [];
}

/** Kinds whose new attempt is told of the one before, and takes what that one has finished. */
const readsItsPast: ReadonlySet<string> = new Set(['evaluate', 'synthesize', 'reject', 'command']);

/** What samples goes on from what the attempt before has finished; trainers from a checkpoint; everything else starts again. */
async function resumePoint(stage: PlanStage, earlier: AttemptRecord[]): Promise<Spec['resumed_from']> {
  const last = earlier.at(-1);
  if (!last) return null;
  if (readsItsPast.has(stage.kind)) return { attempt: last.attempt, checkpoint: null, step: 0 };
  if (!stageKind(stage.kind).trains) return null;
  const found = await newestCheckpoint(earlier);
  return found && { attempt: found.attempt, checkpoint: found.path, step: found.step };
}

function environment({
  devices,
  accelerated,
}: Pick<AttemptRequest, 'devices' | 'accelerated'>): Record<string, string> {
  // One thread a process is fastest for small models on a CPU, and leaves a core to the evaluation.
  if (!accelerated) return { OMP_NUM_THREADS: '1' };
  // Empty: none of them, for a stage that asked for the CPU.
  return { CUDA_VISIBLE_DEVICES: devices.join(',') };
}

/** `value` with every reference to another stage in it resolved, however deep. */
async function resolveDeep(request: AttemptRequest, value: unknown): Promise<unknown> {
  if (typeof value === 'string')
    return stageReference(value) ? resolveInput(request, value) : resolveText(request, value);
  if (Array.isArray(value)) return Promise.all(value.map((item) => resolveDeep(request, item)));
  if (typeof value !== 'object' || value === null) return value;
  const entries = Object.entries(value).map(async ([key, item]) => [key, await resolveDeep(request, item)] as const);
  return Object.fromEntries(await Promise.all(entries));
}

/** A text with the references in the midst of it put in (`--model=${stages.sft.checkpoint.last}`). */
async function resolveText(request: AttemptRequest, text: string): Promise<string> {
  let resolved = text;
  for (const { text: written, target } of references(text)) {
    if (!('stage' in target)) continue;
    const path = await resolveInput(request, written);
    resolved = resolved.replace(written, () => path);
  }
  return resolved;
}

/** The absolute path (or hub name) for a value of the recipe. @throws LonghandError `not_found` */
async function resolveInput(request: AttemptRequest, value: InputValue): Promise<string> {
  if (typeof value !== 'string') return baseModelFolder;
  const reference = stageReference(value);
  if (!reference) return value;
  const { stage, output } = reference;
  if (output === 'folder' || output === 'eval.folder') {
    return join(request.record.folder, 'stages', output === 'folder' ? stage : `${stage}.eval`);
  }
  if (output === 'checkpoint.best') return bestCheckpoint(request, stage);
  const done = attemptsOf(request.record, stage).at(-1);
  const path = done?.end?.outputs[output];
  if (!done || path === undefined) {
    const known = Object.keys(done?.end?.outputs ?? {}).join(', ') || 'nothing';
    throw new LonghandError('not_found', `The stage ${stage} left no ${output}; it left ${known}.`);
  }
  const whole = resolve(done.folder, path);
  if (relative(request.record.folder, whole).startsWith('..')) {
    throw new LonghandError('not_found', `${output} of ${stage} lies outside the run's folder (${path}).`);
  }
  if (!existsSync(whole)) {
    throw new LonghandError('not_found', `${output} of ${stage} is gone: ${whole}. Run ${stage} again.`);
  }
  return whole;
}

/** The checkpoint with the highest accuracy in the evaluations of the stage, of equals the earlier one. */
async function bestCheckpoint({ store, record }: AttemptRequest, stage: string): Promise<string> {
  const { evaluations } = await store.read('metrics/snapshot', { run: record.run, stages: [`${stage}.eval`] });
  const ranked = evaluations
    .filter((one) => one.of === stage && one.step > 0 && !one.superseded && one.accuracy !== null)
    .toSorted((a, b) => b.accuracy! - a.accuracy! || a.step - b.step);
  const best = ranked[0];
  if (!best) throw new LonghandError('not_found', `No checkpoint of ${stage} was evaluated, so none is the best.`);
  const path = resolve(record.folder, 'stages', stage, best.checkpoint);
  if (await isComplete(path)) return path;
  // That it is gone is no reason to take a worse one in silence.
  throw new LonghandError(
    'not_found',
    `The best checkpoint of ${stage}, step ${best.step}, is gone. Keep more of them (save_total_limit), or use checkpoint.last.`,
  );
}
