import assert from 'node:assert/strict';
import { decide, type ScheduledRun, type ScheduledStage, type StageView } from '../../../server/runs/scheduler.ts';

const cpu = { gpus: [], others: 2 };

function stage(id: string, view: StageView, more: Partial<ScheduledStage> = {}): ScheduledStage {
  return {
    id,
    view,
    of: null,
    needs: [],
    trains: false,
    gpus: null,
    isServed: false,
    served: null,
    devices: [],
    ...more,
  };
}

/** The tiny recipe, with the view of each stage. */
function twoStage(views: Partial<Record<string, StageView>>, run = 'r', wanted = true): ScheduledRun {
  const view = (id: string) => views[id] ?? 'none';
  return {
    run,
    wanted,
    stages: [
      stage('data', view('data')),
      stage('sft', view('sft'), { needs: ['data'], trains: true }),
      stage('sft.eval', view('sft.eval'), { needs: ['data'], of: 'sft' }),
      stage('grpo', view('grpo'), { needs: ['sft', 'data'], trains: true }),
      stage('grpo.eval', view('grpo.eval'), { needs: ['sft', 'data'], of: 'grpo' }),
    ],
  };
}

const started = (views: Partial<Record<string, StageView>>) => decide([twoStage(views)], cpu).start?.stage ?? null;
const stopped = (views: Partial<Record<string, StageView>>) =>
  decide([twoStage(views)], cpu).stop.map(({ stage: id }) => id);

