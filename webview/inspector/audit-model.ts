/** The queue of suspicious verdicts: read page by page, kept in its order while a reader goes through it. */
import type { AuditItem, AuditQueue, AuditReason, Suspect } from '../../core/protocol/audit.ts';
import type { EventBatch, Params } from '../../core/protocol/methods.ts';
import type { TraceFilter } from '../../core/protocol/traces.ts';
import type { Host } from '../host.ts';
import { Store } from '../ui/store.ts';

/** The traces that are looked at. */
export interface Scope {
  filter: TraceFilter;
  query?: string;
}

export interface AuditWish {
  suspect: Suspect | null;
  reason: AuditReason | null;
}

export interface AuditState {
  wish: AuditWish;
  items: AuditItem[];
  /** What the newest answer says of all; null: none yet. */
  queue: Omit<AuditQueue, 'items' | 'next'> | null;
  loading: boolean;
  /** The reader wished to see what is found before all texts are read; and what is listed was found so. */
  early: boolean;
  partial: boolean;
  error: unknown;
  /** Traces that got a reader's word since they were listed; they stay in their place. */
  judged: ReadonlyMap<string, string | null>;
}

const PAGE = 200;
/** Most items that the page holds; the queue is read again when those are done. */
const MOST = 5000;

export class AuditList extends Store<AuditState> {
  readonly #host: Host;
  #asked = 0;
  #scope: Scope = { filter: {} };
  #next: string | undefined;
  #busy = false;

  constructor(host: Host) {
    super({
      wish: { suspect: null, reason: null },
      items: [],
      queue: null,
      loading: false,
      early: false,
      partial: false,
      error: null,
      judged: new Map(),
    });
    this.#host = host;
  }

  /** Shows the queue of these traces from its beginning, when its texts have been read. */
  async show(scope: Scope, wish: AuditWish = this.value.wish): Promise<void> {
    const asked = (this.#asked += 1);
    this.#scope = scope;
    this.#next = undefined;
    this.#busy = true;
    this.set({ wish, loading: true, error: null, early: false, partial: false, judged: new Map() });
    try {
      for (;;) {
        const { items, next, ...queue } = await this.#host.call('audit/queue', this.#params(scope, wish));
        if (asked !== this.#asked) return;
        const done = queue.waiting === 0;
        // What is found while it is being read would move what is there: it is shown when all is read, or when asked for.
        const first = (!this.value.partial || this.value.items.length === 0) && (done || this.value.early);
        if (first) {
          this.#next = next;
          this.set({ items, partial: !done });
        }
        this.set({ queue, loading: !done });
        if (done) return;
      }
    } catch (error) {
      if (asked === this.#asked) this.set({ error, loading: false });
    } finally {
      if (asked === this.#asked) this.#busy = false;
    }
  }

  /** The same traces from the beginning, with another wish or as they are now. */
  async again(wish: AuditWish = this.value.wish): Promise<void> {
    await this.show(this.#scope, wish);
  }

  /** Shows what has been found so far; the rest is read all the same. */
  early(): void {
    this.set({ early: true });
  }

  /** Ends the reading. */
  stop(): void {
    this.#asked += 1;
    this.#busy = false;
    this.set({ loading: false });
  }

  /** The last row in view: what lies up to there is read. */
  look(last: number): void {
    const { items, wish } = this.value;
    if (this.#busy || this.#next === undefined || last + PAGE / 2 < items.length || items.length >= MOST) return;
    const asked = this.#asked;
    this.#busy = true;
    this.#host
      .call('audit/queue', { ...this.#params(this.#scope, wish), cursor: this.#next })
      .then(
        ({ items: found, next }) => {
          if (asked !== this.#asked) return;
          const known = new Set(this.value.items.map(({ row }) => row.trace));
          this.#next = next;
          this.set({ items: [...this.value.items, ...found.filter(({ row }) => !known.has(row.trace))] });
        },
        () => undefined,
      )
      .finally(() => {
        if (asked === this.#asked) this.#busy = false;
      });
  }

  onEvents({ stream, events }: EventBatch): void {
    if (stream !== 'journal') return;
    const listed = new Set(this.value.items.map(({ row }) => row.trace));
    const judged = new Map(this.value.judged);
    for (const event of events) {
      if (event.type !== 'verdict_given') continue;
      const trace = `${event.run}/${event.stage}/${event.attempt}/${event.trace}`;
      if (listed.has(trace)) judged.set(trace, event.verdict);
    }
    this.set({ judged });
  }

  #params(scope: Scope, { suspect, reason }: AuditWish): Params<'audit/queue'> {
    return { ...scope, limit: PAGE, ...(suspect && { suspect }), ...(reason && { reasons: [reason] }) };
  }
}
