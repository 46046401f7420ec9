/** Searches the texts of some traces of one attempt: reads them from the parts in long reads, and says which have what is wanted. */
import { closeSync, openSync, readSync } from 'node:fs';
import { SEARCHED_BYTES, type SearchedText, type Snippet } from '../../core/protocol/search.ts';
import type { TextPlaces } from '../store/search-places.ts';
import { textPart } from '../store/paths.ts';
import type { Hits, Matcher } from './matcher.ts';
import { StoredText, type Piece } from './stored-text.ts';

export interface Chunk {
  folder: string;
  ids: Float64Array;
  completions: TextPlaces;
  prompts: TextPlaces;
  promptOf: Int32Array;
  /** Those of its traces that are searched: `from` to `to`, exclusive. */
  from: number;
  to: number;
}

export interface FoundTrace {
  id: number;
  count: number;
  first: { in: SearchedText; start: number; end: number } | null;
  snippet: Snippet | null;
}

export interface Scanned {
  /** Traces that have it, in their order; at most as many as were asked for. */
  found: FoundTrace[];
  /** Of all that have it. */
  traces: number;
  hits: number;
  unreadable: number;
  cut: number;
}

export interface ScanOptions {
  /** One matcher a term. */
  terms: { negated: boolean; look: Matcher }[];
  texts: readonly SearchedText[];
  /** Traces that are told of one by one; the others are only counted. */
  room: number;
  /** Told before each trace; true ends the scan. */
  before: (n: number) => boolean;
}

/** Null: it was ended. */
export function scan(chunk: Chunk, { terms, texts, room, before }: ScanOptions): Scanned | null {
  const done: Scanned = { found: [], traces: 0, hits: 0, unreadable: 0, cut: 0 };
  const completions = texts.includes('completion') ? readTexts(chunk.folder, chunk.completions) : null;
  const prompts = texts.includes('prompt') ? readTexts(chunk.folder, chunk.prompts) : null;
  for (let n = chunk.from; n < chunk.to; n++) {
    if (before(n)) return null;
    const looked: { in: SearchedText; text: StoredText }[] = [];
    let isGone = false;
    for (const name of texts) {
      const at = name === 'completion' ? n : (chunk.promptOf[n] ?? -1);
      const text = at < 0 ? EMPTY : (name === 'completion' ? completions : prompts)!.text(at);
      if (text === null) isGone = true;
      else looked.push({ in: name, text: text.text });
      if (text?.cut) done.cut += 1;
    }
    if (isGone) done.unreadable += 1;
    if (looked.length === 0) continue;
    const hits = lookAt(looked, terms);
    if (!hits) continue;
    done.traces += 1;
    done.hits += hits.count;
    if (done.found.length < room) done.found.push({ id: chunk.ids[n]!, ...hits.shown() });
  }
  return done;
}

/** Null where a term is not there, or one that must not be is. */
function lookAt(
  texts: { in: SearchedText; text: StoredText }[],
  terms: ScanOptions['terms'],
): { count: number; shown: () => Omit<FoundTrace, 'id'> } | null {
  let count = 0;
  let first: { in: SearchedText; text: StoredText; hits: Hits } | null = null;
  for (const { negated, look } of terms) {
    let isThere = false;
    for (const one of texts) {
      const hits = look(one.text, negated);
      if (!hits) continue;
      isThere = true;
      if (negated) break;
      count += hits.count;
      const isFirst =
        first === null ||
        (first.in === one.in && hits.start < first.hits.start) ||
        texts.indexOf(one) < texts.findIndex((text) => text.in === first!.in);
      if (isFirst) first = { ...one, hits };
    }
    if (isThere === negated) return null;
  }
  return {
    count,
    shown: () => {
      if (!first) return { count, first: null, snippet: null };
      const { start, end } = first.hits;
      return { count, first: { in: first.in, start, end }, snippet: first.text.snippet(start, end) };
    },
  };
}

interface Read {
  text: StoredText;
  cut: boolean;
}
const EMPTY: Read = { text: new StoredText(Buffer.alloc(0), []), cut: false };

/** Gaps between texts that are read over rather than jumped. */
const GAP = 16 * 1024;

interface Texts {
  /** Null: its part is gone. */
  text: (n: number) => Read | null;
}

/** All of the texts, in memory. */
function readTexts(folder: string, { starts, extents }: TextPlaces): Texts {
  const count = extents.length / 4;
  const order = Array.from({ length: count }, (_, i) => i).filter((i) => (extents[4 * i + 2] ?? 0) > 0);
  const key = (i: number) => (extents[4 * i] ?? 0) * 2 ** 40 + (extents[4 * i + 1] ?? 0);
  if (order.some((i, at) => at > 0 && key(order[at - 1]!) > key(i))) order.sort((a, b) => key(a) - key(b));
  /** Where each extent lies in `buffers`; -1: its part is gone. */
  const parts = new Map<number, number | null>();
  const places: (Buffer | null)[] = Array.from<Buffer | null>({ length: count }).fill(null);
  try {
    for (let from = 0; from < order.length;) {
      const part = extents[4 * order[from]!]!;
      const begin = extents[4 * order[from]! + 1]!;
      let end = begin;
      let to = from;
      for (; to < order.length; to++) {
        const i = order[to]!;
        if (extents[4 * i] !== part || extents[4 * i + 1]! > end + GAP) break;
        end = Math.max(end, extents[4 * i + 1]! + extents[4 * i + 2]!);
      }
      const bytes = readPart(folder, parts, part, begin, end - begin);
      for (; from < to; from++) {
        const i = order[from]!;
        const at = extents[4 * i + 1]! - begin;
        places[i] = bytes && bytes.subarray(at, at + extents[4 * i + 2]!);
      }
    }
  } finally {
    for (const fd of parts.values()) if (fd !== null) closeSync(fd);
  }
  return {
    text(n) {
      const pieces: Piece[] = [];
      const buffers: Buffer[] = [];
      let size = 0;
      for (let i = starts[n]!; i < starts[n + 1]!; i++) {
        const bytes = extents[4 * i + 2]!;
        if (bytes === 0) continue;
        const place = places[i];
        if (!place) return null;
        if (size + bytes > SEARCHED_BYTES) return { text: new StoredText(Buffer.concat(buffers), pieces), cut: true };
        size += bytes;
        buffers.push(place);
        pieces.push({ bytes, units: extents[4 * i + 3]! });
      }
      return { text: new StoredText(buffers.length === 1 ? buffers[0]! : Buffer.concat(buffers), pieces), cut: false };
    },
  };
}

/** The bytes that are there; null: there is no such part. */
function readPart(
  folder: string,
  open: Map<number, number | null>,
  part: number,
  position: number,
  length: number,
): Buffer | null {
  let fd = open.get(part);
  if (fd === undefined) {
    try {
      fd = openSync(textPart(folder, part), 'r');
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error;
      fd = null;
    }
    open.set(part, fd);
  }
  if (fd === null) return null;
  const bytes = Buffer.allocUnsafeSlow(length);
  let got = 0;
  while (got < length) {
    const n = readSync(fd, bytes, got, length - got, position + got);
    if (n === 0) break;
    got += n;
  }
  return bytes.subarray(0, got);
}
