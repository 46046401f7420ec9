import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Evaluation } from '../../../core/protocol/events.ts';
import type { Exit } from '../../../core/protocol/files.ts';
import type { RecordWriter } from '../../../server/store/record-writer.ts';
import { makeAttempt, makeRun, writeTrace } from '../../support/attempt-writer.ts';
import { withStore } from '../../support/temporary.ts';

const metrics = (record: RecordWriter, step: number, loss: number | null): void => {
  record.event({ type: 'metrics', step, epoch: step / 10, values: { loss, lr: 1e-3 } });
};
const checkpoint = (record: RecordWriter, step: number): void => {
  record.event({ type: 'checkpoint', step, epoch: step / 10, path: `checkpoints/checkpoint-${step}`, bytes: 100 });
};
const evaluation = (of: string, step: number, accuracy: number, extra: Partial<Evaluation> = {}): Evaluation => ({
  of,
  step,
  epoch: step / 10,
  checkpoint: `/root/runs/r/stages/${of}/attempt-1/checkpoints/checkpoint-${step}`,
  set: 'test',
  problems: 2,
  samples: 1,
  n: 2,
  accuracy,
  accuracy_ci95: [0, 1],
  tokens_mean: 100,
  tokens_mean_ci95: [90, 110],
  tokens_mean_finished: 95,
  finished: 1,
  max_tokens: 320,
  budgets: [],
  seconds: 2,
  ...extra,
});
const exit: Exit = {
  v: 1,
  outcome: 'stopped',
  reason: 'killed',
  message: null,
  code: null,
  signal: 'SIGKILL',
  started: 1000,
  ended: 61_000,
  cpu_s: 42,
  peak_rss: 1e9,
  survivors: [],
};

