/** One webview with its channel: answers what the page asks, and keeps title and view in step. */
import 'vscode-jsonrpc/node';
import * as vscode from 'vscode';
import { openPeer, type MessagePort, type Peer, type PeerHandlers } from '../../core/protocol/connection.ts';
import { LonghandError } from '../../core/protocol/errors.ts';
import type { EventBatch, Method, Methods, Params } from '../../core/protocol/methods.ts';
import {
  forwarded,
  type ForwardedMethod,
  type HostMethods,
  type HostNotifications,
  type ReadingSettings,
  type View,
  type WebviewCommand,
} from '../../core/protocol/webview.ts';
import type { Backends } from '../backends/backends.ts';
import { runCommand } from '../commands.ts';
import { Disposables } from '../disposables.ts';
import type { Log } from '../log.ts';
import type { Memory } from '../memento.ts';
import { pageHtml, webviewOptions } from './html.ts';
import { asView, runsOf } from './views.ts';

type Nothing = Record<never, never>;
type Serves = Pick<Methods, ForwardedMethod> & HostMethods;
type PagePeer = Peer<Nothing, Nothing, HostNotifications>;

export interface PageParts {
  extension: vscode.Uri;
  backends: Backends;
  memory: Memory;
  log: Log;
  titleOf: (view: View) => string;
  open: (view: View, beside: boolean) => void;
  openText: (params: HostMethods['host/openText']['params']) => Promise<void>;
  settingsChanged: (settings: ReadingSettings) => void;
  viewChanged: (page: Page) => void;
}

/** Commands of {@link WebviewCommand}, and which ids each needs. */
const commands: Record<WebviewCommand['command'], ('run' | 'stage')[]> = {
  'longhand.startBackend': [],
  'longhand.connectBackend': [],
  'longhand.showLog': [],
  'longhand.stopStage': ['run', 'stage'],
  'longhand.resumeStage': ['run', 'stage'],
  'longhand.stopRun': ['run'],
  'longhand.showStageLog': ['run', 'stage'],
  'longhand.revealRun': ['run'],
};

export class Page implements vscode.Disposable {
  readonly panel: vscode.WebviewPanel;
  readonly #parts: PageParts;
  readonly #disposables = new Disposables();
  #view: View;
  #peer: PagePeer | null = null;
  #deliver: ((message: unknown) => void) | null = null;

  constructor(panel: vscode.WebviewPanel, view: View, parts: PageParts) {
    this.panel = panel;
    this.#view = view;
    this.#parts = parts;
    const { webview } = panel;
    webview.options = webviewOptions(parts.extension);
    this.#disposables.add(webview.onDidReceiveMessage((message: unknown) => this.#receive(message)));
    this.#disposables.add({ dispose: () => this.#peer?.close() });
    panel.title = parts.titleOf(view);
    webview.html = pageHtml(webview, parts.extension, view.page === 'dashboard' ? 'dashboard' : 'inspector');
  }

  get view(): View {
    return this.#view;
  }

  /** Shows another view in this panel. */
  show(view: View): void {
    this.#setView(view);
    this.notify('host/view', { view });
  }

  /** Does nothing before the page has said that it is ready: it gets a whole snapshot then. */
  notify<N extends keyof HostNotifications>(name: N, payload: HostNotifications[N]): void {
    void this.#peer?.notify(name, payload).catch(() => undefined);
  }

  /** Passes on the events of the runs that the page shows. A hidden page is gone, and starts anew when it comes back. */
  hear(batch: EventBatch): void {
    if (!this.#peer || !this.panel.visible) return;
    const run = batch.stream.slice(0, Math.max(0, batch.stream.indexOf('/')));
    if (batch.stream === 'journal' || runsOf(this.#view).includes(run)) this.notify('events/batch', batch);
  }

  backendChanged(): void {
    this.notify('host/backend', this.#backend());
  }

  updateTitle(): void {
    const title = this.#parts.titleOf(this.#view);
    if (title !== this.panel.title) this.panel.title = title;
  }

  dispose(): void {
    this.#disposables.dispose();
  }

  #receive(message: unknown): void {
    // Each life of the page begins with this request. What the last one had asked is not answered to the new one, whose
    // numbers begin again.
    if ((message as { method?: unknown } | null)?.method === 'host/ready') this.#renew();
    this.#deliver?.(message);
  }

  #renew(): void {
    this.#peer?.close();
    let alive = true;
    const port: MessagePort = {
      send: async (message) => {
        if (alive && !this.#disposables.ended) await this.panel.webview.postMessage(message);
      },
      onMessage: (listener) => (this.#deliver = listener),
      onClose: () => undefined,
      close: () => (alive = false),
    };
    const { log } = this.#parts;
    this.#peer = openPeer<Nothing, Nothing, HostNotifications, Serves>(port, {
      handlers: this.#handlers(),
      onInternalError: (method, error) =>
        log.error(`webview ${method}: ${error instanceof Error ? (error.stack ?? error.message) : String(error)}`),
    });
  }

  #handlers(): PeerHandlers<Serves> {
    const { backends, memory, open, openText, settingsChanged } = this.#parts;
    const done = {};
    const passed = Object.fromEntries(
      forwarded.map((method: Method) => [
        method,
        (params: Params<Method>, { signal }: { signal: AbortSignal }) => backends.call(method, params, { signal }),
      ]),
    ) as unknown as PeerHandlers<Pick<Methods, ForwardedMethod>>;
    return {
      ...passed,
      'host/ready': () => ({
        view: this.#view,
        settings: memory.reading,
        backend: this.#backend(),
        locale: vscode.env.language,
      }),
      'host/open': ({ view, beside }) => {
        open(checked(view), beside === true);
        return done;
      },
      'host/viewChanged': ({ view }) => {
        this.#setView(checked(view));
        return done;
      },
      'host/settings': async (change) => {
        await memory.setReading(change);
        settingsChanged(memory.reading);
        return done;
      },
      'host/openText': async (params) => {
        if (typeof params.trace !== 'string') throw new LonghandError('invalid_params', 'No trace was named.');
        await openText(params);
        return done;
      },
      'host/copy': async ({ text }) => {
        await vscode.env.clipboard.writeText(String(text));
        return done;
      },
      'host/command': (params) => {
        runAllowed(params);
        return done;
      },
    };
  }

  #setView(view: View): void {
    this.#view = view;
    this.updateTitle();
    this.#parts.viewChanged(this);
  }

  #backend(): HostNotifications['host/backend'] {
    const { state, active, error } = this.#parts.backends;
    return { state, name: active.name, message: error?.message ?? null };
  }
}

function checked(value: unknown): View {
  const view = asView(value);
  if (!view) throw new LonghandError('invalid_params', 'That is not a view.');
  return view;
}

function runAllowed(params: WebviewCommand): void {
  const needs = Object.hasOwn(commands, params.command) ? commands[params.command] : null;
  if (!needs) throw new LonghandError('invalid_params', `The page may not run ${String(params.command)}.`);
  const given = params as unknown as Record<string, unknown>;
  const target: Record<string, string> = {};
  for (const key of needs) {
    const value = given[key];
    if (typeof value !== 'string') throw new LonghandError('invalid_params', `${params.command} needs “${key}”.`);
    target[key] = value;
  }
  // What it shows when it fails is the command's own affair; the page does not wait for a dialog.
  void (needs.length > 0 ? runCommand(params.command, target) : runCommand(params.command));
}
