/**
 * Starts the bundled service on this machine, detached: it outlives the window. Its output goes to a file, since a pipe
 * would end with us.
 */
import { spawn } from 'node:child_process';
import { mkdir, open, readFile } from 'node:fs/promises';
import * as path from 'node:path';
import { LonghandError } from '../../core/protocol/errors.ts';
import type { Discovery } from '../../core/protocol/discovery.ts';
import { discover } from './discovery.ts';

/** `node:sqlite` without a flag. */
export const OLDEST_NODE = [22, 13] as const;
const TIMEOUT_MS = 30_000;
const POLL_MS = 50;
const KEPT_LINES = 12;

export interface LaunchOptions {
  /** A Node to run it on; empty: the editor's own. */
  node: string;
  /** `dist/longhand.mjs` */
  service: string;
  root: string;
  /** Where the output goes. */
  logFile: string;
  /** Where the extension sets up the engine; it need not be there yet. */
  engineDir: string;
  /** A Python to use instead of the one there; empty: none. */
  python: string;
  signal: AbortSignal;
}

/**
 * Resolves when the service can be reached; another window or shell may have been faster.
 * @throws LonghandError `not_runnable` (too old a Node, exited), `timeout`, `cancelled`
 */
export async function launchService(options: LaunchOptions): Promise<Discovery> {
  const running = await discover(options.root);
  if (running) return running;
  const node = options.node || process.execPath;
  if (!options.node && !isNewEnough(process.versions.node)) {
    throw new LonghandError(
      'not_runnable',
      `The backend needs Node ${OLDEST_NODE.join('.')} or newer; this editor has ${process.versions.node}. Name one in the setting longhand.backend.node.`,
    );
  }
  await mkdir(path.dirname(options.logFile), { recursive: true });
  const log = await open(options.logFile, 'w');
  try {
    const args = [options.service, 'serve', '--root', options.root, '--engine', options.engineDir];
    if (options.python) args.push('--python', options.python);
    const child = spawn(node, args, {
      cwd: path.dirname(options.service),
      detached: true,
      windowsHide: true,
      stdio: ['ignore', log.fd, log.fd],
      env: {
        ...process.env,
        ...(options.node ? {} : { ELECTRON_RUN_AS_NODE: '1' }),
      },
    });
    child.unref();
    return await race(child, options);
  } finally {
    await log.close();
  }
}

/** The first of: ready, exit, spawn error, time-out, cancellation. */
function race(child: ReturnType<typeof spawn>, options: LaunchOptions): Promise<Discovery> {
  return new Promise((resolve, reject) => {
    const started = Date.now();
    let exited: string | null = null;
    let ended = false;
    const end = (finish: () => void) => {
      if (ended) return;
      ended = true;
      clearTimeout(timer);
      options.signal.removeEventListener('abort', onAbort);
      finish();
    };
    const fail = async (code: 'not_runnable' | 'timeout', what: string) => {
      const lines = await lastLines(options.logFile);
      end(() => reject(new LonghandError(code, lines ? `${what}:\n${lines}` : what)));
    };
    const onAbort = () => {
      child.kill();
      end(() => reject(new LonghandError('cancelled', 'The start of the backend was cancelled.')));
    };
    child.once('error', (error) => void fail('not_runnable', `The backend could not be started (${error.message})`));
    child.once('exit', (code, signal) => (exited = `The backend ended at once (${signal ?? `exit ${code}`})`));
    options.signal.addEventListener('abort', onAbort, { once: true });
    const look = async () => {
      const found = await discover(options.root);
      // A service that lost the race for the root ends; the winner's file is there then.
      if (found) return end(() => resolve(found));
      if (exited) return fail('not_runnable', exited);
      if (Date.now() - started > TIMEOUT_MS) {
        child.kill();
        return fail('timeout', `The backend was not ready within ${TIMEOUT_MS / 1000} s`);
      }
      if (!ended) timer = setTimeout(() => void look(), POLL_MS);
      return undefined;
    };
    let timer = setTimeout(() => void look(), POLL_MS);
  });
}

export function isNewEnough(version: string): boolean {
  const [major = 0, minor = 0] = version.split('.').map(Number);
  return major > OLDEST_NODE[0] || (major === OLDEST_NODE[0] && minor >= OLDEST_NODE[1]);
}

async function lastLines(file: string): Promise<string> {
  const text = await readFile(file, 'utf8').catch(() => '');
  return text.trim().split('\n').slice(-KEPT_LINES).join('\n');
}
