/** A stage's report as the page shows it: pulled whole when something happened in the stage, at most twice a second. */
import type { EventBatch, RunSummary } from '../../core/protocol/methods.ts';
import type { Report } from '../../core/protocol/report.ts';
import type { Host } from '../host.ts';
import { mayBeOf, Pulls } from '../ui/pulls.ts';
import { Store } from '../ui/store.ts';

export interface ReportState {
  run: RunSummary | null;
  /** Null: the stage has written none (yet). */
  report: Report | null;
  /** The attempt that wrote it. */
  attempt: number | null;
  /** Counts what was pulled: rows may have come even where no block changed. */
  pulls: number;
  error: unknown;
}

export class ReportModel extends Store<ReportState> {
  readonly #host: Host;
  readonly #place: { run: string; stage: string };
  readonly #pulls = new Pulls(() => this.#read());
  #text = '';

  constructor(host: Host, run: string, stage: string) {
    super({ run: null, report: null, attempt: null, pulls: 0, error: null });
    this.#host = host;
    this.#place = { run, stage };
  }

  close(): void {
    this.#pulls.close();
  }

  onEvents(batch: EventBatch): void {
    const { run, stage } = this.#place;
    const own = mayBeOf(batch.stream, `${run}/${stage}`);
    if (own && batch.events.some(({ type }) => type !== 'trace_text')) this.soon();
  }

  soon(): void {
    this.#pulls.soon();
  }

  pull(): Promise<void> {
    return this.#pulls.now();
  }

  async #read(): Promise<void> {
    try {
      const [run, { report, attempt }] = await Promise.all([
        this.#host.call('runs/get', { run: this.#place.run }),
        this.#host.call('stages/report', this.#place),
      ]);
      if (this.#pulls.closed) return;
      // The same blocks are the same object, so that nothing is drawn again.
      const text = JSON.stringify(report);
      const kept = text === this.#text ? this.value.report : report;
      this.#text = text;
      this.set({ run, report: kept, attempt, pulls: this.value.pulls + 1, error: null });
    } catch (error) {
      // What is shown stays; an error fills the page only when there is nothing yet.
      if (!this.#pulls.closed) this.set({ error });
    }
  }
}
