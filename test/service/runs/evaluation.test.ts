import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Backend } from '../../../core/protocol/client.ts';
import type { RunSummary } from '../../../core/protocol/methods.ts';
import {
  rehearsalPython,
  rehearsalRecipe,
  stage,
  temporaryFolder,
  TestService,
  untilRun,
} from '../../support/service.ts';

describe('an evaluation beside a stage', () => {
  const root = temporaryFolder('evaluation');
  const service = new TestService(root, rehearsalPython(join(root, 'bin')));
  let backend: Backend;
  before(async () => {
    await service.start();
    backend = await service.connect();
  });
  after(() => service.dispose());

  const start = async (stages: Parameters<typeof rehearsalRecipe>[0]) =>
    (await backend.call('runs/start', { source: { text: rehearsalRecipe(stages), path: null } })).run;
  const over = ({ state }: RunSummary) => ['completed', 'failed', 'stopped'].includes(state);

  it('runs while the stage does, and chooses the best checkpoint for the next', async () => {
    const run = await start({ first: { STEPS: 25, STEP_MS: 40, EVALUATE: 1 }, second: { STEPS: 3, FROM: 'best' } });
    await untilRun(
      backend,
      run,
      (s) => stage(s, 'first').state === 'running' && stage(s, 'first.eval').state === 'running',
    );
    const done = await untilRun(backend, run, over);
    assert.equal(done.state, 'completed', JSON.stringify(done, null, 1));
    const spec = JSON.parse(readFileSync(join(stage(done, 'second').folder, 'spec.json'), 'utf8')) as {
      inputs: { model: string };
    };
    assert.equal(spec.inputs.model, join(stage(done, 'first').folder, 'checkpoints/checkpoint-10'));
    const evaluated = stage(done, 'first.eval').attempts[0]!;
    assert.ok(stage(done, 'second').attempts[0]!.started! >= evaluated.ended!, 'it waits for the evaluation');
    const { rows } = await backend.call('runs/table', { run });
    assert.deepEqual(
      rows.map(({ step }) => step),
      [5, 10, 15, 20, 25],
    );
  });

  it('ends with the stage when that is stopped, goes on with it, and repeats nothing', async () => {
    const run = await start({ first: { STEPS: 40, STEP_MS: 40, EVALUATE: 1 } });
    const evaluations = async () => (await backend.call('metrics/snapshot', { run })).evaluations;
    await untilRun(backend, run, (s) => stage(s, 'first').checkpoints.length >= 2);
    while ((await evaluations()).length === 0) await new Promise((resolve) => setTimeout(resolve, 50));
    await backend.call('stages/stop', { run, stage: 'first' });
    const stopped = await untilRun(backend, run, over);
    assert.equal(stopped.state, 'stopped');
    assert.deepEqual([stage(stopped, 'first').state, stage(stopped, 'first.eval').state], ['stopped', 'stopped']);
    await backend.call('stages/resume', { run, stage: 'first' });
    const done = await untilRun(backend, run, over);
    assert.equal(done.state, 'completed', JSON.stringify(done, null, 1));
    assert.equal(stage(done, 'first.eval').attempts.length, 2);
    const all = await evaluations();
    const names = all.map(({ step, checkpoint }) => `${step} ${checkpoint}`);
    assert.equal(new Set(names).size, names.length, `evaluated twice: ${names.join(', ')}`);
    const counted = all.filter(({ superseded }) => !superseded).map(({ step }) => step);
    assert.ok(
      [5, 10, 15, 20, 25, 30, 35, 40].every((step) => counted.includes(step)),
      counted.join(),
    );
  });
});
