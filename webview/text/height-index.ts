/** Where each block of a windowed text lies, in pixels: heights, some measured and some estimated, and their sums. */
import { lowerBound } from '../../core/traces/lower-bound.ts';

export class HeightIndex {
  #heights: number[] = [];
  /** `#tops[i]` is the sum of the heights before i; valid up to and including `#valid`. */
  #tops: number[] = [0];
  #valid = 0;

  get length(): number {
    return this.#heights.length;
  }

  get total(): number {
    return this.top(this.#heights.length);
  }

  height(index: number): number {
    return this.#heights[index] ?? 0;
  }

  set(index: number, height: number): void {
    if (this.#heights[index] === height) return;
    this.#heights[index] = height;
    this.#valid = Math.min(this.#valid, index);
  }

  /** Forgets all from `length` on. */
  truncate(length: number): void {
    this.#heights.length = Math.min(length, this.#heights.length);
    this.#valid = Math.min(this.#valid, this.#heights.length);
  }

  /** Pixels above block `index`; for `index` = length, the total. */
  top(index: number): number {
    for (let i = this.#valid; i < index; i += 1) this.#tops[i + 1] = this.#tops[i]! + this.#heights[i]!;
    this.#valid = Math.max(this.#valid, index);
    return this.#tops[index]!;
  }

  /** The block at `y` pixels, between 0 and the last. */
  at(y: number): number {
    const n = this.#heights.length;
    this.top(n);
    return Math.max(
      0,
      Math.min(
        n - 1,
        lowerBound(n, (i) => this.#tops[i + 1]! > y),
      ),
    );
  }
}
