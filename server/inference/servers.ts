/**
 * The inference servers of all runs: one for each need, shared by the stages of a run that have the same, found again after
 * a restart of the service, ended when no stage uses them.
 */
import { randomBytes } from 'node:crypto';
import { join } from 'node:path';
import { LonghandError } from '../../core/protocol/errors.ts';
import { serverFileSchema, specSchema, type ServerFile, type SpecInference } from '../../core/protocol/files.ts';
import { inferenceSchema } from '../../core/recipes/stages/inference.ts';
import type { Engine } from '../engine.ts';
import type { PlanStage } from '../recipes/plan-file.ts';
import { readJson, writeJson } from '../json-files.ts';
import { serverEngines } from './engines.ts';
import { freePort } from './ports.ts';
import { FILE, InferenceServer, serverFolders, urlOf, type ServerParts } from './server.ts';
import { DEFAULT_START_TIMEOUT_S, needOf, serverCommand, type WantedServer } from './wanted.ts';

/** The variable of a worker's environment that holds the key of a server of ours. */
export const KEY_VARIABLE = 'LONGHAND_INFERENCE_KEY';

export interface ServerNeed {
  runFolder: string;
  stage: PlanStage;
  /** Folder or hub name. */
  checkpoint: string;
  engine: Engine;
  devices: number[];
  /** The server's environment, that of the machine's accelerators included. */
  env: Record<string, string>;
}

export interface Served {
  inference: SpecInference;
  /** What the worker's environment needs. */
  env: Record<string, string>;
}

export class InferenceServers {
  readonly #parts: ServerParts & { onEnded: () => void };
  /** By folder: all that have not ended, and those that failed while a stage used them. */
  readonly #servers = new Map<string, InferenceServer>();

  /** @param parts `onEnded`: a server has ended, and what it held is free */
  constructor(parts: ServerParts & { onEnded: () => void }) {
    this.#parts = parts;
  }

