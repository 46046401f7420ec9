/** Lengths and behaviours of both sides: asked for again while texts are still to be read. */
import type { BehaviourSet } from '../../core/protocol/comparison.ts';
import type { Result } from '../../core/protocol/methods.ts';
import type { CompareSide } from '../../core/protocol/webview.ts';
import type { Host } from '../host.ts';
import { readBehaviours } from '../ui/read-behaviours.ts';
import { Store } from '../ui/store.ts';

export interface SidePair {
  before: BehaviourSet | null;
  after: BehaviourSet;
}

export interface BehavioursState {
  found: Result<'metrics/behaviours'> | null;
  pairs: SidePair[];
  error: unknown;
}

/** Each set of the second side beside the one that it is compared with. */
export function pairsOf(sets: readonly BehaviourSet[]): SidePair[] {
  const key = ({ run, stage, step, set, marker }: Omit<NonNullable<BehaviourSet['base']>, 'paired'>) =>
    JSON.stringify([run, stage, step, set, marker]);
  const byKey = new Map(sets.map((set) => [key(set), set]));
  return sets.flatMap((after) => (after.base ? [{ before: byKey.get(key(after.base)) ?? null, after }] : []));
}

export class BehavioursModel extends Store<BehavioursState> {
  readonly #host: Host;
  #closed = false;

  constructor(host: Host) {
    super({ found: null, pairs: [], error: null });
    this.#host = host;
  }

  close(): void {
    this.#closed = true;
  }

  async read(before: CompareSide, after: CompareSide): Promise<void> {
    this.set({ error: null });
    try {
      await readBehaviours(this.#host, { of: { sides: [before, after] }, base: [before] }, (found) => {
        if (!this.#closed) this.set({ found, pairs: pairsOf(found.sets) });
        return !this.#closed;
      });
    } catch (error) {
      if (!this.#closed) this.set({ error });
    }
  }
}
