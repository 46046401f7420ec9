/** The backends that are known, the one that is active, and what can be done with them. */
import * as os from 'node:os';
import * as path from 'node:path';
import * as vscode from 'vscode';
import { LonghandError } from '../../core/protocol/errors.ts';
import type { EventBatch, Hello, Method, Params, Result } from '../../core/protocol/methods.ts';
import type { CallOptions } from '../../core/protocol/rpc.ts';
import type { BackendState } from '../../core/protocol/webview.ts';
import { Disposables } from '../disposables.ts';
import { ActionableError } from '../errors.ts';
import { runCommand, setContext } from '../commands.ts';
import type { Log } from '../log.ts';
import type { Memory } from '../memento.ts';
import { onDidChangeSetting, readSetting, rootFolder } from '../settings.ts';
import { parseAddress } from './address.ts';
import { discover } from './discovery.ts';
import { BackendLink } from './link.ts';
import type { Tokens } from './tokens.ts';

/** A backend that can be active: this machine's (`url` null) or one by address. */
export interface KnownBackend {
  url: string | null;
  name: string;
}

export interface BackendsOptions {
  memory: Memory;
  tokens: Tokens;
  log: Log;
  version: string;
  /** Folder of the extension. */
  home: string;
  /** Folder for the output of a service that was started from here. */
  storage: string;
  /** Where the extension sets up the engine. */
  engineDir: string;
}

const START_TIMEOUT_MS = 15_000;

export class Backends implements vscode.Disposable {
  readonly #options: BackendsOptions;
  readonly #changed = new vscode.EventEmitter<void>();
  readonly #events = new vscode.EventEmitter<EventBatch>();
  readonly #disposables = new Disposables();
  readonly onDidChange = this.#changed.event;
  readonly onEvents = this.#events.event;
  #activeUrl: string | null;
  #link: BackendLink;
  #linkParts: Disposables;
  #starting: Promise<void> | null = null;
  #stopAsked = false;

