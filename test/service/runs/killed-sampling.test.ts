/**
 * Stages that sample, killed with SIGKILL at random moments and resumed by the user: no sample is lost, none is drawn twice,
 * and the data set at the end is that of a run that nobody disturbed. `npm run proof -- reject` does it many times
 * (`LONGHAND_SAMPLING_KILLS`); `LONGHAND_SAMPLING_SEED` repeats the moments of a run that failed.
 */
import assert from 'node:assert/strict';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Backend } from '../../../core/protocol/client.ts';
import type { RunSummary } from '../../../core/protocol/methods.ts';
import { processesWithEnvironment } from '../../../server/process-identity.ts';
import { enginePython, stage, temporaryFolder, TestService, untilRun } from '../../support/service.ts';

const KILLS = Number(process.env['LONGHAND_SAMPLING_KILLS'] ?? 2);
const SEED = Number(process.env['LONGHAND_SAMPLING_SEED'] ?? Date.now() % 1_000_000);
/** Samples that must come between two kills, so that all of them fall into the sampling. */
const APART = 3;

type Kind = 'reject' | 'synthesize';
type Line = Record<string, unknown>;
/** Who gets the signal: the worker, its runner, both with all that they started, or these and the service. */
const VICTIMS = ['tree', 'worker', 'service', 'runner'] as const;
type Victim = (typeof VICTIMS)[number];

const STAGES: Record<Kind, string> = {
  reject: '{ id: reject, model: { builtin: longhand-base }, data: "${stages.data.fresh}", batch: 8, max_tokens: 200 }',
  synthesize: '{ id: synthesize, batch: 8 }',
};

const recipe = (kind: Kind, problems: number): string => {
  const others = ['synthesize', 'sft', 'reject', 'mix', 'joint', 'base-eval', 'sft-eval', 'joint-eval'];
  return [
    'name: killed',
    'extends: dual-phase-tiny',
    'stages:',
    `  - { id: data, task: { fresh: ${problems}, train: 8, test: 4 } }`,
    `  - ${STAGES[kind]}`,
    ...others.filter((id) => id !== kind).map((id) => `  - { id: ${id}, remove: true }`),
  ].join('\n');
};

/** A generator of numbers in [0, 1), the same for the same seed (mulberry32). */
function randomOf(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let t = Math.imul(state ^ (state >>> 15), 1 | state);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 2 ** 32;
  };
}

/** The whole lines of a file that may have been cut anywhere. */
const lines = (path: string): Line[] =>
  existsSync(path)
    ? readFileSync(path, 'utf8')
        .split('\n')
        .slice(0, -1)
        .map((line) => JSON.parse(line) as Line)
    : [];

/** Attempts of a stage by number. */
const attemptsOf = (folder: string): string[] =>
  readdirSync(folder)
    .filter((name) => name.startsWith('attempt-'))
    .toSorted((a, b) => numberOf(a) - numberOf(b))
    .map((name) => join(folder, name));
const numberOf = (name: string) => Number(name.slice(name.lastIndexOf('-') + 1));

interface Sample {
  attempt: string;
  judged: boolean;
  text: string;
}

/** What the attempts hold, by item: every completion that came to its end, with its text as it stands in the parts. */
function samplesOf(folder: string): Map<string, Sample[]> {
  const found = new Map<string, Sample[]>();
  for (const attempt of attemptsOf(folder)) {
    const parts = new Map<number, Buffer>();
    const read = (part: number) => {
      const name = `part-${String(part).padStart(5, '0')}.txt`;
      if (!parts.has(part)) parts.set(part, readFileSync(join(attempt, 'text', name)));
      return parts.get(part)!;
    };
    const begun = new Map<unknown, { item: string; pieces: Buffer[] }>();
    const ended = new Map<unknown, Sample>();
    for (const event of lines(join(attempt, 'events.jsonl'))) {
      const facts = (event['facts'] ?? {}) as Line;
      if (event['type'] === 'trace_begin') begun.set(event['trace'], { item: String(event['item']), pieces: [] });
      if (event['type'] === 'trace_text') {
        const [part, offset, length] = ['part', 'offset', 'length'].map((key) => Number(event[key]));
        begun.get(event['trace'])!.pieces.push(read(part!).subarray(offset, offset! + length!));
      }
      if (event['type'] === 'trace_end' && ['stop', 'length'].includes(String(facts['finish']))) {
        const { item, pieces } = begun.get(event['trace'])!;
        const sample = { attempt, judged: 'verdict' in facts, text: Buffer.concat(pieces).toString() };
        ended.set(event['trace'], sample);
        found.set(item, [...(found.get(item) ?? []), sample]);
      }
      if (event['type'] === 'trace_facts' && 'verdict' in facts) ended.get(event['trace'])!.judged = true;
    }
  }
  return found;
}

