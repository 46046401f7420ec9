import assert from 'node:assert/strict';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { serverFileSchema } from '../../../core/protocol/files.ts';
import { processesWithEnvironment } from '../../../server/process-identity.ts';
import { enginePython, temporaryFolder, TestService, until, untilRun } from '../../support/service.ts';

const sampled = 'data: "${stages.data.test}", samples: 2, temperature: 1, max_tokens: 160';
const served = 'inference: { engine: embedded }';
const text = `name: served
stages:
  - { id: data, kind: dataset, task: { builtin: sums-mod-7, train: 16, test: 12 } }
  - { id: within, kind: evaluate, model: { builtin: longhand-base }, ${sampled} }
  - { id: over, kind: evaluate, model: { builtin: longhand-base }, ${sampled}, ${served} }
  - id: sft
    kind: sft
    needs: [over, within]
    model: { builtin: longhand-base }
    data: \${stages.data.train}
    config: { max_steps: 2, save_steps: 1, per_device_train_batch_size: 4, max_length: 128, loss_type: nll, learning_rate: 1.0e-2, bf16: false, gradient_checkpointing: false }
    evaluate: { every: checkpoint, ${sampled}, ${served} }
`;

describe('the embedded server', () => {
  it('serves an evaluation as the worker would sample it, and one checkpoint of a training after the other', async function () {
    if (!enginePython || !existsSync(enginePython)) {
      console.log('      skipped: LONGHAND_PYTHON names no engine');
      this.skip();
    }
    this.timeout(300_000);
    const root = temporaryFolder('embedded');
    const service = await new TestService(root, enginePython).start();
    try {
      let backend = await service.connect();
      const { run } = await backend.call('runs/start', { source: { text, path: null } });
      const server = (n: number) => join(root, 'runs', run, 'servers', String(n));
      const file = (n: number) =>
        serverFileSchema.parse(JSON.parse(readFileSync(join(server(n), 'server.json'), 'utf8')));
      await until(() => existsSync(join(server(1), 'server.json')), 'the server is asked for', 60_000);
      await service.kill('SIGKILL');
      await service.start();
      backend = await service.connect();
      const done = await untilRun(backend, run, ({ state }) => ['completed', 'failed'].includes(state), 280_000);
      assert.equal(done.state, 'completed', JSON.stringify(done, null, 1));
      const { evaluations } = await backend.call('metrics/snapshot', { run });
      const of = (id: string) => evaluations.filter((one) => one.of === id).toSorted((a, b) => a.step - b.step);
      const [within, over] = [of('within')[0]!, of('over')[0]!];
      assert.deepEqual(
        [over.accuracy, over.tokens_mean],
        [within.accuracy, within.tokens_mean],
        'the same completions',
      );
      const followed = of('sft');
      assert.deepEqual(
        followed.map(({ step }) => step),
        [0, 1, 2],
      );
      // A large step each: had the server kept its weights, all would be alike.
      assert.equal(followed[0]!.tokens_mean, over.tokens_mean);
      assert.equal(new Set(followed.map(({ tokens_mean }) => tokens_mean)).size, 3);
      // One a stage; where the service was killed before the first had begun, that one was let go of and made again.
      const numbers = readdirSync(join(root, 'runs', run, 'servers'))
        .map(Number)
        .toSorted((a, b) => a - b);
      assert.ok([2, 3].includes(numbers.length), numbers.join());
      await until(() => numbers.every((n) => file(n).state === 'stopped'), 'the servers stop');
      assert.match(file(numbers.at(-1)!).checkpoint, /checkpoint-2$/);
      // The service may have been killed between a server's spec and its runner: then that one is started a second time.
      const attempts = numbers.slice(-2).map((n) => file(n).attempt);
      assert.ok(attempts[0]! <= 2 && attempts[1] === 1, attempts.join());
      for (const n of numbers)
        for (let attempt = 1; attempt <= file(n).attempt; attempt += 1) {
          const { mark } = JSON.parse(readFileSync(join(server(n), `attempt-${attempt}`, 'spec.json'), 'utf8'));
          assert.deepEqual(processesWithEnvironment('LONGHAND_MARK', mark), []);
        }
    } finally {
      await service.dispose();
    }
  });
});