describe('runs/scheduler', () => {
  it('starts a stage when what it needs is complete, and its evaluation beside it', () => {
    assert.equal(started({}), 'data');
    assert.equal(started({ data: 'active' }), null);
    assert.equal(started({ data: 'completed' }), 'sft');
    assert.equal(started({ data: 'completed', sft: 'active' }), 'sft.eval');
    assert.equal(started({ data: 'completed', sft: 'active', 'sft.eval': 'active' }), null);
  });

  it('does not wait for an evaluation that nothing needs', () => {
    assert.equal(started({ data: 'completed', sft: 'completed', 'sft.eval': 'active' }), 'grpo');
    assert.equal(started({ data: 'completed', sft: 'completed', 'sft.eval': 'failed' }), 'grpo');
    assert.equal(started({ data: 'completed', sft: 'completed', 'sft.eval': 'active', grpo: 'active' }), 'grpo.eval');
  });

  it('waits for the evaluation that checkpoint.best chooses by', () => {
    const run = twoStage({ data: 'completed', sft: 'completed', 'sft.eval': 'active' });
    run.stages[3]!.needs.push('sft.eval');
    run.stages[4]!.needs.push('sft.eval');
    assert.equal(decide([run], cpu).start, null);
    run.stages[2]!.view = 'completed';
    assert.equal(decide([run], cpu).start?.stage, 'grpo');
  });

  it('does not repeat what failed or was stopped', () => {
    for (const view of ['failed', 'stopped_by_user'] as const) {
      assert.equal(started({ data: view }), null);
      assert.equal(started({ data: 'completed', sft: view }), null);
    }
  });

  it('stops the evaluation with its stage, and starts it again with it', () => {
    for (const sft of ['failed', 'stopped_by_user', 'stopping'] as const) {
      assert.deepEqual(stopped({ data: 'completed', sft, 'sft.eval': 'active' }), ['sft.eval']);
    }
    assert.deepEqual(stopped({ data: 'completed', sft: 'completed', 'sft.eval': 'active' }), []);
    assert.equal(started({ data: 'completed', sft: 'active', 'sft.eval': 'stopped_with_parent' }), 'sft.eval');
    assert.equal(started({ data: 'completed', sft: 'active', 'sft.eval': 'stopped_by_user' }), null);
    assert.equal(started({ data: 'completed', sft: 'stopped_by_user', 'sft.eval': 'stopped_with_parent' }), null);
  });

  it('starts nothing in a run that is to stop', () => {
    assert.equal(decide([twoStage({ data: 'completed' }, 'r', false)], cpu).start, null);
  });

  it('trains one stage at a time without accelerators, the older run first', () => {
    const older = twoStage({ data: 'completed', sft: 'active', 'sft.eval': 'active' }, 'older');
    const newer = twoStage({ data: 'completed' }, 'newer');
    assert.equal(decide([older, newer], cpu).start, null);
    older.stages[1]!.view = 'completed';
    assert.deepEqual(decide([older, newer], cpu).start, { run: 'older', stage: 'grpo', devices: [] });
    older.stages[3]!.view = 'stopping';
    assert.equal(decide([older, newer], cpu).start, null, 'a stage that stops still holds its place');
  });

  it('gives each training stage accelerators of its own', () => {
    const machine = { gpus: [0, 1, 2], others: 2 };
    const a = twoStage({ data: 'completed' }, 'a');
    const b = twoStage({ data: 'completed' }, 'b');
    a.stages[1]!.gpus = 2;
    assert.deepEqual(decide([a, b], machine).start, { run: 'a', stage: 'sft', devices: [0, 1] });
    Object.assign(a.stages[1]!, { view: 'active', devices: [0, 1] });
    a.stages[2]!.view = 'active';
    assert.deepEqual(decide([a, b], machine).start, { run: 'b', stage: 'sft', devices: [2] });
    b.stages[1]!.gpus = 2;
    assert.equal(decide([a, b], machine).start, null);
    // An evaluation takes a free one, or shares.
    a.stages[2]!.view = 'none';
    assert.deepEqual(decide([a], machine).start, { run: 'a', stage: 'sft.eval', devices: [2] });
    assert.deepEqual(decide([a], { gpus: [0, 1], others: 2 }).start?.devices, [1]);
  });

  it('trains on the CPU what asks for no accelerator, beside what has one', () => {
    const machine = { gpus: [0], others: 2 };
    const run = (id: string, gpus: number | null, view: StageView, devices: number[]): ScheduledRun => {
      return { run: id, wanted: true, stages: [stage('t', view, { trains: true, gpus, devices })] };
    };
    const onGpu = run('a', null, 'active', [0]);
    assert.deepEqual(decide([onGpu, run('b', 0, 'none', [])], machine).start?.devices, []);
    assert.equal(decide([onGpu, run('b', 0, 'active', []), run('c', 0, 'none', [])], machine).start, null);
  });

  it('bounds what neither trains nor follows', () => {
    const runs = ['a', 'b', 'c'].map((run) => twoStage({}, run));
    runs[0]!.stages[0]!.view = 'active';
    assert.deepEqual(decide(runs, cpu).start, { run: 'b', stage: 'data', devices: [] });
    runs[1]!.stages[0]!.view = 'active';
    assert.equal(decide(runs, cpu).start, null);
  });

  it('gives a server accelerators of its own, lends them to who needs the same, and waits for those it still holds', () => {
    const two = { gpus: [0, 1], others: 4 };
    const served = (id: string, view: StageView, more: Partial<ScheduledStage> = {}) =>
      stage(id, view, { isServed: true, ...more });
    const run = (...stages: ScheduledStage[]): ScheduledRun => ({ run: 'r', wanted: true, stages });
    assert.deepEqual(decide([run(served('a', 'none', { gpus: 2 }))], two).start?.devices, [0, 1]);
    // A training holds one; the server gets the other, and a second one nothing.
    const training = stage('t', 'active', { trains: true, devices: [0] });
    assert.deepEqual(decide([run(training, served('a', 'none'))], two).start?.devices, [1]);
    const running = served('a', 'active', { devices: [1] });
    assert.equal(decide([run(training, running, served('b', 'none'))], two).start, null);
    assert.deepEqual(decide([run(training, running, served('b', 'none', { served: [1] }))], two).start?.devices, [1]);
    // A server that is still ending keeps a training from its accelerator.
    const next = stage('t2', 'none', { trains: true });
    assert.equal(decide([run(training, next)], { ...two, held: [1] }).start, null);
    assert.deepEqual(decide([run(training, next)], two).start?.devices, [1]);
    // One that serves an evaluation beside a training shares, as the evaluation would.
    const beside = served('t.eval', 'none', { of: 't' });
    assert.deepEqual(decide([run(training, beside)], { gpus: [0], others: 4 }).start?.devices, [0]);
  });
});
