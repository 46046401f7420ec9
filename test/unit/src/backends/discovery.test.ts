import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { isAlive } from '../../../../src/backends/discovery.ts';

describe('whether a process is there', () => {
  it('knows itself', () => {
    assert.equal(isAlive(process.pid), true);
  });

  it('takes one that ended and was not waited for as gone', async function () {
    if (process.platform !== 'linux') this.skip();
    // The shell becomes a program that waits for nobody, before the other one ends.
    const parent = spawn('sh', ['-c', 'sleep 0.3 & echo $!; exec sleep 20'], { stdio: ['ignore', 'pipe', 'ignore'] });
    try {
      const [line] = (await once(parent.stdout, 'data')) as [Buffer];
      const pid = Number(line.toString());
      const end = Date.now() + 10_000;
      while (isAlive(pid) && Date.now() < end) await new Promise((done) => setTimeout(done, 20));
      assert.equal(isAlive(pid), false);
      process.kill(pid, 0);
    } finally {
      parent.kill();
    }
  });
});
