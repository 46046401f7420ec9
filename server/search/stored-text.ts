/** One text as it was read: bytes of a larger memory, decoded only where somebody asks. Valid until the next text is looked at. */
import { isAscii } from 'node:buffer';
import type { Snippet } from '../../core/protocol/search.ts';

/** UTF-16 units that a snippet shows before a hit, of the hit, and behind it. */
const BEFORE = 60;
const OF_HIT = 200;
const BEHIND = 120;

export class StoredText {
  /** The memory, and where the text lies in it. */
  readonly bytes: Buffer;
  readonly from: number;
  readonly to: number;
  /** Where each of its extents begins in the memory, where there are several. */
  private readonly pieces: readonly number[];
  private brokenKnown: boolean | null = null;
  private asciiKnown: boolean | null = null;
  private decoded: string | null = null;

  constructor(bytes: Buffer, from = 0, to = bytes.length, pieces: readonly number[] = []) {
    this.bytes = bytes;
    this.from = from;
    this.to = to;
    this.pieces = pieces;
  }

  /**
   * An extent begins within a character: extents are decoded one by one, as everywhere, which is not what their bytes in a row are, and
   * bytes say nothing of places.
   */
  get broken(): boolean {
    return (this.brokenKnown ??= this.pieces.some((at) => at < this.to && (this.bytes[at]! & 0xc0) === 0x80));
  }

  get ascii(): boolean {
    return (this.asciiKnown ??= isAscii(this.bytes.subarray(this.from, this.to)));
  }

  /** The text as every other part of the program reads it. */
  get text(): string {
    this.decoded ??= this.ascii ? this.bytes.toString('latin1', this.from, this.to) : this.decode();
    return this.decoded;
  }

  private decode(): string {
    if (!this.broken) return this.bytes.toString('utf8', this.from, this.to);
    const starts = this.pieces.filter((at) => at > this.from && at < this.to);
    const cuts = [this.from, ...starts, this.to];
    return cuts.slice(1).reduce((text, to, i) => text + this.bytes.toString('utf8', cuts[i], to), '');
  }

  /** UTF-16 units before a byte of the memory at which a character of the text begins. */
  unitsBefore(byte: number): number {
    return this.ascii ? byte - this.from : this.bytes.toString('utf8', this.from, byte).length;
  }

  snippet(start: number, end: number): Snippet {
    const { text } = this;
    const from = wholeAt(text, Math.max(0, start - BEFORE));
    const shown = wholeAt(text, Math.min(end, start + OF_HIT));
    const to = shown < end ? shown : wholeAt(text, Math.min(text.length, end + BEHIND));
    return {
      text: text.slice(from, to),
      start: start - from,
      end: shown - from,
      before: from > 0,
      after: to < text.length,
    };
  }
}

/** The place itself, or before the pair that it would split. */
function wholeAt(text: string, at: number): number {
  const before = text.charCodeAt(at - 1);
  const behind = text.charCodeAt(at);
  const splits = before >= 0xd800 && before < 0xdc00 && behind >= 0xdc00 && behind < 0xe000;
  return splits ? at - 1 : at;
}
