/**
 * Checks what a row group of a Parquet file claims before a decoder believes it: a damaged header may claim a column of 3 GB
 * or two thousand million values, and a decoder would make room for them.
 */
import type { ColumnMetaData, RowGroup } from 'hyparquet';
// oxlint-disable-next-line no-restricted-imports -- a file of that package, not the extension's src/
import { deserializeTCompactProtocol } from 'hyparquet/src/thrift.js';
import { isRecord } from './paths.ts';
import type { Stretch } from './parquet-decode.ts';
import type { ByteSource } from './source.ts';

/** The most that the wanted columns of one row group may hold when unpacked: they are held whole. */
export const MAX_GROUP_BYTES = 2 ** 30;
export const MAX_PAGE_BYTES = 512 * 2 ** 20;
/** Values of one page; real ones have at most some hundred thousand. */
const MAX_PAGE_VALUES = 16_000_000;
const MAX_GROUP_ROWS = 20_000_000;

/**
 * Reads the wanted columns (top-level names) of a group and checks them. Throws with what is wrong when they cannot be as they
 * claim.
 *
 * @returns the bytes of the columns, and how many bytes they claim to unpack to
 */
export async function readGroup(
  source: ByteSource,
  group: RowGroup,
  wanted: ReadonlySet<string>,
): Promise<{ stretches: Stretch[]; unpacked: number }> {
  const stretches: Stretch[] = [];
  if (group.num_rows > BigInt(MAX_GROUP_ROWS))
    throw new Error(`it claims ${group.num_rows} rows; the limit is ${MAX_GROUP_ROWS}`);
  let unpacked = 0n;
  for (const { meta_data: column, file_path } of group.columns) {
    if (file_path) throw new Error(`a column lies in another file (${file_path})`);
    if (!column) throw new Error('a column has no description (encrypted files cannot be read)');
    if (!wanted.has(column.path_in_schema[0]!)) continue;
    const name = column.path_in_schema.join('.');
    unpacked += column.total_uncompressed_size;
    if (column.total_uncompressed_size > BigInt(MAX_GROUP_BYTES))
      throw new Error(
        `column ${name} claims ${size(column.total_uncompressed_size)}; the limit is ${size(BigInt(MAX_GROUP_BYTES))}. Write it with smaller row groups`,
      );
    // A column that repeats has more values than the group has rows, never fewer.
    if (column.num_values < group.num_rows)
      throw new Error(`column ${name} has ${column.num_values} values for ${group.num_rows} rows`);
    stretches.push(await readPages(source, column, name));
  }
  if (unpacked > BigInt(MAX_GROUP_BYTES))
    throw new Error(
      `its columns claim ${size(unpacked)}; the limit is ${size(BigInt(MAX_GROUP_BYTES))}. Write it with smaller row groups`,
    );
  return { stretches, unpacked: Number(unpacked) };
}

async function readPages(source: ByteSource, column: ColumnMetaData, name: string): Promise<Stretch> {
  const dictionary = column.dictionary_page_offset ?? 0n;
  const data = column.data_page_offset;
  const start = Number(dictionary > 0n && dictionary < data ? dictionary : data);
  const length = Number(column.total_compressed_size);
  if (start < 4 || length < 0 || start + length > source.size)
    throw new Error(`column ${name} claims to lie at bytes ${start} to ${start + length} of a file of ${source.size}`);
  // A copy: it is handed over to the thread that decodes.
  const bytes = new Uint8Array(await source.read(start, start + length));
  const reader = { view: new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength), offset: 0 };
  let values = 0;
  while (reader.offset < bytes.byteLength && values < column.num_values) {
    const header: Record<string, unknown> = deserializeTCompactProtocol(reader);
    const [unpacked, packed] = [Number(header.field_2), Number(header.field_3)];
    if (!(packed >= 0) || reader.offset + packed > bytes.byteLength)
      throw new Error(`a page of column ${name} claims ${packed} bytes`);
    if (!(unpacked >= 0) || unpacked > MAX_PAGE_BYTES)
      throw new Error(`a page of column ${name} claims ${unpacked} bytes when unpacked`);
    const count = valuesOf(header);
    if (!(count >= 0) || count > MAX_PAGE_VALUES) throw new Error(`a page of column ${name} claims ${count} values`);
    if (header.field_7 === undefined) values += count;
    reader.offset += packed;
  }
  if (BigInt(values) !== column.num_values)
    throw new Error(`the pages of column ${name} have ${values} values, the footer claims ${column.num_values}`);
  return { start, bytes };
}

/** Values of a page by its header: fields 5 (data page), 7 (dictionary) and 8 (data page of version 2), each with the count first. */
function valuesOf(header: Record<string, unknown>): number {
  const inner = header.field_5 ?? header.field_7 ?? header.field_8;
  return isRecord(inner) ? Number(inner.field_1) : 0;
}

const size = (bytes: bigint): string => `${(Number(bytes) / 2 ** 20).toFixed(0)} MiB`;
