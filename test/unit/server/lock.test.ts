import assert from 'node:assert/strict';
import { mkdtempSync, readdirSync, readFileSync, rmSync, utimesSync, writeFileSync } from 'node:fs';
import { hostname, tmpdir } from 'node:os';
import { join } from 'node:path';
import { LonghandError } from '../../../core/protocol/errors.ts';
import { LOCK_FILE, lockOwner, lockRoot } from '../../../server/lock.ts';
import { identify } from '../../../server/process-identity.ts';

describe('lock', () => {
  let root: string;
  beforeEach(() => (root = mkdtempSync(join(tmpdir(), 'longhand-lock-'))));
  afterEach(() => rmSync(root, { recursive: true }));
  const write = (owner: object, host = hostname()) =>
    writeFileSync(join(root, LOCK_FILE), JSON.stringify({ v: 1, owner, host, version: '0.0.1' }));
  const me = identify(process.pid)!;

  it('is taken once, and free again when it was let go', async () => {
    const lock = await lockRoot(root, '1.0.0');
    assert.equal((await lockOwner(root))?.living, true);
    await assert.rejects(lockRoot(root, '2.0.0'), (error) => {
      assert.ok(LonghandError.is(error, 'busy_root'));
      assert.deepEqual(error.detail, { pid: process.pid, host: hostname(), version: '1.0.0' });
      return true;
    });
    await lock.release();
    assert.deepEqual(readdirSync(root), []);
    await (await lockRoot(root, '2.0.0')).release();
  });

  it('is taken over from a process that is gone, was another, or ran before the machine started', async () => {
    const dead = [
      { ...me, pid: 2 ** 22 + 1 },
      { ...me, start_time: '1' },
      { ...me, boot_id: 'earlier' },
    ];
    for (const owner of dead) {
      write(owner);
      const lock = await lockRoot(root, '1.0.0');
      assert.equal((await lockOwner(root))?.lock?.owner.pid, process.pid);
      await lock.release();
    }
    writeFileSync(join(root, LOCK_FILE), 'half a lo');
    await (await lockRoot(root, '1.0.0')).release();
  });

  it('of another machine holds as long as it is touched', async () => {
    write(me, 'elsewhere');
    await assert.rejects(
      lockRoot(root, '1.0.0'),
      (error) => LonghandError.is(error, 'busy_root') && /elsewhere/.test(error.message),
    );
    const old = new Date(Date.now() - 120_000);
    utimesSync(join(root, LOCK_FILE), old, old);
    await (await lockRoot(root, '1.0.0')).release();
  });

  it('goes to exactly one of many that find it stale, every time', async () => {
    for (let round = 0; round < 25; round++) {
      write({ ...me, start_time: '1' });
      const tries = await Promise.allSettled(Array.from({ length: 8 }, () => lockRoot(root, '1.0.0')));
      const taken = tries.filter((one) => one.status === 'fulfilled');
      assert.equal(taken.length, 1, `round ${round}`);
      assert.deepEqual(readdirSync(root), [LOCK_FILE], 'nothing else is left');
      assert.match(readFileSync(join(root, LOCK_FILE), 'utf8'), new RegExp(`"pid":${process.pid}`));
      await taken[0]!.value.release();
    }
  });

  it('is not held up by a guard that was left behind', async () => {
    write({ ...me, start_time: '1' });
    const guard = join(root, `${LOCK_FILE}.guard`);
    writeFileSync(guard, '1');
    const old = new Date(Date.now() - 60_000);
    utimesSync(guard, old, old);
    await (await lockRoot(root, '1.0.0')).release();
  });
});
