/** Makes runs and attempts on disk as the service and a worker would, without either. */
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { TraceFacts } from '../../core/protocol/events.ts';
import type { RunFile, Spec } from '../../core/protocol/files.ts';
import { attemptFolder, runFolder } from '../../server/store/paths.ts';
import { RecordWriter } from '../../server/store/record-writer.ts';
import type { TraceWhere } from '../../server/store/record-writer.ts';
import type { AttemptKey } from '../../server/store/trace-store.ts';

/** Writes run.json. */
export function makeRun(root: string, run: string, options: Partial<RunFile> = {}): void {
  mkdirSync(runFolder(root, run), { recursive: true });
  const file: RunFile = {
    v: 1,
    run,
    name: run,
    kind: 'recipe',
    created: Date.now(),
    source: 'preset:test',
    vars: {},
    ...options,
  };
  writeFileSync(join(runFolder(root, run), 'run.json'), JSON.stringify(file));
}

/** Writes spec.json and opens the attempt's record. */
export function makeAttempt(
  root: string,
  key: AttemptKey,
  spec: Partial<Spec> = {},
  options?: { partBytes?: number },
): RecordWriter {
  const folder = attemptFolder(root, key);
  mkdirSync(folder, { recursive: true });
  const whole: Spec = {
    v: 1,
    ...key,
    kind: key.stage.startsWith('grpo') ? 'grpo' : key.stage.startsWith('eval') ? 'evaluate' : 'sft',
    command: ['worker'],
    env: {},
    grace_s: 120,
    mark: 'test',
    resumed_from: null,
    stage_config: {},
    inputs: {},
    seed: 0,
    ...spec,
  };
  writeFileSync(join(folder, 'spec.json'), JSON.stringify(whole));
  return new RecordWriter(folder, options);
}

export interface TestTrace extends Partial<TraceWhere> {
  problem?: string;
  gold?: string | null;
  sourceId?: string | null;
  prompt?: string | null;
  completion?: string;
  /** What ended it: written behind the completion. */
  ending?: string;
  facts?: TraceFacts;
}

/** A whole trace: problem, prompt, text, end. Returns its number. */
export function writeTrace(record: RecordWriter, trace: TestTrace = {}): number {
  const {
    problem: text = 'What is 2 + 2?',
    gold = '4',
    sourceId = null,
    completion = 'So it is \\boxed{4}.',
    ending = '',
    facts,
    prompt: given,
    ...where
  } = trace;
  const problem = record.problem(text, { gold, sourceId });
  const prompt = given === null ? null : record.prompt(problem, given ?? `<|user|>${text}<|assistant|>`);
  const number = record.traceBegin(problem, prompt, { sample: 0, ...where });
  record.traceText(number, completion + ending);
  const known = facts ?? { tokens: Math.ceil(completion.length / 4), tokens_exact: false, finish: 'stop' as const };
  record.traceEnd(number, known, { tail: Buffer.byteLength(ending) });
  return number;
}

/**
 * Streams tokens into traces that have begun, round and round, as a sampling engine does: what each trace got in the last `every`
 * milliseconds is one `trace_text`. `pace`: milliseconds a token of each trace. Calls `wrote` with the time of each flush.
 */
export async function streamTokens(
  record: RecordWriter,
  traces: readonly { trace: number; tokens: readonly string[] }[],
  { every = 100, pace = 5, wrote }: { every?: number; pace?: number; wrote?: (at: number) => void } = {},
): Promise<void> {
  const perFlush = Math.max(1, Math.round(every / pace));
  const longest = Math.max(...traces.map(({ tokens }) => tokens.length));
  for (let at = 0; at < longest; at += perFlush) {
    for (const { trace, tokens } of traces) record.traceText(trace, tokens.slice(at, at + perFlush).join(''));
    wrote?.(performance.now());
    await sleep(every);
  }
}