  /** True while a server of ours lives. */
  get isBusy(): boolean {
    return [...this.#servers.values()].some(({ file }) => file.state !== 'failed');
  }

  /**
   * Who serves the stage: the address that the recipe gives, or a server of ours, started if none serves the same yet. It
   * need not answer yet: the worker waits for it.
   * @throws LonghandError `invalid_recipe`, `not_found`
   */
  async serve(need: ServerNeed): Promise<Served> {
    const parsed = inferenceSchema.safeParse(need.stage.config['inference']);
    if (!parsed.success) throw new LonghandError('invalid_recipe', `inference: ${parsed.error.issues[0]?.message}`);
    const wanted = parsed.data;
    if ('url' in wanted) {
      const { url, model, key_env } = wanted;
      return { inference: { url: url.replace(/\/+$/, ''), model, key_env: key_env ?? null, engine: 'given' }, env: {} };
    }
    const server = await this.#find(need, wanted);
    const { url, model, engine } = server.file;
    const path = join(server.folder, FILE);
    if (server.key === null) return { inference: { url, model, key_env: null, engine, server: path }, env: {} };
    const inference = { url, model, key_env: KEY_VARIABLE, engine, server: path };
    return { inference, env: { [KEY_VARIABLE]: server.key } };
  }

  /** The accelerators of a living server that serves what a stage needs; null where none does. */
  devicesFor(runFolder: string, need: string): number[] | null {
    return this.#usable(runFolder, need)?.file.devices ?? null;
  }

  /** Accelerators of servers that have not ended. */
  get devices(): number[] {
    return [...this.#servers.values()].flatMap(({ file }) => (file.state === 'failed' ? [] : file.devices));
  }

  /** Takes over what an earlier service left in a run. */
  async adopt(runFolder: string, findEngine: () => Promise<Engine>): Promise<void> {
    for (const { folder } of await serverFolders(join(runFolder, 'servers'))) {
      const file = await readJson(join(folder, FILE), serverFileSchema);
      if (!file || file.state === 'stopped' || file.state === 'failed') continue;
      const spec = await readJson(join(folder, `attempt-${Math.max(1, file.attempt)}`, 'spec.json'), specSchema);
      if (!spec) {
        // The service ended before it had written what to start: there is nothing to take over, and a need makes another one.
        const message = 'The service ended before the server was started.';
        await writeJson(join(folder, FILE), { ...file, state: 'stopped', t: Date.now(), message } satisfies ServerFile);
        continue;
      }
      const keyVariable = serverEngines[file.engine].keyVariable;
      const plan = {
        findEngine,
        command: (port: number, checkpoint: string) =>
          Promise.resolve(commandAgain(spec.command, file, port, checkpoint)),
        env: spec.env,
        key: (keyVariable && spec.env[keyVariable]) ?? null,
      };
      this.#keep(folder, new InferenceServer(this.#parts, folder, file, plan));
      this.#parts.log.info({ server: folder, state: file.state }, 'inference server adopted');
    }
  }

  /** Stops every server that is not among those in use, by the path of their `server.json`. */
  release(used: ReadonlySet<string>): void {
    for (const [folder, server] of this.#servers) {
      if (used.has(join(folder, FILE))) continue;
      if (server.file.state === 'failed') this.#servers.delete(folder);
      else server.stop();
    }
  }

  /** Stops the servers of a run and resolves when nothing of them is left. */
  async end(runFolder: string): Promise<void> {
    const mine = [...this.#servers.values()].filter(({ folder }) => folder.startsWith(join(runFolder, 'servers/')));
    for (const server of mine) server.stop();
    await Promise.all(mine.map(({ ended }) => ended));
  }

  /** Stops watching; the servers go on. */
  async close(): Promise<void> {
    const all = [...this.#servers.values()];
    for (const server of all) server.leave();
    await Promise.all(all.map(({ ended }) => ended));
  }

  async #find(need: ServerNeed, wanted: WantedServer): Promise<InferenceServer> {
    const { runFolder, checkpoint, engine, devices } = need;
    const same = needOf(need.stage) ?? '';
    const known = this.#usable(runFolder, same);
    if (known?.file.checkpoint === checkpoint) return known;
    const parent = join(runFolder, 'servers');
    const command = await serverCommand(wanted, engine.python);
    const { keyVariable } = serverEngines[wanted.engine];
    const key = keyVariable === null ? null : randomBytes(24).toString('base64url');
    const env = { ...need.env, ...(keyVariable === null || key === null ? {} : { [keyVariable]: key }) };
    const number = ((await serverFolders(parent)).at(-1)?.number ?? 0) + 1;
    const file: ServerFile = {
      v: 1,
      state: 'starting',
      engine: wanted.engine,
      checkpoint,
      url: urlOf(await freePort()),
      model: checkpoint,
      need: same,
      attempt: 0,
      restarts: 0,
      timeout_s: wanted.start_timeout ?? DEFAULT_START_TIMEOUT_S,
      devices,
      t: Date.now(),
      message: null,
    };
    const folder = join(parent, String(number));
    const plan = { findEngine: () => Promise.resolve(engine), command, env, key };
    const server = await InferenceServer.create(this.#parts, folder, file, plan);
    this.#keep(folder, server);
    return server;
  }

  #keep(folder: string, server: InferenceServer): void {
    this.#servers.set(folder, server);
    void server.ended.then(() => {
      // One that failed is remembered for as long as a stage is told to use it.
      if (server.file.state !== 'failed') this.#servers.delete(folder);
      this.#parts.onEnded();
    });
  }

  #usable(runFolder: string, need: string): InferenceServer | undefined {
    return [...this.#servers.values()].find(
      ({ folder, file, isUsable }) => isUsable && file.need === need && folder.startsWith(join(runFolder, 'servers/')),
    );
  }
}

/** An argument list as it was, with what may have changed put in. */
function commandAgain(command: string[], { checkpoint: old }: ServerFile, port: number, checkpoint: string): string[] {
  const at = command.indexOf('--port') + 1;
  return command.map((argument, i) => (i === at ? String(port) : argument === old ? checkpoint : argument));
}
