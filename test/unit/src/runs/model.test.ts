import assert from 'node:assert/strict';
import { describe, it } from 'mocha';
import type {
  AttemptInfo,
  CheckpointInfo,
  RunSummary,
  StageInfo,
  StageRow,
} from '../../../../core/protocol/methods.ts';
import {
  abilities,
  currentStage,
  evaluationDescription,
  evaluationLabel,
  evaluationNodes,
  mainStages,
  MAX_CHECKPOINTS,
  mayReport,
  nodeId,
  progressText,
  runDescription,
  runningSummary,
  stageChildren,
  stageDescription,
} from '../../../../src/runs/model.ts';

function stage(id: string, more: Partial<StageInfo> = {}): StageInfo {
  return {
    id,
    kind: 'sft',
    of: null,
    needs: [],
    state: 'waiting',
    phase: null,
    progress: null,
    attempts: [],
    checkpoints: [],
    traces: 0,
    folder: `/r/${id}`,
    ...more,
  };
}

function attempt(more: Partial<AttemptInfo> = {}): AttemptInfo {
  return {
    attempt: 1,
    state: 'running',
    outcome: null,
    started: 1,
    ended: null,
    resumedFrom: null,
    reason: null,
    error: null,
    warnings: [],
    cpuSeconds: null,
    peakRss: null,
    graceLeft: null,
    ...more,
  };
}

function run(stages: StageInfo[], more: Partial<RunSummary> = {}): RunSummary {
  return {
    run: 'tiny-12345678',
    name: 'tiny',
    kind: 'recipe',
    source: 'two-stage-tiny',
    created: 1,
    ended: null,
    state: 'running',
    stages,
    traces: 0,
    folder: '/r',
    ...more,
  };
}

const checkpoint = (step: number): CheckpointInfo => ({
  id: `tiny-12345678/sft/1/checkpoint-${step}`,
  step,
  epoch: step / 10,
  path: `/r/sft/checkpoint-${step}`,
  bytes: 1_500_000,
  created: step,
  superseded: false,
});

const progress = { done: 74, total: 230, unit: 'steps', epoch: 2.96, epochs: 10, secondsLeft: 118 };

