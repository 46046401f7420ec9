/** Reads whole lines of a file that may still grow. */
import { isUtf8 } from 'node:buffer';
import { readSync } from 'node:fs';

const CHUNK = 1 << 20;
/** The longest line that is read; a longer one is skipped and said. */
export const MAX_LINE = 64 << 20;

export interface Line {
  text: string;
  /** Bytes before it in the file. */
  position: number;
  /** False: bytes that are no UTF-8 became U+FFFD. */
  valid: boolean;
}

export interface LineChunk {
  lines: Line[];
  /** Where to go on: after the last whole line. */
  next: number;
  /** True at the end of what was there: what lies after `next` is a torn line, or nothing. */
  atEnd: boolean;
  /** A line longer than MAX_LINE began at `next` when `lines` is empty: the reader is to skip to the next line break. */
  tooLong: boolean;
}

/** Reads about a megabyte of whole lines from `position`; more when one line is longer. A torn last line is held back. */
export function readLines(fd: number, position: number, chunk = CHUNK): LineChunk {
  let buffer = Buffer.allocUnsafe(chunk);
  let filled = 0;
  for (;;) {
    const got = readSync(fd, buffer, filled, buffer.length - filled, position + filled);
    filled += got;
    const last = buffer.lastIndexOf(10, filled - 1);
    const atEnd = got === 0 || filled < buffer.length;
    if (filled > 0 && last >= 0) {
      return { lines: split(buffer.subarray(0, last + 1), position), next: position + last + 1, atEnd, tooLong: false };
    }
    if (atEnd) return { lines: [], next: position, atEnd: true, tooLong: false };
    if (filled >= MAX_LINE) return { lines: [], next: position, atEnd: false, tooLong: true };
    const larger = Buffer.allocUnsafe(Math.min(buffer.length * 4, MAX_LINE));
    buffer.copy(larger, 0, 0, filled);
    buffer = larger;
  }
}

/** The position after the next line break from `position` on, or `found: false` and how far it has looked. */
export function skipLine(fd: number, position: number): { next: number; found: boolean } {
  const buffer = Buffer.allocUnsafe(CHUNK);
  for (;;) {
    const got = readSync(fd, buffer, 0, buffer.length, position);
    if (got === 0) return { next: position, found: false };
    const at = buffer.subarray(0, got).indexOf(10);
    if (at >= 0) return { next: position + at + 1, found: true };
    position += got;
  }
}

function split(bytes: Buffer, position: number): Line[] {
  const lines: Line[] = [];
  const allValid = isUtf8(bytes);
  for (let start = 0; start < bytes.length;) {
    const end = bytes.indexOf(10, start);
    const valid = allValid || isUtf8(bytes.subarray(start, end));
    lines.push({ text: bytes.toString('utf8', start, end), position: position + start, valid });
    start = end + 1;
  }
  return lines;
}
