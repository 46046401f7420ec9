/**
 * One inference server: started under a runner of its own, asked until it answers, started again when it dies, stopped with
 * proof that nothing of it is left. `server.json` says at any moment how it stands; a later service goes on from there.
 */
import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import * as z from 'zod';
import { exitSchema, type ServerFile, type Spec } from '../../core/protocol/files.ts';
import type { Engine } from '../engine.ts';
import { readJson, writeJson } from '../json-files.ts';
import type { Launcher } from '../launchers/launcher.ts';
import type { Logger } from '../log.ts';
import { ask, changeCheckpoint } from './health.ts';
import { logTail } from './log-tail.ts';
import { freePort, isTaken } from './ports.ts';
import type { ServerCommand } from './wanted.ts';

export interface ServerParts {
  launcher: Launcher;
  log: Logger;
}

/** What a start needs beside what server.json says. */
export interface ServerPlan {
  /** Whose Python runs the runner. */
  findEngine(): Promise<Engine>;
  command: ServerCommand;
  env: Record<string, string>;
  key: string | null;
}

export const FILE = 'server.json';
/** Written by the worker of a stage that evaluates one checkpoint after the other. */
const WANTED_FILE = 'wanted.json';
const wantedSchema = z.object({ v: z.literal(1), checkpoint: z.string().min(1) });
/** A server that dies more often than this is left alone. */
const MOST_RESTARTS = 3;
/** Another program may take the port between our look and the server's. */
const MOST_PORTS = 5;
const POLL_MS = 250;
const HUNG_MS = 2000;
const GRACE_S = 10;
/** The runner kills after the grace and looks until all is gone; after this long it counts as gone itself. */
const STOP_MS = 45_000;
const SWEEP_GRACE_MS = 2000;

/** What became of a wait for the server. */
type Course =
  | { kind: 'ready' }
  | { kind: 'change'; checkpoint: string }
  | { kind: 'died' | 'refused' | 'timeout'; why: string }
  | { kind: 'stop' };

export class InferenceServer {
  readonly folder: string;
  /** Resolves when it is stopped or failed and nothing of it is left. Never rejects. */
  readonly ended: Promise<void>;
  readonly #parts: ServerParts;
  readonly #plan: ServerPlan;
  readonly #abort = new AbortController();
  #file: ServerFile;
  /** The service ends and leaves the server as it is. */
  #left = false;
  #wasReady: boolean;

  /** @param file as on disk: of a new server in state `starting` with attempt 0 */
  constructor(parts: ServerParts, folder: string, file: ServerFile, plan: ServerPlan) {
    this.#parts = parts;
    this.folder = folder;
    this.#file = file;
    this.#plan = plan;
    this.#wasReady = file.state === 'ready' || file.restarts > 0;
    this.ended = this.#live().catch((error: unknown) => this.#fail(`The server cannot be kept: ${String(error)}`));
  }

  /** A new server; it is on its way when its server.json is written. */
  static async create(parts: ServerParts, folder: string, file: ServerFile, plan: ServerPlan) {
    await writeSpec(folder, 1, plan, file);
    await writeJson(join(folder, FILE), file);
    return new InferenceServer(parts, folder, file, plan);
  }

  get file(): Readonly<ServerFile> {
    return this.#file;
  }

  get key(): string | null {
    return this.#plan.key;
  }

  /** True where a stage that needs it may have it. */
  get isUsable(): boolean {
    return !this.#abort.signal.aborted && (this.#file.state === 'starting' || this.#file.state === 'ready');
  }

  /** Asks it to end; `ended` says when it has. */
  stop(): void {
    this.#abort.abort();
  }

  /** Stops watching; the server goes on, for the next service. */
  leave(): void {
    this.#left = true;
    this.#abort.abort();
  }

