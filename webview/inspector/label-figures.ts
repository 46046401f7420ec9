/** What the service says of a reader's labels over the run: agreement, and the places to read next. Asked again after every edit. */
import type { QueueItem, RunAgreement } from '../../core/protocol/labels.ts';
import { samePlace } from '../../core/labels/reader.ts';
import type { Host } from '../host.ts';
import { Store } from '../ui/store.ts';

export interface LabelFiguresState {
  run: string | null;
  agreement: RunAgreement | null;
  queue: { items: QueueItem[]; more: number; looked: number; traces: number } | null;
  /** Texts that are still to be read for the queue. */
  waiting: number;
  /** The item that the reader is at. */
  at: QueueItem | null;
  error: unknown;
}

/** Milliseconds between an edit and the question what it changes. */
const LATER = 300;

export class LabelFigures extends Store<LabelFiguresState> {
  readonly #host: Host;
  #timer: ReturnType<typeof setTimeout> | undefined;
  #asked = 0;
  #queued = 0;
  /** The number of the place in the queue at which the reader was. */
  #was = -1;

  constructor(host: Host) {
    super({ run: null, agreement: null, queue: null, waiting: 0, at: null, error: null });
    this.#host = host;
  }

  /** Forgets what was said of another run. */
  of(run: string | null): void {
    if (run === this.value.run) return;
    this.close();
    this.set({ run, agreement: null, queue: null, waiting: 0, at: null, error: null });
  }

  close(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    this.#asked += 1;
    this.#queued += 1;
  }

  /** Something was edited. */
  soon(): void {
    this.#timer ??= setTimeout(() => {
      this.#timer = undefined;
      void this.measure();
      if (this.value.queue) void this.pull();
    }, LATER);
  }

  async measure(): Promise<void> {
    const { run } = this.value;
    if (run === null) return;
    const asked = (this.#asked += 1);
    try {
      for (;;) {
        const agreement = await this.#host.call('labels/agreement', { run });
        if (asked !== this.#asked) return;
        this.set({ agreement, error: null });
        if (agreement.waiting === 0) return;
      }
    } catch (error) {
      if (asked === this.#asked) this.set({ error });
    }
  }

  /** Reads the queue: what is known at once, the rest as texts are read. */
  async pull(): Promise<void> {
    const { run } = this.value;
    if (run === null) return;
    const queued = (this.#queued += 1);
    try {
      for (;;) {
        const { waiting, ...queue } = await this.#host.call('labels/queue', { run });
        if (queued !== this.#queued) return;
        this.set({ queue, waiting, error: null });
        if (waiting === 0) return;
      }
    } catch (error) {
      if (queued === this.#queued) this.set({ error });
    }
  }

  /**
   * The next place to read, or the one before; null: there is none. Where the one that the reader was at has been dealt with,
   * what stands at its place now is next.
   */
  async next(by: 1 | -1): Promise<QueueItem | null> {
    if (!this.value.queue) await this.pull();
    const items = this.value.queue?.items ?? [];
    const { at } = this.value;
    const here = at ? items.findIndex((item) => sameItem(item, at)) : -1;
    const index = here >= 0 ? here + by : by > 0 ? Math.max(0, this.#was) : (at ? this.#was : 0) - 1;
    const item = items[(index + items.length) % Math.max(1, items.length)] ?? null;
    if (item) this.goTo(item);
    return item;
  }

  goTo(item: QueueItem): void {
    this.set({ at: item });
    this.#was = this.value.queue?.items.indexOf(item) ?? -1;
  }
}

export const sameItem = (a: QueueItem, b: QueueItem): boolean =>
  a.trace === b.trace && a.why === b.why && samePlace(a, b);

/** What stands against what, in words. */
export function whyWords(item: Pick<QueueItem, 'why' | 'confidence'>): string {
  switch (item.why) {
    case 'missed':
      return 'you have it, the detector does not';
    case 'extra':
      return 'the detector has it, you do not';
    case 'judge':
      return item.confidence === null
        ? 'the judge has it, the detector does not'
        : 'the detector has it, the judge does not';
    default:
      return `the detector is not sure: ${item.confidence?.toFixed(2) ?? '–'}`;
  }
}
