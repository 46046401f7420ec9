/** Reads the texts of a chunk from the parts into a scanner's memory, in long reads. */
import { closeSync, openSync, readSync } from 'node:fs';
import { SEARCHED_BYTES } from '../../core/protocol/search.ts';
import { textPart } from '../store/paths.ts';
import { EXTENT, type TextPlaces } from '../store/search-page.ts';
import type { ByteScanner } from './byte-scanner.ts';
import { StoredText } from './stored-text.ts';

/** Bytes that are read at a time, unless one text has more: they stay in the processor's cache until they have been searched. */
const WINDOW = 512 * 1024;
/** Bytes between texts that are read over rather than jumped. */
const GAP = 16 * 1024;

export interface ReadText {
  /** Null: its part is gone. */
  text: StoredText | null;
  /** Longer than what is searched: this is its beginning. */
  cut: boolean;
}

const EMPTY: ReadText = { text: new StoredText(Buffer.alloc(0)), cut: false };

export class TextsReader {
  private readonly scanner: ByteScanner;
  private readonly folder: string;
  private readonly parts = new Map<number, number | null>();
  /** Where what lies in the scanner's memory ends. */
  end = 0;

  constructor(scanner: ByteScanner, folder: string) {
    this.scanner = scanner;
    this.folder = folder;
  }

  close(): void {
    for (const fd of this.parts.values()) if (fd !== null) closeSync(fd);
    this.parts.clear();
  }

  /** The texts `from` to `to`, one after the other; each is valid until the next is asked for. */
  *texts({ starts, extents }: TextPlaces, from: number, to: number): Generator<ReadText> {
    for (let n = from; n < to;) {
      const behind = straight(starts, extents, n, to);
      if (behind > n) {
        yield* this.window(starts, extents, n, behind);
        n = behind;
      } else {
        const stop = scattered(starts, extents, n, to);
        yield* this.gathered(starts, extents, n, stop);
        n = stop;
      }
    }
  }

  /** Texts that lie in a row, each in one piece of its part: read at once. */
  private *window(starts: Uint32Array, extents: Float64Array, from: number, to: number): Generator<ReadText> {
    let first = -1;
    let last = 0;
    for (let i = starts[from]!; i < starts[to]!; i++) {
      if ((extents[EXTENT * i + 2] ?? 0) === 0) continue;
      if (first < 0) first = i;
      last = extents[EXTENT * i + 1]! + extents[EXTENT * i + 2]!;
    }
    const begin = first < 0 ? 0 : extents[EXTENT * first + 1]!;
    const wanted = Math.min(last - begin, SEARCHED_BYTES);
    this.scanner.begin(Math.max(0, wanted));
    const got = first < 0 ? 0 : this.read(extents[EXTENT * first]!, begin, wanted, 0);
    this.end = got ?? 0;
    for (let n = from; n < to; n++) {
      const own = starts[n + 1]! - starts[n]!;
      if (own === 0) {
        yield EMPTY;
        continue;
      }
      if (got === null) {
        yield { text: null, cut: false };
        continue;
      }
      const start = extents[EXTENT * starts[n]! + 1]! - begin;
      const end = extents[EXTENT * starts[n + 1]! - 2]! + extents[EXTENT * starts[n + 1]! - 1]! - begin;
      const pieces: number[] = [];
      for (let i = starts[n]! + 1; i < starts[n + 1]!; i++) pieces.push(extents[EXTENT * i + 1]! - begin);
      const text = new StoredText(this.scanner.bytes, Math.min(start, got), Math.min(end, got), pieces);
      yield { text, cut: end > SEARCHED_BYTES };
    }
  }

  /** Texts whose extents lie between others': read in the order of the file, and put together. */
  private *gathered(starts: Uint32Array, extents: Float64Array, from: number, to: number): Generator<ReadText> {
    const [e0, e1] = [starts[from]!, starts[to]!];
    // Where each extent is put; those of a text that is cut, beyond what is searched, are not.
    const places = new Float64Array(e1 - e0);
    const cut = new Set<number>();
    let size = 0;
    for (let n = from; n < to; n++) {
      const begin = size;
      for (let i = starts[n]!; i < starts[n + 1]!; i++) {
        const bytes = extents[EXTENT * i + 2]!;
        const fits = size - begin + bytes <= SEARCHED_BYTES && !cut.has(n);
        if (!fits) cut.add(n);
        places[i - e0] = fits ? size : -1;
        if (fits) size += bytes;
      }
    }
    this.scanner.begin(size);
    this.end = size;
    const short = this.fill(extents, e0, places);
    let at = 0;
    for (let n = from; n < to; n++) {
      const pieces: number[] = [];
      const begin = at;
      let end = -1;
      let isGone = false;
      for (let i = starts[n]!; i < starts[n + 1]! && places[i - e0]! >= 0; i++) {
        if (i > starts[n]!) pieces.push(at);
        const missing = short.get(i - e0) ?? 0;
        if (missing === Infinity) isGone = true;
        else if (missing > 0 && end < 0) end = at + extents[EXTENT * i + 2]! - missing;
        at += extents[EXTENT * i + 2]!;
      }
      const text = isGone ? null : new StoredText(this.scanner.bytes, begin, end < 0 ? at : end, pieces);
      yield { text, cut: cut.has(n) };
    }
  }

