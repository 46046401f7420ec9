/**
 * Makes the Python environment of the engine: used by `npm run quickstart` and by *Longhand: Set Up Engine*.
 * Plain JavaScript without dependencies for Node 20, so that it runs before anything is installed.
 *
 *     <engineDir>/uv/             a small environment with the pinned uv, which then does the work
 *     <engineDir>/venv/           the engine's environment
 *     <engineDir>/COMPLETE.json   written last; an environment without it is half installed and is made anew
 *     <engineDir>/setup.lock      the process that is working here
 */
import { createHash } from 'node:crypto';
import { existsSync } from 'node:fs';
import { mkdir, readFile, rename, rm, statfs, writeFile } from 'node:fs/promises';
import path from 'node:path';
import {
  downloadSize,
  formatBytes,
  normalize,
  parseSize,
  readLock,
  requirementsFor,
} from './engine-setup/packages.mjs';
import { EngineSetupError, run } from './engine-setup/process.mjs';
import { cannotMakeEnvironments, findPython, isNewEnough, OLDEST_PYTHON, probePython } from './engine-setup/python.mjs';

export { EngineSetupError } from './engine-setup/process.mjs';

export const UV_VERSION = '0.13.9';
const MARK_VERSION = 1;
/** Unpacked wheels take about twice their download (measured: 2.7 GB become 5.6 GB). */
const UNPACKED_FACTOR = 2.2;

/** @param {string} engineDir @returns {string} the path of the engine's Python, whether it exists or not */
export function enginePython(engineDir) {
  return venvPython(path.join(engineDir, 'venv'));
}

/**
 * What lies in an engine folder.
 *
 * @param {{ engineDir: string, home: string }} where `home`: the folder of the package, with `server/engine/requirements.lock`
 * @returns {Promise<{ state: 'absent' | 'incomplete' | 'outdated' | 'complete', python: string, mark: object | null }>}
 */
export async function engineState({ engineDir, home }) {
  const python = enginePython(engineDir);
  const mark = await readMark(engineDir);
  if (!mark) return { state: existsSync(path.join(engineDir, 'venv')) ? 'incomplete' : 'absent', python, mark: null };
  if (!existsSync(python)) return { state: 'incomplete', python, mark };
  const lock = await readFile(lockFile(home), 'utf8');
  return { state: mark.v === MARK_VERSION && mark.lock === sha256(lock) ? 'complete' : 'outdated', python, mark };
}

/**
 * Makes the environment, or finds it complete. What was downloaded is kept by uv's cache, so a second try goes on.
 *
 * @param {object} options
 * @param {string} options.engineDir folder for the environment; made if need be
 * @param {string} options.home folder of the package
 * @param {string} [options.python] Python to build with; by default the first of the usual names that fits
 * @param {string | null} [options.torchBackend] as `UV_TORCH_BACKEND`; null is PyPI's. Default: that variable, or `auto`
 * @param {AbortSignal} [options.signal]
 * @param {(progress: { phase: 'python' | 'uv' | 'plan' | 'install' | 'check', message: string, fraction: number | null }) => void} [options.onProgress]
 *   `fraction` of the download, 0 to 1
 * @returns {Promise<{ python: string, existed: boolean, repaired: boolean, downloadBytes: number, torchBackend: string | null, versions: Record<string, string>, notes: string[], seconds: number }>}
 *   Rejects with an {@link EngineSetupError}.
 */
