/** A run as the dashboard shows it: whole snapshots, pulled when something happened, never more than two in a second. */
import type { EventBatch, MetricsSnapshot, Result, RunSummary } from '../../core/protocol/methods.ts';
import type { Host } from '../host.ts';
import { mayBeOf, Pulls } from '../ui/pulls.ts';
import { Store } from '../ui/store.ts';

export interface RunState {
  run: RunSummary | null;
  metrics: MetricsSnapshot | null;
  table: Result<'runs/table'> | null;
  error: unknown;
}

/** Events that change no figure here. */
const quiet = new Set(['trace_text', 'trace_begin', 'prompt', 'problem', 'trace_end', 'trace_facts']);

export class RunModel extends Store<RunState> {
  readonly #host: Host;
  readonly #run: string;
  readonly #pulls = new Pulls(() => this.#read());

  constructor(host: Host, run: string) {
    super({ run: null, metrics: null, table: null, error: null });
    this.#host = host;
    this.#run = run;
  }

  close(): void {
    this.#pulls.close();
  }

  onEvents(batch: EventBatch): void {
    const own = mayBeOf(batch.stream, this.#run);
    if (own && batch.events.some((event) => !quiet.has(event.type))) this.soon();
  }

  soon(): void {
    this.#pulls.soon();
  }

  pull(): Promise<void> {
    return this.#pulls.now();
  }

  async #read(): Promise<void> {
    try {
      const run = this.#run;
      const [summary, metrics, table] = await Promise.all([
        this.#host.call('runs/get', { run }),
        this.#host.call('metrics/snapshot', { run }),
        this.#host.call('runs/table', { run }),
      ]);
      if (!this.#pulls.closed) this.set({ run: summary, metrics, table, error: null });
    } catch (error) {
      // What is shown stays; an error fills the page only when there is nothing yet.
      if (!this.#pulls.closed) this.set({ error });
    }
  }
}
