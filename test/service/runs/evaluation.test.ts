import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { rehearsalRecipe, stage } from '../../support/service.ts';
import { suiteService } from '../suite.ts';

describe('an evaluation beside a stage', () => {
  const suite = suiteService('evaluation');

  const start = async (stages: Parameters<typeof rehearsalRecipe>[0]) => suite.start(rehearsalRecipe(stages));

  it('runs while the stage does, and chooses the best checkpoint for the next', async () => {
    const run = await start({ first: { STEPS: 25, STEP_MS: 40, EVALUATE: 1 }, second: { STEPS: 3, FROM: 'best' } });
    await suite.until(run, (s) => stage(s, 'first').state === 'running' && stage(s, 'first.eval').state === 'running');
    const done = await suite.ended(run);
    assert.equal(done.state, 'completed', JSON.stringify(done, null, 1));
    const spec = JSON.parse(readFileSync(join(stage(done, 'second').folder, 'spec.json'), 'utf8')) as {
      inputs: { model: string };
    };
    assert.equal(spec.inputs.model, join(stage(done, 'first').folder, 'checkpoints/checkpoint-10'));
    const evaluated = stage(done, 'first.eval').attempts[0]!;
    assert.ok(stage(done, 'second').attempts[0]!.started! >= evaluated.ended!, 'it waits for the evaluation');
    const { rows } = await suite.backend.call('runs/table', { run });
    assert.deepEqual(
      rows.map(({ step }) => step),
      [5, 10, 15, 20, 25],
    );
  });

  it('ends with the stage when that is stopped, goes on with it, and repeats nothing', async () => {
    const run = await start({ first: { STEPS: 40, STEP_MS: 40, EVALUATE: 1 } });
    const evaluations = async () => (await suite.backend.call('metrics/snapshot', { run })).evaluations;
    await suite.until(run, (s) => stage(s, 'first').checkpoints.length >= 2);
    while ((await evaluations()).length === 0) await new Promise((resolve) => setTimeout(resolve, 50));
    await suite.backend.call('stages/stop', { run, stage: 'first' });
    const stopped = await suite.ended(run);
    assert.equal(stopped.state, 'stopped');
    assert.deepEqual([stage(stopped, 'first').state, stage(stopped, 'first.eval').state], ['stopped', 'stopped']);
    await suite.backend.call('stages/resume', { run, stage: 'first' });
    const done = await suite.ended(run);
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
