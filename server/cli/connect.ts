/** Connects to the service of a root, and starts one, detached, where none runs. */
import { spawn } from 'node:child_process';
import { mkdir, open, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { WebSocket } from 'ws';
import 'vscode-jsonrpc/node';
import { connectBackend, type Backend } from '../../core/protocol/client.ts';
import { LonghandError } from '../../core/protocol/errors.ts';
import { readDiscovery } from '../discovery.ts';
import { engineArguments, type EngineOptions } from '../engine.ts';
import { packageVersion, selfCommand } from '../package-paths.ts';
import { identify } from '../process-identity.ts';

const START_MS = 30_000;
const POLL_MS = 50;

export interface Where extends EngineOptions {
  root: string;
}

/** The service that runs, or one that is started for this. */
export async function connectOrStart(where: Where): Promise<Backend> {
  return (await connectRunning(where.root)) ?? startAndConnect(where);
}

/** Null where no service runs. @throws LonghandError `unauthorized`, `incompatible`, `timeout` */
export async function connectRunning(root: string): Promise<Backend | null> {
  const discovery = await readDiscovery(root);
  if (!discovery || identify(discovery.pid) === null) return null;
  try {
    return await connectBackend({
      url: discovery.url,
      token: discovery.token,
      client: `longhand ${packageVersion}`,
      open: (url, options) => new WebSocket(url, options),
    });
  } catch (error) {
    // The number of a dead service may be another process's by now, and nobody listens there.
    if (LonghandError.is(error, 'disconnected')) return null;
    throw error;
  }
}

/** The first of: it can be reached, it ended, the time is over. */
async function startAndConnect(where: Where): Promise<Backend> {
  await mkdir(where.root, { recursive: true, mode: 0o700 });
  const logPath = join(where.root, 'start.log');
  const log = await open(logPath, 'w', 0o600);
  const [command = '', ...rest] = selfCommand();
  const child = spawn(command, [...rest, 'serve', '--root', where.root, ...engineArguments(where)], {
    cwd: where.root,
    detached: true,
    stdio: ['ignore', log.fd, log.fd],
  });
  await log.close();
  let ended: string | null = null;
  child.once('error', (error) => (ended = error.message));
  child.once('exit', (code, signal) => (ended = signal ?? `exit code ${code}`));
  child.unref();
  for (const deadline = Date.now() + START_MS; Date.now() < deadline; await sleep(POLL_MS)) {
    const backend = await connectRunning(where.root);
    if (backend) return backend;
    // Another start may have been faster and own the root: then there is one more look.
    if (ended !== null && Date.now() > deadline - START_MS + 2000) break;
  }
  const said = (await readFile(logPath, 'utf8').catch(() => '')).trim().split('\n').slice(-12).join('\n');
  if (ended === null) child.kill();
  throw new LonghandError(
    ended === null ? 'timeout' : 'not_runnable',
    `The backend did not start${ended === null ? ` within ${START_MS / 1000} s` : ` (${String(ended)})`}.\n${said}`.trim(),
  );
}

/** Runs `work` with a connection and closes it. */
export async function withBackend<T>(where: Where, work: (backend: Backend) => Promise<T>): Promise<T> {
  const backend = await connectOrStart(where);
  try {
    return await work(backend);
  } finally {
    backend.close();
  }
}
