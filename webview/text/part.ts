/** A text that arrives in slices or grows, cut into blocks and regions as it comes. Pure: no DOM. */
import { blocks, type Block } from '../../core/traces/blocks.ts';
import { regions, type MathRegion, type Regions } from '../../core/traces/math.ts';

/**
 * How far back the end of a text is read again when more of it arrives, in UTF-16 units: more than the longest formula, so
 * that one whose end had not come yet is found then.
 */
const REREAD = 24_000;

export class TextPart {
  readonly in: 'prompt' | 'completion';
  text = '';
  readonly blocks: Block[] = [];
  readonly #regions: Regions = { math: [], code: [], tokens: [] };

  constructor(name: 'prompt' | 'completion') {
    this.in = name;
  }

  /** Adds text. Returns the index of the first block that may have changed. */
  append(more: string): number {
    if (more === '') return this.blocks.length;
    const first = this.#safeCut();
    const from = this.blocks[first]?.start ?? this.text.length;
    this.text += more;
    const tail = this.text.slice(from);
    const known = regions(tail);
    const fresh = blocks(tail, known);
    this.blocks.length = first;
    for (const block of fresh) {
      this.blocks.push({ start: block.start + from, end: block.end + from, kind: block.kind });
    }
    for (const list of [this.#regions.math, this.#regions.code, this.#regions.tokens]) {
      while (list.length > 0 && list[list.length - 1]!.start >= from) list.pop();
    }
    for (const r of known.math) {
      this.#regions.math.push({
        ...r,
        start: r.start + from,
        end: r.end + from,
        contentStart: r.contentStart + from,
        contentEnd: r.contentEnd + from,
      });
    }
    for (const r of known.code) this.#regions.code.push({ ...r, start: r.start + from, end: r.end + from });
    for (const r of known.tokens) this.#regions.tokens.push({ start: r.start + from, end: r.end + from });
    return first;
  }

  /** Forgets everything. */
  clear(): void {
    this.text = '';
    this.blocks.length = 0;
    for (const list of [this.#regions.math, this.#regions.code, this.#regions.tokens]) list.length = 0;
  }

  /** Formulas that lie in `start…end`, in order. */
  formulas(start: number, end: number): MathRegion[] {
    const math = this.#regions.math;
    const found: MathRegion[] = [];
    for (let i = lowerBound(math.length, (k) => math[k]!.start >= start); i < math.length; i += 1) {
      if (math[i]!.end > end) break;
      found.push(math[i]!);
    }
    return found;
  }

  /** The index of the block that holds `offset`. */
  blockAt(offset: number): number {
    const next = lowerBound(this.blocks.length, (k) => this.blocks[k]!.start > offset);
    return Math.max(0, next - 1);
  }

  /** The last block from which reading again gives the same as reading all: far enough back, and in no code fence. */
  #safeCut(): number {
    const limit = this.text.length - REREAD;
    let first = Math.max(0, lowerBound(this.blocks.length, (k) => this.blocks[k]!.start > limit) - 1);
    if (limit <= 0) first = 0;
    while (first > 0 && this.blocks[first]!.kind === 'code') first -= 1;
    return first;
  }
}

/** The first index below `n` for which `holds` is true, or `n`; it must be false up to there and true from there on. */
export function lowerBound(n: number, holds: (index: number) => boolean): number {
  let low = 0;
  let high = n;
  while (low < high) {
    const middle = (low + high) >> 1;
    if (holds(middle)) high = middle;
    else low = middle + 1;
  }
  return low;
}
