/** Decodes one row group of a Parquet file from the bytes of its columns. Runs in a thread of its own: see `parquet-thread.ts`. */
import { isUtf8 } from 'node:buffer';
import { brotliDecompressSync, gunzipSync, zstdDecompressSync } from 'node:zlib';
import { parquetReadObjects } from 'hyparquet';
import type { AsyncBuffer, Compressors, FileMetaData } from 'hyparquet';
import { compressors } from 'hyparquet-compressors';
import { MAX_PAGE_BYTES } from './parquet-pages.ts';
import { isRecord } from './paths.ts';

/** A stretch of the file. */
export interface Stretch {
  start: number;
  bytes: Uint8Array<ArrayBuffer>;
}

export interface GroupRequest {
  /** Of the file, with this group alone. */
  metadata: FileMetaData;
  /** Top-level names. */
  columns: string[];
  stretches: Stretch[];
  /** Bytes of the whole file. */
  size: number;
}

export interface DecodedGroup {
  rows: Record<string, unknown>[];
  /** Of each row: replacement characters that invalid text has left; empty when all text was valid. */
  replaced: number[];
}

/** Throws with what is wrong with the group. */
export async function decodeGroup({ metadata, columns, stretches, size }: GroupRequest): Promise<DecodedGroup> {
  let invalid = 0;
  const text = (bytes: Uint8Array | undefined): string | undefined => {
    if (!bytes) return undefined;
    if (!isUtf8(bytes)) invalid++;
    return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('utf8');
  };
  const parsers = {
    stringFromBytes: text,
    jsonFromBytes(bytes: Uint8Array) {
      const written = text(bytes);
      try {
        return written === undefined ? undefined : (JSON.parse(written) as unknown);
      } catch {
        return written;
      }
    },
  };
  const file = sparseFile(stretches, size);
  const rows = await parquetReadObjects({ file, metadata, columns, compressors: codecs, parsers });
  return { rows, replaced: invalid > 0 ? rows.map(replacements) : [] };
}

/** A file of which only some stretches are there; the reader asks for larger ranges than it uses, and gets zeros between them. */
function sparseFile(stretches: readonly Stretch[], byteLength: number): AsyncBuffer {
  return {
    byteLength,
    slice(start, end = byteLength) {
      const range = new Uint8Array(end - start);
      for (const stretch of stretches) {
        const from = Math.max(start, stretch.start);
        const to = Math.min(end, stretch.start + stretch.bytes.length);
        if (from < to) range.set(stretch.bytes.subarray(from - stretch.start, to - stretch.start), from - start);
      }
      return range.buffer;
    },
  };
}

/** Node's own decoders where there are such: they are faster and stop at the length that the page claims. */
const codecs: Compressors = {
  ...compressors,
  GZIP: (input, maxOutputLength) => gunzipSync(input, { maxOutputLength }),
  BROTLI: (input, maxOutputLength) => brotliDecompressSync(input, { maxOutputLength }),
};
if (typeof zstdDecompressSync === 'function')
  codecs.ZSTD = (input, maxOutputLength) => zstdDecompressSync(input, { maxOutputLength });
for (const name of ['SNAPPY', 'GZIP', 'BROTLI', 'ZSTD', 'LZ4', 'LZ4_RAW'] as const) {
  const decode = codecs[name];
  if (!decode) continue;
  codecs[name] = (input, length) => {
    if (length > MAX_PAGE_BYTES) throw new Error(`a page claims ${length} bytes`);
    return length === 0 ? new Uint8Array(0) : decode(input, length);
  };
}

function replacements(value: unknown): number {
  if (typeof value === 'string') return value.split('\ufffd').length - 1;
  if (Array.isArray(value)) return value.reduce((sum: number, part) => sum + replacements(part), 0);
  return isRecord(value) ? replacements(Object.values(value)) : 0;
}