  /** Copies each extent to its place; says of how many bytes are missing (Infinity: its part is gone). */
  private fill(extents: Float64Array, e0: number, places: Float64Array): Map<number, number> {
    const short = new Map<number, number>();
    const order = Uint32Array.from(places, (_, i) => i).sort((i, j) => {
      const [a, b] = [EXTENT * (e0 + i), EXTENT * (e0 + j)];
      return extents[a]! - extents[b]! || extents[a + 1]! - extents[b + 1]!;
    });
    const staging = Buffer.allocUnsafe(WINDOW);
    let [part, begin, got] = [-1, 0, 0];
    for (const i of order) {
      const place = places[i]!;
      const [own, position, bytes] = [
        extents[EXTENT * (e0 + i)]!,
        extents[EXTENT * (e0 + i) + 1]!,
        extents[EXTENT * (e0 + i) + 2]!,
      ];
      if (place < 0 || bytes === 0) continue;
      if (bytes > WINDOW) {
        const read = this.read(own, position, bytes, place);
        if (read !== bytes) short.set(i, read === null ? Infinity : bytes - read);
        continue;
      }
      if (own !== part || position + bytes > begin + got) {
        [part, begin] = [own, position];
        const read = this.readInto(staging, own, position, WINDOW, 0);
        got = read ?? 0;
        if (read === null) part = -1;
      }
      if (part < 0) {
        short.set(i, Infinity);
        continue;
      }
      const there = Math.max(0, Math.min(bytes, begin + got - position));
      staging.copy(this.scanner.bytes, place, position - begin, position - begin + there);
      if (there < bytes) short.set(i, bytes - there);
    }
    return short;
  }

  private read(part: number, position: number, length: number, at: number): number | null {
    return this.readInto(this.scanner.bytes, part, position, length, at);
  }

  /** How many bytes there were; null: there is no such part. */
  private readInto(into: Buffer, part: number, position: number, length: number, at: number): number | null {
    let fd = this.parts.get(part);
    if (fd === undefined) {
      try {
        fd = openSync(textPart(this.folder, part), 'r');
      } catch (error) {
        if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error;
        fd = null;
      }
      this.parts.set(part, fd);
    }
    if (fd === null) return null;
    let got = 0;
    while (got < length) {
      const n = readSync(fd, into, at + got, length - got, position + got);
      if (n === 0) break;
      got += n;
    }
    return got;
  }
}

/** The text behind the last one from `n` on that lies in a row with those before it, within a window; `n` where its own extents do not. */
function straight(starts: Uint32Array, extents: Float64Array, n: number, to: number): number {
  let part = -1;
  let begin = 0;
  let end = 0;
  for (let at = n; at < to; at++) {
    const [first, last] = [starts[at]!, starts[at + 1]!];
    if (first === last) continue;
    const position = extents[EXTENT * first + 1]!;
    if (part >= 0 && (extents[EXTENT * first]! !== part || position < end || position > end + GAP)) return at;
    if (part < 0) begin = position;
    let next = position;
    for (let i = first; i < last; i++) {
      if (extents[EXTENT * i]! !== extents[EXTENT * first]! || extents[EXTENT * i + 1]! !== next) return at;
      next += extents[EXTENT * i + 2]!;
    }
    if (part >= 0 && next - begin > WINDOW) return at;
    [part, end] = [extents[EXTENT * first]!, next];
  }
  return to;
}

/** The text behind the last one from `n` on of those that are gathered together. */
function scattered(starts: Uint32Array, extents: Float64Array, n: number, to: number): number {
  for (let at = n + 1; at < to; at++) if (straight(starts, extents, at, at + 1) > at) return at;
  return to;
}
