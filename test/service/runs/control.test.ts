import assert from 'node:assert/strict';
import { existsSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { LonghandError } from '../../../core/protocol/errors.ts';
import { isGone, rehearsalRecipe, stage, temporaryFolder, TestService, until } from '../../support/service.ts';
import { suiteService } from '../suite.ts';

describe('run control', () => {
  const suite = suiteService('runs');
  const { root } = suite;

  const start = async (stages: Parameters<typeof rehearsalRecipe>[0]) => suite.start(rehearsalRecipe(stages));

  it('runs the stages one after the other, each from what the one before left', async () => {
    const run = await start({ first: { STEPS: 12 }, second: { STEPS: 5 } });
    assert.match(run, /^rehearsal-[a-z0-9]{8}$/);
    const summary = await suite.ended(run);
    assert.equal(summary.state, 'completed', JSON.stringify(summary, null, 1));
    const second = stage(summary, 'second');
    assert.deepEqual(second.progress, { done: 5, total: 5, unit: 'steps', epoch: 1, epochs: 1, secondsLeft: null });
    assert.deepEqual(
      stage(summary, 'first').checkpoints.map(({ step }) => step),
      [5, 10, 12],
    );
    const spec = JSON.parse(readFileSync(join(second.folder, 'spec.json'), 'utf8'));
    const first = stage(summary, 'first').folder;
    assert.equal(spec.inputs.model, join(first, 'checkpoints/checkpoint-12'));
    assert.equal(spec.stage_config.model, spec.inputs.model);
    assert.equal(spec.inputs.data, join(stage(summary, 'data').folder, 'data/train.jsonl'));
    assert.ok(readFileSync(join(root, 'runs', run, 'recipe.yaml'), 'utf8').startsWith('name: rehearsal'));
    // What was measured is the next plan's estimate.
    const source = { text: rehearsalRecipe({ first: { STEPS: 12 } }), path: null };
    const { plan } = await suite.backend.call('recipes/plan', { source });
    assert.ok((plan?.stages.find(({ id }) => id === 'first')?.expectedSeconds ?? 0) > 0);
  });

  it('stops with a checkpoint, leaves no process, and goes on from there', async () => {
    const run = await start({ first: { STEPS: 200, CHILD: '1' }, second: { STEPS: 3 } });
    let summary = await suite.until(run, (s) => (stage(s, 'first').progress?.done ?? 0) >= 7);
    await assert.rejects(suite.backend.call('runs/delete', { run }), (e) => LonghandError.is(e, 'not_runnable'));
    await assert.rejects(suite.backend.call('runs/resume', { run }), (e) => LonghandError.is(e, 'already_running'));
    const folder = stage(summary, 'first').folder;
    const child = Number(readFileSync(join(folder, 'child.pid'), 'utf8'));
    const { runner, worker } = JSON.parse(readFileSync(join(folder, 'runner.json'), 'utf8'));
    assert.equal(isGone(child), false);

    assert.deepEqual(await suite.backend.call('runs/stop', { run }), { stopping: ['first'] });
    summary = await suite.backend.call('runs/get', { run });
    assert.equal(stage(summary, 'first').state, 'stopping');
    const left = stage(summary, 'first').attempts[0]!.graceLeft!;
    assert.ok(left > 0 && left <= 5, `grace ${left}`);

    summary = await suite.until(run, ({ state }) => state === 'stopped');
    for (const pid of [child, runner.pid, worker.pid]) assert.ok(isGone(pid), `process ${pid} lives`);
    assert.equal(stage(summary, 'first').attempts[0]!.outcome, 'stopped');
    assert.equal(stage(summary, 'second').state, 'waiting');
    const saved = stage(summary, 'first').checkpoints.at(-1)!.step;
    assert.ok(saved >= 7);

    // A checkpoint that was damaged meanwhile is not trusted.
    rmSync(join(folder, 'checkpoints', `checkpoint-${saved}`, 'state.json'));
    const whole = stage(summary, 'first').checkpoints.at(-2)?.step ?? 5;
    assert.deepEqual(await suite.backend.call('runs/resume', { run }), { resumed: ['first'] });
    summary = await suite.until(run, (s) => stage(s, 'first').attempts.length === 2);
    assert.equal(stage(summary, 'first').attempts[1]!.resumedFrom?.step, whole);
    summary = await suite.until(run, (s) => (stage(s, 'first').progress?.done ?? 0) > whole);
    await suite.backend.call('stages/stop', { run, stage: 'first', force: true });
    summary = await suite.until(run, (s) => stage(s, 'first').state === 'stopped');
    assert.equal(await suite.backend.call('stages/resume', { run, stage: 'first' }).then(({ attempt }) => attempt), 3);
    await suite.backend.call('runs/stop', { run });
    await suite.until(run, ({ state }) => state === 'stopped');
    assert.deepEqual(await suite.backend.call('runs/delete', { run }), { deleted: true });
    assert.equal(existsSync(join(root, 'runs', run)), false);
    await assert.rejects(suite.backend.call('runs/get', { run }), (e) => LonghandError.is(e, 'not_found'));
  });

  it('kills at the end of the grace what does not obey', async () => {
    const run = await start({ first: { STEPS: 1000, IGNORE_TERM: '1' } });
    const running = await suite.until(run, (s) => (stage(s, 'first').progress?.done ?? 0) >= 2);
    const { worker } = JSON.parse(readFileSync(join(stage(running, 'first').folder, 'runner.json'), 'utf8'));
    await suite.backend.call('stages/stop', { run, stage: 'first' });
    await new Promise((resolve) => setTimeout(resolve, 500));
    assert.equal(isGone(worker.pid), false, 'it has its grace');
    await suite.backend.call('stages/stop', { run, stage: 'first', force: true });
    const summary = await suite.until(run, ({ state }) => state === 'stopped', 4000);
    assert.equal(stage(summary, 'first').attempts[0]!.outcome, 'stopped');
    assert.ok(isGone(worker.pid));
  });

  it('shows what a worker raised, and goes on after the fix', async () => {
    const flag = join(root, 'broken');
    writeFileSync(flag, '');
    const run = await start({ first: { STEPS: 12, FAIL_AT: 8, FAIL_WHILE: flag }, second: { STEPS: 2 } });
    let summary = await suite.ended(run);
    assert.equal(summary.state, 'failed');
    const { error, outcome } = stage(summary, 'first').attempts[0]!;
    assert.equal(outcome, 'failed');
    assert.equal(error?.class, 'RuntimeError');
    assert.equal(error?.message, 'the reward is not a number');
    assert.match(error?.traceback ?? '', /rehearsal_worker.py/);
    assert.equal(error?.hint, 'look at the rewards');
    assert.equal(stage(summary, 'second').attempts.length, 0);
    const log = await suite.backend.call('stages/log', { run, stage: 'first', stream: 'stderr' });
    assert.equal(log.text, 'failed\n');
    assert.deepEqual(
      await suite.backend.call('stages/log', { run, stage: 'first', stream: 'stderr', offset: 3, limit: 2 }),
      {
        text: 'le',
        offset: 3,
        end: 5,
        size: 7,
      },
    );
    rmSync(flag);
    await suite.backend.call('runs/resume', { run });
    summary = await suite.ended(run);
    assert.equal(summary.state, 'completed');
    assert.equal(stage(summary, 'first').attempts[1]!.resumedFrom?.step, 5);
    await assert.rejects(suite.backend.call('runs/resume', { run }), (e) => LonghandError.is(e, 'not_runnable'));
  });

  it('goes on with another config where the old one did not fit, and keeps it', async () => {
    const flag = join(root, 'full');
    writeFileSync(flag, '');
    const run = await start({ first: { STEPS: 12, FAIL_AT: 8, FAIL_WHILE: flag } });
    await suite.ended(run);
    const resume = (name: string, config: Record<string, unknown>) =>
      suite.backend.call('stages/resume', { run, stage: name, config });
    const refused = async (name: string, config: Record<string, unknown>, why: RegExp) =>
      assert.rejects(resume(name, config), (e) => LonghandError.is(e, 'invalid_params') && why.test(e.message));
    await refused('first', { per_device_train_batchsize: 4 }, /no key .*did you mean “per_device_train_batch_size”/);
    await refused('first', { per_device_train_batch_size: 'four' }, /must be a whole number/);
    await refused('first', { output_dir: '/tmp' }, /not for a recipe to set/);
    rmSync(flag);
    assert.deepEqual(await resume('first', { per_device_train_batch_size: 4 }), { attempt: 2 });
    const summary = await suite.ended(run);
    assert.equal(summary.state, 'completed');
    const { attempts, folder } = stage(summary, 'first');
    assert.equal(attempts[1]!.resumedFrom?.step, 5);
    const config = (attempt: number) =>
      JSON.parse(readFileSync(join(folder, '..', `attempt-${attempt}`, 'spec.json'), 'utf8')).stage_config.config;
    assert.deepEqual([config(1), config(2)], [{ max_steps: 20 }, { max_steps: 20, per_device_train_batch_size: 4 }]);
    const plan = JSON.parse(readFileSync(join(root, 'runs', run, 'plan.json'), 'utf8'));
    const { notes } = plan.stages.find(({ id }: { id: string }) => id === 'first');
    assert.equal(notes.at(-1), 'Changed when it was resumed: per_device_train_batch_size 4, before TRL’s default.');
    await assert.rejects(resume('data', { max_steps: 1 }), (e) => LonghandError.is(e, 'not_runnable'));
  });

  it('trains one stage at a time on a machine without accelerators', async function () {
    const { checks } = await suite.backend.call('service/doctor', {});
    if (!checks.find(({ id }) => id === 'accelerators')?.found.startsWith('none')) this.skip();
    const runs = [await start({ first: { STEPS: 20 } }), await start({ first: { STEPS: 3 } })];
    const a = runs[0]!;
    const both = async () => Promise.all(runs.map((run) => suite.backend.call('runs/get', { run })));
    await until(async () => {
      const states = (await both()).map((summary) => stage(summary, 'first').state);
      assert.ok(states.filter((state) => state === 'running').length <= 1, states.join());
      return states.every((state) => state === 'completed');
    }, 'both runs end');
    const [first, second] = (await both()).map((summary) => stage(summary, 'first').attempts[0]!);
    const [earlier, later] = first!.started! < second!.started! ? [first!, second!] : [second!, first!];
    assert.ok(earlier.ended! <= later.started!);
    await suite.backend.call('runs/rename', { run: a, name: 'another name' });
    assert.equal((await suite.backend.call('runs/get', { run: a })).name, 'another name');
  });

  it('refuses a recipe with the places of its errors, and a run without an engine', async () => {
    const text = rehearsalRecipe({ first: {} }).replace('kind: sft', 'kind: sftt');
    await assert.rejects(suite.backend.call('runs/start', { source: { text, path: null } }), (error) => {
      assert.ok(LonghandError.is(error, 'invalid_recipe'));
      const { diagnostics } = error.detail as { diagnostics: { range: { start: number; end: number } }[] };
      assert.equal(text.slice(diagnostics[0]!.range.start, diagnostics[0]!.range.end), 'sftt');
      return true;
    });
    const { diagnostics } = await suite.backend.call('recipes/check', { source: { text, path: null } });
    assert.equal(text.slice(diagnostics[0]!.range.start, diagnostics[0]!.range.end), 'sftt');
    const set = { epoch: 3 };
    await assert.rejects(
      suite.backend.call('recipes/plan', { source: { preset: 'two-stage-tiny' }, set }),
      (error) => LonghandError.is(error, 'invalid_params') && error.message.includes('“epochs”'),
    );
    const other = temporaryFolder('runs');
    const bare = await new TestService(other, join(other, 'no-python')).start();
    try {
      const client = await bare.connect();
      const source = { text: rehearsalRecipe({ first: {} }), path: null };
      await assert.rejects(client.call('runs/start', { source }), (e) => LonghandError.is(e, 'engine_missing'));
      assert.deepEqual((await client.call('runs/list', {})).runs, []);
      const { checks } = await client.call('service/doctor', {});
      assert.equal(checks.find(({ id }) => id === 'engine')?.status, 'missing');
    } finally {
      await bare.dispose();
    }
  });
});