  async #live(): Promise<void> {
    let adopted = this.#file.attempt > 0;
    for (let ports = 1; !this.#isOver;) {
      if (!adopted) await this.#startAttempt();
      let course = await this.#untilReady();
      if (course.kind === 'ready') {
        this.#wasReady = true;
        await this.#set({ state: 'ready', message: null });
        course = await this.#untilDead();
      }
      if (course.kind === 'stop') break;
      const left = await this.#endAttempt(SWEEP_GRACE_MS);
      if (left.length > 0) return this.#fail(unkillable(left));
      if (course.kind === 'change') {
        await this.#set({ state: 'starting', checkpoint: course.checkpoint, message: null });
        continue;
      }
      const why = 'why' in course ? course.why : '';
      if (adopted && (await this.#parts.launcher.runner(this.#attempt)) === null) {
        // The service was killed before it had started it.
        adopted = false;
        continue;
      }
      adopted = false;
      if (course.kind === 'died' && !this.#wasReady && ports < MOST_PORTS && (await isTaken(portOf(this.#file.url)))) {
        ports++;
        await this.#set({ url: urlOf(await freePort()), message: `Another program took its port. ${why}` });
        continue;
      }
      if (course.kind !== 'died' || !this.#wasReady || this.#file.restarts >= MOST_RESTARTS) {
        const often = this.#file.restarts > 0 ? ` It had been started again ${this.#file.restarts} times.` : '';
        return this.#fail(`${why}${often}`);
      }
      await this.#set({ state: 'starting', restarts: this.#file.restarts + 1, message: why });
    }
    if (this.#left) return;
    await this.#set({ state: 'stopping' });
    const left = await this.#endAttempt(GRACE_S * 1000);
    if (this.#left) return;
    if (left.length > 0) return this.#fail(unkillable(left));
    await this.#set({ state: 'stopped' });
  }

  get #isOver(): boolean {
    return this.#abort.signal.aborted;
  }

  get #attempt(): string {
    return join(this.folder, `attempt-${this.#file.attempt}`);
  }

  async #startAttempt(): Promise<void> {
    const attempt = this.#file.attempt + 1;
    const engine = await this.#plan.findEngine();
    const folder = await writeSpec(this.folder, attempt, this.#plan, this.#file);
    await this.#set({ attempt });
    await this.#parts.launcher.start(folder, engine);
  }

