import assert from 'node:assert/strict';
import { chmodSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import { findAccelerators } from '../../../server/accelerators.ts';

describe('accelerators', () => {
  const folder = mkdtempSync(join(tmpdir(), 'longhand-smi-'));
  const before = { PATH: process.env['PATH'], CUDA_VISIBLE_DEVICES: process.env['CUDA_VISIBLE_DEVICES'] };
  const says = (script: string) => {
    writeFileSync(join(folder, 'nvidia-smi'), `#!/bin/sh\n${script}\n`);
    chmodSync(join(folder, 'nvidia-smi'), 0o755);
  };

  beforeEach(() => {
    process.env['PATH'] = `${folder}${delimiter}${before.PATH}`;
    delete process.env['CUDA_VISIBLE_DEVICES'];
  });
  after(() => {
    for (const [name, value] of Object.entries(before))
      if (value === undefined) delete process.env[name];
      else process.env[name] = value;
    rmSync(folder, { recursive: true });
  });

  it('reads the lines of nvidia-smi, those that it may use', async () => {
    says(
      "echo '0, NVIDIA H100 80GB HBM3, 81559, 12, 580.159.04'; echo '1, NVIDIA H100 80GB HBM3, 81559, 0, 580.159.04'",
    );
    const gpu = { name: 'NVIDIA H100 80GB HBM3', memoryMiB: 81559, driver: '580.159.04' };
    const both = [
      { index: 0, usedMiB: 12, ...gpu },
      { index: 1, usedMiB: 0, ...gpu },
    ];
    assert.deepEqual(await findAccelerators(), { found: both, problem: null });
    process.env['CUDA_VISIBLE_DEVICES'] = '1';
    assert.deepEqual((await findAccelerators()).found, [both[1]]);
  });

  it('says why it found none where the tool is there', async () => {
    says("echo 'NVIDIA-SMI has failed because it could not communicate with the driver.'; exit 9");
    const { found, problem } = await findAccelerators();
    assert.deepEqual(found, []);
    assert.match(problem ?? '', /could not communicate with the driver/);
  });
});
