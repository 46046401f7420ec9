/** One webview with its channel: answers what the page asks, and keeps title and view in step. */
import 'vscode-jsonrpc/node';
import * as vscode from 'vscode';
import {
  openPeer,
  type MessagePort,
  type Peer,
  type PeerCallContext,
  type PeerHandlers,
} from '../../core/protocol/connection.ts';
import { LonghandError } from '../../core/protocol/errors.ts';
import type { EventBatch, Methods, Params, Result } from '../../core/protocol/methods.ts';
import type {
  ForwardedMethod,
  HostMethods,
  HostNotifications,
  ReadingSettings,
  View,
  WebviewCommand,
} from '../../core/protocol/webview.ts';
import type { Backends } from '../backends/backends.ts';
import { runCommand } from '../commands.ts';
import { Disposables } from '../disposables.ts';
import type { Log } from '../log.ts';
import type { Memory } from '../memento.ts';
import { bundleOf, pageHtml, webviewOptions } from './html.ts';
import { readerName } from '../settings.ts';
import { at, textAt } from '../shape.ts';
import { asView, runsOf } from './views.ts';

type Serves = Pick<Methods, ForwardedMethod> & HostMethods;
type PagePeer = Peer<Record<never, never>, Record<never, never>, HostNotifications>;

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

/** Methods that say who says it. */
type NamedMethod =
  'labels/get' | 'labels/edit' | 'labels/agreement' | 'labels/queue' | 'traces/judge' | 'audit/apply' | 'audit/undo';

/** Commands that a page may run, and which ids each needs. */
const commands: readonly { id: WebviewCommand['command']; needs: readonly ('run' | 'stage' | 'trace')[] }[] = [
  { id: 'longhand.startBackend', needs: [] },
  { id: 'longhand.connectBackend', needs: [] },
  { id: 'longhand.showLog', needs: [] },
  { id: 'longhand.stopStage', needs: ['run', 'stage'] },
  { id: 'longhand.resumeStage', needs: ['run', 'stage'] },
  { id: 'longhand.stopRun', needs: ['run'] },
  { id: 'longhand.showStageLog', needs: ['run', 'stage'] },
  { id: 'longhand.revealRun', needs: ['run'] },
  { id: 'longhand.compareTrace', needs: ['trace'] },
];

