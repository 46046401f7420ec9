/** What all pages share with the host: the view, the reader's settings, the backend's state. */
import type { ReadingSettings, View, WebviewInit } from '../../core/protocol/webview.ts';
import type { Host } from '../host.ts';
import { Store } from '../ui/store.ts';

export interface PageState {
  view: View;
  settings: ReadingSettings;
  backend: WebviewInit['backend'];
}

export class Page extends Store<PageState> {
  readonly host: Host;
  #timer: ReturnType<typeof setTimeout> | undefined;

  constructor(host: Host, init: WebviewInit) {
    super({ view: init.view, settings: init.settings, backend: init.backend });
    this.host = host;
    host.on('host/view', ({ view }) => this.set({ view }));
    host.on('host/settingsChanged', ({ settings }) => this.set({ settings }));
    host.on('host/backend', (backend) => this.set({ backend }));
  }

  /** The reader went somewhere: kept for a reload at once, told to the host when it settles. */
  go(view: View): void {
    this.set({ view });
    const saved = this.host.saved();
    this.host.save({ ...saved, view });
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => void this.host.ask('host/viewChanged', { view }).catch(() => undefined), 150);
  }

  settings(change: Partial<ReadingSettings>): void {
    this.set({ settings: { ...this.value.settings, ...change } });
    void this.host.ask('host/settings', change).catch(() => undefined);
  }
}
