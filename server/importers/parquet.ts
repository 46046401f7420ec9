/** Parquet with every codec, one row group at a time. What a group claims about itself is checked before it is believed. */
import { isUtf8 } from 'node:buffer';
import { brotliDecompressSync, gunzipSync, zstdDecompressSync } from 'node:zlib';
import { parquetMetadataAsync, parquetReadObjects, parquetSchema } from 'hyparquet';
import type { AsyncBuffer, Compressors, FileMetaData } from 'hyparquet';
import { compressors } from 'hyparquet-compressors';
import { LonghandError } from '../../core/protocol/errors.ts';
import type { Importer, Item, Reading } from './importer.ts';
import { checkGroup, MAX_PAGE_BYTES } from './parquet-pages.ts';
import { isRecord } from './paths.ts';
import type { ByteSource } from './source.ts';

/** A footer above this is damage: one of 100,000 columns is smaller. */
const MAX_FOOTER = 256 * 2 ** 20;
const BATCH = 256;

export const parquet: Importer = {
  name: 'parquet',

  sniff({ head, tail }) {
    if (magic(head.subarray(0, 4))) return 1;
    return tail.length === 8 && magic(tail.subarray(4)) ? 0.9 : 0;
  },

  async count(source) {
    return rowsOf(await footer(source));
  },

  async *rows(source: ByteSource, reading: Reading) {
    const metadata = await footer(source);
    const names = parquetSchema(metadata).children.map((child) => child.element.name);
    const wanted = reading.columns ? names.filter((name) => reading.columns!.has(name)) : names;
    let start = 0;
    let bytes = 0;
    for (const [index, group] of metadata.row_groups.entries()) {
      reading.signal?.throwIfAborted();
      const rows = Number(group.num_rows);
      const bad = (why: string): Item => ({
        kind: 'bad',
        line: start + 1,
        rows,
        why: `row group ${index + 1}, rows ${start + 1} to ${start + rows}: ${why}`,
      });
      try {
        await checkGroup(source, group, new Set(wanted));
        for await (const batch of readGroup(source, metadata, wanted, start, rows)) {
          reading.signal?.throwIfAborted();
          yield batch;
        }
      } catch (error) {
        if (reading.signal?.aborted) throw error;
        yield [bad(message(error))];
      }
      start += rows;
      bytes += Number(group.total_compressed_size ?? 0n);
      reading.onBytes?.(Math.min(bytes, source.size));
    }
    reading.onBytes?.(source.size);
  },
};

const magic = (bytes: Uint8Array): boolean => Buffer.from(bytes).toString('latin1') === 'PAR1';
const message = (error: unknown): string => (error instanceof Error ? error.message : String(error)).slice(0, 300);

function rowsOf(metadata: FileMetaData): number {
  return metadata.row_groups.reduce((sum, group) => sum + Number(group.num_rows), 0);
}

function buffered(source: ByteSource): AsyncBuffer {
  return {
    byteLength: source.size,
    async slice(start, end = source.size) {
      const bytes = await source.read(start, end);
      const { buffer, byteOffset, byteLength } = bytes;
      if (byteOffset === 0 && buffer.byteLength === byteLength && buffer instanceof ArrayBuffer) return buffer;
      return new Uint8Array(bytes).buffer;
    },
  };
}

async function footer(source: ByteSource): Promise<FileMetaData> {
  const fail = (why: string): never => {
    throw new LonghandError('unreadable', `${source.name}: ${why}`);
  };
  if (source.size < 12) return fail('too short for a Parquet file');
  const tail = Buffer.from(await source.read(source.size - 8, source.size));
  if (tail.toString('latin1', 4) !== 'PAR1')
    return fail(
      'the end of the Parquet file is missing (it is cut, or still being written): without it no row can be found',
    );
  const length = tail.readUInt32LE(0);
  if (length > source.size - 12 || length > MAX_FOOTER)
    return fail(`the footer claims ${length} bytes, which the file cannot have`);
  try {
    const metadata = await parquetMetadataAsync(buffered(source));
    // Mutated footers can lack what the types promise.
    if (!Array.isArray(metadata.row_groups)) return fail('the footer of the Parquet file is damaged');
    for (const group of metadata.row_groups)
      if (typeof group.num_rows !== 'bigint' || group.num_rows < 0n || group.num_rows > 2n ** 40n)
        return fail('the footer of the Parquet file is damaged: a row group claims an impossible number of rows');
    parquetSchema(metadata);
    return metadata;
  } catch (error) {
    if (error instanceof LonghandError) throw error;
    return fail(`the footer of the Parquet file is damaged: ${message(error)}`);
  }
}

/** Node's own decoders where there are such: they are faster and stop at the length that the page claims. */
const codecs: Compressors = {
  ...compressors,
  GZIP: (input, maxOutputLength) => gunzipSync(input, { maxOutputLength }),
  BROTLI: (input, maxOutputLength) => brotliDecompressSync(input, { maxOutputLength }),
};
if (typeof zstdDecompressSync === 'function')
  codecs.ZSTD = (input, maxOutputLength) => zstdDecompressSync(input, { maxOutputLength });
const codecNames = ['SNAPPY', 'GZIP', 'BROTLI', 'ZSTD', 'LZ4', 'LZ4_RAW'] as const;
for (const name of codecNames) {
  const decode = codecs[name];
  if (!decode) continue;
  codecs[name] = (input, length) => {
    if (length > MAX_PAGE_BYTES) throw new Error(`a page claims ${length} bytes`);
    return length === 0 ? new Uint8Array(0) : decode(input, length);
  };
}

async function* readGroup(
  source: ByteSource,
  metadata: FileMetaData,
  columns: string[],
  start: number,
  rows: number,
): AsyncGenerator<Item[]> {
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
  const read = await parquetReadObjects({
    file: buffered(source), metadata, columns, rowStart: start, rowEnd: start + rows, compressors: codecs, parsers,
  }); // prettier-ignore
  if (read.length !== rows) throw new Error(`it has ${read.length} rows and claims ${rows}`);
  for (let from = 0; from < read.length; from += BATCH)
    yield read.slice(from, from + BATCH).map((value, i): Item => ({
      kind: 'row',
      line: start + from + i + 1,
      value,
      replaced: invalid > 0 ? replacements(value) : 0,
    }));
}

/** Replacement characters in a row of a group that has invalid text: which of its texts had it is no longer known. */
function replacements(value: unknown): number {
  if (typeof value === 'string') return value.split('\ufffd').length - 1;
  if (Array.isArray(value)) return value.reduce((sum: number, part) => sum + replacements(part), 0);
  return isRecord(value) ? replacements(Object.values(value)) : 0;
}
