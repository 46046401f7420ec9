import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { closeSync, openSync, rmSync, statfsSync, writeFileSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import { LonghandError } from '../../../core/protocol/errors.ts';
import {
  rehearsalPython,
  rehearsalRecipe,
  stage,
  temporaryFolder,
  TestService,
  until,
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

  it('loses nothing that was recorded when it fills up in the middle, and goes on when there is room', async () => {
    const bin = temporaryFolder('disk');
    const service = await new TestService(root, rehearsalPython(bin)).start();
    try {
      let backend = await service.connect();
      const source = { text: rehearsalRecipe({ first: { STEPS: 60, STEP_MS: 50 } }), path: null };
      const { run } = await backend.call('runs/start', { source });
      await untilRun(backend, run, (s) => (stage(s, 'first').progress?.done ?? 0) >= 7);
      const filler = join(root, 'filler');
      fill(filler);
      await new Promise((resolve) => setTimeout(resolve, 3000));
      rmSync(filler);
      // Whether the service got through it or ended is the same to a client: it connects again.
      await until(
        () =>
          service.connect().then(
            (client) => (backend = client),
            () =>
              service.start().then(
                () => false,
                () => false,
              ),
          ),
        'a service',
      );
      const over = await untilRun(backend, run, ({ state }) => ['failed', 'completed'].includes(state));
      if (over.state === 'failed') {
        const { reason, error } = stage(over, 'first').attempts[0]!;
        assert.equal(reason, 'disk_full', JSON.stringify(error));
        await backend.call('runs/resume', { run });
        const done = await untilRun(backend, run, ({ state }) => state === 'completed' || state === 'failed');
        assert.equal(done.state, 'completed', JSON.stringify(done, null, 1));
        assert.ok(stage(done, 'first').attempts[1]!.resumedFrom!.step >= 5);
      }
      const { faults } = await backend.call('store/verify', {}, { timeout: 0 });
      assert.deepEqual(faults, []);
    } finally {
      await service.dispose();
    }
  });
});

/** Writes until nothing fits any more. */
function fill(path: string): void {
  const file = openSync(path, 'w');
  try {
    for (let bytes = 2 ** 20; bytes >= 512;) {
      try {
        if (writeSync(file, Buffer.alloc(bytes)) < bytes) bytes /= 2;
      } catch {
        bytes /= 2;
      }
    }
  } finally {
    closeSync(file);
  }
}
