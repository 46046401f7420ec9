/** What is to be said of a run before anybody asks: read again when something happened, at most every ten seconds. */
import { advisoryKinds, READ_FOR_LOOPS, type Advisory } from '../../core/metrics/advisories.ts';
import type { EventBatch, Result } from '../../core/protocol/methods.ts';
import type { TraceFilter, TraceSort } from '../../core/protocol/traces.ts';
import type { View } from '../../core/protocol/webview.ts';
import type { Host } from '../host.ts';
import { mayBeOf, Pulls } from '../ui/pulls.ts';
import { Store } from '../ui/store.ts';

type Window = Result<'metrics/advisories'>['unread'][number];

export interface AdvisoryState {
  found: Result<'metrics/advisories'> | null;
  error: unknown;
}

/** All traces of a run are gone through: that is not done for every event. */
const EVERY_MS = 10_000;

/** Calls in which texts are read, of some tenths of a second each, after one look at the traces. */
const READINGS = 4;

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
  /** Windows in which no text is left to be read, though some may be gone. */
  readonly #readWhole = new Set<string>();

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

  /** Reads texts of the last steps for loops, a part of them each time; whether some were. */
  async #readTexts(windows: readonly Window[]): Promise<boolean> {
    let readings = 0;
    for (const { n, ...window } of windows) {
      const key = JSON.stringify([window, n]);
      let isEnough = this.#readWhole.has(key);
      while (!isEnough && readings < READINGS && !this.#pulls.closed) {
        readings += 1;
        const filter = filterOf(this.#run, window);
        const { unread } = await this.#host.call('traces/readTexts', { filter, sort: byLost }, { timeout: 120_000 });
        if (unread === 0) this.#readWhole.add(key);
        isEnough = unread === 0 || n - unread >= READ_FOR_LOOPS;
      }
    }
    return readings > 0;
  }

  async #read(): Promise<void> {
    try {
      const found = await this.#host.call('metrics/advisories', { run: this.#run }, { timeout: 120_000 });
      if (this.#pulls.closed) return;
      this.set({ found, error: null });
      if (await this.#readTexts(found.unread)) this.#pulls.soon();
    } catch (error) {
      if (!this.#pulls.closed) this.set({ error });
    }
  }
}

const byLost: TraceSort = { key: 'lost', descending: true };

/** The completions of one series between two steps. */
const filterOf = (
  run: string,
  { stage, of, set, marker, from, to }: Pick<Advisory, 'stage' | 'of' | 'set' | 'marker' | 'from' | 'to'>,
): TraceFilter => ({
  ...{ run, stage },
  // What names none is told apart from what does.
  ...{ of, set, marker },
  // Traces of an import have no steps.
  ...((from > 0 || to > 0) && { stepFrom: from, stepTo: to }),
});

/** What shows the evidence of an advisory: the completions, or the page that takes it apart. */
export function evidenceView(run: string, advisory: Advisory): View {
  const { kind, stage } = advisory;
  if (kind === 'reward_without_accuracy') return { page: 'report', run, stage, why: {} };
  const filter = {
    ...filterOf(run, advisory),
    ...(kind === 'truncated' && { finish: ['length' as const] }),
    ...(kind === 'wrong_length' && { verdict: ['wrong' as const] }),
  };
  return {
    ...{ page: 'inspector' as const, title: `${stage} · ${advisoryKinds[kind]}`, filter },
    ...(kind === 'wrong_length' && { sort: { key: 'tokens' as const, descending: true } }),
    ...(kind === 'no_signal' && { sort: { key: 'group' as const, descending: false }, query: 'is:flat' }),
    ...(kind === 'loops' && { sort: byLost, query: 'lost:>0' }),
  };
}
