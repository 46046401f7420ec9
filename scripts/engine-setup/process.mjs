/** Child processes of the engine's set-up: argument lists, the last lines of what they said, and a cancel that ends the whole tree. */
import { spawn } from 'node:child_process';

/** Why a set-up ended early. `code` is stable, `help` says what to do. */
export class EngineSetupError extends Error {
  /**
   * @param {'no_python' | 'old_python' | 'no_venv' | 'no_disk' | 'network' | 'install' | 'busy' | 'incomplete' | 'cancelled'} code
   * @param {string} message what failed and why
   * @param {string} help what to do
   */
  constructor(code, message, help) {
    super(message);
    this.name = 'EngineSetupError';
    this.code = code;
    this.help = help;
  }
}

/** @returns {EngineSetupError} the error of a cancelled set-up */
export function cancelled() {
  return new EngineSetupError(
    'cancelled',
    'The engine set-up was cancelled.',
    'Start it again: what was downloaded is kept.',
  );
}

const KEPT_LINES = 40;

/**
 * Runs a program to its end.
 *
 * @param {string} command
 * @param {string[]} args
 * @param {{ signal?: AbortSignal, env?: Record<string, string>, onLine?: (line: string) => void, timeoutMs?: number }} [options]
 * @returns {Promise<{ code: number | null, stdout: string, tail: string }>} `tail`: the last lines of both streams.
 *   Rejects with `cancelled` on abort, and with the system's error when the program cannot be started.
 */
export function run(command, args, options = {}) {
  const { signal, onLine, timeoutMs } = options;
  return new Promise((resolve, reject) => {
    if (signal?.aborted) return reject(cancelled());
    const child = spawn(command, args, {
      env: { ...cleanEnvironment(), ...options.env },
      stdio: ['ignore', 'pipe', 'pipe'],
      // A process group of its own, so that a cancel reaches the children of pip and uv as well.
      detached: process.platform !== 'win32',
      windowsHide: true,
    });
    let stdout = '';
    /** @type {string[]} */
    const lines = [];
    const rest = { out: '', err: '' };
    /** @param {'out' | 'err'} stream @param {string} chunk */
    const take = (stream, chunk) => {
      if (stream === 'out') stdout += chunk;
      const parts = (rest[stream] + chunk).split(/\r?\n|\r/);
      rest[stream] = parts.pop() ?? '';
      for (const line of parts) say(line);
    };
    /** @param {string} line */
    const say = (line) => {
      if (!line.trim()) return;
      lines.push(line);
      if (lines.length > KEPT_LINES) lines.shift();
      onLine?.(line);
    };
    child.stdout.setEncoding('utf8').on('data', (chunk) => take('out', chunk));
    child.stderr.setEncoding('utf8').on('data', (chunk) => take('err', chunk));
    const abort = () => killTree(child);
    signal?.addEventListener('abort', abort, { once: true });
    const timer = timeoutMs ? setTimeout(abort, timeoutMs) : null;
    const done = () => {
      signal?.removeEventListener('abort', abort);
      if (timer) clearTimeout(timer);
    };
    child.once('error', (error) => {
      done();
      reject(error);
    });
    child.once('close', (code) => {
      done();
      say(rest.out);
      say(rest.err);
      if (signal?.aborted) reject(cancelled());
      else resolve({ code, stdout, tail: lines.join('\n') });
    });
  });
}

/** @param {import('node:child_process').ChildProcess} child */
function killTree(child) {
  if (child.pid === undefined) return;
  try {
    if (process.platform === 'win32') spawn('taskkill', ['/pid', String(child.pid), '/T', '/F'], { stdio: 'ignore' });
    else process.kill(-child.pid, 'SIGKILL');
  } catch {
    child.kill('SIGKILL');
  }
}

/** The environment without what would point a Python at another installation. */
function cleanEnvironment() {
  const env = { ...process.env };
  for (const name of [
    'PYTHONHOME',
    'PYTHONPATH',
    'VIRTUAL_ENV',
    'CONDA_PREFIX',
    'ELECTRON_RUN_AS_NODE',
    '__PYVENV_LAUNCHER__',
  ])
    delete env[name];
  return env;
}
