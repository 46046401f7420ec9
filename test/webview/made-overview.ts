/** A host of the overview that answers from a store of real files. */
import type { Sample } from '../../core/metrics/accuracy.ts';
import { random } from '../../core/metrics/bootstrap.ts';
import type { VerdictValue } from '../../core/protocol/events.ts';
import type { SavedFile, View } from '../../core/protocol/webview.ts';
import type { TraceStore } from '../../server/store/trace-store.ts';
import { makeAttempt, makeRun, writeTrace } from '../support/attempt-writer.ts';
import { FakeHost } from './fake-host.ts';
import { madeRun } from './made-run.ts';

export function overviewHost(
  store: TraceStore,
  run: string,
  view: Partial<Extract<View, { page: 'overview' }>> = {},
): { host: FakeHost; saved: SavedFile[] } {
  const saved: SavedFile[] = [];
  const host = new FakeHost(
    {
      traces: [],
      run: { ...madeRun(), run, name: run, ended: 1 },
      service: (method, params) => store.sliced(method, params),
      saved,
    },
    { page: 'overview', run, ...view },
  );
  return { host, saved };
}

export interface Made extends Sample {
  step: number;
}

export const PROBLEMS = 60;
export const STEPS = [0, 10, 20];

/** Evaluations by three checkpoints and rollouts with rewards, as a worker writes them. */
export function fillRun(root: string): Made[] {
  makeRun(root, 'run');
  const draw = random(3);
  const made: Made[] = [];
  const evaluation = makeAttempt(root, { run: 'run', stage: 'eval', attempt: 1 });
  for (const step of STEPS)
    for (let p = 0; p < PROBLEMS; p += 1)
      for (let sample = 0; sample < 4; sample += 1) {
        const verdict: VerdictValue = draw() < (p + step) / (PROBLEMS + 30) ? 'right' : 'wrong';
        const finish = draw() < 0.06 ? 'length' : 'stop';
        const one: Made = { problem: `p${p}`, step, verdict, finish, tokens: Math.round(300 * 2 ** (5 * draw())) };
        made.push(one);
        writeTrace(evaluation, {
          ...{ problem: `Problem ${p}`, sourceId: `p${p}`, gold: null, step, sample, set: 'sums', of: 'grpo' },
          completion: draw() < 0.4 ? 'Wait, let me check: 2 + 2 = 4. So it is \\boxed{4}.' : 'It is \\boxed{4}.',
          facts: {
            ...{ tokens: one.tokens!, tokens_exact: true, finish },
            verdict: { value: verdict, checker: 'test', version: '1' },
          },
        });
      }
  const training = makeAttempt(root, { run: 'run', stage: 'grpo', attempt: 1 });
  for (let i = 0; i < 400; i += 1)
    writeTrace(training, {
      ...{ problem: `Problem ${i % 50}`, sourceId: `p${i % 50}`, gold: null, step: 1 + Math.floor(i / 20), sample: 0 },
      facts: {
        ...{ tokens: Math.round(200 * 2 ** (5 * draw())), tokens_exact: true, finish: 'stop' },
        reward: Math.round(100 * draw()) / 100,
        verdict: { value: draw() < 0.5 ? 'right' : 'wrong', checker: 'test', version: '1' },
      },
    });
  return made;
}
