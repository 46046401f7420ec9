/** Runners on this machine: a session of their own, found again by pid, start time and boot id. */
import { spawn } from 'node:child_process';
import { open, readFile, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { heartbeatSchema, runnerFileSchema, specSchema } from '../../core/protocol/files.ts';
import { LonghandError } from '../../core/protocol/errors.ts';
import { engineEnvironment, type Engine } from '../engine.ts';
import { readJson } from '../json-files.ts';
import { isAlive, processesWithEnvironment } from '../process-identity.ts';
import type { Launcher, RunnerState } from './launcher.ts';

/** A runner that has not shown itself this long after it was asked for is not coming. */
const START_MS = 30_000;
const SWEEP_POLL_MS = 100;
const SWEEP_KILL_MS = 20_000;

export class LocalLauncher implements Launcher {
  readonly name = 'local';
  /** Runners that this process started and that have ended, by folder: known at once, without waiting for a time-out. */
  readonly #ended = new Set<string>();

  async start(folder: string, engine: Engine): Promise<void> {
    this.#ended.delete(folder);
    const log = await open(join(folder, 'runner.log'), 'a');
    try {
      const child = spawn(engine.python, ['-m', 'longhand_engine.runner', folder], {
        cwd: folder,
        detached: true,
        stdio: ['ignore', log.fd, log.fd],
        env: engineEnvironment(),
      });
      await new Promise<void>((resolve, reject) => {
        child.once('spawn', resolve);
        child.once('error', (error) =>
          reject(new LonghandError('engine_missing', `${engine.python} cannot be started (${error.message}).`)),
        );
      });
      child.once('exit', () => this.#ended.add(folder));
      child.unref();
    } finally {
      await log.close();
    }
  }

  async state(folder: string): Promise<RunnerState> {
    const file = await readJson(join(folder, 'runner.json'), runnerFileSchema);
    if (file) return isAlive(file.runner) ? 'running' : 'gone';
    if (this.#ended.has(folder)) return 'gone';
    const spec = await stat(join(folder, 'spec.json')).catch(() => null);
    return spec && Date.now() - spec.mtimeMs < START_MS ? 'starting' : 'gone';
  }

  async signalStop(folder: string): Promise<void> {
    const runner = await this.runner(folder);
    if (runner && isAlive(runner)) signal(runner.pid, 'SIGTERM');
  }

  async sweep(folder: string, graceMs: number): Promise<number[]> {
    const spec = await readJson(join(folder, 'spec.json'), specSchema);
    if (!spec) return [];
    const started = Date.now();
    const asked = new Set<number>();
    for (;;) {
      const left = processesWithEnvironment('LONGHAND_MARK', spec.mark).filter((pid) => pid !== process.pid);
      const elapsed = Date.now() - started;
      if (left.length === 0 || elapsed > graceMs + SWEEP_KILL_MS) return left;
      for (const pid of left) {
        if (elapsed > graceMs) signal(pid, 'SIGKILL');
        else if (!asked.has(pid)) signal(pid, 'SIGTERM');
        asked.add(pid);
      }
      await new Promise((resolve) => setTimeout(resolve, SWEEP_POLL_MS));
    }
  }

  async runner(folder: string) {
    return (await readJson(join(folder, 'runner.json'), runnerFileSchema))?.runner ?? null;
  }

  async heartbeat(folder: string) {
    return readJson(join(folder, 'heartbeat.json'), heartbeatSchema);
  }
}

/** The last lines that the runner itself wrote, for the message where it died before it could say anything else. */
export async function runnerLogTail(folder: string): Promise<string> {
  const text = await readFile(join(folder, 'runner.log'), 'utf8').catch(() => '');
  return text.trim().split('\n').slice(-12).join('\n').slice(-4000);
}

function signal(pid: number, name: NodeJS.Signals): void {
  try {
    process.kill(pid, name);
  } catch {
    // Gone meanwhile.
  }
}
