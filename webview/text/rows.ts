/** The rows of a windowed text with their heights: those that were laid out as measured, the others as estimated. */
import { HeightIndex } from './height-index.ts';
import { itemsOf, updateItems, type TextItem } from './items.ts';
import { HEAD_HEIGHT, TextMetrics } from './metrics.ts';
import type { TextPart } from './part.ts';

/** Rows that are estimated at once for a new width; those of a longer text are scaled, and estimated bit by bit. */
const AT_ONCE = 12_000;

export class TextRows {
  items: TextItem[] = [];
  readonly heights = new HeightIndex();
  readonly metrics = new TextMetrics();
  raw = false;
  readonly #texts: Record<'prompt' | 'completion', TextPart>;
  /** Rows below this one, and not measured, have an estimate for another width. */
  #rough = Infinity;

  constructor(texts: Record<'prompt' | 'completion', TextPart>) {
    this.#texts = texts;
  }

  /** Makes the rows anew; those that did not change stay the same objects. */
  rebuild(promptOpen: boolean): void {
    this.items = itemsOf(this.items, this.#texts.prompt, this.#texts.completion, promptOpen);
    this.heights.truncate(0);
    for (const [index, item] of this.items.entries()) {
      if (item.height === 0) this.#estimate(item);
      this.heights.set(index, item.height);
    }
  }

  /** More of the completion came: its block `first` is the first that changed. Returns the first row that changed. */
  extend(first: number): number {
    const from = updateItems(this.items, this.#texts.completion, first);
    this.heights.truncate(from);
    for (let index = from; index < this.items.length; index += 1) {
      const item = this.items[index]!;
      if (item.height === 0) this.#estimate(item);
      this.heights.set(index, item.height);
    }
    return from;
  }

  clear(): void {
    this.items = [];
    this.heights.truncate(0);
    this.#rough = Infinity;
  }

  measured(index: number, height: number): void {
    const item = this.items[index]!;
    item.height = height;
    item.measured = true;
    this.heights.set(index, height);
  }

  /** The width or the look is another: no height is known any more. `near` is a row that the reader sees. */
  forget(near: number, scale: number): void {
    this.#rough = 0;
    const isShort = this.items.length <= AT_ONCE;
    for (const [index, item] of this.items.entries()) {
      item.measured = false;
      if (isShort || Math.abs(index - near) < AT_ONCE / 8) this.#estimate(item);
      else item.height = Math.max(this.metrics.lineHeight, item.height * scale);
      this.heights.set(index, item.height);
    }
    if (isShort) this.#rough = Infinity;
  }

  get isRough(): boolean {
    return this.#rough < this.items.length;
  }

  /** Goes on estimating until `deadline`. */
  refine(deadline: number): void {
    while (this.#rough < this.items.length) {
      const stop = Math.min(this.items.length, this.#rough + 100);
      for (let index = this.#rough; index < stop; index += 1) {
        const item = this.items[index]!;
        if (item.measured) continue;
        this.#estimate(item);
        this.heights.set(index, item.height);
      }
      this.#rough = stop;
      if (performance.now() > deadline) return;
    }
  }

  #estimate(item: TextItem): void {
    const { part, block, kind } = item;
    const near = this.#texts[part].around(block);
    item.height = kind === 'head' ? HEAD_HEIGHT : this.metrics.estimate(near.text, near.block, this.raw);
  }
}
