/** One call's reading of texts: for a fraction of a second, in slices; what there is no time for waits for the next call. */
import type { Lru } from './lru.ts';
import { Slices } from './slices.ts';

/** Milliseconds of reading texts in one call. */
const READING_MS = 400;

export class Reading extends Slices {
  /** Texts that there was no time for. */
  waiting = 0;
  private spent = 0;

  /** Whether there is time for one more text; one for which there is none waits. */
  hasTime(): boolean {
    if (this.spent <= READING_MS) return true;
    this.waiting += 1;
    return false;
  }

  /** Reads a text in slices. */
  *read<T>(steps: Generator<void, T>): Generator<void, T> {
    const began = performance.now();
    const found = yield* this.slowly(steps);
    this.spent += performance.now() - began;
    return found;
  }

  /** What is kept under the key, or is read and kept now; null: it has to wait, or its text is gone. */
  *kept<Seen>(
    cache: Lru<string, Seen>,
    key: string,
    read: () => Generator<void, Seen | null>,
  ): Generator<void, Seen | null> {
    const known = cache.get(key);
    if (known) return known;
    if (!this.hasTime()) return null;
    const seen = yield* this.read(read());
    if (seen) cache.set(key, seen);
    return seen;
  }
}