export class Page implements vscode.Disposable {
  readonly panel: vscode.WebviewPanel;
  readonly #parts: PageParts;
  readonly #disposables = new Disposables();
  #view: View;
  /** The view was asked for by others than the page, which may be hidden and not have heard of it. */
  #asked = false;
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
    webview.html = pageHtml(webview, parts.extension, bundleOf(view));
  }

  get view(): View {
    return this.#view;
  }

  /** Shows another view in this panel. */
  show(view: View): void {
    this.#setView(view);
    this.#asked = true;
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
    if (at(message, 'method') === 'host/ready') this.#renew();
    this.#deliver?.(message);
  }

  #renew(): void {
    this.#peer?.close();
    let alive = true;
    const port: MessagePort = {
      send: async (message) => {
        // VS Code's own method: it has no target origin.
        // oxlint-disable-next-line unicorn/require-post-message-target-origin
        if (alive && !this.#disposables.ended) await this.panel.webview.postMessage(message);
      },
      onMessage: (listener) => (this.#deliver = listener),
      onClose: () => undefined,
      close: () => (alive = false),
    };
    const { log } = this.#parts;
    this.#peer = openPeer<Record<never, never>, Record<never, never>, HostNotifications, Serves>(port, {
      handlers: this.#handlers(),
      onInternalError: (method, error) =>
        log.error(`webview ${method}: ${error instanceof Error ? (error.stack ?? error.message) : String(error)}`),
    });
  }

  #handlers(): PeerHandlers<Serves> {
    const { backends, memory, open, openText, settingsChanged } = this.#parts;
    const done = {};
    // Spelled out, so that the compiler says when one is missing and no other method can be reached.
    const forward =
      <M extends ForwardedMethod>(method: M) =>
      (params: Params<M>, { signal }: { signal: AbortSignal }): Promise<Result<M>> =>
        backends.call(method, params, { signal });
    // What it says on its way goes on to the page, and the page's cancelling to the backend.
    const stream =
      (method: 'traces/search') =>
      (params: Params<typeof method>, { signal, progress }: PeerCallContext<Methods[typeof method]>) =>
        backends.call(method, params, { signal, onProgress: (one) => void progress(one) });
    // In the name that the settings give; a page has none.
    const named =
      <M extends NamedMethod>(method: M) =>
      (params: Params<M>, { signal }: { signal: AbortSignal }): Promise<Result<M>> =>
        backends.call(method, { ...params, ...readerName() }, { signal });
    return {
      'runs/get': forward('runs/get'),
      'runs/list': forward('runs/list'),
      'runs/table': forward('runs/table'),
      'metrics/snapshot': forward('metrics/snapshot'),
      'metrics/budgets': forward('metrics/budgets'),
      'judge/agreement': forward('judge/agreement'),
      'metrics/behaviours': forward('metrics/behaviours'),
      'metrics/figures': forward('metrics/figures'),
      'traces/figures': forward('traces/figures'),
      'metrics/groups': forward('metrics/groups'),
      'groups/problems': forward('groups/problems'),
      'groups/steps': forward('groups/steps'),
      'groups/get': forward('groups/get'),
      'traces/page': forward('traces/page'),
      'traces/readTexts': forward('traces/readTexts'),
      'traces/search': stream('traces/search'),
      'traces/get': forward('traces/get'),
      'traces/slice': forward('traces/slice'),
      'traces/tokens': forward('traces/tokens'),
      'traces/annotations': forward('traces/annotations'),
      'traces/group': forward('traces/group'),
      'labels/get': named('labels/get'),
      'labels/edit': named('labels/edit'),
      'labels/agreement': named('labels/agreement'),
      'labels/queue': named('labels/queue'),
      'traces/sets': forward('traces/sets'),
      'traces/pairs': forward('traces/pairs'),
      'metrics/paired': forward('metrics/paired'),
      'metrics/rewardChange': forward('metrics/rewardChange'),
      'metrics/advisories': forward('metrics/advisories'),
      'overview/series': forward('overview/series'),
      'overview/matrix': forward('overview/matrix'),
      'overview/difficulty': forward('overview/difficulty'),
      'overview/budgets': forward('overview/budgets'),
      'overview/problems': forward('overview/problems'),
      'overview/behaviours': forward('overview/behaviours'),
      'overview/scatter': forward('overview/scatter'),
      'traces/judge': named('traces/judge'),
      'traces/answers': forward('traces/answers'),
      'audit/queue': forward('audit/queue'),
      'audit/rescore': forward('audit/rescore'),
      'audit/apply': named('audit/apply'),
      'audit/undo': named('audit/undo'),
      'audit/rescores': forward('audit/rescores'),
      'stages/log': forward('stages/log'),
      'stages/report': forward('stages/report'),
      'stages/rows': forward('stages/rows'),
      'stages/whatIf': forward('stages/whatIf'),
      'stages/text': forward('stages/text'),
      'host/ready': () => ({
        view: this.#view,
        asked: this.#asked,
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
        this.#asked = false;
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
      'host/saveFile': async (params) => ({ saved: await (await import('./save-file.ts')).saveFile(params) }),
      'host/savedViews': () => ({ views: memory.savedViews }),
      'host/changeSavedViews': async (change) => ({ views: await memory.changeSavedViews(change) }),
      'host/copy': async ({ text }) => {
        await vscode.env.clipboard.writeText(text);
        return done;
      },
      'host/copyLink': async ({ trace, at: place }) => ({
        link: await (await import('./open-link.ts')).copyLink(backends, trace, place),
      }),
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
    return { state, name: active.name, local: active.url === null, message: error?.message ?? null };
  }
}

function checked(value: unknown): View {
  const view = asView(value);
  if (!view) throw new LonghandError('invalid_params', 'That is not a view.');
  return view;
}

/** Runs a command of the list, with the ids that it needs and nothing else. What came is not trusted to be what its type says. */
function runAllowed(params: unknown): void {
  const command = commands.find(({ id }) => id === at(params, 'command'));
  if (!command) throw new LonghandError('invalid_params', 'The page may not run that command.');
  const target: Record<string, string> = {};
  for (const key of command.needs) {
    const value = textAt(params, key);
    if (value === undefined) throw new LonghandError('invalid_params', `${command.id} needs “${key}”.`);
    target[key] = value;
  }
  // What it shows when it fails is the command's own affair; the page does not wait for a dialog.
  void (command.needs.length > 0 ? runCommand(command.id, target) : runCommand(command.id));
}