/** Completions that have come to their end, of all attempts; read often, so nothing is parsed. */
function countEnded(folder: string): number {
  let count = 0;
  for (const attempt of existsSync(folder) ? attemptsOf(folder) : []) {
    const path = join(attempt, 'events.jsonl');
    if (existsSync(path)) count += readFileSync(path, 'utf8').split('"type":"trace_end"').length - 1;
  }
  return count;
}

const withoutPlace = (row: Line): Line => ({ ...row, from: null });

/** Of all tables of a stage's report, the cells: the traces that they name are those of other attempts. */
const tablesOf = (attempt: string): Record<string, unknown[]> =>
  Object.fromEntries(
    readdirSync(join(attempt, 'tables')).map((name) => [
      name,
      lines(join(attempt, 'tables', name)).map(({ cells }) => cells),
    ]),
  );

describe('a stage that samples, killed and resumed', () => {
  const root = temporaryFolder('killed');
  const service = new TestService(root, enginePython ?? '');
  let backend: Backend;
  before(async function () {
    if (!enginePython || !existsSync(enginePython)) {
      console.log('      skipped: LONGHAND_PYTHON names no engine');
      this.skip();
    }
    await service.start();
    backend = await service.connect();
  });
  after(() => service.dispose());

  const start = async (text: string) => (await backend.call('runs/start', { source: { text, path: null } })).run;
  const over = ({ state }: RunSummary) => !['running', 'waiting', 'stopping'].includes(state);

  /** Ends processes of the attempt as a machine would: without a word. */
  async function kill(attempt: string, victim: Victim): Promise<void> {
    const { runner, worker, mark } = JSON.parse(readFileSync(join(attempt, 'runner.json'), 'utf8')) as {
      runner: { pid: number };
      worker: { pid: number } | null;
      mark: string;
    };
    if (victim === 'service') await service.kill('SIGKILL');
    // The runner first: it must not get to write how its worker ended.
    const tree = [runner.pid, ...processesWithEnvironment('LONGHAND_MARK', mark)];
    const victims = victim === 'worker' ? [worker!.pid] : victim === 'runner' ? [runner.pid] : tree;
    for (const pid of new Set(victims)) {
      try {
        process.kill(pid, 'SIGKILL');
      } catch (error) {
        if ((error as NodeJS.ErrnoException).code !== 'ESRCH') throw error;
      }
    }
    if (victim === 'service') {
      await service.start();
      backend = await service.connect();
    }
  }

  /** Waits for the moment in the life of an attempt; false where it ended before. */
  async function moment(folder: string, attempt: string, samples: number, seconds: number): Promise<boolean> {
    const isOver = () => existsSync(join(attempt, 'exit.json'));
    while (!existsSync(join(attempt, 'runner.json')) || !readFileSync(join(attempt, 'runner.json'), 'utf8').trim())
      await sleep(2);
    while (countEnded(folder) < samples && !isOver()) await sleep(2);
    await sleep(seconds * 1000);
    return !isOver();
  }

  async function prove(kind: Kind, kills: number): Promise<void> {
    console.log(`      LONGHAND_SAMPLING_SEED=${SEED}`);
    const random = randomOf(SEED);
    const text = recipe(kind, Math.max(24, 3 * kills));
    const undisturbed = await untilRun(backend, await start(text), over, 300_000);
    assert.equal(undisturbed.state, 'completed', JSON.stringify(undisturbed, null, 1));
    const whole = stage(undisturbed, kind).folder;
    const wanted = samplesOf(dirname(whole));
    for (const [item, samples] of wanted) assert.equal(samples.length, 1, `${item} of the undisturbed run`);

    // Moments spread over all samples, and one of five while the worker still loads.
    const last = Math.floor(wanted.size * 0.85) - kills * APART;
    assert.ok(last > 0, `${wanted.size} samples are too few for ${kills} kills`);
    const places = Array.from({ length: kills }, () => Math.floor(random() * last)).toSorted((a, b) => a - b);
    const run = await start(text);
    const folder = join(root, 'runs', run, 'stages', kind);
    const told: string[] = [];
    for (const [number, place] of places.entries()) {
      const attempt = join(folder, `attempt-${number + 1}`);
      while (!existsSync(attempt)) await sleep(10);
      const loading = number % 5 === 4;
      const victim = VICTIMS[(number + SEED) % VICTIMS.length]!;
      const samples = loading ? 0 : place + 1 + number * APART;
      assert.ok(await moment(folder, attempt, samples, random() * (loading ? 3 : 0.05)), `over at kill ${number + 1}`);
      await kill(attempt, victim);
      told.push(`${victim} at ${countEnded(folder)}${loading ? ' (loading)' : ''}`);
      const failed = await untilRun(backend, run, over);
      assert.equal(failed.state, 'failed', JSON.stringify(failed, null, 1));
      const { mark } = JSON.parse(readFileSync(join(attempt, 'spec.json'), 'utf8')) as { mark: string };
      assert.deepEqual(processesWithEnvironment('LONGHAND_MARK', mark), [], 'processes of the killed attempt');
      assert.deepEqual(await backend.call('runs/resume', { run }), { resumed: [kind] });
    }
    const done = await untilRun(backend, run, over, 300_000);
    assert.equal(done.state, 'completed', JSON.stringify(done, null, 1));
    assert.equal(stage(done, kind).attempts.length, kills + 1);
    const result = stage(done, kind).folder;

    const found = samplesOf(folder);
    assert.deepEqual([...found.keys()].toSorted(), [...wanted.keys()].toSorted(), 'samples by item');
    let recordedAgain = 0;
    for (const [item, samples] of found) {
      for (const { text } of samples) assert.equal(text, wanted.get(item)![0]!.text, item);
      // What was killed before its verdict is not drawn again, but written again with the verdict.
      assert.ok(!samples.slice(0, -1).some(({ judged }) => judged), `${item} was drawn twice: ${told.join(', ')}`);
      recordedAgain += samples.length - 1;
    }
    const data = (attempt: string) => lines(join(attempt, 'data', 'data.jsonl'));
    assert.ok(data(whole).length > 0);
    assert.deepEqual(data(result).map(withoutPlace), data(whole).map(withoutPlace));
    assert.deepEqual(tablesOf(result), tablesOf(whole));
    for (const row of data(result)) {
      for (const trace of (row['from'] as { traces: string[] }).traces) {
        const detail = await backend.call('traces/get', { trace });
        assert.equal(detail.problemText, row['problem']);
        assert.ok(detail.verdict !== null && !detail.live, `${trace} is whole`);
      }
    }
    console.log(
      `      ${found.size} samples, ${recordedAgain} written again for their verdict; killed ${told.join(', ')}`,
    );
  }

  for (const [kind, kills] of [
    ['reject', KILLS],
    ['synthesize', Math.min(KILLS, 5)],
  ] as const) {
    it(`${kind}: loses no sample, draws none twice and ends with the same data set, after ${kills} kills`, async function () {
      this.timeout(300_000 + kills * 60_000);
      await prove(kind, kills);
    });
  }
});
