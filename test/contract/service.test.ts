/**
 * The service starts a real inference server for an `evaluate` stage, samples from it and leaves nothing of it:
 * `npm run contract` runs this with each server that it has installed. `LONGHAND_CONTRACT_SERVICE` names it, as JSON.
 */
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { serverFileSchema } from '../../core/protocol/files.ts';
import type { RunSummary } from '../../core/protocol/methods.ts';
import { processesWithEnvironment } from '../../server/process-identity.ts';
import { enginePython, stage, temporaryFolder, TestService, until, untilRun } from '../support/service.ts';

interface Asked {
  engine: string;
  /** Null: the engine's own. */
  program: string | null;
  args: object;
  env: Record<string, string>;
  /** Folder of the checkpoint. */
  model: string;
}

const asked = JSON.parse(process.env['LONGHAND_CONTRACT_SERVICE'] ?? 'null') as Asked | null;
const LIMIT_S = 600;

describe(`the service and ${asked?.engine ?? 'a real server'}`, () => {
  it('start it for a stage, sample from it, and leave nothing of it', async function () {
    if (!asked || !enginePython) {
      console.log('      skipped: npm run contract names the server');
      this.skip();
    }
    this.timeout(LIMIT_S * 1000 + 120_000);
    const { engine, program, args, env, model } = asked;
    const root = temporaryFolder('contract');
    const service = await new TestService(root, enginePython).start();
    try {
      const backend = await service.connect();
      const inference = { engine, args, start_timeout: LIMIT_S, concurrency: 4, ...(program ? { program } : {}) };
      const sampling = { samples: 2, temperature: 1, max_tokens: 96 };
      const stages = [
        { id: 'data', kind: 'dataset', task: { builtin: 'sums-mod-7', train: 8, test: 6 } },
        { id: 'over', kind: 'evaluate', model, data: '${stages.data.test}', ...sampling, env, inference },
      ];
      const source = { text: JSON.stringify({ name: 'contract', stages }), path: null };
      const { run } = await backend.call('runs/start', { source });
      const over = ({ state }: RunSummary) => !['running', 'waiting'].includes(state);
      const done = await untilRun(backend, run, over, LIMIT_S * 1000);
      assert.equal(done.state, 'completed', JSON.stringify(done, null, 1));
      const { evaluations } = await backend.call('metrics/snapshot', { run });
      const { n, accuracy, tokens_mean } = evaluations[0]!;
      assert.equal(n, 12);
      assert.ok(tokens_mean !== null && tokens_mean > 8 && tokens_mean <= 96);
      const folder = join(root, 'runs', run, 'servers', '1');
      const file = () => serverFileSchema.parse(JSON.parse(readFileSync(join(folder, 'server.json'), 'utf8')));
      await until(() => file().state === 'stopped', 'the server stops', 60_000);
      assert.deepEqual([file().engine, file().attempt, file().restarts], [engine, 1, 0]);
      const { mark } = JSON.parse(readFileSync(join(folder, 'attempt-1', 'spec.json'), 'utf8')) as { mark: string };
      assert.deepEqual(processesWithEnvironment('LONGHAND_MARK', mark), []);
      const { abilities } = JSON.parse(readFileSync(join(stage(done, 'over').folder, 'inference.json'), 'utf8'));
      console.log(`      accuracy ${accuracy}, ${tokens_mean} tokens; ${JSON.stringify(abilities)}`);
    } finally {
      await service.dispose();
    }
  });
});
