import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { rmSync, statfsSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { LonghandError } from '../../../core/protocol/errors.ts';
import {
  rehearsalPython,
  rehearsalRecipe,
  stage,
  temporaryFolder,
  TestService,
  untilRun,
} from '../../support/service.ts';

describe('a full disk', () => {
  const root = temporaryFolder('disk');
  let mounted = false;
  before(function () {
    mounted = spawnSync('mount', ['-t', 'tmpfs', '-o', 'size=100m', 'tmpfs', root]).status === 0;
    if (mounted) return;
    console.log('      skipped: this user cannot mount a small disk');
    this.skip();
  });
  after(() => void (mounted && spawnSync('umount', ['-l', root])));

  const free = () => statfsSync(root).bavail * statfsSync(root).bsize;

  it('keeps new runs out with a word, and holds up the others only until there is room', async () => {
    const bin = temporaryFolder('disk');
    const service = await new TestService(root, rehearsalPython(bin)).start();
    try {
      const backend = await service.connect();
      const source = {
        text: rehearsalRecipe({ first: { STEPS: 25, STEP_MS: 100 }, second: { STEPS: 3 } }),
        path: null,
      };
      const { run } = await backend.call('runs/start', { source });
      await untilRun(backend, run, (s) => (stage(s, 'first').progress?.done ?? 0) >= 2);
      const filler = join(root, 'filler');
      writeFileSync(filler, Buffer.alloc(free() - 2 * 2 ** 20));
      await assert.rejects(backend.call('runs/start', { source }), (e) => LonghandError.is(e, 'disk_full'));
      assert.equal((await backend.call('runs/list', {})).runs.length, 1);
      rmSync(filler);
      const done = await untilRun(backend, run, ({ state }) => state === 'completed' || state === 'failed');
      assert.equal(done.state, 'completed', JSON.stringify(done, null, 1));
    } finally {
      await service.dispose();
    }
  });
});
