/** The backend of one root: lock, store, run control and door, put together; and the end of it when nobody needs it. */
import 'vscode-jsonrpc/node';
import { availableParallelism } from 'node:os';
import { setTimeout as sleep } from 'node:timers/promises';
import { PROTOCOL_MAJOR, type Methods, type Notifications } from '../core/protocol/methods.ts';
import { openPeer } from '../core/protocol/connection.ts';
import { findAccelerators } from './accelerators.ts';
import { removeDiscovery, rootToken, writeDiscovery } from './discovery.ts';
import { EngineFinder, type EngineOptions } from './engine.ts';
import { LocalLauncher } from './launchers/local.ts';
import { Judges } from './judge/judges.ts';
import { lockRoot } from './lock.ts';
import { openLog, type Logger } from './log.ts';
import { packageVersion } from './package-paths.ts';
import { EventStream } from './rpc/event-stream.ts';
import { makeHandlers } from './rpc/handlers.ts';
import { validateParams } from './rpc/schemas.ts';
import { listen, type SocketServer } from './rpc/socket-server.ts';
import { EngineRescores } from './runs/engine-rescore.ts';
import { RunControl } from './runs/control.ts';
import { Searches } from './search/searches.ts';
import { openStore } from './store/client.ts';
import type { TraceStore } from './store/trace-store.ts';

export interface ServiceOptions extends EngineOptions {
  root: string;
  host: string;
  port: number;
  /** The service ends after so many minutes without a client and a stage; 0: never. */
  idleMinutes: number;
  logLevel?: string;
}

export interface Service {
  readonly url: string;
  /** Resolves when the service has ended: asked to, idle, or because its store failed (then with the error). */
  readonly ended: Promise<Error | null>;
  /** Runners go on. */
  close(): Promise<void>;
}

const IDLE_CHECK_MS = 5000;
const OPEN_WAIT_MS = 10_000;

/**
 * Starts the backend of a root.
 * @throws LonghandError `busy_root`, `port_taken`, `invalid_params` (address), or the system's error where the root cannot be written
 */
export async function startService(options: ServiceOptions): Promise<Service> {
  const { root } = options;
  // In reverse order at the end, and where the start fails on the way.
  const undo: (() => Promise<void> | void)[] = [];
  const close = async () => {
    for (const step of undo.splice(0).toReversed()) await step();
  };
  try {
    const lock = await lockRoot(root, packageVersion);
    undo.push(() => lock.release());
    const log = openLog(root, options.logLevel);
    log.info({ version: packageVersion, node: process.version, root }, 'service starts');
    undo.push(() => log.info('service ends'));
    const store = await openStore({ root });
    undo.push(() => store.close());
    let end: (error: Error | null) => void = () => {};
    const ended = new Promise<Error | null>((resolve) => (end = resolve));
    store.onFault((fault) => log.warn(fault, 'fault in a file'));
    store.onFailure((error) => {
      log.fatal({ error: error.message }, 'store failed');
      end(error);
    });
    const engines = new EngineFinder(options);
    const control = await makeControl(store, engines, log);
    undo.push(() => control.close());
    const judges = new Judges(store, log);
    undo.push(() => judges.close());
    const searches = new Searches(store);
    undo.push(() => searches.close());
    const opened = control.open().catch((error: unknown) => {
      log.fatal({ error: String(error) }, 'run control failed');
      end(error instanceof Error ? error : new Error(String(error)));
    });
    // A large root that is indexed anew takes longer than a client waits: then it sees the runs come in.
    await Promise.race([opened, sleep(OPEN_WAIT_MS, undefined, { ref: false })]);
    const door = await openDoor(
      options,
      {
        store,
        control,
        engines,
        judges,
        searches,
        rescores: new EngineRescores(store, engines),
        shutDown: () => setImmediate(end, null),
      },
      log,
    );
    undo.push(() => door.close());
    await writeDiscovery(root, {
      v: 1,
      url: door.url,
      port: Number(new URL(door.url).port),
      token: await rootToken(root),
      pid: process.pid,
      version: packageVersion,
      major: PROTOCOL_MAJOR,
      started: Date.now(),
    });
    undo.push(() => removeDiscovery(root, process.pid));
    undo.push(
      endWhenIdle(
        options.idleMinutes,
        door,
        () => control.isBusy || judges.isBusy,
        () => end(null),
      ),
    );
    log.info({ url: door.url }, 'listening');
    return { url: door.url, ended, close };
  } catch (error) {
    await close();
    throw error;
  }
}

async function makeControl(store: TraceStore, engines: EngineFinder, log: Logger): Promise<RunControl> {
  const { found, problem } = await findAccelerators();
  if (problem) log.warn({ problem }, 'accelerators');
  const machine = { gpus: found.map(({ index }) => index), others: Math.max(2, availableParallelism()) };
  return new RunControl({ store, launcher: new LocalLauncher(), engines, machine, log });
}

async function openDoor(
  options: ServiceOptions,
  parts: Parameters<typeof makeHandlers>[0],
  log: Logger,
): Promise<SocketServer> {
  return listen({
    host: options.host,
    port: options.port,
    token: await rootToken(options.root),
    log,
    onConnection(port, id) {
      const events = new EventStream(
        parts.store,
        (batch) => peer.notify('events/batch', batch),
        (error) => {
          // The client reconnects with its cursor and misses nothing.
          log.warn({ client: id, error: String(error) }, 'subscription failed');
          peer.close();
        },
      );
      const peer = openPeer<object, object, Notifications, Methods>(port, {
        handlers: makeHandlers(parts, events),
        validate: validateParams,
        onInternalError: (method, error) =>
          log.error(
            { client: id, method, error: error instanceof Error ? error.stack : String(error) },
            'handler failed',
          ),
      });
      log.debug({ client: id }, 'client connected');
      void peer.closed.then((why) => {
        events.close();
        log.debug({ client: id, why: why.message }, 'client gone');
      });
    },
  });
}

/** Watches for the time without clients and stages; returns the function that ends the watch. */
function endWhenIdle(minutes: number, door: SocketServer, isBusy: () => boolean, end: () => void): () => void {
  if (minutes <= 0) return () => undefined;
  let since = Date.now();
  const every = Math.min(IDLE_CHECK_MS, minutes * 30_000);
  const timer = setInterval(() => {
    if (door.clients > 0 || isBusy()) since = Date.now();
    else if (Date.now() - since >= minutes * 60_000) end();
  }, every);
  return () => clearInterval(timer);
}
