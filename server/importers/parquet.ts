/**
 * Parquet with every codec, one row group at a time. What a group claims about itself is checked before it is believed, and it
 * is decoded in a thread that can be ended.
 */
import { parquetMetadataAsync, parquetSchema } from 'hyparquet';
import type { AsyncBuffer, FileMetaData } from 'hyparquet';
import { LonghandError } from '../../core/protocol/errors.ts';
import type { Importer, Item, Reading } from './importer.ts';
import { readGroup } from './parquet-pages.ts';
import { decodeInThread } from './parquet-thread.ts';
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
        const { stretches, unpacked } = await readGroup(source, group, new Set(wanted));
        const request = {
          metadata: { ...metadata, row_groups: [group], num_rows: group.num_rows },
          columns: wanted,
          stretches,
          size: source.size,
        };
        const decoded = await decodeInThread(request, unpacked, { signal: reading.signal });
        if (decoded.rows.length !== rows) throw new Error(`it has ${decoded.rows.length} rows and claims ${rows}`);
        for (let from = 0; from < rows; from += BATCH)
          yield decoded.rows.slice(from, from + BATCH).map((value, i): Item => ({
            kind: 'row',
            line: start + from + i + 1,
            value,
            replaced: decoded.replaced[from + i] ?? 0,
          }));
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
