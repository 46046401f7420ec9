/** What is to be said of a run before anybody asks: read again when something happened, at most every ten seconds. */
import { advisoryKinds, type Advisory } from '../../core/metrics/advisories.ts';
import type { EventBatch, Result } from '../../core/protocol/methods.ts';
import type { View } from '../../core/protocol/webview.ts';
import type { Host } from '../host.ts';
import { mayBeOf, Pulls } from '../ui/pulls.ts';
import { Store } from '../ui/store.ts';

export interface AdvisoryState {
  found: Result<'metrics/advisories'> | null;
  error: unknown;
}

/** All traces of a run are gone through: that is not done for every event. */
const EVERY_MS = 10_000;

/** Events after which the figures may be others. */
const telling = new Set([
  'trace_end',
  'trace_facts',
  'metrics',
  'eval',
  'end',
  'verdict_given',
  'rescored',
  'rescore_undone',
]);

export class AdvisoryModel extends Store<AdvisoryState> {
  readonly #host: Host;
  readonly #run: string;
  readonly #pulls = new Pulls(() => this.#read(), EVERY_MS);

  constructor(host: Host, run: string) {
    super({ found: null, error: null });
    this.#host = host;
    this.#run = run;
  }

  close(): void {
    this.#pulls.close();
  }

  onEvents(batch: EventBatch): void {
    const own = mayBeOf(batch.stream, this.#run);
    if (own && batch.events.some(({ type }) => telling.has(type))) this.#pulls.soon();
  }

  pull(): Promise<void> {
    return this.#pulls.now();
  }

  async #read(): Promise<void> {
    try {
      const found = await this.#host.call('metrics/advisories', { run: this.#run }, { timeout: 120_000 });
      if (!this.#pulls.closed) this.set({ found, error: null });
    } catch (error) {
      if (!this.#pulls.closed) this.set({ error });
    }
  }
}

/** What shows the evidence of an advisory: the completions, or the page that takes it apart. */
export function evidenceView(run: string, { kind, stage, of, set, marker, from, to }: Advisory): View {
  if (kind === 'reward_without_accuracy') return { page: 'report', run, stage, why: {} };
  const filter = {
    ...{ run, stage },
    // What names none is told apart from what does.
    ...{ of, set, marker },
    // Traces of an import have no steps.
    ...((from > 0 || to > 0) && { stepFrom: from, stepTo: to }),
    ...(kind === 'truncated' && { finish: ['length' as const] }),
    ...(kind === 'wrong_length' && { verdict: ['wrong' as const] }),
  };
  return {
    ...{ page: 'inspector' as const, title: `${stage} · ${advisoryKinds[kind]}`, filter },
    ...(kind === 'wrong_length' && { sort: { key: 'tokens' as const, descending: true } }),
    ...(kind === 'no_signal' && { sort: { key: 'group' as const, descending: false }, query: 'is:flat' }),
    ...(kind === 'loops' && { sort: { key: 'lost' as const, descending: true }, query: 'lost:>0' }),
  };
}
