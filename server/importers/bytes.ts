/** A source as a stream of UTF-8: read ahead by one chunk, unpacked when it is gzip or zstd, UTF-16 turned into UTF-8. */
import { createGunzip, createZstdDecompress } from 'node:zlib';
import { Readable } from 'node:stream';
import type { Reading } from './importer.ts';
import type { ByteSource } from './source.ts';

const CHUNK = 1 << 20;

export type Encoding = 'utf-8' | 'utf-16le' | 'utf-16be';
export type Packing = 'gzip' | 'zstd' | null;

/** How the first bytes say that the rest is packed. */
export function packing(head: Uint8Array): Packing {
  if (head[0] === 0x1f && head[1] === 0x8b) return 'gzip';
  if (head[0] === 0x28 && head[1] === 0xb5 && head[2] === 0x2f && head[3] === 0xfd) return 'zstd';
  return null;
}

/** The encoding by the byte order mark, or, without one, by where the zero bytes of plain ASCII would lie. */
export function encoding(head: Uint8Array): { encoding: Encoding; mark: number } {
  if (head[0] === 0xef && head[1] === 0xbb && head[2] === 0xbf) return { encoding: 'utf-8', mark: 3 };
  if (head[0] === 0xff && head[1] === 0xfe) return { encoding: 'utf-16le', mark: 2 };
  if (head[0] === 0xfe && head[1] === 0xff) return { encoding: 'utf-16be', mark: 2 };
  const pairs = Math.min(32, head.length >> 1);
  let low = 0;
  let high = 0;
  for (let i = 0; i < pairs; i++) {
    if (head[2 * i] === 0 && head[2 * i + 1] !== 0) high++;
    if (head[2 * i] !== 0 && head[2 * i + 1] === 0) low++;
  }
  if (pairs >= 2 && low > pairs * 0.8) return { encoding: 'utf-16le', mark: 0 };
  if (pairs >= 2 && high > pairs * 0.8) return { encoding: 'utf-16be', mark: 0 };
  return { encoding: 'utf-8', mark: 0 };
}

/** The source's bytes in order. The next chunk is already being read while one is worked on. */
async function* raw(source: ByteSource, reading: Reading): AsyncGenerator<Buffer> {
  const fetch = async (at: number): Promise<Buffer> => {
    const bytes = await source.read(at, Math.min(at + CHUNK, source.size));
    return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  };
  let at = 0;
  let next = at < source.size ? fetch(at) : null;
  while (next) {
    const chunk: Buffer = await next;
    reading.signal?.throwIfAborted();
    at += chunk.length;
    next = chunk.length > 0 && at < source.size ? fetch(at) : null;
    // An abandoned read must not become an unhandled rejection.
    next?.catch(() => undefined);
    reading.onBytes?.(at);
    yield chunk;
  }
}

async function* unpacked(source: ByteSource, reading: Reading): AsyncGenerator<Buffer> {
  const kind = packing(await source.read(0, 4));
  if (!kind) {
    yield* raw(source, reading);
    return;
  }
  const unpack = kind === 'gzip' ? createGunzip() : createZstdDecompress();
  const packed = Readable.from(raw(source, reading), { objectMode: false });
  packed.on('error', (error) => unpack.destroy(error));
  yield* packed.pipe(unpack) as AsyncIterable<Buffer>;
}

/** The text of a source as UTF-8, in chunks that may end inside a character. The byte order mark is left out. */
export async function* utf8Chunks(source: ByteSource, reading: Reading): AsyncGenerator<Buffer> {
  let found: Encoding | null = null;
  let rest: Buffer = Buffer.alloc(0);
  for await (const chunk of unpacked(source, reading)) {
    let bytes = chunk;
    if (found === null) {
      // A first chunk of fewer bytes than a mark has would hide it.
      rest = rest.length > 0 ? Buffer.concat([rest, chunk]) : chunk;
      if (rest.length < 4 && rest.length < source.size) continue;
      const head = encoding(rest);
      found = head.encoding;
      bytes = rest.subarray(head.mark);
      rest = Buffer.alloc(0);
    }
    if (found === 'utf-8') yield bytes;
    else {
      const whole: Buffer = rest.length > 0 ? Buffer.concat([rest, bytes]) : bytes;
      const even = usableUnits(whole, found);
      rest = whole.subarray(even);
      yield Buffer.from(utf16(whole.subarray(0, even), found));
    }
  }
  if (rest.length > 0) yield found === null || found === 'utf-8' ? rest : Buffer.from('\ufffd');
}

/** Bytes of whole UTF-16 units, without a high surrogate at the end whose other half is still to come. */
function usableUnits(bytes: Buffer, of: Encoding): number {
  const even = bytes.length & ~1;
  const top = even >= 2 ? bytes[of === 'utf-16le' ? even - 1 : even - 2]! : 0;
  return top >= 0xd8 && top < 0xdc ? even - 2 : even;
}

function utf16(bytes: Buffer, of: Encoding): string {
  return (of === 'utf-16be' ? Buffer.from(bytes).swap16() : bytes).toString('utf16le');
}
