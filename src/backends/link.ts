/**
 * The connection to one backend: connects, comes back after a loss, and says what state it is in. Calls go through it, so
 * that nobody else holds a socket.
 */
import * as vscode from 'vscode';
import type { Backend } from '../../core/protocol/client.ts';
import { advance } from '../../core/protocol/cursor.ts';
import { LonghandError } from '../../core/protocol/errors.ts';
import type { Cursor, EventBatch, Hello, Method, Params, Result } from '../../core/protocol/methods.ts';
import type { Caller, CallOptions } from '../../core/protocol/rpc.ts';
import type { BackendState } from '../../core/protocol/webview.ts';
import type { Log } from '../log.ts';

/** Where a backend listens now, or null: there is none. Asked anew before each try, since a restart changes the port. */
export type Locate = () => Promise<{ url: string; token: string } | null>;

const FIRST_DELAY_MS = 250;
const LONGEST_DELAY_MS = 10_000;
/** How often the discovery file is looked at while there is no backend. */
const LOOK_MS = 2000;

export class BackendLink implements vscode.Disposable {
  readonly #locate: Locate;
  readonly #client: string;
  readonly #log: Log;
  readonly #changed = new vscode.EventEmitter<BackendLink>();
  readonly #events = new vscode.EventEmitter<EventBatch>();
  readonly onDidChange = this.#changed.event;
  readonly onEvents = this.#events.event;
  #state: BackendState = 'none';
  #error: LonghandError | null = null;
  #backend: Backend | null = null;
  #cursor: Cursor = {};
  #wake: (() => void) | null = null;
  #ended = false;
  #refusedAddress: string | null = null;

  constructor(locate: Locate, client: string, log: Log) {
    this.#locate = locate;
    this.#client = client;
    this.#log = log;
  }

  get state(): BackendState {
    return this.#state;
  }

  /** Why it is not connected, where something is known. */
  get error(): LonghandError | null {
    return this.#error;
  }

  get hello(): Hello | null {
    return this.#backend?.hello ?? null;
  }

  /** Begins, and goes on until disposed. */
  start(): void {
    void this.#run();
  }

  /** Tries now rather than after the delay; also after a refusal. */
  poke(): void {
    this.#refusedAddress = null;
    this.#wake?.();
  }

  /** Says that a start is on its way. */
  announceStart(starting: boolean): void {
    if (starting) this.#set('starting', null);
    else if (this.#state === 'starting') this.#set('none', this.#error);
  }

  async call<M extends Method>(method: M, params: Params<M>, options?: CallOptions<M>): Promise<Result<M>> {
    if (!this.#backend) throw this.#error ?? new LonghandError('disconnected', 'There is no connection to a backend.');
    const caller: Caller = this.#backend;
    return caller.call(method, params, options);
  }

  /** Resolves when connected. Rejects when refused, disposed, cancelled, or not there within `timeout` milliseconds. */
  async connected(timeout: number, signal?: AbortSignal): Promise<void> {
    if (this.#state === 'connected') return;
    this.poke();
    await new Promise<void>((resolve, reject) => {
      const finish = (act: () => void) => {
        clearTimeout(timer);
        listener.dispose();
        signal?.removeEventListener('abort', onAbort);
        act();
      };
      const onAbort = () => finish(() => reject(new LonghandError('cancelled', 'Cancelled.')));
      const listener = this.onDidChange(() => {
        if (this.#state === 'connected') finish(resolve);
        else if (this.#state === 'refused')
          finish(() => reject(this.#error ?? new LonghandError('disconnected', 'The backend refused the connection.')));
      });
      const timer = setTimeout(
        () => finish(() => reject(this.#error ?? new LonghandError('timeout', 'The backend did not answer.'))),
        timeout,
      );
      signal?.addEventListener('abort', onAbort, { once: true });
    });
  }

  dispose(): void {
    this.#ended = true;
    this.#backend?.close();
    this.#wake?.();
    this.#changed.dispose();
    this.#events.dispose();
  }

  async #run(): Promise<void> {
    let failures = 0;
    while (!this.#ended) {
      const address = await this.#locate().catch(() => null);
      if (this.#ended) return;
      if (!address) {
        if (this.#state !== 'starting') this.#set('none', this.#error);
        await this.#wait(LOOK_MS);
        continue;
      }
      const name = `${address.url} ${address.token}`;
      if (name === this.#refusedAddress) {
        await this.#wait(LOOK_MS);
        continue;
      }
      if (this.#state !== 'starting') this.#set('connecting', this.#error);
      try {
        const backend = await this.#open(address);
        failures = 0;
        const why = await backend.closed;
        this.#backend = null;
        if (this.#ended) return;
        this.#log.warn(`${address.url}: ${why.message}`);
        this.#set('disconnected', why);
      } catch (error) {
        this.#backend = null;
        const known = LonghandError.is(error) ? error : new LonghandError('internal', String(error));
        if (known.code === 'unauthorized' || known.code === 'incompatible') {
          this.#refusedAddress = name;
          this.#set('refused', known);
          continue;
        }
        failures += 1;
        this.#log.debug(`${address.url}: ${known.message} (try ${failures})`);
        this.#set('disconnected', known);
        await this.#wait(Math.min(LONGEST_DELAY_MS, FIRST_DELAY_MS * 2 ** Math.min(failures, 6)));
      }
    }
  }

  async #open(address: { url: string; token: string }): Promise<Backend> {
    // Loaded here, not at activation: the socket and the schema libraries take longer than everything else together.
    const { dialBackend } = await import('./dial.ts');
    const backend = await dialBackend(address, this.#client);
    if (this.#ended) backend.close();
    backend.on('events/batch', (batch) => {
      const events = advance(this.#cursor, batch);
      if (events.length > 0) this.#events.fire({ stream: batch.stream, events });
    });
    // From now on; what lies before is asked for as snapshots, which the change of state below sets off.
    const { cursor } = await backend.call('events/subscribe', { cursor: this.#cursor, from: 'now' });
    this.#cursor = { ...cursor, ...this.#cursor };
    this.#backend = backend;
    this.#log.info(`Connected to ${address.url} (${backend.hello.host}, version ${backend.hello.version}).`);
    this.#set('connected', null);
    return backend;
  }

  #set(state: BackendState, error: LonghandError | null): void {
    if (this.#ended) return;
    const same = state === this.#state && error?.message === this.#error?.message;
    this.#state = state;
    this.#error = error;
    if (!same) this.#changed.fire(this);
  }

  #wait(milliseconds: number): Promise<void> {
    return new Promise((resolve) => {
      const timer = setTimeout(() => this.#wake?.(), milliseconds);
      this.#wake = () => {
        clearTimeout(timer);
        this.#wake = null;
        resolve();
      };
    });
  }
}
