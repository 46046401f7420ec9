import assert from 'node:assert/strict';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { newestCheckpoint } from '../../../server/runs/checkpoints.ts';

describe('runs/checkpoints', () => {
  const root = mkdtempSync(join(tmpdir(), 'longhand-checkpoints-'));
  after(() => rmSync(root, { recursive: true }));

  function checkpoint(attempt: number, step: number, more: { complete?: boolean; size?: number } = {}) {
    const folder = join(root, `attempt-${attempt}`, 'checkpoints', `checkpoint-${step}`);
    mkdirSync(folder, { recursive: true });
    writeFileSync(join(folder, 'model.bin'), 'weights');
    if (more.complete === false) return;
    const files = { 'model.bin': more.size ?? 7 };
    writeFileSync(join(folder, 'COMPLETE.json'), JSON.stringify({ v: 1, step, epoch: null, files }));
  }
  const attempts = (...numbers: number[]) =>
    numbers.map((attempt) => ({ attempt, folder: join(root, `attempt-${attempt}`) }));

  it('takes the highest step of the newest attempt that has a whole one', async () => {
    checkpoint(1, 90);
    checkpoint(1, 100);
    assert.equal(await newestCheckpoint(attempts(3)), null);
    assert.equal((await newestCheckpoint(attempts(1, 2)))?.step, 100);
    checkpoint(2, 20);
    checkpoint(2, 30, { complete: false });
    checkpoint(2, 40, { size: 8 });
    const found = await newestCheckpoint(attempts(1, 2));
    assert.deepEqual([found?.attempt, found?.step], [2, 20]);
    assert.equal(found?.path, join(root, 'attempt-2/checkpoints/checkpoint-20'));
  });
});