describe('the Runs view in words', () => {
  it('says epoch, step and time left', () => {
    assert.equal(
      progressText(stage('sft', { state: 'running', progress })),
      'epoch 3 of 10 · step 74 of 230 · 2 min left',
    );
    // The last epoch is 10 of 10, never 11.
    const last = { ...progress, done: 230, epoch: 10, secondsLeft: 0 };
    assert.equal(
      progressText(stage('sft', { state: 'running', progress: last })),
      'epoch 10 of 10 · step 230 of 230 · 0 s left',
    );
    // A full epoch is that one, not the next.
    const full = { ...progress, epoch: 6 };
    assert.match(progressText(stage('sft', { progress: full })), /^epoch 6 of 10/);
    const samples = { done: 1200, total: 3200, unit: 'samples', epoch: null, epochs: null, secondsLeft: null };
    assert.equal(progressText(stage('e', { state: 'running', progress: samples })), '1,200 of 3,200 samples');
    assert.equal(progressText(stage('e', { progress: { ...samples, total: null, done: 1, unit: 'rows' } })), '1 row');
  });

  it('describes a stage by its state', () => {
    assert.equal(stageDescription(stage('s')), 'waiting');
    assert.equal(stageDescription(stage('s', { state: 'running', phase: 'loading' })), 'loading');
    assert.equal(
      stageDescription(stage('s', { state: 'stopping', attempts: [attempt({ graceLeft: 12.2 })] })),
      'stopping, 13 s for a checkpoint',
    );
    assert.equal(
      stageDescription(stage('s', { state: 'stopped', progress })),
      'stopped · epoch 3 of 10 · step 74 of 230',
    );
    assert.equal(stageDescription(stage('s', { state: 'stopped' })), 'stopped');
    const error = { class: 'KeyError', message: "'gold'\nin row 3", traceback: '', hint: null };
    assert.equal(
      stageDescription(stage('s', { state: 'failed', attempts: [attempt({ error })] })),
      "KeyError: 'gold' in row 3",
    );
    assert.equal(
      stageDescription(stage('s', { state: 'failed', attempts: [attempt({ reason: 'oom_host' })] })),
      'failed (oom_host)',
    );
    assert.equal(stageDescription(stage('s', { state: 'completed', traces: 1 })), '1 trace');
    const done = [attempt({ started: 0, ended: 40_000 }), attempt({ started: 90_000, ended: 100_000 })];
    assert.equal(stageDescription(stage('s', { state: 'completed', traces: 2, attempts: done })), '2 traces · 50 s');
  });

  it('puts evaluations under the stage that they belong to', () => {
    const evaluation = stage('sft-eval', { kind: 'evaluate', of: 'sft' });
    const summary = run([stage('data', { kind: 'dataset' }), stage('sft'), evaluation, stage('grpo')]);
    assert.deepEqual(
      mainStages(summary).map(({ id }) => id),
      ['data', 'sft', 'grpo'],
    );
    const [child] = stageChildren(summary, summary.stages[1]!);
    assert.equal(child?.kind === 'stage' && child.stage.id, 'sft-eval');
    // One that names a stage that is not there is not lost.
    assert.equal(mainStages(run([stage('e', { of: 'gone' })])).length, 1);
  });

  it('lists the newest checkpoints, and says how many it leaves out', () => {
    const many = stage('sft', {
      checkpoints: Array.from({ length: MAX_CHECKPOINTS + 7 }, (_, i) => checkpoint(i + 1)),
    });
    const children = stageChildren(run([many]), many);
    assert.equal(children.length, MAX_CHECKPOINTS + 1);
    assert.equal(children[0]?.kind === 'checkpoint' && children[0].checkpoint.step, MAX_CHECKPOINTS + 7);
    const last = children.at(-1);
    assert.equal(last?.kind === 'more' && last.left, 7);
    assert.equal(new Set(children.map(nodeId)).size, children.length);
  });

  it('names the running stage and its place among those of the recipe', () => {
    const running = run([
      stage('data', { state: 'completed' }),
      stage('sft', { state: 'running', progress }),
      stage('sft-eval', { of: 'sft', state: 'running' }),
      stage('grpo'),
    ]);
    const current = currentStage(running);
    assert.deepEqual([current?.stage.id, current?.n, current?.of], ['sft', 2, 3]);
    assert.equal(runDescription(running), 'stage 2 of 3: sft · epoch 3 of 10 · step 74 of 230 · 2 min left');
    // Its evaluation goes on when it is done.
    const evaluating = run([
      stage('data', { state: 'completed' }),
      stage('sft', { state: 'completed' }),
      stage('sft.eval', { of: 'sft', state: 'running' }),
    ]);
    assert.deepEqual([currentStage(evaluating)?.stage.id, currentStage(evaluating)?.n], ['sft.eval', 2]);
    assert.equal(runningSummary([run([], { state: 'completed' }), running, running])?.others, 1);
    assert.equal(runningSummary([]), null);
  });

  it('describes runs that do not run', () => {
    assert.equal(runDescription(run([stage('sft', { state: 'failed' })], { state: 'failed' })), 'failed in sft');
    assert.match(
      runDescription(run([], { state: 'completed', ended: 1_790_000_000_000 })),
      /^completed · \w+ \d+, \d\d:\d\d$/,
    );
    assert.equal(runDescription(run([], { kind: 'import', traces: 1234 })), '1,234 traces');
  });

  it('puts the result beside each evaluation', () => {
    const evaluation = stage('sft.eval', { kind: 'evaluate', of: 'sft' });
    const set = (step: number | null, of = 'sft.eval') => ({
      run: 'r',
      stage: of,
      step,
      label: `sft · step ${step} · test`,
      traces: 24,
    });
    const row = (id: string, step: number, accuracy: number | null): StageRow => ({
      id,
      kind: 'sft',
      epoch: step / 8,
      step,
      set: 'test',
      accuracy,
      accuracy_ci95: null,
      tokens_mean: 118.6,
      tokens_mean_ci95: null,
      tokens_mean_finished: null,
      finished: 1,
      n: 24,
      seconds: 1,
      budgets: [],
    });
    const rows = [row('base', 0, 0.375), row('sft', 8, null), row('grpo', 16, 0.9)];
    const nodes = evaluationNodes(
      run([evaluation]),
      evaluation,
      [set(0), set(8), set(16), set(null), set(8, 'grpo')],
      rows,
    );
    const words = nodes.map((node) =>
      node.kind === 'set'
        ? `${evaluationLabel(evaluation, node.set, node.result)}: ${evaluationDescription(node.set, node.result)}`
        : '',
    );
    assert.deepEqual(words, ['base: 37.5 % right · 119 tokens', 'epoch 1: 119 tokens', 'step 16 · test: 24 traces']);
  });

  it('offers what can be done in a state', () => {
    assert.deepEqual(abilities('running', 'recipe'), ['stoppable']);
    assert.deepEqual(abilities('failed', 'recipe'), ['resumable']);
    assert.deepEqual(abilities('completed', 'recipe'), []);
    assert.deepEqual(abilities('stopped', 'import'), []);
  });

  it('knows which stages may report', () => {
    assert.ok(!mayReport(stage('sft')));
    assert.ok(mayReport(stage('sft', { attempts: [attempt()] })));
    assert.ok(!mayReport(stage('import', { kind: 'import', attempts: [attempt()] })));
    assert.ok(!mayReport({ kind: 'command', attempts: [attempt()] }));
  });
});
