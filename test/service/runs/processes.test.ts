import assert from 'node:assert/strict';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { processesWithEnvironment } from '../../../server/process-identity.ts';
import { enginePython, stage, temporaryFolder, TestService, until, untilRun } from '../../support/service.ts';

const text = `name: two
stages:
  - { id: data, kind: dataset, task: { builtin: sums-mod-7, train: 16, test: 4 } }
  - id: sft
    kind: sft
    model: { builtin: longhand-base }
    data: \${stages.data.train}
    resources: { processes: 2 }
    config: { max_steps: 400, per_device_train_batch_size: 1, max_length: 64, loss_type: nll, bf16: false, gradient_checkpointing: false, save_strategy: "no", logging_steps: 1 }
`;

describe('a training of two processes', () => {
  it('goes on without the service, stops on both, and leaves nothing', async function () {
    if (!enginePython || !existsSync(enginePython)) {
      console.log('      skipped: LONGHAND_PYTHON names no engine');
      this.skip();
    }
    this.timeout(300_000);
    const root = temporaryFolder('two');
    const service = await new TestService(root, enginePython).start();
    try {
      let backend = await service.connect();
      const { plan } = await backend.call('recipes/plan', { source: { text, path: null } });
      const notes = plan?.stages.find(({ id }) => id === 'sft')?.notes ?? [];
      assert.ok(
        notes.some((note) => note.startsWith('Trains with 2 processes (DDP')),
        notes.join('\n'),
      );
      const { run } = await backend.call('runs/start', { source: { text, path: null } });
      const running = await untilRun(backend, run, (s) => (stage(s, 'sft').progress?.done ?? 0) >= 2, 120_000);
      const { folder } = stage(running, 'sft');
      await service.kill('SIGKILL');
      await service.start();
      backend = await service.connect();
      const rank = (n: number) => JSON.parse(readFileSync(join(folder, 'ranks', `rank-${n}.json`), 'utf8'));
      const pids = [rank(0).pid, rank(1).pid];
      assert.notEqual(pids[0], pids[1]);
      await backend.call('runs/stop', { run });
      const stopped = await untilRun(backend, run, ({ state }) => state === 'stopped' || state === 'failed', 60_000);
      assert.equal(stopped.state, 'stopped', JSON.stringify(stopped, null, 1));
      const [attempt] = stage(stopped, 'sft').attempts;
      assert.equal(attempt?.outcome, 'stopped');
      const saved = stage(stopped, 'sft').checkpoints;
      assert.equal(saved.length, 1, 'one checkpoint, by one of them');
      assert.deepEqual([rank(0).step, rank(1).step], [saved[0]!.step, saved[0]!.step]);
      const { mark } = JSON.parse(readFileSync(join(folder, 'spec.json'), 'utf8'));
      await until(() => processesWithEnvironment('LONGHAND_MARK', mark).length === 0, 'all are gone');
    } finally {
      await service.dispose();
    }
  });
});
