/** The rows of a windowed text with their heights: those that were laid out as measured, the others as estimated. */
import { lowerBound } from '../../core/traces/lower-bound.ts';
import { Folding } from './folding.ts';
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
  readonly folding = new Folding();
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
      this.#put(index, item);
    }
    this.refold(0);
  }

  /** More of the completion came: its block `first` is the first that changed. Returns the first row that changed. */
  extend(first: number): number {
    const from = updateItems(this.items, this.#texts.completion, first);
    this.heights.truncate(from);
    for (let index = from; index < this.items.length; index += 1) {
      const item = this.items[index]!;
      if (item.height === 0) this.#estimate(item);
      this.#put(index, item);
    }
    this.refold(from);
    return from;
  }

  clear(): void {
    this.items = [];
    this.heights.truncate(0);
    this.#rough = Infinity;
  }

  measured(index: number, height: number): void {
    const item = this.items[index]!;
    if (item.folded) return;
    item.height = height;
    item.measured = true;
    this.#put(index, item);
  }

  /** Brings the rows from `from` on up to date with what is folded. */
  refold(from: number): void {
    const { closed } = this.folding;
    const { text } = this.#texts.completion;
    const begin = this.items[from]?.part === 'completion' ? this.items[from].block.start : 0;
    let k = lowerBound(closed.length, (i) => closed[i]!.end > begin);
    for (let index = from; index < this.items.length; index += 1) {
      const item = this.items[index]!;
      const { start, end } = item.block;
      if (item.part === 'prompt') continue;
      while (k < closed.length && closed[k]!.end <= start) k += 1;
      let hidden = 0;
      let folded = false;
      for (let i = k; i < closed.length && closed[i]!.start < end; i += 1) {
        const fold = closed[i]!;
        hidden += Math.min(end, fold.end) - Math.max(start, fold.start);
        // The row in which it begins stays, with what says that something is folded there.
        folded ||= fold.start < start && (fold.end >= end || isBlank(text, fold.end, end));
      }
      if (folded === (item.folded ?? false) && hidden === (item.hidden ?? 0)) continue;
      const isOther = !folded && hidden !== (item.hidden ?? 0);
      item.folded = folded;
      if (!folded) item.hidden = hidden;
      if (isOther) {
        item.measured = false;
        this.#estimate(item);
      }
      this.#put(index, item);
    }
  }

  /** The row that shows a place of a text, or -1. */
  indexOf(name: 'prompt' | 'completion', offset: number): number {
    const { items } = this;
    const isBefore = ({ part, kind, block }: TextItem) =>
      kind === 'head' || (part === name ? block.end <= offset : part === 'prompt');
    const index = lowerBound(items.length, (i) => !isBefore(items[i]!));
    return items[index]?.part === name ? this.shown(index) : -1;
  }

  /** The row that shows where row `index` is: itself, or the one in which the passage begins that it is folded into. */
  shown(index: number): number {
    let at = index;
    while (at > 0 && this.items[at]?.folded) at -= 1;
    return at;
  }

  /** The width or the look is another: no height is known any more. `near` is a row that the reader sees. */
  forget(near: number, scale: number): void {
    this.#rough = 0;
    const isShort = this.items.length <= AT_ONCE;
    for (const [index, item] of this.items.entries()) {
      item.measured = false;
      if (isShort || Math.abs(index - near) < AT_ONCE / 8) this.#estimate(item);
      else item.height = Math.max(this.metrics.lineHeight, item.height * scale);
      this.#put(index, item);
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
        this.#put(index, item);
      }
      this.#rough = stop;
      if (performance.now() > deadline) return;
    }
  }

  #estimate(item: TextItem): void {
    const { part, block, kind } = item;
    const { text } = this.#texts[part];
    if (kind === 'head') item.height = HEAD_HEIGHT;
    else if (item.hidden) {
      const left = this.#left(text, block);
      item.height = this.metrics.estimate(left, { start: 0, end: left.length, kind: block.kind }, this.raw);
    } else {
      const near = this.#texts[part].around(block);
      item.height = this.metrics.estimate(near.text, near.block, this.raw);
    }
  }

  /** What of a block is not folded, with room for what says that the rest is. */
  #left(text: string, { start, end }: TextItem['block']): string {
    let left = '';
    let at = start;
    for (const fold of this.folding.over(start, end)) {
      left += text.slice(at, Math.max(at, fold.start)) + (fold.start >= start ? ' check holds · 1,234 tokens ' : '');
      at = Math.min(end, fold.end);
    }
    return left + text.slice(at, end);
  }

  #put(index: number, item: TextItem): void {
    this.heights.set(index, item.folded ? 0 : item.height);
  }
}

function isBlank(text: string, start: number, end: number): boolean {
  for (let at = start; at < end; at += 1) if (!/\s/.test(text.charAt(at))) return false;
  return true;
}
