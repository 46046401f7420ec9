import assert from 'node:assert/strict';
import { chmodSync, existsSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, it } from 'mocha';
import {
  checkEngine,
  EngineSetupError,
  enginePython,
  engineState,
  setUpEngine,
} from '../../../scripts/engine-setup.mjs';
import { downloadSize, parseSize, readLock, requirementsFor } from '../../../scripts/engine-setup/packages.mjs';

const lockText = `# made by uv
torch==2.15.0
    # via trl
triton==3.9.0 \\
    --hash=sha256:abc \\
    --hash=sha256:def
nvidia-cublas==13.4.1.3 ; sys_platform == 'linux'
Math_Verify[extra]==0.9.0  # why
`;

describe('the packages of the engine', () => {
  const lock = readLock(lockText);

  it('reads a lock with hashes, markers and comments', () => {
    assert.deepEqual(
      lock.map(({ name, version }) => `${name} ${version}`),
      ['torch 2.15.0', 'triton 3.9.0', 'nvidia-cublas 13.4.1.3', 'math-verify 0.9.0'],
    );
    assert.equal(lock[1]?.line, 'triton==3.9.0');
    assert.equal(lock[2]?.line, "nvidia-cublas==13.4.1.3 ; sys_platform == 'linux'");
  });

  it('keeps CUDA off a machine that cannot use it', () => {
    const cpu = requirementsFor(lock, { backend: 'cpu', platform: 'linux', gpu: false });
    assert.deepEqual(cpu.leftOut, ['triton', 'nvidia-cublas']);
    assert.equal(cpu.noDeps, true);
    // PyPI's torch for Linux is linked against NVIDIA's libraries; its compiler alone can go.
    assert.deepEqual(requirementsFor(lock, { backend: null, platform: 'linux', gpu: false }).leftOut, ['triton']);
    assert.deepEqual(requirementsFor(lock, { backend: null, platform: 'linux', gpu: true }).leftOut, []);
    assert.deepEqual(requirementsFor(lock, { backend: null, platform: 'darwin', gpu: false }).leftOut, [
      'triton',
      'nvidia-cublas',
    ]);
    assert.equal(requirementsFor(lock, { backend: 'cu130', platform: 'linux', gpu: true }).noDeps, false);
  });

  it('adds up the sizes of a pylock, and names what has none', () => {
    const pylock = `[[packages]]
name = "a"
sdist = { url = "x", size = 900 }
wheels = [{ url = "x", size = 100 }, { url = "y", size = 70 }]

[[packages]]
name = "b"
sdist = { url = "x", size = 30 }

[[packages]]
name = "c"
wheels = [{ url = "x" }]
`;
    assert.deepEqual(downloadSize(pylock), { bytes: 130, packages: 3, unknown: ['c'] });
    assert.equal(parseSize('1.5MiB'), 1.5 * 1024 ** 2);
    assert.equal(parseSize('nothing'), 0);
  });
});

describe('the set-up of the engine', () => {
  let folder: string;
  let where: { engineDir: string; home: string };

  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'longhand-engine-'));
    where = { engineDir: join(folder, 'engine'), home: join(folder, 'home') };
    mkdirSync(join(where.home, 'server', 'engine'), { recursive: true });
    writeFileSync(join(where.home, 'server', 'engine', 'requirements.lock'), lockText);
  });
  afterEach(() => rmSync(folder, { recursive: true, force: true }));

  /** A program that answers the probe the way a Python would. */
  function fakePython(answer: object): string {
    const file = join(folder, 'python');
    writeFileSync(file, `#!/bin/sh\necho '${JSON.stringify({ executable: file, machine: 'x86_64', ...answer })}'\n`);
    chmodSync(file, 0o755);
    return file;
  }

  const failsWith = (code: string, words: RegExp) => (error: unknown) =>
    error instanceof EngineSetupError && error.code === code && words.test(`${error.message} ${error.help}`);

  it('says what a folder holds', async () => {
    assert.equal((await engineState(where)).state, 'absent');
    mkdirSync(join(where.engineDir, 'venv', 'bin'), { recursive: true });
    writeFileSync(enginePython(where.engineDir), '');
    assert.equal((await engineState(where)).state, 'incomplete');
    writeFileSync(join(where.engineDir, 'COMPLETE.json'), JSON.stringify({ v: 1, lock: 'another' }));
    assert.equal((await engineState(where)).state, 'outdated');
  });

  it('refuses a Python that is missing or too old, and says what to do', async () => {
    await assert.rejects(
      setUpEngine({ ...where, python: join(folder, 'nothing') }),
      failsWith('no_python', /is not a Python that runs/),
    );
    const old = fakePython({ version: [3, 9, 2], ensurepip: true, pip: true });
    await assert.rejects(
      setUpEngine({ ...where, python: old }),
      failsWith('old_python', /3\.11 or newer is needed; .* is 3\.9\.2/),
    );
  });

  it('names the package that Debian keeps ensurepip in', async function () {
    if (process.platform !== 'linux') this.skip();
    const bare = fakePython({ version: [3, 11, 2], ensurepip: false, pip: false });
    await assert.rejects(setUpEngine({ ...where, python: bare }), failsWith('no_venv', /apt install python3\.11-venv/));
    assert.ok(!existsSync(join(where.engineDir, 'setup.lock')), 'the lock is released');
  });

  it('works in a folder alone, and takes over from a process that is gone', async () => {
    mkdirSync(where.engineDir, { recursive: true });
    writeFileSync(join(where.engineDir, 'setup.lock'), String(process.pid));
    await assert.rejects(setUpEngine(where), failsWith('busy', /Another set-up/));
    writeFileSync(join(where.engineDir, 'setup.lock'), '999999999');
    await assert.rejects(setUpEngine({ ...where, python: join(folder, 'nothing') }), failsWith('no_python', /./));
  });

  it('ends when it is cancelled', async () => {
    const controller = new AbortController();
    controller.abort();
    await assert.rejects(
      setUpEngine({ ...where, signal: controller.signal }),
      failsWith('cancelled', /start it again/i),
    );
  });

  it('names what a Python lacks', async function () {
    if (process.platform === 'win32') this.skip();
    const bare = fakePython({
      version: [3, 12, 0],
      ensurepip: true,
      pip: true,
      installed: { torch: '2.0.0+cpu' },
      error: null,
    });
    const { ok, problems } = await checkEngine({ python: bare, home: where.home });
    assert.equal(ok, false);
    assert.deepEqual(problems, ['torch is 2.0.0+cpu, 2.15.0 is needed', 'math-verify is missing']);
  });
});
