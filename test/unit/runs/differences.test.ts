import assert from 'node:assert/strict';
import { chmodSync, mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { findDifferences } from '../../../server/runs/differences.ts';
import { examineFile } from '../../../server/runs/inputs.ts';
import { packageVersion } from '../../../server/package-paths.ts';
import type { RunRecord } from '../../../server/store/trace-store.ts';
import { withFolder } from '../../support/temporary.ts';

const machine = { system: 'Linux', machine: 'x86_64', cpus: 2, memory: 8 * 2 ** 30, accelerators: [] as unknown[] };
const here = { v: 1, python: '3.11.7', packages: { torch: '2.15.0', trl: '1.16.0' }, machine };
const gpu = { kind: 'cuda', name: 'NVIDIA H100', memory: 80 * 2 ** 30, driver: '570' };
const there = {
  ...here,
  packages: { torch: '2.14.0', trl: '1.16.0', vllm: '0.19.1' },
  machine: { ...machine, cpus: 64, accelerators: [gpu] },
};

/** The record of a run with one attempt for each environment, and a Python that says what this machine has. */
function made(folder: string, environments: unknown[]): { record: RunRecord; python: string } {
  const attempts = environments.map((environment, i) => {
    const attempt = join(folder, 'stages', 'sft', `attempt-${i + 1}`);
    mkdirSync(attempt, { recursive: true });
    writeFileSync(join(attempt, 'env.json'), JSON.stringify(environment));
    return { folder: attempt };
  });
  const python = join(folder, 'python');
  writeFileSync(python, `#!/bin/sh\necho '${JSON.stringify(here)}'\n`);
  chmodSync(python, 0o755);
  return { record: { run: 'r', folder, stages: [{ stage: 'sft', attempts }] } as unknown as RunRecord, python };
}
const engine = (python: string) => ({ python, versions: {}, pythonVersion: '3.11.7' });

describe('runs/differences', () => {
  it('names versions, hardware and files that are not as they were', () =>
    withFolder(async (folder) => {
      const { record, python } = made(folder, [there, here]);
      const [same, changed, gone] = ['same', 'changed', 'gone'].map((name) => join(folder, `${name}.jsonl`));
      for (const path of [same!, changed!, gone!]) writeFileSync(path, '{}\n');
      const files = await Promise.all([same!, changed!, gone!].map(examineFile));
      const large = { path: same, bytes: 3, modified: 5, sha256: null };
      const inputs = { v: 1, package: '0.0.1', files: [...files, large], names: ['org/model'], more: 2 };
      writeFileSync(join(folder, 'inputs.json'), JSON.stringify(inputs));
      writeFileSync(changed!, '[]\n');
      rmSync(gone!);

      const { differences, unknown } = await findDifferences(record, engine(python));
      const said = Object.fromEntries(differences.map(({ what, was, is }) => [what, [was, is]]));
      assert.deepEqual(said['torch'], ['2.14.0 and 2.15.0', '2.15.0']);
      assert.deepEqual(said['vllm'], ['0.19.1 and none', 'none']);
      assert.deepEqual(said['processors'], ['64 and 2', '2']);
      assert.deepEqual(said['accelerators'], ['NVIDIA H100, driver 570 and none', 'none']);
      assert.deepEqual(said['longhand'], ['0.0.1', packageVersion]);
      assert.match(said[changed!]![0]!, /^sha256 /);
      assert.deepEqual(said[gone!], ['3 bytes', 'gone']);
      assert.ok(!('trl' in said) && said[same!] === undefined);
      assert.match(unknown.join(' '), /org\/model: its content is not known/);
      assert.match(unknown.join(' '), /too large to hash; the size is the same, the time is not/);
      assert.match(unknown.join(' '), /2 files of large folders/);
    }));

  it('says nothing where nothing differs, and what it could not compare', () =>
    withFolder(async (folder) => {
      const { record, python } = made(folder, [here]);
      const { differences, unknown } = await findDifferences(record, engine(python));
      assert.deepEqual(differences, []);
      assert.match(unknown.join(), /no hashes/);
      const none = await findDifferences({ ...record, stages: [] }, engine(python));
      assert.match(none.unknown.join(), /No stage of the run recorded/);
    }));
});
