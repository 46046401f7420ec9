/**
 * Sampling through the service against a plain load generator (`server/engine/bench/plain_load.py`): the same process of the
 * embedded server, the same problems, seeds and bounds, 32 requests at a time. One run alternates `evaluate` stages, which
 * stream, record, show and judge every completion, with `command` stages that run the generator.
 *
 * Two models, since what a token costs us does not depend on the model and what it costs the server does: with the base of 120,000
 * parameters, which no one trains for its own sake, a token takes the server 0.15 ms of a core.
 *
 * Ours counts from before the first request (the stage's state `running`) to the last completion that is recorded, the
 * generator from before its first request to its last answer; whole stages, with their process's start, are told beside it.
 */
import { execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { setTimeout as sleep } from 'node:timers/promises';
import type { RunSummary } from '../../core/protocol/methods.ts';
import { repository, stage, TestService } from '../support/service.ts';
import type { Figure } from './run.ts';

const PAIRS = 6;
const CONCURRENCY = 32;
const SEED = 3;

type Way = 'ours' | 'plain' | 'whole';
/** Tokens a second of one turn; `stage`: of the whole stage. */
type Turn = Record<Way | 'stage', number>;
interface Event {
  t: number;
  type: string;
  phase?: string;
  facts?: { tokens: number };
}

interface Size {
  name: string;
  problems: number;
  maxTokens: number;
  target: string | null;
}

const BASE: Size = { name: 'the shipped base', problems: 256, maxTokens: 256, target: null };
/** Never ends early. */
const LARGER: Size = { name: '4.8M parameters', problems: 96, maxTokens: 96, target: '>=0.95' };

const engine = join(repository, 'server', 'engine');

export async function bench(): Promise<Figure[]> {
  const python = process.env['LONGHAND_PYTHON'];
  if (!python) throw new Error('LONGHAND_PYTHON is not set: run this through `npm run bench`.');
  const folder = mkdtempSync(join(tmpdir(), 'longhand-bench-'));
  try {
    execFileSync(python, [join(engine, 'bench', 'larger.py'), folder], { stdio: 'inherit' });
    return [
      ...(await measured(python, folder, LARGER)),
      ...(await measured(python, join(engine, 'longhand_engine', 'tiny', 'base'), BASE)),
    ];
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

async function measured(python: string, model: string, size: Size): Promise<Figure[]> {
  const root = mkdtempSync(join(tmpdir(), 'longhand-bench-'));
  const args = ['-u', '-m', 'longhand_engine.serve', '--model', model, '--name', 'm', '--threads', '1'];
  const server = spawn(python, [...args, '--batch', String(CONCURRENCY)], {
    env: { ...process.env, PYTHONPATH: engine, OMP_NUM_THREADS: '1' },
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const service = new TestService(root, python);
  try {
    const [line] = (await once(createInterface(server.stdout), 'line')) as [string];
    const { url } = JSON.parse(line) as { url: string };
    await service.start();
    const backend = await service.connect();
    const source = { text: recipe(`${url}/v1`, python, size), path: null };
    const { run } = await backend.call('runs/start', { source });
    let done: RunSummary;
    // Seldom: whoever asks takes time from both sides.
    do {
      await sleep(2000);
      done = await backend.call('runs/get', { run });
    } while (['running', 'waiting'].includes(done.state));
    if (done.state !== 'completed') throw new Error(JSON.stringify(done, null, 1));
    // The first turn warms up.
    return figures(
      size,
      Array.from({ length: PAIRS }, (_, i) => turnOf(done, size, i + 1)),
    );
  } finally {
    await service.dispose();
    const ended = once(server, 'exit');
    server.kill('SIGTERM');
    await ended;
    rmSync(root, { recursive: true, force: true, maxRetries: 10, retryDelay: 500 });
  }
}

/** A stage a way and turn, each waiting for the one before; the order changes from turn to turn. */
function recipe(url: string, python: string, { problems, maxTokens }: Size): string {
  const task = { builtin: 'sums-mod-7', train: 8, test: problems };
  const stages: Record<string, unknown>[] = [{ id: 'data', kind: 'dataset', task }];
  const generator = [python, join(engine, 'bench', 'plain_load.py'), url, '{inputs.data}'];
  const bounds = ['--seed', SEED, '--max-tokens', maxTokens, '--concurrency', CONCURRENCY].map(String);
  for (let turn = 0; turn <= PAIRS; turn++) {
    const ways: Way[] = ['ours', 'plain', 'whole'];
    for (const way of turn % 2 === 0 ? ways : ways.toReversed()) {
      const common = { id: `${way}-${turn}`, needs: [stages.at(-1)!['id']] };
      if (way === 'ours') {
        const sampling = { samples: 1, max_tokens: maxTokens, temperature: 1, seed: SEED };
        const inference = { url, model: 'm', concurrency: CONCURRENCY };
        const model = { builtin: 'longhand-base' };
        stages.push({ ...common, kind: 'evaluate', model, data: '${stages.data.test}', ...sampling, inference });
      } else {
        const program = [...generator, ...bounds, ...(way === 'whole' ? ['--whole'] : [])];
        stages.push({ ...common, kind: 'command', program, inputs: { data: '${stages.data.test}' } });
      }
    }
  }
  return JSON.stringify({ name: 'sampling', stages });
}

function turnOf(done: RunSummary, { problems }: Size, turn: number): Turn {
  const ours = stage(done, `ours-${turn}`);
  const events = readFileSync(join(ours.folder, 'events.jsonl'), 'utf8')
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line) as Event);
  const ended = events.filter(({ type }) => type === 'trace_end');
  const tokens = ended.reduce((sum, { facts }) => sum + facts!.tokens, 0);
  const begun = events.find(({ type, phase }) => type === 'state' && phase === 'running')!.t;
  const { started, ended: left } = ours.attempts[0]!;
  const rate: Turn = { ours: 0, plain: 0, whole: 0, stage: (1000 * tokens) / (left! - started!) };
  rate.ours = (1000 * tokens) / (ended.at(-1)!.t - begun);
  for (const way of ['plain', 'whole'] as const) {
    const said = JSON.parse(readFileSync(join(stage(done, `${way}-${turn}`).folder, 'stdout.log'), 'utf8')) as {
      seconds: number;
      tokens: number;
      completions: number;
    };
    // Otherwise they did not do the same.
    if (said.tokens !== tokens || said.completions !== ended.length || ended.length !== problems) {
      throw new Error(`turn ${turn}: ${ended.length} completions of ${tokens} tokens against ${JSON.stringify(said)}`);
    }
    rate[way] = said.tokens / said.seconds;
  }
  return rate;
}

function figures({ name: model, target: wanted }: Size, turns: Turn[]): Figure[] {
  const per = (name: keyof Turn) => Math.round(median(turns.map((turn) => turn[name])));
  const share = (peer: Way, what: string, target: string | null, name: 'ours' | 'stage' = 'ours'): Figure => {
    const ratios = turns.map((turn) => turn[name] / turn[peer]);
    const [low, high] = interval(ratios);
    const rates = `${per(peer)} tokens/s, ours ${per(name)}; ${ratios.length} pairs, 95 % interval ${low} to ${high}`;
    return {
      name: `sampling through the service, ${model}, ${what}`,
      value: round(median(ratios)),
      unit: '',
      target,
      peer: rates,
    };
  };
  return [
    share('plain', 'share of a plain load generator that streams', wanted),
    share('whole', 'share of one that does not stream', null),
    share('plain', 'whole stage, its start and end counted, share of the generator', null, 'stage'),
  ];
}

const round = (value: number) => Math.round(value * 1000) / 1000;

function median(values: number[]): number {
  const sorted = values.toSorted((a, b) => a - b);
  const middle = sorted.length >> 1;
  return sorted.length % 2 === 1 ? sorted[middle]! : (sorted[middle - 1]! + sorted[middle]!) / 2;
}

/** 95 % percentile bootstrap of the median, the same for the same values. */
function interval(values: number[]): [number, number] {
  let state = 1;
  const next = () => (state = (state * 48_271) % 2_147_483_647) / 2_147_483_647;
  const medians = Array.from({ length: 2000 }, () =>
    median(values.map(() => values[Math.floor(next() * values.length)]!)),
  ).toSorted((a, b) => a - b);
  return [round(medians[50]!), round(medians[1949]!)];
}
