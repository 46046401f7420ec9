/** What all pages share with the host: the view, the reader's settings, the backend's state. */
import type { ReadingSettings, View, WebviewInit } from '../../core/protocol/webview.ts';
import type { Host, SavedState } from '../host.ts';
import { setLocale } from '../ui/format.ts';
import { keepFocus } from '../ui/focus-home.ts';
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
    host.on('host/view', ({ view }) => {
      this.keep({ place: undefined, draft: undefined });
      this.go(view);
    });
    host.on('host/settingsChanged', ({ settings }) => this.set({ settings }));
    host.on('host/backend', (backend) => this.set({ backend }));
  }

  /** The reader went somewhere: kept for a reload at once, told to the host when it settles. */
  go(view: View): void {
    this.set({ view });
    this.keep({});
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => void this.host.ask('host/viewChanged', { view }).catch(() => undefined), 150);
  }

  /** Changes some of what is shown now: a function that an older drawing made overwrites nothing that has changed since. */
  change<Shown extends View>(change: { [Key in keyof Shown]?: Shown[Key] | undefined }): void {
    this.go({ ...this.value.view, ...change });
  }

  /** Keeps for a reload where the reader is, and what has changed of the rest. */
  keep(change: { [Key in keyof SavedState]?: SavedState[Key] | undefined }): void {
    const kept = { ...this.host.saved(), ...change, view: this.value.view };
    if (kept.place === undefined) delete kept.place;
    if (kept.draft === undefined) delete kept.draft;
    this.host.save(kept);
  }

  settings(change: Partial<ReadingSettings>): void {
    this.set({ settings: { ...this.value.settings, ...change } });
    void this.host.ask('host/settings', change).catch(() => undefined);
  }
}

/**
 * Begins a page: asks the host what to show, and goes on where the reader was before the page was hidden, moved or reloaded. A view
 * that was asked for meanwhile goes before that; so does another run, which a file becomes that was written again.
 */
export async function startPage(host: Host): Promise<Page> {
  keepFocus();
  const init = await host.ask('host/ready', {});
  setLocale(init.locale);
  const saved = host.saved();
  const isBack = saved !== null && init.asked !== true && homeOf(saved.view) === homeOf(init.view);
  const page = new Page(host, isBack ? { ...init, view: saved.view } : init);
  if (!isBack) page.keep({ place: undefined, draft: undefined });
  if (isBack || init.asked) page.go(page.value.view);
  return page;
}

/** What a panel is of: it shows other places of that, never another. */
function homeOf(view: View): string {
  switch (view.page) {
    case 'inspector':
      return `inspector ${view.filter.run ?? ''}`;
    case 'compare':
      return `compare ${view.before.run} ${view.after.run}`;
    case 'sides':
      return `sides ${view.left} ${view.right}`;
    case 'report':
      return `report ${view.run} ${view.stage}`;
    default:
      return `${view.page} ${view.run}`;
  }
}
