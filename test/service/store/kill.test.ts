import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { random } from '../../../core/metrics/bootstrap.ts';
import type { RecordWriter } from '../../../server/store/record-writer.ts';
import { makeAttempt, makeRun, writeTrace } from '../../support/attempt-writer.ts';
import { dumpIndex } from '../../support/index-dump.ts';
import { withFolder, withStore } from '../../support/temporary.ts';

const KILLS = Number(process.env['LONGHAND_KILLS'] ?? 12);
const script = join(import.meta.dirname, '../../support/store-process.ts');

interface Said {
  stream?: string;
  lastSeq?: number;
  journal?: number;
  name?: string;
  batch?: number;
  run?: string;
  /** A trace that was judged wrong. */
  judged?: string;
  /** A trace that has labels, as many as its revision says. */
  labelled?: string;
  revision?: number;
}

/**
 * Runs the store in a process of its own and kills it `life` milliseconds after it has said `until`. Returns what it had
 * acknowledged. Every fourth one makes its index anew at first.
 */
async function runAndKill(
  root: string,
  seed: number,
  until: string,
  life: number,
  meanwhile: () => void,
): Promise<Said[]> {
  const child = spawn(process.execPath, [script, root, String(seed), seed % 4 === 3 ? 'reindex' : ''], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  let output = '';
  child.stdout.on('data', (chunk: Buffer) => {
    output += chunk.toString();
  });
  const exited = once(child, 'exit');
  const writing = setInterval(meanwhile, 3);
  while (!output.includes(until) && child.exitCode === null) await sleep(2);
  await sleep(life);
  child.kill('SIGKILL');
  await exited;
  clearInterval(writing);
  // The last line may be torn: then it was not said.
  return output
    .split('\n')
    .slice(0, -1)
    .map((line) => JSON.parse(line) as Said);
}

/** A worker that does a bit of everything, and outlives the kills. */
function worker(record: RecordWriter): () => void {
  const open: number[] = [];
  let step = 0;
  return () => {
    step++;
    if (step % 3 === 0)
      writeTrace(record, {
        problem: `What is ${step % 7}?`,
        step,
        sample: step % 4,
        completion: `é😀 ${'x'.repeat(step % 50)} \\boxed{4}`,
      });
    if (step % 5 === 0) open.push(record.traceBegin(record.problem('open'), null, { sample: 0, step }));
    for (const trace of open.slice(-3)) record.traceText(trace, `more ${step} ∑ `);
    if (step % 11 === 0 && open.length > 4) record.traceEnd(open.shift()!, { tokens: step, finish: 'stop' });
    record.event({ type: 'metrics', step, epoch: step / 100, values: { loss: 1 / step } });
    if (step % 50 === 0)
      record.event({ type: 'checkpoint', step, epoch: null, path: `checkpoints/checkpoint-${step}`, bytes: 1 });
  };
}

describe('store: killed at any moment', function () {
  this.timeout(30_000 + KILLS * 5000);

  it(`loses nothing acknowledged and doubles nothing, over ${KILLS} kills`, () =>
    withFolder(async (root) => {
      makeRun(root, 'trained');
      const record = makeAttempt(root, { run: 'trained', stage: 'grpo', attempt: 1 });
      const work = worker(record);
      const draw = random(1);
      const said: Said[] = [];
      for (let kill = 0; kill < KILLS; kill++) {
        // Some early in their lives, some when they have taken a few things on.
        const until = kill % 2 === 0 ? '"batch":0' : '"open"';
        said.push(...(await runAndKill(root, kill, until, draw() * 400, work)));
      }
      assert.ok(
        said.some(({ judged }) => judged !== undefined) &&
          said.some(({ batch }) => batch !== undefined) &&
          said.some(({ lastSeq }) => (lastSeq ?? 0) > 10),
        'the children did something',
      );

      await withStore(async (store) => {
        await store.catchUp();
        const incremental = dumpIndex(root);
        const report = await store.verify();
        // An import that was killed may end in a torn line; nothing else is wrong.
        assert.deepEqual(
          report.faults.filter(({ kind }) => kind !== 'torn_line'),
          [],
        );
        for (const { stream, lastSeq, journal, name, batch, run, judged, labelled, revision } of said) {
          if (labelled !== undefined) {
            const layer = await store.read('labels/get', { trace: labelled, by: 'anna' });
            assert.ok(layer.revision >= (revision ?? 0) && layer.spans.length === layer.revision, labelled);
          }
          if (judged !== undefined) {
            const { verdict, reader } = await store.read('traces/get', { trace: judged });
            assert.deepEqual([verdict, reader?.version, reader?.by], ['wrong', '1', 'anna'], judged);
          }
          if (stream !== undefined) {
            const [r = '', stage = '', attempt] = stream.split('/');
            assert.ok((await store.attempt({ run: r, stage, attempt: Number(attempt) })).lastSeq >= (lastSeq ?? 0));
          }
          if (journal !== undefined) {
            const [event] = (await store.replay('journal', journal - 1, 1)).events;
            assert.deepEqual([event?.type, event && 'name' in event ? event.name : null], ['run_renamed', name]);
          }
          if (batch !== undefined) {
            const { total } = await store.read('traces/page', {
              filter: { run: run ?? '', stage: 'import' },
              limit: 1,
            });
            assert.ok(total > batch);
          }
        }
        await store.reindex();
        const fresh = dumpIndex(root);
        for (const table of Object.keys(fresh)) assert.deepEqual(incremental[table], fresh[table], table);
        assert.equal((await store.attempt({ run: 'trained', stage: 'grpo', attempt: 1 })).faults, 0);
      }, root);
    }));
});
