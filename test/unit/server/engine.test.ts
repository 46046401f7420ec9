import assert from 'node:assert/strict';
import { chmodSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { LonghandError, type ErrorCode } from '../../../core/protocol/errors.ts';
import { EngineFinder, engineEnvironment, requiredVersions } from '../../../server/engine.ts';

describe('engine', () => {
  const root = mkdtempSync(join(tmpdir(), 'longhand-engine-'));
  const named = process.env['LONGHAND_PYTHON'];
  before(() => delete process.env['LONGHAND_PYTHON']);
  after(() => {
    rmSync(root, { recursive: true });
    if (named !== undefined) process.env['LONGHAND_PYTHON'] = named;
  });

  function script(path: string, answer: string): string {
    mkdirSync(dirname(path), { recursive: true });
    writeFileSync(path, `#!/bin/sh\n${answer}\n`);
    chmodSync(path, 0o755);
    return path;
  }
  const says = (python: number[], packages: Record<string, string>, engine: string | null = '0.1.0') =>
    `echo '${JSON.stringify({ python, packages, engine })}'`;
  const all = { torch: '2', datasets: '5', accelerate: '1', 'math-verify': '0.9', ...requiredVersions() };
  const refused = (python: string | null, folder: string | null, code: ErrorCode, words: RegExp) =>
    assert.rejects(
      new EngineFinder({ python, folder }).find(),
      (error) => LonghandError.is(error, code) && words.test(error.message),
    );

  it('says what is wrong: nothing there, half installed, too old, incomplete, no Python', async () => {
    await refused(join(root, 'none'), null, 'engine_missing', /does not exist.*Set Up Engine/);
    await refused(null, join(root, 'empty'), 'engine_missing', /no Python engine in/);
    mkdirSync(join(root, 'half', 'venv', 'bin'), { recursive: true });
    await refused(null, join(root, 'half'), 'engine_broken', /half installed/);
    await refused(
      script(join(root, 'old'), says([3, 9, 2], all)),
      null,
      'engine_broken',
      /Python 3\.9\.2; 3\.11 or newer/,
    );
    const old = { ...all, trl: '0.9.6' };
    await refused(
      script(join(root, 'other'), says([3, 12, 1], old)),
      null,
      'engine_broken',
      /has trl 0\.9\.6, where \d/,
    );
    const { torch: _, ...lacking } = all;
    await refused(script(join(root, 'lacking'), says([3, 12, 1], lacking)), null, 'engine_broken', /lacks torch\./);
    await refused(
      script(join(root, 'sick'), 'echo "No module named encodings" >&2; exit 1'),
      null,
      'engine_broken',
      /No module named encodings/,
    );
  });

  it('finds the one that the set-up made, and the one that was named', async () => {
    const home = join(root, 'made');
    script(join(home, 'venv', 'bin', 'python'), says([3, 13, 0], all));
    writeFileSync(join(home, 'COMPLETE.json'), '{}');
    assert.deepEqual((await new EngineFinder({ python: null, folder: home }).find()).versions, all);
    const python = script(join(root, 'named'), says([3, 11, 7], all));
    assert.equal((await new EngineFinder({ python, folder: home }).find()).python, python);
  });

  it('keeps from its processes what would lead Python astray', () => {
    Object.assign(process.env, { PYTHONDONTWRITEBYTECODE: '1', ELECTRON_RUN_AS_NODE: '1' });
    const env = engineEnvironment();
    delete process.env['PYTHONDONTWRITEBYTECODE'];
    delete process.env['ELECTRON_RUN_AS_NODE'];
    assert.equal(env['PYTHONDONTWRITEBYTECODE'], undefined);
    assert.equal(env['ELECTRON_RUN_AS_NODE'], undefined);
    assert.equal(env['HF_HUB_DISABLE_TELEMETRY'], '1');
    assert.match(env['PYTHONPATH'] ?? '', /server\/engine$/);
  });
});
