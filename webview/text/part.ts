/** A text that arrives in slices or grows, cut into blocks and regions as it comes. Pure: no DOM. */
import { blocks, type Block } from '../../core/traces/blocks.ts';
import { lowerBound } from '../../core/traces/lower-bound.ts';
import { regions, type CodeRegion, type MathRegion, type OpenFence, type Regions } from '../../core/traces/math.ts';

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
  /** The end of the text that was read last, a string of its own: to cut it out of a text that has grown is to copy all of that. */
  #recent = { start: 0, text: '' };

  constructor(name: 'prompt' | 'completion') {
    this.in = name;
  }

  /**
   * Adds text. Returns the index of the first block that may have changed. `whole`: all of the text, where its owner has it: two
   * strings of 20 MB that are the same would be held twice.
   */
  append(more: string, whole = this.text + more): number {
    if (more === '') return this.blocks.length;
    const first = this.#safeCut();
    const from = this.blocks[first]?.start ?? this.text.length;
    const inside = from > 0 ? this.#fenceAt(from) : null;
    const kind = from > 0 ? (this.blocks[first]?.kind ?? null) : null;
    const { start, text } = this.#recent;
    const tail = from >= start ? text.slice(from - start) + more : whole.slice(from);
    this.text = whole;
    this.#recent = { start: from, text: tail };
    const known = regions(tail, inside);
    const fresh = blocks(tail, known, kind);
    this.blocks.length = first;
    for (const block of fresh) {
      this.blocks.push({ start: block.start + from, end: block.end + from, kind: block.kind });
    }
    for (const list of [this.#regions.math, this.#regions.tokens]) {
      while (list.length > 0 && list[list.length - 1]!.start >= from) list.pop();
    }
    const { code } = this.#regions;
    while (code.length > 0 && code[code.length - 1]!.end > from) code.pop();
    for (const r of known.math) {
      this.#regions.math.push({
        ...r,
        start: r.start + from,
        end: r.end + from,
        contentStart: r.contentStart + from,
        contentEnd: r.contentEnd + from,
      });
    }
    for (const r of known.code) {
      const goesOn = inside !== null && r.start === 0;
      code.push({ ...r, start: goesOn ? inside.start : r.start + from, end: r.end + from });
    }
    for (const r of known.tokens) this.#regions.tokens.push({ start: r.start + from, end: r.end + from });
    return first;
  }

  /** Forgets everything. */
  clear(): void {
    this.text = '';
    this.#recent = { start: 0, text: '' };
    this.blocks.length = 0;
    for (const list of [this.#regions.math, this.#regions.code, this.#regions.tokens]) list.length = 0;
  }

  /** A text in which a block lies, and where: the end alone where the block is there, so that a growing text is not copied. */
  around({ start, end, kind }: Block): { text: string; block: Block } {
    const { start: from, text } = this.#recent;
    if (start < from) return { text: this.text, block: { start, end, kind } };
    return { text, block: { start: start - from, end: end - from, kind } };
  }

  /** Formulas that lie in `start…end`, in order. */
  formulas(start: number, end: number): MathRegion[] {
    return within(this.#regions.math, start, end);
  }

  /** Code spans and fences that lie in `start…end`, in order. */
  codes(start: number, end: number): CodeRegion[] {
    return within(this.#regions.code, start, end);
  }

  /** The index of the block that holds `offset`. */
  blockAt(offset: number): number {
    const next = lowerBound(this.blocks.length, (k) => this.blocks[k]!.start > offset);
    return Math.max(0, next - 1);
  }

  /** The last block from which reading again gives the same as reading all: far enough back, and in no formula. */
  #safeCut(): number {
    const limit = this.text.length - REREAD;
    if (limit <= 0) return 0;
    let first = Math.max(0, lowerBound(this.blocks.length, (k) => this.blocks[k]!.start > limit) - 1);
    const { math } = this.#regions;
    while (first > 0) {
      const at = this.blocks[first]!.start;
      const formula = math[lowerBound(math.length, (k) => math[k]!.end > at)];
      if (!formula || formula.start >= at) break;
      first -= 1;
    }
    return first;
  }

  /** The code fence that goes on at `at`, or null. */
  #fenceAt(at: number): (OpenFence & { start: number }) | null {
    const { code } = this.#regions;
    const region = code[lowerBound(code.length, (k) => code[k]!.end > at)];
    if (!region?.fence || region.start >= at) return null;
    const ticks = /^(?:`+|~+)/.exec(this.text.slice(region.start, region.start + REREAD))?.[0];
    return ticks ? { ticks, start: region.start, opensLine: this.text.charCodeAt(at - 1) === 10 } : null;
  }
}

/** Of regions in order, those that lie in `start…end`. */
function within<R extends { start: number; end: number }>(regions: readonly R[], start: number, end: number): R[] {
  const found: R[] = [];
  for (let i = lowerBound(regions.length, (k) => regions[k]!.start >= start); i < regions.length; i += 1) {
    if (regions[i]!.end > end) break;
    found.push(regions[i]!);
  }
  return found;
}