export async function setUpEngine(options) {
  const { engineDir, home, signal } = options;
  const report = options.onProgress ?? (() => {});
  const began = Date.now();
  await mkdir(engineDir, { recursive: true });
  const unlock = await lockFolder(engineDir);
  try {
    const before = await engineState({ engineDir, home });
    if (before.state === 'complete') {
      const { versions, torchBackend } = before.mark;
      return {
        python: before.python,
        existed: true,
        repaired: false,
        downloadBytes: 0,
        torchBackend,
        versions,
        notes: [],
        seconds: seconds(began),
      };
    }
    await rm(markFile(engineDir), { force: true });

    report({ phase: 'python', message: `Looking for Python ${OLDEST_PYTHON.join('.')} or newer`, fraction: null });
    const python = await findPython(options.python, signal);
    const uv = await installUv(engineDir, python, { signal, report });
    const notes = [];
    const wanted = options.torchBackend !== undefined ? options.torchBackend : process.env.UV_TORCH_BACKEND || 'auto';
    const job = { engineDir, home, uv, python, signal, report };
    const plan = await planDownload(job, wanted, notes);
    await checkDisk(engineDir, plan.bytes);
    const venv = path.join(engineDir, 'venv');
    await must(
      run(uv, ['venv', '--quiet', '--clear', '--python', python.executable, venv], { signal }),
      'The environment could not be made',
    );
    await install(job, plan);

    report({ phase: 'check', message: 'Checking the engine', fraction: 1 });
    const checked = await checkEngine({ python: enginePython(engineDir), home, signal, importAll: true });
    const broken = checked.problems.filter((problem) => !plan.leftOut.some((name) => problem.startsWith(`${name} `)));
    if (broken.length > 0)
      throw new EngineSetupError(
        'incomplete',
        `The engine is not complete: ${broken.join('; ')}.`,
        'Start the set-up again.',
      );
    const mark = {
      v: MARK_VERSION,
      lock: sha256(await readFile(lockFile(home), 'utf8')),
      torchBackend: plan.backend,
      versions: checked.versions,
      leftOut: plan.leftOut,
      made: Date.now(),
    };
    const temporary = `${markFile(engineDir)}.new`;
    await writeFile(temporary, `${JSON.stringify(mark, null, 2)}\n`);
    await rename(temporary, markFile(engineDir));
    return {
      python: enginePython(engineDir),
      existed: false,
      repaired: before.state !== 'absent',
      downloadBytes: plan.bytes,
      torchBackend: plan.backend,
      versions: checked.versions,
      notes,
      seconds: seconds(began),
    };
  } finally {
    await unlock();
  }
}

/**
 * Looks at a Python that is to be the engine, without changing it.
 *
 * @param {{ python: string, home: string, signal?: AbortSignal, importAll?: boolean }} options `importAll`: also import torch and TRL (slow)
 * @returns {Promise<{ ok: boolean, version: string | null, versions: Record<string, string>, problems: string[] }>}
 *   `versions` of the main packages; `problems` in words, empty when it can run the engine. A newer or older version than
 *   the locked one is a problem for torch, transformers and TRL alone.
 */
export async function checkEngine({ python, home, signal, importAll = false }) {
  const found = await probePython(python, [], signal);
  if (!found) return { ok: false, version: null, versions: {}, problems: [`${python} is not a Python that runs`] };
  const version = found.version.join('.');
  if (!isNewEnough(found))
    return {
      ok: false,
      version,
      versions: {},
      problems: [`${python} is Python ${version}; ${OLDEST_PYTHON.join('.')} or newer is needed`],
    };
  const lock = readLock(await readFile(lockFile(home), 'utf8'));
  const script = `
import json, sys
from importlib.metadata import distributions
names = {}
for d in distributions():
    if d.metadata["Name"]: names[d.metadata["Name"]] = d.version
out = {"installed": names, "error": None}
if ${importAll ? 'True' : 'False'}:
    try:
        import torch, transformers, trl, datasets, accelerate, math_verify
    except BaseException as e:
        out["error"] = type(e).__name__ + ": " + str(e)
print(json.dumps(out))
`;
  const { code, stdout, tail } = await run(python, ['-c', script], { signal, timeoutMs: 300_000 });
  if (code !== 0) return { ok: false, version, versions: {}, problems: [`${python} failed: ${tail}`] };
  const { installed, error } = JSON.parse(stdout.trim().split('\n').at(-1) ?? '{}');
  const versions = Object.fromEntries(Object.entries(installed).map(([name, v]) => [normalize(name), String(v)]));
  const problems = [];
  for (const { name, version: locked, line } of lock) {
    // A line with a marker may not be meant for this machine; what only serves a GPU may be left out.
    if (line.includes(';') || /^(nvidia-|cuda-|triton$)/.test(name)) continue;
    const have = versions[name];
    if (!have) problems.push(`${name} is missing`);
    else if (['torch', 'transformers', 'trl'].includes(name) && have.split('+')[0] !== locked.split('+')[0])
      problems.push(`${name} is ${have}, ${locked} is needed`);
  }
  if (error) problems.push(`importing the packages failed: ${error}`);
  const main = ['torch', 'transformers', 'trl', 'datasets', 'accelerate', 'math-verify'];
  return {
    ok: problems.length === 0,
    version,
    versions: Object.fromEntries(main.flatMap((name) => (versions[name] ? [[name, versions[name]]] : []))),
    problems,
  };
}

// ---- steps ----------------------------------------------------------------------------------------------------------

