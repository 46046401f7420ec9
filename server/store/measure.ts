/**
 * Measures raw text while it is read into the index: how many UTF-16 units a stretch of bytes has, in pieces small enough to
 * be decoded alone. The pieces are the sparse map by which a slice finds its bytes later.
 *
 * A piece with as many units as bytes maps one to one (ASCII, and single bytes that are no UTF-8) and may be long; any other
 * has at most PIECE bytes. Pieces are cut where decoding the parts gives the same text as decoding the whole.
 */
import { isAscii, isUtf8 } from 'node:buffer';
import { closeSync, fstatSync, openSync, readSync } from 'node:fs';

export const PIECE = 32 * 1024;
const WINDOW = 1 << 20;

export interface Piece {
  position: number;
  bytes: number;
  units: number;
}

export interface Measured {
  pieces: Piece[];
  units: number;
  /** Sequences of bytes that are no UTF-8 and read as U+FFFD. */
  replaced: number;
  /** False: a first byte that continues a character, so this stretch must not be joined with the one before it. */
  startsWhole: boolean;
  /** Bytes that the file does not have. */
  missing: number;
}

/** Reads one part file through a window, forward. Close it after use. */
export class PartReader {
  private readonly fd: number;
  private readonly window: Buffer;
  private start = 0;
  private end = 0;

  /** @throws ENOENT where there is no such part. */
  constructor(path: string, window = WINDOW) {
    this.fd = openSync(path, 'r');
    this.window = Buffer.allocUnsafe(window);
  }

  get size(): number {
    return fstatSync(this.fd).size;
  }

  /** The bytes from `position` on: `length` of them, fewer at the end of the file. Valid until the next call; `length` ≤ window. */
  bytes(position: number, length: number): Buffer {
    if (position < this.start || position + length > this.end) {
      this.start = position;
      this.end = position;
      while (this.end - this.start < this.window.length) {
        const at = this.end - this.start;
        const got = readSync(this.fd, this.window, at, this.window.length - at, this.end);
        if (got === 0) break;
        this.end += got;
      }
    }
    const from = position - this.start;
    return this.window.subarray(from, Math.max(from, Math.min(from + length, this.end - this.start)));
  }

  close(): void {
    closeSync(this.fd);
  }
}

/** Measures `length` bytes of a part from `position` on. */
export function measure(reader: PartReader, position: number, length: number): Measured {
  const result: Measured = { pieces: [], units: 0, replaced: 0, startsWhole: true, missing: 0 };
  const end = position + length;
  let at = position;
  while (at < end) {
    const want = Math.min(PIECE, end - at);
    let bytes = reader.bytes(at, want);
    if (at === position && bytes.length > 0) result.startsWhole = !isContinuation(bytes[0] ?? 0);
    if (bytes.length === 0) break;
    const last = at + bytes.length >= end || bytes.length < want;
    if (!last) bytes = bytes.subarray(0, safeCut(bytes));
    const { units, replaced } = countUnits(bytes);
    const previous = result.pieces.at(-1);
    if (previous && previous.units === previous.bytes && units === bytes.length) {
      previous.bytes += bytes.length;
      previous.units += units;
    } else {
      result.pieces.push({ position: at, bytes: bytes.length, units });
    }
    result.units += units;
    result.replaced += replaced;
    at += bytes.length;
  }
  result.missing = end - at;
  return result;
}

/** UTF-16 units of the decoded bytes, and how many sequences in them are no UTF-8. */
export function countUnits(bytes: Buffer): { units: number; replaced: number } {
  if (isAscii(bytes)) return { units: bytes.length, replaced: 0 };
  const text = bytes.toString('utf8');
  if (isUtf8(bytes)) return { units: text.length, replaced: 0 };
  return { units: text.length, replaced: count(text, '\ufffd') - countBytes(bytes) };
}

/** Where to cut before the end, so that both sides decode as the whole does: at a byte that begins a character, or in a run of stray bytes. */
export function safeCut(bytes: Buffer): number {
  const stop = Math.max(1, bytes.length - 3);
  for (let cut = bytes.length - 1; cut >= stop; cut--) {
    if (!isContinuation(bytes[cut] ?? 0)) return cut;
  }
  // Three continuation bytes in a row: whatever comes next can belong to no character that begins before it.
  return bytes.length;
}

const isContinuation = (byte: number): boolean => (byte & 0xc0) === 0x80;

function count(text: string, character: string): number {
  let n = 0;
  for (let at = text.indexOf(character); at >= 0; at = text.indexOf(character, at + 1)) n++;
  return n;
}

const REPLACEMENT = Buffer.from('\ufffd');
function countBytes(bytes: Buffer): number {
  let n = 0;
  for (let at = bytes.indexOf(REPLACEMENT); at >= 0; at = bytes.indexOf(REPLACEMENT, at + 3)) n++;
  return n;
}
