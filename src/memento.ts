/** The only user of Memento: what is remembered between windows. Keys carry a version; what does not fit is forgotten. */
import type { Memento } from 'vscode';
import { labels, type Label } from '../core/behaviours/spans.ts';
import type { ImportMapping } from '../core/protocol/imports.ts';
import { layerKinds } from '../core/protocol/layers.ts';
import { foldKinds } from '../core/traces/folds.ts';
import { tokenMarks, type ReadingSettings, type SavedView, type SavedViewChange } from '../core/protocol/webview.ts';
import { asListColumns, asSavedView, changedViews } from './inspector/saved-views.ts';

const keys = {
  reading: 'reading.v1',
  mappings: 'importMappings.v1',
  backends: 'backends.v1',
  active: 'activeBackend.v1',
  views: 'savedViews.v1',
} as const;
/** Column mappings that are kept; the oldest goes first. */
const MAX_MAPPINGS = 50;
const MAX_BACKENDS = 20;

const defaultReading: ReadingSettings = {
  hiddenLabels: [],
  raw: false,
  factsOpen: true,
  listOpen: true,
  fontSize: null,
};

export class Memory {
  readonly #global: Memento;

  constructor(global: Memento) {
    this.#global = global;
  }

  get reading(): ReadingSettings {
    const stored = this.#global.get<Partial<ReadingSettings>>(keys.reading) ?? {};
    const hidden: unknown[] = Array.isArray(stored.hiddenLabels) ? stored.hiddenLabels : [];
    return {
      hiddenLabels: hidden.filter((label): label is Label => (labels as readonly unknown[]).includes(label)),
      raw: stored.raw === true,
      factsOpen: stored.factsOpen ?? defaultReading.factsOpen,
      listOpen: stored.listOpen ?? defaultReading.listOpen,
      fontSize: typeof stored.fontSize === 'number' ? Math.min(40, Math.max(8, stored.fontSize)) : null,
      layers: layerKinds.filter((kind) => (stored.layers ?? ['detector']).includes(kind)),
      listColumns: asListColumns(stored.listColumns),
      tokenMark: tokenMarks.find((mark) => mark === stored.tokenMark) ?? null,
      folded: foldKinds.filter((kind) => Array.isArray(stored.folded) && stored.folded.includes(kind)),
    };
  }

  async setReading(change: Partial<ReadingSettings>): Promise<void> {
    await this.#global.update(keys.reading, { ...this.reading, ...change });
  }

  /** The mapping that the user gave for files with these columns. */
  mapping(signature: string): ImportMapping | undefined {
    return this.#mappings.find(([key]) => key === signature)?.[1];
  }

  async setMapping(signature: string, mapping: ImportMapping | undefined): Promise<void> {
    const others = this.#mappings.filter(([key]) => key !== signature);
    const next = mapping ? [...others, [signature, mapping] as const] : others;
    await this.#global.update(keys.mappings, next.slice(-MAX_MAPPINGS));
  }

  get #mappings(): (readonly [string, ImportMapping])[] {
    return this.#global.get<[string, ImportMapping][]>(keys.mappings) ?? [];
  }

  /** The lists of traces that the reader named, the newest last. */
  get savedViews(): SavedView[] {
    const stored = this.#global.get<unknown>(keys.views);
    return Array.isArray(stored) ? stored.flatMap((one) => asSavedView(one) ?? []) : [];
  }

  /** @throws as `changedViews` does */
  async changeSavedViews(change: SavedViewChange): Promise<SavedView[]> {
    const next = changedViews(this.savedViews, change);
    await this.#global.update(keys.views, next);
    return next;
  }

  /** Addresses of backends that were connected to; their tokens are in SecretStorage. */
  get backendUrls(): string[] {
    return this.#global.get<string[]>(keys.backends) ?? [];
  }

  async setBackendUrls(urls: string[]): Promise<void> {
    await this.#global.update(keys.backends, urls.slice(-MAX_BACKENDS));
  }

  /** The address that was active last; null: the backend of this machine. */
  get activeUrl(): string | null {
    return this.#global.get<string>(keys.active) ?? null;
  }

  async setActiveUrl(url: string | null): Promise<void> {
    await this.#global.update(keys.active, url ?? undefined);
  }
}