describe('store: attempts', () => {
  it('keeps the newest of each thing that run control asks for', () =>
    withStore(async (store, root) => {
      makeRun(root, 'r', { name: 'Two stages', vars: { epochs: 3 } });
      const key = { run: 'r', stage: 'sft', attempt: 1 };
      const record = makeAttempt(root, key);
      await store.appendJournal({ type: 'run_created', run: 'r', kind: 'recipe' });
      await store.appendJournal({ type: 'run_wanted', run: 'r', wanted: 'running' });
      await store.appendJournal({ type: 'attempt_created', ...key, resumed_from: null });
      record.event({ type: 'state', phase: 'loading' });
      record.event({ type: 'train_begin', max_steps: 30, resumed_step: 0, epochs: 3, steps_per_epoch: 10 });
      record.event({ type: 'state', phase: 'running' });
      for (let step = 5; step <= 25; step += 5) metrics(record, step, step === 15 ? NaN : 30 - step);
      checkpoint(record, 10);
      checkpoint(record, 20);
      for (let i = 0; i < 150; i++) record.event({ type: 'warn', code: 'slow', message: `warning ${i}` });
      record.event({
        type: 'error',
        class: 'ValueError',
        message: 'bad batch',
        traceback: 'Traceback …',
        hint: 'Lower the batch.',
      });
      await store.catchUp();
      writeFileSync(join(record.folder, 'exit.json'), JSON.stringify(exit));
      await store.catchUp(key);
      await store.appendJournal({ type: 'attempt_ended', ...key, outcome: 'stopped' });
      await store.appendJournal({ type: 'run_renamed', run: 'r', name: 'Renamed' });

      const run = await store.run('r');
      assert.deepEqual([run.name, run.wanted, run.kind, run.vars], ['Renamed', 'running', 'recipe', { epochs: 3 }]);
      const attempt = run.stages[0]!.attempts[0]!;
      assert.deepEqual(attempt, await store.attempt(key));
      assert.equal(attempt.phase, 'running');
      assert.deepEqual(attempt.train, { maxSteps: 30, resumedStep: 0, epochs: 3, stepsPerEpoch: 10 });
      assert.deepEqual([attempt.firstMetrics?.step, attempt.lastMetrics?.step], [5, 25]);
      assert.deepEqual(
        attempt.checkpoints.map(({ id, step, superseded }) => [id, step, superseded]),
        [
          ['r/sft/1/checkpoint-10', 10, false],
          ['r/sft/1/checkpoint-20', 20, false],
        ],
      );
      assert.deepEqual(
        [attempt.warningCount, attempt.warnings.length, attempt.warnings.at(-1)?.message],
        [150, 100, 'warning 149'],
      );
      assert.deepEqual([attempt.error?.class, attempt.error?.hint], ['ValueError', 'Lower the batch.']);
      assert.deepEqual([attempt.outcome, attempt.exit], ['stopped', exit]);
      const { series, epochSteps } = await store.read('metrics/snapshot', { run: 'r', names: ['loss'] });
      assert.deepEqual(series, [
        {
          stage: 'sft',
          name: 'loss',
          step: [5, 10, 15, 20, 25],
          epoch: [0.5, 1, 1.5, 2, 2.5],
          value: [25, 20, null, 10, 5],
        },
      ]);
      assert.deepEqual(epochSteps, { sft: [10, 20, 30] });
    }));

  it('lets a resumed attempt replace what came after its checkpoint, and leaves that out of lists', () =>
    withStore(async (store, root) => {
      makeRun(root, 'r');
      const first = makeAttempt(root, { run: 'r', stage: 'grpo', attempt: 1 });
      const group = (record: RecordWriter, step: number, word: string): void => {
        for (let sample = 0; sample < 2; sample++)
          writeTrace(record, { step, sample, group: `s${step}`, completion: `${word} \\boxed{4}` });
      };
      for (let step = 0; step < 8; step++) {
        group(first, step, 'first');
        metrics(first, step + 1, 10 + step);
        if (step === 3) checkpoint(first, 4);
        if (step === 5) checkpoint(first, 6);
      }
      first.traceBegin(first.problem('p'), null, { sample: 0, step: 8 });
      await store.catchUp();
      assert.equal((await store.read('traces/page', { filter: { run: 'r' } })).total, 17);

      const second = makeAttempt(
        root,
        { run: 'r', stage: 'grpo', attempt: 2 },
        { resumed_from: { attempt: 1, checkpoint: 'checkpoint-4', step: 4 } },
      );
      await store.appendJournal({
        type: 'attempt_created',
        run: 'r',
        stage: 'grpo',
        attempt: 2,
        resumed_from: { attempt: 1, checkpoint: 'checkpoint-4', step: 4 },
      });
      for (let step = 4; step < 6; step++) {
        group(second, step, 'second');
        metrics(second, step + 1, 100 + step);
      }
      const check = async (): Promise<void> => {
        await store.catchUp();
        const { rows, total } = await store.read('traces/page', { filter: { run: 'r' }, limit: 100 });
        // Steps 0 to 3 of the first attempt, then the second's: step 4 was generated after the checkpoint of step 4.
        assert.deepEqual(
          rows.map(({ attempt, step }) => `${attempt}:${step}`),
          ['1:0', '1:0', '1:1', '1:1', '1:2', '1:2', '1:3', '1:3', '2:4', '2:4', '2:5', '2:5'],
        );
        assert.equal(total, 12);
        const all = await store.read('traces/page', { filter: { run: 'r', superseded: true }, limit: 100 });
        assert.equal(all.total, 21);
        assert.equal(all.rows.filter((row) => row.superseded).length, 9);
        assert.equal(all.rows.filter((row) => row.live).length, 0, 'the older attempt writes no more');
        const { series } = await store.read('metrics/snapshot', { run: 'r', names: ['loss'] });
        assert.deepEqual(series[0]?.value, [10, 11, 12, 13, 104, 105]);
        const { stages, traces } = await store.run('r');
        assert.equal(traces, 12);
        assert.deepEqual(
          stages[0]?.attempts[0]?.checkpoints.map(({ step, superseded }) => [step, superseded]),
          [
            [4, false],
            [6, true],
          ],
        );
        const { sets } = await store.read('traces/sets', { run: 'r' });
        assert.deepEqual(
          sets.map(({ step, traces: n }) => [step, n]),
          [
            [0, 2],
            [1, 2],
            [2, 2],
            [3, 2],
            [4, 2],
            [5, 2],
          ],
        );
      };
      await check();
      await store.reindex();
      await check();
    }));

  it('lets the newest attempt that finished an evaluation have it, and none of a checkpoint that was replaced', () =>
    withStore(async (store, root) => {
      makeRun(root, 'r');
      makeAttempt(root, { run: 'r', stage: 'sft', attempt: 1 });
      const evals = (attempt: number): RecordWriter => makeAttempt(root, { run: 'r', stage: 'eval', attempt });
      const model = (attempt: number, step: number): string =>
        `/root/runs/r/stages/sft/attempt-${attempt}/checkpoints/checkpoint-${step}`;
      const trace = (record: RecordWriter, step: number, ckpt: string): void => {
        writeTrace(record, { of: 'sft', step, set: 'test', model: ckpt });
      };
      const first = evals(1);
      trace(first, 0, '/models/base');
      first.event({ type: 'eval', ...evaluation('sft', 0, 0.1, { checkpoint: '/models/base' }) });
      trace(first, 10, model(1, 10));
      first.event({ type: 'eval', ...evaluation('sft', 10, 0.2) });
      trace(first, 20, model(1, 20));
      // Killed here; the second attempt does step 20 again and goes on.
      const second = evals(2);
      trace(second, 20, model(1, 20));
      second.event({ type: 'eval', ...evaluation('sft', 20, 0.3) });
      const rows = async (): Promise<string[]> => {
        await store.catchUp();
        const { rows } = await store.read('traces/page', { filter: { run: 'r' }, limit: 100 });
        return rows.map(({ attempt, step, trace }) => `${attempt}:${step}:${trace.split('/').at(-1)}`).toSorted();
      };
      assert.deepEqual(await rows(), ['1:0:0', '1:10:1', '2:20:0']);
      const table = await store.read('runs/table', { run: 'r' });
      assert.deepEqual(
        table.rows.map(({ id, kind, step, accuracy }) => [id, kind, step, accuracy]),
        [
          ['base', 'base', 0, 0.1],
          ['sft', 'sft', 10, 0.2],
          ['sft', 'sft', 20, 0.3],
        ],
      );

      // The trained stage goes on from step 10: what was evaluated of step 20 is of a checkpoint that counts no more.
      makeAttempt(
        root,
        { run: 'r', stage: 'sft', attempt: 2 },
        { resumed_from: { attempt: 1, checkpoint: 'checkpoint-10', step: 10 } },
      );
      assert.deepEqual(await rows(), ['1:0:0', '1:10:1']);
      trace(second, 20, model(2, 20));
      second.event({ type: 'eval', ...evaluation('sft', 20, 0.4, { checkpoint: model(2, 20) }) });
      assert.deepEqual(await rows(), ['1:0:0', '1:10:1', '2:20:1']);
      const { evaluations } = await store.read('metrics/snapshot', { run: 'r' });
      assert.deepEqual(
        evaluations.map(({ accuracy, superseded }) => [accuracy, superseded]),
        [
          [0.1, false],
          [0.2, false],
          [0.3, true],
          [0.4, false],
        ],
      );
      await store.reindex();
      assert.deepEqual(await rows(), ['1:0:0', '1:10:1', '2:20:1']);
    }));

  it('counts the newest trace of an item, whichever attempt drew it', () =>
    withStore(async (store, root) => {
      makeRun(root, 'r');
      const spec = { kind: 'reject' };
      const from = (attempt: number) => ({ ...spec, resumed_from: { attempt, checkpoint: null, step: 0 } });
      const begun = (record: RecordWriter, item: string): number =>
        record.traceBegin(record.problem('p'), null, { sample: 0, item });
      const rows = async (): Promise<string[]> => {
        await store.catchUp();
        const { rows } = await store.read('traces/page', { filter: { run: 'r' }, limit: 100 });
        return rows.map(({ attempt, trace }) => `${attempt}:${trace.split('/').at(-1)}`).toSorted();
      };
      const first = makeAttempt(root, { run: 'r', stage: 'reject', attempt: 1 }, spec);
      writeTrace(first, { item: 'a' });
      writeTrace(first, { item: 'b' });
      begun(first, 'c');
      // Its stream broke off, and it was drawn again at once.
      writeTrace(first, { item: 'd', facts: { finish: 'error', error: 'broken' } });
      writeTrace(first, { item: 'd' });
      writeTrace(first);
      assert.deepEqual(await rows(), ['1:0', '1:1', '1:2', '1:4', '1:5']);
      const second = makeAttempt(root, { run: 'r', stage: 'reject', attempt: 2 }, from(1));
      // Killed in the middle of c: what has no item belongs to its attempt and goes with it, what has one stays.
      assert.deepEqual(await rows(), ['1:0', '1:1', '1:2', '1:4']);
      writeTrace(second, { item: 'c' });
      begun(second, 'e');
      assert.deepEqual(await rows(), ['1:0', '1:1', '1:4', '2:0', '2:1']);
      const third = makeAttempt(root, { run: 'r', stage: 'reject', attempt: 3 }, from(2));
      writeTrace(third, { item: 'e' });
      const end = ['1:0', '1:1', '1:4', '2:0', '3:0'];
      assert.deepEqual(await rows(), end);
      // Another stage may ask for the same.
      const other = makeAttempt(root, { run: 'r', stage: 'synthesize', attempt: 1 }, { kind: 'synthesize' });
      writeTrace(other, { item: 'a' });
      await store.catchUp();
      const check = async (): Promise<void> => {
        const { rows: own } = await store.read('traces/page', { filter: { run: 'r', stage: 'reject' }, limit: 100 });
        assert.deepEqual(own.map(({ attempt, trace }) => `${attempt}:${trace.split('/').at(-1)}`).toSorted(), end);
        const { stages, traces } = await store.run('r');
        assert.deepEqual(
          stages.find((one) => one.stage === 'reject')?.attempts.map((one) => one.traces),
          [3, 1, 1],
        );
        assert.equal(traces, 6);
      };
      await check();
      await store.reindex();
      await check();
    }));

  it('counts the items of an evaluation that two attempts share, and none of a checkpoint that was replaced', () =>
    withStore(async (store, root) => {
      makeRun(root, 'r');
      const sft = { run: 'r', stage: 'sft' };
      const model = '/root/runs/r/stages/sft/attempt-1/checkpoints/checkpoint-20';
      makeAttempt(root, { ...sft, attempt: 1 });
      const first = makeAttempt(root, { run: 'r', stage: 'eval', attempt: 1 });
      const where = { of: 'sft', step: 20, set: 'test', model, sample: 0 };
      writeTrace(first, { ...where, item: 'a' });
      first.traceBegin(first.problem('p'), null, { ...where, item: 'b' });
      const second = makeAttempt(
        root,
        { run: 'r', stage: 'eval', attempt: 2 },
        { resumed_from: { attempt: 1, checkpoint: null, step: 0 } },
      );
      writeTrace(second, { ...where, item: 'b' });
      second.event({ type: 'eval', ...evaluation('sft', 20, 0.5) });
      const rows = async (): Promise<string[]> => {
        await store.catchUp();
        const { rows } = await store.read('traces/page', { filter: { run: 'r' }, limit: 100 });
        return rows.map(({ attempt, trace }) => `${attempt}:${trace.split('/').at(-1)}`).toSorted();
      };
      assert.deepEqual(await rows(), ['1:0', '2:0']);
      const resumed = { resumed_from: { attempt: 1, checkpoint: 'checkpoint-10', step: 10 } };
      makeAttempt(root, { ...sft, attempt: 2 }, resumed);
      assert.deepEqual(await rows(), []);
      // The second attempt left nothing; the third goes on from the checkpoint that was evaluated.
      makeAttempt(
        root,
        { ...sft, attempt: 3 },
        { resumed_from: { attempt: 1, checkpoint: 'checkpoint-20', step: 20 } },
      );
      assert.deepEqual(await rows(), ['1:0', '2:0']);
      await store.reindex();
      assert.deepEqual(await rows(), ['1:0', '2:0']);
    }));

  it('compares the same problems before and after, and computes accuracy at budgets from the traces', () =>
    withStore(async (store, root) => {
      makeRun(root, 'r');
      const record = makeAttempt(root, { run: 'r', stage: 'eval', attempt: 1 });
      const answers: [
        problem: string,
        step: number,
        verdict: 'right' | 'wrong' | 'undecided' | 'none',
        tokens: number,
        finish: 'stop' | 'length',
      ][] = [
        ['a', 0, 'right', 100, 'stop'],
        ['a', 0, 'right', 300, 'stop'],
        ['a', 10, 'wrong', 50, 'stop'],
        ['a', 10, 'undecided', 70, 'stop'],
        ['b', 0, 'wrong', 200, 'length'],
        ['b', 0, 'wrong', 200, 'stop'],
        // Half of the graded samples are right: that is right.
        ['b', 10, 'right', 100, 'stop'],
        ['b', 10, 'wrong', 140, 'stop'],
        ['c', 0, 'none', 10, 'stop'],
        ['c', 10, 'right', 10, 'stop'],
        ['only before', 0, 'right', 10, 'length'],
      ];
      for (const [problem, step, value, tokens, finish] of answers) {
        writeTrace(record, {
          problem,
          step,
          of: 'sft',
          facts: { tokens, finish, verdict: { value, checker: 'test', version: '1' } },
        });
      }
      await store.catchUp();
      const side = (step: number | null) => ({ run: 'r', stage: 'eval', step });
      const { pairs, onlyBefore, onlyAfter } = await store.sliced('traces/pairs', { before: side(0), after: side(10) });
      assert.deepEqual(
        pairs.map(({ problemLabel, change, tokensDelta, before, after }) => [
          problemLabel,
          change,
          tokensDelta,
          before.right,
          before.n,
          after.right,
          after.n,
        ]),
        [
          ['a', 'right_to_wrong', -140, 2, 2, 0, 2],
          ['b', 'wrong_to_right', -80, 0, 2, 1, 2],
          ['c', 'unknown', 0, 0, 1, 1, 1],
        ],
      );
      assert.deepEqual(pairs[0]?.after.traces, ['r/eval/1/2', 'r/eval/1/3']);
      assert.deepEqual([onlyBefore, onlyAfter], [1, 0]);
      const { budgets } = await store.read('metrics/budgets', { ...side(0), budgets: [50, 100, 1000] });
      // a: 0, 1/2, 1; b: never; 'only before' did not finish; c has no gold.
      assert.deepEqual(
        budgets.map(({ accuracy, n }) => [Number(accuracy.toFixed(4)), n]),
        [
          [0, 5],
          [0.1667, 5],
          [0.3333, 5],
        ],
      );
      assert.ok(budgets.every(({ accuracy, accuracy_ci95: [low, high] }) => low <= accuracy && accuracy <= high));
      assert.deepEqual(
        (await store.read('metrics/budgets', { run: 'r', stage: 'sft', step: null, budgets: [1] })).budgets,
        [],
      );
      await assert.rejects(store.read('metrics/budgets', { run: 'none', stage: 'sft', step: null, budgets: [1] }), {
        code: 'not_found',
      });
    }));
});
