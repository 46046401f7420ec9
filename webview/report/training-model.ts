/** What a training stage measured, by step, and what its checkpoints were found to be: pulled whole, at most twice a second. */
import type { EventBatch, MetricsSnapshot } from '../../core/protocol/methods.ts';
import type { Host } from '../host.ts';
import { Pulls } from '../ui/pulls.ts';
import { Store } from '../ui/store.ts';

export interface TrainingState {
  metrics: MetricsSnapshot | null;
  error: unknown;
}

export class TrainingModel extends Store<TrainingState> {
  readonly #host: Host;
  readonly #run: string;
  readonly #stage: string;
  readonly #pulls = new Pulls(() => this.#read());

  constructor(host: Host, run: string, stage: string) {
    super({ metrics: null, error: null });
    this.#host = host;
    this.#run = run;
    this.#stage = stage;
  }

  close(): void {
    this.#pulls.close();
  }

  onEvents(batch: EventBatch): void {
    const own = [`${this.#run}/${this.#stage}/`, `${this.#run}/${this.#stage}.eval/`];
    if (!own.some((stream) => batch.stream.startsWith(stream))) return;
    if (batch.events.some(({ type }) => type === 'metrics' || type === 'eval' || type === 'train_begin'))
      this.#pulls.soon();
  }

  pull(): Promise<void> {
    return this.#pulls.now();
  }

  async #read(): Promise<void> {
    try {
      const metrics = await this.#host.call('metrics/snapshot', { run: this.#run, stages: [this.#stage] });
      if (!this.#pulls.closed) this.set({ metrics, error: null });
    } catch (error) {
      // What is shown stays.
      if (!this.#pulls.closed) this.set({ error });
    }
  }
}
