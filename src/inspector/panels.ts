/** Which panel shows what: the only place that knows webview panels. */
import * as vscode from 'vscode';
import type { Label } from '../../core/behaviours/spans.ts';
import type { HostMethods, PageKey, ReadingSettings, View } from '../../core/protocol/webview.ts';
import type { Backends } from '../backends/backends.ts';
import { setContext } from '../commands.ts';
import { ids } from '../contributions.ts';
import { Disposables } from '../disposables.ts';
import type { Log } from '../log.ts';
import type { Memory } from '../memento.ts';
import type { RunStore } from '../runs/store.ts';
import { at } from '../shape.ts';
import { webviewOptions } from './html.ts';
import type { Page, PageParts } from './page.ts';
import { asView, samePlace, titleOf } from './views.ts';

export interface PanelsParts {
  extension: vscode.Uri;
  backends: Backends;
  store: RunStore;
  memory: Memory;
  log: Log;
  openText: (params: HostMethods['host/openText']['params']) => Promise<void>;
}

export class Panels implements vscode.WebviewPanelSerializer, vscode.Disposable {
  readonly #parts: PanelsParts;
  readonly #pages = new Set<Page>();
  readonly #disposables = new Disposables();

  constructor(parts: PanelsParts) {
    this.#parts = parts;
    this.#disposables.add(vscode.window.registerWebviewPanelSerializer(ids.panel, this));
    this.#disposables.add(parts.backends.onEvents((batch) => this.#pages.forEach((page) => page.hear(batch))));
    this.#disposables.add(parts.backends.onDidChange(() => this.#pages.forEach((page) => page.backendChanged())));
    this.#disposables.add(parts.store.onDidChange(() => this.#pages.forEach((page) => page.updateTitle())));
  }

  /** Opens a view, in the panel that shows it already if there is one. */
  async open(view: View, options: { beside?: boolean } = {}): Promise<void> {
    const known = [...this.#pages].find((page) => samePlace(page.view, view));
    if (known && !options.beside) {
      known.panel.reveal();
      const asked =
        view.page === 'inspector'
          ? (view.trace ?? view.at ?? view.mode ?? view.query)
          : view.page === 'compare'
            ? view.problem
            : view.page === 'report'
              ? view.why
              : view.page === 'sides'
                ? view.at
                : undefined;
      if (asked) known.show(view);
      return;
    }
    const column = options.beside ? vscode.ViewColumn.Beside : vscode.ViewColumn.Active;
    const panel = vscode.window.createWebviewPanel(ids.panel, 'Longhand', column, {
      ...webviewOptions(this.#parts.extension),
      enableFindWidget: false,
    });
    await this.attach(panel, view);
  }

  /** Makes a panel that exists (a custom editor's, a restored one) show a view. */
  async attach(panel: vscode.WebviewPanel, view: View, fixedTitle?: string): Promise<void> {
    const { Page } = await import('./page.ts');
    const { extension, backends, memory, log, openText, store } = this.#parts;
    const parts: PageParts = {
      extension,
      backends,
      memory,
      log,
      openText,
      titleOf: (shown) => fixedTitle ?? titleOf(shown, (run) => store.get(run)?.name ?? run),
      open: (next, beside) => void this.open(next, { beside }),
      settingsChanged: (settings) => this.#settingsChanged(settings),
      viewChanged: () => this.#context(),
    };
    if (fixedTitle === undefined) panel.iconPath = icon(extension);
    const page = new Page(panel, view, parts);
    this.#pages.add(page);
    panel.onDidChangeViewState(() => this.#context());
    panel.onDidDispose(() => {
      page.dispose();
      this.#pages.delete(page);
      this.#context();
    });
    this.#context();
  }

  async deserializeWebviewPanel(panel: vscode.WebviewPanel, state: unknown): Promise<void> {
    const view = asView(at(state, 'view'));
    if (view) await this.attach(panel, view);
    else panel.dispose();
  }

  /** A key of the editor for the panel that has the focus. */
  key(action: PageKey, label?: Label): void {
    this.#active()?.notify('host/key', { action, ...(label && { label }) });
  }

  get activeView(): View | null {
    return this.#active()?.view ?? null;
  }

  dispose(): void {
    for (const page of this.#pages) page.dispose();
    this.#disposables.dispose();
  }

  #active(): Page | undefined {
    return [...this.#pages].find(({ panel }) => panel.active);
  }

  #context(): void {
    setContext('longhand.page', this.#active()?.view.page ?? '');
  }

  /** The reader's choices, changed by a command. */
  async setReading(change: Partial<ReadingSettings>): Promise<void> {
    const { memory } = this.#parts;
    await memory.setReading(change);
    this.#settingsChanged(memory.reading);
  }

  #settingsChanged(settings: ReadingSettings): void {
    for (const page of this.#pages) page.notify('host/settingsChanged', { settings });
  }
}

function icon(extension: vscode.Uri): { light: vscode.Uri; dark: vscode.Uri } {
  const file = (name: string) => vscode.Uri.joinPath(extension, 'media', name);
  return { light: file('panel-light.svg'), dark: file('panel-dark.svg') };
}
