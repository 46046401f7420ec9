/** What is known of a file before an importer is chosen: its first bytes, last bytes and first lines. */
import { LonghandError } from '../../core/protocol/errors.ts';
import { encoding, packing, utf8Chunks } from './bytes.ts';
import { lines } from './lines.ts';
import type { ByteSource } from './source.ts';

const HEAD = 4096;
/** Lines that decide between JSON lines and one JSON text. */
const LINES = 20;
/** Bytes of text that are looked at for those lines. */
const TEXT_LIMIT = 32 * 1024 * 1024;

export interface Probe {
  name: string;
  size: number;
  head: Uint8Array;
  tail: Uint8Array;
  /** The first lines that are not blank, decoded; empty for what is no text. */
  lines: string[];
  /** More lines follow those. */
  more: boolean;
  /** What the bytes are packed or written in, for the notes; empty for plain UTF-8. */
  dress: string[];
}

/** Throws `unreadable` for an empty file. */
export async function probe(source: ByteSource, signal?: AbortSignal): Promise<Probe> {
  if (source.size === 0) throw new LonghandError('unreadable', `${source.name} is empty`);
  const head = await source.read(0, HEAD);
  const tail = await source.read(Math.max(0, source.size - 8), source.size);
  const found: string[] = [];
  let more = false;
  const dress: string[] = [];
  const packed = packing(head);
  if (packed) dress.push(`packed with ${packed}`);
  else if (encoding(head).encoding !== 'utf-8') dress.push(`written in ${encoding(head).encoding.toUpperCase()}`);
  if (packed || looksLikeText(head)) {
    let bytes = 0;
    const stop = new AbortController();
    const reading = { signal: signal ? AbortSignal.any([signal, stop.signal]) : stop.signal };
    try {
      search: for await (const batch of lines(utf8Chunks(source, reading), TEXT_LIMIT)) {
        for (const line of batch) {
          bytes += line.length + 1;
          const text = line.bytes?.toString('utf8').trim() ?? '';
          if (text === '' && line.bytes) continue;
          if (found.length === LINES || bytes > TEXT_LIMIT) {
            more = true;
            break search;
          }
          found.push(text);
        }
      }
    } catch (error) {
      signal?.throwIfAborted();
      if (found.length === 0)
        throw new LonghandError(
          'unreadable',
          `${source.name} cannot be read: ${error instanceof Error ? error.message : String(error)}`,
        );
    }
  }
  return { name: source.name, size: source.size, head, tail, lines: found, more, dress };
}

/** Text has few control characters; a single NUL in a line is text with a fault, an image or an archive is not. */
function looksLikeText(head: Uint8Array): boolean {
  if (encoding(head).encoding !== 'utf-8') return true;
  let control = 0;
  for (const c of head) if (c < 9 || (c > 13 && c < 32 && c !== 27 && c !== 30)) control++;
  return control <= head.length * 0.05;
}

/** What a file is that no importer takes, for the message. */
export function whatItIs(head: Uint8Array): string {
  const starts = (...bytes: number[]): boolean => bytes.every((byte, i) => head[i] === byte);
  if (starts(0x50, 0x4b)) return 'a ZIP archive (Inspect logs and .npz files are such archives): unpack it first';
  if (starts(0x41, 0x52, 0x52, 0x4f, 0x57, 0x31)) return 'an Arrow file: convert it to Parquet or JSONL first';
  if (starts(0x53, 0x51, 0x4c, 0x69, 0x74, 0x65)) return 'an SQLite database';
  if (starts(0x89, 0x50, 0x4e, 0x47) || starts(0xff, 0xd8, 0xff)) return 'an image';
  if (starts(0x25, 0x50, 0x44, 0x46)) return 'a PDF';
  if (starts(0x80, 0x02) || starts(0x80, 0x04) || starts(0x80, 0x05))
    return 'a Python pickle, which is never loaded: it can run code';
  if (!looksLikeText(head)) return 'binary data of an unknown format';
  return 'text, but neither JSON lines nor a JSON array';
}