/** Puts the pinned uv into an environment of its own and returns its path. */
async function installUv(engineDir, python, { signal, report }) {
  const folder = path.join(engineDir, 'uv');
  const uv = path.join(folder, process.platform === 'win32' ? 'Scripts\\uv.exe' : 'bin/uv');
  if (existsSync(uv)) {
    const { code, stdout } = await run(uv, ['--version'], { signal }).catch(ignoreUnlessCancelled);
    if (code === 0 && stdout.split(' ')[1] === UV_VERSION) return uv;
  }
  report({ phase: 'uv', message: `Installing uv ${UV_VERSION} (about 25 MB)`, fraction: null });
  if (!python.ensurepip && !python.pip) throw cannotMakeEnvironments(python);
  await rm(folder, { recursive: true, force: true });
  // Without ensurepip an environment gets no pip of its own; then the Python's own pip installs into it.
  const make = python.ensurepip ? ['-m', 'venv', folder] : ['-m', 'venv', '--without-pip', folder];
  await must(run(python.executable, make, { signal }), 'The environment for uv could not be made');
  const pip = ['install', '--quiet', '--disable-pip-version-check', '--only-binary', ':all:', `uv==${UV_VERSION}`];
  const args = python.ensurepip ? ['-m', 'pip', ...pip] : ['-m', 'pip', '--python', venvPython(folder), ...pip];
  await must(
    run(python.ensurepip ? venvPython(folder) : python.executable, args, { signal }),
    'uv could not be installed',
    'network',
  );
  return uv;
}

/** Resolves what will be downloaded; falls back to PyPI's torch where the index of the wanted one cannot be reached. */
async function planDownload(job, wanted, notes) {
  const lock = readLock(await readFile(lockFile(job.home), 'utf8'));
  const gpu = existsSync('/proc/driver/nvidia/version') || existsSync('/dev/nvidia0') || process.platform === 'win32';
  const attempt = async (/** @type {string | null} */ backend) => {
    const requirements = requirementsFor(lock, { backend, platform: process.platform, gpu });
    const input = path.join(job.engineDir, 'requirements.txt');
    const output = path.join(job.engineDir, 'pylock.toml');
    await writeFile(input, `${requirements.lines.join('\n')}\n`);
    job.report({ phase: 'plan', message: 'Finding out how much is to be downloaded', fraction: null });
    const args = [
      'pip',
      'compile',
      '--quiet',
      input,
      '--format',
      'pylock.toml',
      '-o',
      output,
      '--python',
      job.python.executable,
    ];
    if (requirements.noDeps) args.push('--no-deps');
    const result = await run(job.uv, args, {
      signal: job.signal,
      env: backendEnvironment(backend, { UV_HTTP_RETRIES: backend ? '1' : '3' }),
    });
    if (result.code !== 0) return { failed: result.tail };
    return { ...requirements, ...downloadSize(await readFile(output, 'utf8')), backend, input };
  };
  let plan = await attempt(wanted);
  if ('failed' in plan && wanted !== null) {
    const reason = /Failed to fetch: .*/.exec(plan.failed)?.[0] ?? plan.failed.split('\n')[0];
    plan = await attempt(null);
    if (!('failed' in plan))
      notes.push(`The torch for “${wanted}” could not be had (${reason}); PyPI's is taken instead.`);
  }
  if ('failed' in plan)
    throw new EngineSetupError(
      'network',
      `The packages could not be resolved:\n${plan.failed}`,
      'Check the network (and a proxy or mirror in UV_INDEX_URL), then start again.',
    );
  if (plan.leftOut.length > 0) notes.push(`Left out, since nothing here uses it: ${plan.leftOut.join(', ')}.`);
  const unknown = plan.unknown.length > 0 ? `, plus ${plan.unknown.join(', ')}, whose index gives no size` : '';
  const size = `${plan.packages} packages, at most ${formatBytes(plan.bytes)} to download${unknown} (what is in uv's cache is not downloaded again)`;
  notes.push(`${size}.`);
  job.report({ phase: 'plan', message: size, fraction: 0 });
  return plan;
}

