/** A run as the dashboard shows it: whole snapshots, pulled when something happened, never more than two in a second. */
import type { EventBatch, MetricsSnapshot, Result, RunSummary } from '../../core/protocol/methods.ts';
import type { Host } from '../host.ts';
import { Store } from '../ui/store.ts';

export interface RunState {
  run: RunSummary | null;
  metrics: MetricsSnapshot | null;
  table: Result<'runs/table'> | null;
  error: unknown;
}

const PULL_EVERY = 500;
/** Events that change no figure here. */
const quiet = new Set(['trace_text', 'trace_begin', 'prompt', 'problem', 'trace_end', 'trace_facts']);

export class RunModel extends Store<RunState> {
  readonly #host: Host;
  readonly #run: string;
  #timer: ReturnType<typeof setTimeout> | undefined;
  #last = 0;
  #pulling = false;
  #again = false;
  #closed = false;

  constructor(host: Host, run: string) {
    super({ run: null, metrics: null, table: null, error: null });
    this.#host = host;
    this.#run = run;
  }

  close(): void {
    this.#closed = true;
    clearTimeout(this.#timer);
  }

  onEvents(batch: EventBatch): void {
    const own = batch.stream === 'journal' || batch.stream.startsWith(`${this.#run}/`);
    if (own && batch.events.some((event) => !quiet.has(event.type))) this.soon();
  }

  /** Pulls within half a second. */
  soon(): void {
    if (this.#closed) return;
    this.#timer ??= setTimeout(
      () => {
        this.#timer = undefined;
        void this.pull();
      },
      Math.max(0, PULL_EVERY - (Date.now() - this.#last)),
    );
  }

  async pull(): Promise<void> {
    if (this.#pulling) {
      this.#again = true;
      return;
    }
    this.#pulling = true;
    this.#again = false;
    this.#last = Date.now();
    try {
      const run = this.#run;
      const [summary, metrics, table] = await Promise.all([
        this.#host.call('runs/get', { run }),
        this.#host.call('metrics/snapshot', { run }),
        this.#host.call('runs/table', { run }),
      ]);
      if (!this.#closed) this.set({ run: summary, metrics, table, error: null });
    } catch (error) {
      // What is shown stays; an error fills the page only when there is nothing yet.
      if (!this.#closed) this.set({ error });
    } finally {
      this.#pulling = false;
      if (this.#again) this.soon();
    }
  }
}
