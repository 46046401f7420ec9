import assert from 'node:assert/strict';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { advance } from '../../../core/protocol/cursor.ts';
import type { Cursor, StreamEvent } from '../../../core/protocol/methods.ts';
import { enginePython, stage, temporaryFolder, TestService, untilRun } from '../../support/service.ts';

/** The tiny recipe, cut down to what shows that every part works. */
const set = {
  epochs: 1,
  'stages.data.task.train': 32,
  'stages.data.task.test': 8,
  'stages.sft.config.logging_steps': 1,
  'stages.sft.evaluate.samples': 2,
  'stages.sft.evaluate.max_tokens': 96,
  'stages.sft.evaluate.budgets': [48, 96],
  'stages.grpo.config.max_steps': 2,
  'stages.grpo.config.per_device_train_batch_size': 16,
  'stages.grpo.config.max_completion_length': 96,
  'stages.grpo.evaluate.samples': 2,
  'stages.grpo.evaluate.max_tokens': 96,
};

describe('the two-stage recipe on the real trainers', () => {
  it('runs whole, the service killed in the middle of it', async function () {
    if (!enginePython || !existsSync(enginePython)) {
      console.log('      skipped: LONGHAND_PYTHON names no engine');
      this.skip();
    }
    this.timeout(300_000);
    const root = temporaryFolder('trl');
    const service = await new TestService(root, enginePython).start();
    try {
      let backend = await service.connect();
      const { run } = await backend.call('runs/start', { source: { preset: 'two-stage-tiny' }, set });
      await untilRun(backend, run, (s) => stage(s, 'sft').phase === 'loading', 60_000);
      await service.kill('SIGKILL');
      await service.start();
      backend = await service.connect();
      const done = await untilRun(backend, run, ({ state }) => !['running', 'waiting'].includes(state), 280_000);
      assert.equal(done.state, 'completed', JSON.stringify(done, null, 1));
      for (const { id, attempts } of done.stages) assert.equal(attempts.length, 1, id);

      const { rows } = await backend.call('runs/table', { run });
      assert.deepEqual(
        rows.map(({ id }) => id),
        ['base', 'sft', 'grpo'],
      );
      for (const { n, accuracy, tokens_mean, budgets } of rows) {
        assert.equal(n, 16);
        assert.ok(accuracy !== null && accuracy >= 0 && accuracy <= 1);
        assert.ok(tokens_mean !== null && tokens_mean > 0 && tokens_mean <= 96);
        assert.ok(budgets.length > 0);
      }
      const { series } = await backend.call('metrics/snapshot', { run });
      const names = (id: string) => series.filter((one) => one.stage === id).map(({ name }) => name);
      assert.ok(names('sft').includes('loss'), names('sft').join());
      assert.ok(
        names('grpo').some((name) => name.includes('reward')),
        names('grpo').join(),
      );

      const { rows: traces, total } = await backend.call('traces/page', { filter: { run, stage: 'grpo' } });
      assert.equal(total, 32, 'two steps of sixteen');
      assert.ok(traces.every(({ reward, verdict, live }) => reward !== null && verdict !== null && !live));
      const { trace, length } = traces[0]!;
      const slice = await backend.call('traces/slice', { trace, in: 'completion', start: 0, end: length });
      assert.equal(slice.text.length, length);

      const cursor: Cursor = {};
      const seen: StreamEvent[] = [];
      backend.on('events/batch', (batch) => seen.push(...advance(cursor, batch)));
      await backend.call('events/subscribe', { cursor, run });
      await untilRun(
        backend,
        run,
        () => cursor[`${run}/grpo.eval/1`] !== undefined && seen.filter(({ type }) => type === 'end').length === 5,
      );
      const { faultCount, faults } = await backend.call('store/verify', {}, { timeout: 0 });
      assert.equal(faultCount, 0, JSON.stringify(faults));
      assert.ok(existsSync(join(stage(done, 'grpo').folder, 'checkpoints')));
    } finally {
      await service.dispose();
    }
  });
});