async function install(job, plan) {
  let fetched = 0;
  const sizes = new Map();
  const onLine = (/** @type {string} */ line) => {
    const begun = /^\s*Downloading (\S+) \(([^)]+)\)/.exec(line);
    if (begun) sizes.set(begun[1], parseSize(begun[2]));
    const ended = /^\s*Downloaded (\S+)/.exec(line);
    if (ended) fetched += sizes.get(ended[1]) ?? 0;
    const fraction = plan.bytes > 0 ? Math.min(1, fetched / plan.bytes) : null;
    if (begun || ended)
      job.report({
        phase: 'install',
        message: `${formatBytes(fetched)} of ${formatBytes(plan.bytes)}: ${line.trim()}`,
        fraction,
      });
    else if (/^(Prepared|Installed)/.test(line)) job.report({ phase: 'install', message: line.trim(), fraction: 1 });
  };
  job.report({ phase: 'install', message: `Installing ${plan.packages} packages`, fraction: 0 });
  const args = ['pip', 'install', '--python', enginePython(job.engineDir), '-r', plan.input];
  if (plan.noDeps) args.push('--no-deps');
  await must(
    run(job.uv, args, { signal: job.signal, env: backendEnvironment(plan.backend), onLine }),
    'The packages could not be installed',
    'install',
  );
}

/** The backend said explicitly, since uv also reads it from the environment; undefined takes the variable away (uv refuses an empty one). */
function backendEnvironment(backend, more = {}) {
  return { ...more, UV_TORCH_BACKEND: backend ?? undefined };
}

async function checkDisk(engineDir, downloadBytes) {
  const { bavail, bsize } = await statfs(engineDir);
  const needed = downloadBytes * UNPACKED_FACTOR;
  if (bavail * bsize >= needed) return;
  throw new EngineSetupError(
    'no_disk',
    `${formatBytes(bavail * bsize)} are free where ${engineDir} lies; the engine takes about ${formatBytes(needed)}.`,
    'Make room, then start again.',
  );
}

/** One set-up at a time in a folder. The lock of a process that is gone does not count. */
async function lockFolder(engineDir) {
  const file = path.join(engineDir, 'setup.lock');
  for (let attempt = 0; ; attempt++) {
    try {
      await writeFile(file, String(process.pid), { flag: 'wx' });
      return () => rm(file, { force: true });
    } catch (error) {
      if (error.code === 'ENOSPC')
        throw new EngineSetupError('no_disk', `The disk of ${engineDir} is full.`, 'Make room, then start again.');
      if (error.code !== 'EEXIST') throw error;
      const pid = Number(await readFile(file, 'utf8').catch(() => '0'));
      if (attempt > 0 || isAlive(pid))
        throw new EngineSetupError(
          'busy',
          `Another set-up (process ${pid}) is working in ${engineDir}.`,
          'Wait for it to end.',
        );
      await rm(file, { force: true });
    }
  }
}

// ---- small things ---------------------------------------------------------------------------------------------------

async function must(running, what, code = 'install') {
  let result;
  try {
    result = await running;
  } catch (error) {
    if (error instanceof EngineSetupError) throw error;
    throw new EngineSetupError(code, `${what}: ${error.message}`, 'Start the set-up again.');
  }
  if (result.code === 0) return result;
  const full = /No space left on device|os error 28|Disk quota exceeded/.test(result.tail);
  if (full) throw new EngineSetupError('no_disk', `${what}: the disk is full.`, 'Make room, then start again.');
  const network = /error sending request|Failed to fetch|dns error|ConnectionError|Temporary failure|timed out/i.test(
    result.tail,
  );
  throw new EngineSetupError(
    network ? 'network' : code,
    `${what} (exit ${result.code}):\n${result.tail}`,
    network
      ? 'Check the network (and a proxy or mirror), then start again: what was downloaded is kept.'
      : 'Start the set-up again; the message above says what went wrong.',
  );
}

function ignoreUnlessCancelled(error) {
  if (error instanceof EngineSetupError) throw error;
  return { code: 1, stdout: '' };
}

function venvPython(folder) {
  return process.platform === 'win32' ? path.join(folder, 'Scripts', 'python.exe') : path.join(folder, 'bin', 'python');
}

function isAlive(pid) {
  if (!(pid > 0)) return false;
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return error.code === 'EPERM';
  }
}

async function readMark(engineDir) {
  try {
    return JSON.parse(await readFile(markFile(engineDir), 'utf8'));
  } catch {
    return null;
  }
}

const markFile = (engineDir) => path.join(engineDir, 'COMPLETE.json');
const lockFile = (home) => path.join(home, 'server', 'engine', 'requirements.lock');
const sha256 = (text) => createHash('sha256').update(text).digest('hex');
const seconds = (began) => Math.round((Date.now() - began) / 100) / 10;
