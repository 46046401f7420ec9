/** A plan's training stages as TRL's own classes see them: every argument with its value, or what TRL refuses. */
import { spawn } from 'node:child_process';
import * as z from 'zod';
import { LonghandError } from '../../core/protocol/errors.ts';
import type { EngineConfigs } from '../../core/protocol/recipes.ts';
import { engineEnvironment, type Engine } from '../engine.ts';
import type { PlanStage } from './plan-file.ts';

/** Importing TRL takes 8 s on a quiet machine. */
const TIMEOUT_MS = 180_000;
const MOST_BYTES = 16 * 2 ** 20;

const texts = z.array(z.string());
const answerSchema = z.object({
  versions: z.record(z.string(), z.string().nullable()),
  stages: z.array(
    z.object({
      id: z.string(),
      class: z.string(),
      processes: z.number(),
      arguments: z.record(z.string(), z.unknown()).nullable(),
      set: texts,
      changed: texts.optional(),
      facts: texts,
      not_checked: texts,
      problem: z.string().nullable(),
      keys: texts,
    }),
  ),
});

/** @throws LonghandError `internal` where the engine gives no answer */
export async function engineConfigs(stages: readonly PlanStage[], engine: Engine): Promise<EngineConfigs> {
  const training = stages.filter(({ kind }) => kind === 'sft' || kind === 'grpo');
  if (training.length === 0) return { versions: {}, stages: [] };
  const asked = training.map(({ id, kind, config, processes, distributed }) => {
    return { id, kind, config, processes, distributed };
  });
  const answer = answerSchema.parse(await ask(engine, JSON.stringify({ stages: asked })));
  return {
    versions: answer.versions,
    stages: answer.stages.map(({ id, changed, not_checked, keys, ...rest }) => {
      return { stage: id, changed: changed ?? [], notChecked: not_checked, problemKeys: keys, ...rest };
    }),
  };
}

function ask(engine: Engine, input: string): Promise<unknown> {
  return new Promise((resolve, reject) => {
    const env = { ...engineEnvironment(), OMP_NUM_THREADS: '1', PYTHONWARNINGS: 'ignore' };
    const child = spawn(engine.python, ['-m', 'longhand_engine.plan_config'], { env, timeout: TIMEOUT_MS });
    let out = '';
    let problems = '';
    child.stdout.setEncoding('utf8').on('data', (text: string) => {
      if (out.length < MOST_BYTES) out += text;
    });
    child.stderr.setEncoding('utf8').on('data', (text: string) => (problems = (problems + text).slice(-4000)));
    child.on('error', reject);
    child.on('close', (code, signal) => {
      try {
        resolve(JSON.parse(out.trim().split('\n').at(-1) ?? ''));
      } catch {
        const last = problems.trim().split('\n').at(-1) ?? '';
        const how = signal ? `was ended by ${signal}` : `ended with code ${String(code)}`;
        reject(new LonghandError('internal', `The engine ${how} instead of checking the configuration. ${last}`));
      }
    });
    child.stdin.on('error', () => undefined);
    child.stdin.end(input);
  });
}