  constructor(options: BackendsOptions) {
    this.#options = options;
    const set = settingUrl();
    this.#activeUrl = set ?? options.memory.activeUrl;
    [this.#link, this.#linkParts] = this.#makeLink();
    this.#disposables.add(this.#changed);
    this.#disposables.add(this.#events);
    this.#disposables.add(onDidChangeSetting('root', () => this.#activeUrl === null && this.#switch(null)));
    this.#disposables.add(onDidChangeSetting('backend.url', () => this.#switch(settingUrl())));
  }

  get state(): BackendState {
    return this.#link.state;
  }

  get error(): LonghandError | null {
    return this.#link.error;
  }

  get hello(): Hello | null {
    return this.#link.hello;
  }

  /** The root of the active backend, for words only: it may lie on another machine. */
  get active(): KnownBackend {
    return { url: this.#activeUrl, name: this.#activeUrl ?? 'This machine' };
  }

  get known(): KnownBackend[] {
    const urls = new Set(this.#options.memory.backendUrls);
    if (this.#activeUrl) urls.add(this.#activeUrl);
    return [{ url: null, name: 'This machine' }, ...[...urls].map((url) => ({ url, name: url }))];
  }

  /** The user asked for its stop: that it is gone is no news. */
  get stopExpected(): boolean {
    return this.#stopAsked;
  }

  /** True when the backend reads the files of the machine that this extension host runs on. */
  get sharesFiles(): boolean {
    return this.#activeUrl === null || this.hello?.host === os.hostname();
  }

  begin(): void {
    this.#link.start();
    this.#announce();
  }

  call<M extends Method>(method: M, params: Params<M>, options?: CallOptions<M>): Promise<Result<M>> {
    return this.#link.call(method, params, options);
  }

  /**
   * Makes sure that there is a connection; starts the backend of this machine where the settings allow.
   * @throws ActionableError or LonghandError: why there is none, with a button that helps
   */
  async need(): Promise<void> {
    if (this.state === 'connected') return;
    if (this.state === 'refused' && this.error) throw this.error;
    if (this.#activeUrl !== null) {
      await this.#link.connected(5000).catch((error: unknown) => {
        const why = error instanceof Error ? error.message : String(error);
        throw new ActionableError(
          `The backend at ${this.#activeUrl} cannot be reached. ${why}`,
          'Connect to Backend…',
          () => runCommand('longhand.connectBackend'),
        );
      });
      return;
    }
    if (await discover(rootFolder())) return this.#link.connected(START_TIMEOUT_MS);
    if (!readSetting('backend.autoStart')) {
      throw new ActionableError(`No backend is running for ${rootFolder()}.`, 'Start Backend', () => this.start());
    }
    await this.start();
  }

  /** Starts the bundled service, with a progress notification; one start at a time. */
  start(): Promise<void> {
    this.#starting ??= this.#start().finally(() => (this.#starting = null));
    return this.#starting;
  }

  async #start(): Promise<void> {
    if (this.#activeUrl !== null) {
      const text = `The active backend is ${this.#activeUrl}, which is started on its own machine (longhand serve).`;
      const here = 'Start One Here';
      if ((await vscode.window.showInformationMessage(text, here)) !== here) return;
      await this.activate(null);
    }
    if (this.state === 'connected') return;
    this.#stopAsked = false;
    const { launchService } = await import('./launch.ts');
    await vscode.window.withProgress(
      { location: vscode.ProgressLocation.Notification, title: 'Longhand: starting the backend', cancellable: true },
      async (progress, token) => {
        const controller = new AbortController();
        token.onCancellationRequested(() => controller.abort());
        this.#link.announceStart(true);
        try {
          const found = await launchService({
            node: readSetting('backend.node').trim(),
            service: path.join(this.#options.home, 'dist', 'longhand.mjs'),
            root: rootFolder(),
            logFile: path.join(this.#options.storage, 'backend-output.log'),
            engineDir: this.#options.engineDir,
            python: readSetting('engine.python').trim(),
            signal: controller.signal,
          });
          progress.report({ message: `connecting to ${found.url}` });
          await this.#link.connected(START_TIMEOUT_MS, controller.signal);
        } finally {
          this.#link.announceStart(false);
        }
      },
    );
  }

  /** Stops the active backend's service. Stages go on under their runners. Resolves to whether it stops. */
  async stop(): Promise<boolean> {
    const first = await this.#link.call('service/shutdown', { force: false });
    this.#stopAsked = first.stopping;
    if (first.stopping) return true;
    const stop = 'Stop the Backend Only';
    const answer = await vscode.window.showWarningMessage(
      `${first.why ?? 'A stage is running.'} The stage itself goes on, and is picked up by the next backend.`,
      { modal: true },
      stop,
    );
    if (answer !== stop) return false;
    this.#stopAsked = true;
    return (await this.#link.call('service/shutdown', { force: true })).stopping;
  }

  /** Ends the service of this machine, whatever its version, and starts the one of this extension. */
  async restart(): Promise<void> {
    if (this.#activeUrl !== null) {
      throw new ActionableError(
        `The backend at ${this.#activeUrl} was not started from here. Restart it on its machine: longhand serve.`,
        'Connect to Backend…',
        () => runCommand('longhand.connectBackend'),
      );
    }
    const found = await discover(rootFolder());
    if (found) {
      if (this.state === 'connected') await this.#link.call('service/shutdown', { force: true }).catch(() => null);
      // One that speaks another version, or does not answer, is asked by signal.
      else process.kill(found.pid, 'SIGTERM');
      await gone(found.pid);
    }
    await this.start();
  }

  /** Makes another backend the active one and connects. */
  async activate(url: string | null): Promise<void> {
    await this.#options.memory.setActiveUrl(url);
    this.#switch(url);
  }

  /** Remembers a backend by address, with its token, and makes it the active one. Rejects when it does not connect. */
  async connect(url: string, token: string): Promise<void> {
    const { dialBackend } = await import('./dial.ts');
    const backend = await dialBackend({ url, token }, this.#client);
    backend.close();
    await this.#options.tokens.set(url, token);
    await this.#options.memory.setBackendUrls([
      ...this.#options.memory.backendUrls.filter((other) => other !== url),
      url,
    ]);
    await this.activate(url);
    await this.#link.connected(START_TIMEOUT_MS);
  }

  async forget(url: string): Promise<void> {
    await this.#options.tokens.delete(url);
    await this.#options.memory.setBackendUrls(this.#options.memory.backendUrls.filter((other) => other !== url));
    if (this.#activeUrl === url) await this.activate(null);
    this.#changed.fire();
  }

  poke(): void {
    this.#link.poke();
  }

  dispose(): void {
    this.#linkParts.dispose();
    this.#disposables.dispose();
  }

  get #client(): string {
    return `vscode-longhand ${this.#options.version}`;
  }

  #switch(url: string | null): void {
    this.#linkParts.dispose();
    this.#activeUrl = url;
    [this.#link, this.#linkParts] = this.#makeLink();
    this.#link.start();
    this.#announce();
  }

  #makeLink(): [BackendLink, Disposables] {
    const url = this.#activeUrl;
    const locate = url === null ? locateLocal : () => this.#locateUrl(url);
    const parts = new Disposables();
    const link = parts.add(new BackendLink(locate, this.#client, this.#options.log));
    parts.add(link.onDidChange(() => this.#announce()));
    parts.add(link.onEvents((batch) => this.#events.fire(batch)));
    return [link, parts];
  }

  async #locateUrl(url: string): Promise<{ url: string; token: string } | null> {
    return { url, token: (await this.#options.tokens.get(url)) ?? '' };
  }

  #announce(): void {
    setContext('longhand.backend', this.state);
    setContext('longhand.localBackend', this.#activeUrl === null);
    this.#changed.fire();
  }
}

async function locateLocal(): Promise<{ url: string; token: string } | null> {
  const found = await discover(rootFolder());
  return found && { url: found.url, token: found.token };
}

/** The address in the settings, if it is one. */
function settingUrl(): string | null {
  const text = readSetting('backend.url').trim();
  if (!text) return null;
  try {
    return parseAddress(text).url;
  } catch {
    return null;
  }
}

async function gone(pid: number): Promise<void> {
  const { isAlive } = await import('./discovery.ts');
  const limit = Date.now() + 10_000;
  while (isAlive(pid)) {
    if (Date.now() > limit)
      throw new LonghandError('timeout', `The old backend (process ${pid}) did not end within 10 s.`);
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
}
