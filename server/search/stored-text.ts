/** One text as it lies on disk: its bytes in a row, decoded only where somebody asks. */
import { isAscii } from 'node:buffer';
import type { Snippet } from '../../core/protocol/search.ts';

/** UTF-16 units that a snippet shows before a hit, of the hit, and behind it. */
const BEFORE = 60;
const OF_HIT = 200;
const BEHIND = 120;

/** One stretch of it, as the index has it. */
export interface Piece {
  bytes: number;
  units: number;
}

export class StoredText {
  readonly bytes: Buffer;
  readonly pieces: readonly Piece[];
  /** A piece begins within a character: the pieces are decoded one by one, as everywhere, and bytes say nothing of places. */
  readonly broken: boolean;
  private known: boolean | null = null;
  private decoded: string | null = null;

  constructor(bytes: Buffer, pieces: readonly Piece[]) {
    this.bytes = bytes;
    this.pieces = pieces;
    this.broken = startsBroken(bytes, pieces);
  }

  get ascii(): boolean {
    return (this.known ??= isAscii(this.bytes));
  }

  /** The text as every other part of the program reads it. */
  get text(): string {
    return (this.decoded ??= this.ascii
      ? this.bytes.toString('latin1')
      : this.broken
        ? this.byPieces()
        : this.bytes.toString('utf8'));
  }

  private byPieces(): string {
    let text = '';
    let at = 0;
    for (const { bytes } of this.pieces) {
      text += this.bytes.toString('utf8', at, Math.min(at + bytes, this.bytes.length));
      at += bytes;
    }
    return text;
  }

  /** UTF-16 units before a byte at which a character begins. */
  unitsBefore(byte: number): number {
    if (this.ascii) return byte;
    let at = 0;
    let units = 0;
    for (const piece of this.pieces) {
      if (at + piece.bytes > byte) break;
      at += piece.bytes;
      units += piece.units;
    }
    return units + this.bytes.toString('utf8', at, byte).length;
  }

  snippet(start: number, end: number): Snippet {
    const { text } = this;
    const from = wholeAt(text, Math.max(0, start - BEFORE));
    const shown = wholeAt(text, Math.min(end, start + OF_HIT));
    const to = shown < end ? shown : wholeAt(text, Math.min(text.length, end + BEHIND));
    // Copied, so that what is kept of a hit does not hold the whole text.
    const around = Buffer.from(text.slice(from, to), 'utf16le').toString('utf16le');
    return { text: around, start: start - from, end: shown - from, before: from > 0, after: to < text.length };
  }
}

function startsBroken(bytes: Buffer, pieces: readonly Piece[]): boolean {
  let at = pieces[0]?.bytes ?? 0;
  for (let i = 1; i < pieces.length; i++) {
    if (((bytes[at] ?? 0) & 0xc0) === 0x80) return true;
    at += pieces[i]!.bytes;
  }
  return false;
}

/** The place itself, or before the pair that it would split. */
function wholeAt(text: string, at: number): number {
  const before = text.charCodeAt(at - 1);
  const behind = text.charCodeAt(at);
  const splits = before >= 0xd800 && before < 0xdc00 && behind >= 0xdc00 && behind < 0xe000;
  return splits ? at - 1 : at;
}