  async #untilReady(): Promise<Course> {
    const { url, timeout_s, checkpoint } = this.#file;
    const deadline = Date.now() + timeout_s * 1000;
    let why = 'nobody listens';
    while (!this.#isOver) {
      const address = { url, key: this.#plan.key };
      const begun = Date.now();
      const answer = await ask(address, checkpoint, { signal: this.#abort.signal, deadline });
      // A stranger on its port would answer as well: only the answer of a living server counts.
      const end = await this.#end();
      if (this.#isOver) break;
      if (end) return { kind: 'died', why: `${this.#named} ended before it answered. ${end}` };
      if (answer.state === 'ready') {
        await this.#set({ model: answer.model });
        return { kind: 'ready' };
      }
      if (answer.state === 'refused') return { kind: 'refused', why: `${this.#named} will not serve: ${answer.why}` };
      // What the last request was cut short by is our own limit, unless it hung.
      if (Date.now() < deadline || Date.now() - begun > HUNG_MS) why = answer.why;
      if (Date.now() >= deadline) {
        const log = `Its log is ${join(this.#attempt, 'stderr.log')}; its last words: ${await logTail(this.#attempt)}`;
        return { kind: 'timeout', why: `${this.#named} did not answer within ${timeout_s} s (${why}). ${log}` };
      }
      await this.#pause();
    }
    return { kind: 'stop' };
  }

  async #untilDead(): Promise<Course> {
    while (!this.#isOver) {
      const end = await this.#end();
      if (end) return { kind: 'died', why: `${this.#named} died. ${end}` };
      const wanted = await readJson(join(this.folder, WANTED_FILE), wantedSchema);
      if (wanted && wanted.checkpoint !== this.#file.checkpoint) {
        const { checkpoint } = wanted;
        if (this.#file.engine !== 'embedded') return { kind: 'change', checkpoint };
        await this.#set({ state: 'starting' });
        const why = await changeCheckpoint(
          { url: this.#file.url, key: this.#plan.key },
          checkpoint,
          this.#abort.signal,
        );
        // One that died of it is started again with what it had, and asked again.
        if (why !== null && (await this.#end()) !== null) continue;
        if (why !== null) return { kind: 'refused', why: `${this.#named}: ${why}` };
        await this.#set({ state: 'ready', checkpoint });
      }
      await this.#pause();
    }
    return { kind: 'stop' };
  }

  /** How the newest attempt ended; null while it lives. */
  async #end(): Promise<string | null> {
    const path = join(this.#attempt, 'exit.json');
    let exit = await readJson(path, exitSchema);
    if (!exit && (await this.#parts.launcher.state(this.#attempt)) === 'gone') {
      exit = await readJson(path, exitSchema);
      if (!exit) return `Its runner is gone. Its log is ${join(this.#attempt, 'stderr.log')}.`;
    }
    if (!exit) return null;
    return `${(exit.message ?? '').replace(/^The worker/, 'It')} Its log is ${join(this.#attempt, 'stderr.log')}.`.trim();
  }

  /** Ends the newest attempt and all that belongs to it; the numbers of what could not be ended. */
  async #endAttempt(graceMs: number): Promise<number[]> {
    const { launcher } = this.#parts;
    if (this.#file.attempt === 0) return [];
    const folder = this.#attempt;
    if ((await this.#end()) === null) {
      await writeJson(join(folder, 'stop.json'), { v: 1, t: Date.now(), grace_s: graceMs / 1000, by: 'service' });
      await launcher.signalStop(folder);
      for (
        const deadline = Date.now() + STOP_MS;
        !this.#left && Date.now() < deadline && (await this.#end()) === null;
      ) {
        await sleep(POLL_MS / 2);
      }
    }
    if (this.#left) return [];
    // Its runner has swept; where the runner was killed, or to prove that it did:
    return launcher.sweep(folder, SWEEP_GRACE_MS);
  }

  async #fail(message: string): Promise<void> {
    if (this.#left) return;
    await this.#endAttempt(SWEEP_GRACE_MS).catch(() => undefined);
    await this.#set({ state: 'failed', message }).catch((error: unknown) => {
      this.#parts.log.error({ server: this.folder, error: String(error) }, 'server.json cannot be written');
      this.#file = { ...this.#file, state: 'failed', message };
    });
  }

  async #set(change: Partial<ServerFile>): Promise<void> {
    const moved = change.state !== undefined && change.state !== this.#file.state;
    const next = { ...this.#file, ...change, ...(moved ? { t: Date.now() } : {}) };
    await writeJson(join(this.folder, FILE), next);
    this.#file = next;
    const { state, url, restarts, message } = next;
    this.#parts.log.info({ server: this.folder, state, url, restarts, message }, 'inference server');
  }

  get #named(): string {
    return `The ${this.#file.engine} server of ${this.#file.checkpoint}`;
  }

  async #pause(): Promise<void> {
    await sleep(POLL_MS, undefined, { signal: this.#abort.signal, ref: false }).catch(() => undefined);
  }
}

/** The folder of an attempt with its spec.json. */
async function writeSpec(server: string, attempt: number, plan: ServerPlan, file: ServerFile): Promise<string> {
  const folder = join(server, `attempt-${attempt}`);
  const spec: Spec = {
    v: 1,
    run: '',
    stage: '',
    attempt,
    kind: 'server',
    command: await plan.command(portOf(file.url), file.checkpoint),
    env: plan.env,
    grace_s: GRACE_S,
    mark: crypto.randomUUID(),
    resumed_from: null,
    stage_config: {},
    inputs: {},
    seed: 0,
  };
  // It holds the key: nobody else may read it.
  await writeJson(join(folder, 'spec.json'), spec, 0o600);
  return folder;
}

export const urlOf = (port: number): string => `http://127.0.0.1:${port}/v1`;
const portOf = (url: string): number => Number(new URL(url).port);

const unkillable = (left: number[]): string =>
  `Processes ${left.join(', ')} of the server cannot be killed: the machine needs attention.`;

/** The folders `<n>` under `servers` with their numbers, in order. */
export async function serverFolders(folder: string): Promise<{ number: number; folder: string }[]> {
  const names = await readdir(folder).catch(() => [] as string[]);
  return names
    .filter((name) => /^\d+$/.test(name))
    .map((name) => ({ number: Number(name), folder: join(folder, name) }))
    .toSorted((a, b) => a.number - b.number);
}
