/** Reads stored texts: whole, or a slice by UTF-16 units through the sparse map of extents. */
import { closeSync, openSync, readSync } from 'node:fs';
import type { IndexFile } from './index-file.ts';
import { Lru } from './lru.ts';
import { textPart } from './paths.ts';

/** 0: a completion, owned by a trace's row id; 1: a prompt, owned by `traceRowId(attempt, prompt)`. */
export type TextKind = 0 | 1;

interface ExtentRow {
  ix: number;
  part: number;
  position: number;
  bytes: number;
  units: number;
}

/** Where each extent of a text begins, in units; the last number is the text's length. */
interface TextMap {
  extents: ExtentRow[];
  starts: number[];
}

export interface Slice {
  text: string;
  start: number;
  end: number;
  /** Units of the whole text so far. */
  length: number;
}

const EXTENTS =
  'SELECT ix, part, position, bytes, units FROM extents WHERE kind = ? AND owner = ? AND ix >= ? ORDER BY ix';

/** The whole text so far; null when a part of it is gone. */
export function readText(
  index: IndexFile,
  folder: string,
  kind: TextKind,
  owner: number,
  limit = Infinity,
): string | null {
  const files = new PartFiles(folder);
  try {
    let text = '';
    for (const extent of index.all<ExtentRow>(EXTENTS, kind, owner, 0)) {
      if (text.length >= limit) break;
      text += files.read(extent.part, extent.position, extent.bytes).toString('utf8');
    }
    return text;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return null;
    throw error;
  } finally {
    files.close();
  }
}

/** Keeps the maps of the texts that were read last: at most a quarter of a million extents. */
export class TextReader {
  private readonly index: IndexFile;
  private readonly maps = new Lru<string, TextMap>(250_000, (map) => map.extents.length + 1);

  constructor(index: IndexFile) {
    this.index = index;
  }

  /** The map, brought up to date: only the last extent may have grown, and new ones follow it. */
  private map(kind: TextKind, owner: number): TextMap {
    const key = `${kind}:${owner}`;
    const map = this.maps.get(key) ?? { extents: [], starts: [0] };
    const from = Math.max(0, map.extents.length - 1);
    for (const extent of this.index.all<ExtentRow>(EXTENTS, kind, owner, from)) {
      map.extents[extent.ix] = extent;
      map.starts[extent.ix + 1] = (map.starts[extent.ix] ?? 0) + extent.units;
    }
    this.maps.set(key, map);
    return map;
  }

  forget(): void {
    this.maps.clear();
  }

  length(kind: TextKind, owner: number): number {
    return this.map(kind, owner).starts.at(-1) ?? 0;
  }

  /**
   * Units `start` to `end`, cut to what exists and to `limit`. Neither end splits a surrogate pair: a start inside one moves
   * to its beginning, an end inside one too, unless nothing would be left.
   * @throws ENOENT where a part of the text is gone.
   */
  slice(folder: string, kind: TextKind, owner: number, start: number, end: number, limit: number): Slice {
    const map = this.map(kind, owner);
    const length = map.starts.at(-1) ?? 0;
    const from = Math.max(0, Math.min(start, length));
    const to = Math.max(from, Math.min(end, length, from + limit));
    if (from === to) return { text: '', start: from, end: from, length };
    const files = new PartFiles(folder);
    try {
      // One unit more on both sides shows whether a pair would be split.
      const wideFrom = Math.max(0, from - 1);
      const wide = this.units(files, map, wideFrom, Math.min(length, to + 1));
      let first = from - wideFrom;
      let last = first + (to - from);
      if (first > 0 && splits(wide, first)) first--;
      if (splits(wide, last)) last += last - 1 > first ? -1 : 1;
      return { text: wide.slice(first, last), start: wideFrom + first, end: wideFrom + last, length };
    } finally {
      files.close();
    }
  }

  private units(files: PartFiles, map: TextMap, from: number, to: number): string {
    let text = '';
    for (let i = findExtent(map.starts, from); i < map.extents.length; i++) {
      const extent = map.extents[i];
      const begin = map.starts[i] ?? 0;
      if (!extent || begin >= to) break;
      const first = Math.max(0, from - begin);
      const last = Math.min(extent.units, to - begin);
      if (extent.units === extent.bytes) {
        text += files.read(extent.part, extent.position + first, last - first).toString('utf8');
      } else {
        text += files.read(extent.part, extent.position, extent.bytes).toString('utf8').slice(first, last);
      }
    }
    return text;
  }
}

/** The extent in which `unit` lies: the last one that begins at or before it. */
function findExtent(starts: readonly number[], unit: number): number {
  let low = 0;
  let high = starts.length - 1;
  while (low < high) {
    const middle = (low + high + 1) >> 1;
    if ((starts[middle] ?? Infinity) <= unit) low = middle;
    else high = middle - 1;
  }
  return low;
}

/** True when the units before and at `at` are one pair. */
const splits = (text: string, at: number): boolean => {
  const before = text.charCodeAt(at - 1);
  const after = text.charCodeAt(at);
  return before >= 0xd800 && before < 0xdc00 && after >= 0xdc00 && after < 0xe000;
};

class PartFiles {
  private readonly folder: string;
  private readonly open = new Map<number, number>();

  constructor(folder: string) {
    this.folder = folder;
  }

  /** The bytes that are there; fewer than asked for at the end of a file that was cut. */
  read(part: number, position: number, length: number): Buffer {
    let fd = this.open.get(part);
    if (fd === undefined) this.open.set(part, (fd = openSync(textPart(this.folder, part), 'r')));
    const buffer = Buffer.allocUnsafe(length);
    let got = 0;
    while (got < length) {
      const n = readSync(fd, buffer, got, length - got, position + got);
      if (n === 0) break;
      got += n;
    }
    return buffer.subarray(0, got);
  }

  close(): void {
    for (const fd of this.open.values()) closeSync(fd);
  }
}
