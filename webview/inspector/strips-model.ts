/**
 * What the rulers of a group are made of: the annotations and figures of each of its completions, asked for one by one, few at a time,
 * so that the service has time for others in between. What is here is shown at once.
 */
import type { TraceFiguresAnswer } from '../../core/protocol/figures.ts';
import type { Annotations, TraceRow } from '../../core/protocol/traces.ts';
import { readAnnotations } from '../../core/traces/annotation-pages.ts';
import type { Host } from '../host.ts';
import { Store } from '../ui/store.ts';

export interface StripData {
  annotations: Annotations | null;
  figures: TraceFiguresAnswer | null;
  /** Why there are none. */
  error: unknown;
}

export interface StripsState {
  rows: readonly TraceRow[];
  /** Completions beyond {@link MOST_STRIPS}. */
  more: number;
  data: ReadonlyMap<string, StripData>;
  /** Answers that are still to come. */
  waiting: number;
}

export type StripSort = 'sample' | 'length' | 'verdict' | 'reward';

/** Most completions of a group that are shown. */
export const MOST_STRIPS = 128;
/** Questions under way at a time. */
const AT_ONCE = 2;

type Task = { row: TraceRow; what: 'annotations' | 'figures' };

export class StripsModel extends Store<StripsState> {
  readonly #host: Host;
  #queue: Task[] = [];
  #running = 0;
  #closed = false;
  /** The state of each trace that was read: another one is read again. */
  readonly #read = new Map<string, string>();

  constructor(host: Host) {
    super({ rows: [], more: 0, data: new Map(), waiting: 0 });
    this.#host = host;
  }

  /** Shows these; what is known of them stays, what has changed is asked for. */
  show(all: readonly TraceRow[]): void {
    const rows = all.slice(0, MOST_STRIPS);
    const kept = new Set(rows.map(({ trace }) => trace));
    const data = new Map([...this.value.data].filter(([trace]) => kept.has(trace)));
    for (const trace of this.#read.keys()) if (!kept.has(trace)) this.#read.delete(trace);
    const fresh = rows.filter((row) => this.#read.get(row.trace) !== stateOf(row));
    for (const row of fresh) this.#read.set(row.trace, stateOf(row));
    const replaced = new Set(fresh.map(({ trace }) => trace));
    this.#queue = this.#queue.filter(({ row }) => kept.has(row.trace) && !replaced.has(row.trace));
    // Behaviours of all first: they are the picture; the verdicts of the answers on the way take longer.
    this.#queue.push(
      ...fresh.map((row) => ({ row, what: 'annotations' as const })),
      ...fresh.filter(({ live }) => !live).map((row) => ({ row, what: 'figures' as const })),
    );
    this.#queue.sort((a, b) => Number(a.what === 'figures') - Number(b.what === 'figures'));
    this.set({ rows, more: all.length - rows.length, data, waiting: this.#queue.length + this.#running });
    this.#go();
  }

  /** Asks for nothing more until {@link show} is called again; what is here stays. */
  pause(): void {
    for (const { row } of this.#queue) this.#read.delete(row.trace);
    this.#queue = [];
    this.set({ waiting: this.#running });
  }

  close(): void {
    this.#closed = true;
    this.#queue = [];
  }

  #go(): void {
    while (this.#running < AT_ONCE) {
      const task = this.#queue.shift();
      if (!task) return;
      this.#running += 1;
      void this.#ask(task).finally(() => {
        this.#running -= 1;
        if (this.#closed) return;
        this.set({ waiting: this.#queue.length + this.#running });
        this.#go();
      });
    }
  }

  async #ask({ row: { trace }, what }: Task): Promise<void> {
    const asked = this.#read.get(trace);
    let found: Partial<StripData>;
    try {
      found =
        what === 'annotations'
          ? {
              annotations: await readAnnotations((from) => this.#host.call('traces/annotations', { trace, from })),
              error: null,
            }
          : { figures: await this.#host.call('traces/figures', { trace }) };
    } catch (error) {
      // Without figures the behaviours are there all the same.
      if (what === 'figures') return;
      found = { error };
    }
    if (this.#closed || this.#read.get(trace) !== asked) return;
    const before = this.value.data.get(trace) ?? { annotations: null, figures: null, error: null };
    this.set({ data: new Map(this.value.data).set(trace, { ...before, ...found }) });
  }
}

/** Another length while it is written would ask again and again: the end is waited for. */
const stateOf = ({ live, length, verdict }: TraceRow): string => (live ? 'live' : `${length} ${verdict}`);

const verdictOrder = { right: 0, wrong: 1, undecided: 2, none: 3 } as const;

/** Sorted for the eye: by sample from the first, otherwise the longest, the right and the best rewarded first. */
export function sortStrips(rows: readonly TraceRow[], by: StripSort): TraceRow[] {
  const key = (row: TraceRow): number => {
    if (by === 'sample') return row.sample;
    if (by === 'length') return -(row.tokens ?? row.length / 3);
    if (by === 'reward') return -(row.reward ?? -Infinity);
    return row.verdict === null ? 4 : verdictOrder[row.verdict];
  };
  return rows.toSorted((a, b) => key(a) - key(b) || a.sample - b.sample || (a.trace < b.trace ? -1 : 1));
}

/** Tokens of each completion, estimated by the others' where they are not counted; and the longest, which is the common scale. */
export function tokenScale(rows: readonly TraceRow[]): { of: (row: TraceRow) => number; longest: number } {
  let [tokens, units] = [0, 0];
  for (const row of rows)
    if (row.tokens) {
      tokens += row.tokens;
      units += row.length;
    }
  const rate = units > 0 ? tokens / units : 0.3;
  const of = (row: TraceRow) => row.tokens ?? Math.round(row.length * rate);
  return { of, longest: Math.max(1, ...rows.map(of)) };
}
