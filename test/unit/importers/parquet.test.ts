import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { parquetMetadata } from 'hyparquet';
import type { ColumnMetaData, FileMetaData } from 'hyparquet';
import { inspectImport } from '../../../server/importers/inspect.ts';
import type { GroupRequest } from '../../../server/importers/parquet-decode.ts';
import { decodeInThread } from '../../../server/importers/parquet-thread.ts';
import { collect, file } from '../../support/collect-import.ts';

const folder = join(import.meta.dirname, '..', '..', 'fixtures', 'importers');
const bytesOf = (name: string): Buffer => readFileSync(join(folder, name));

describe('Parquet', () => {
  const logs = readdirSync(folder).filter((name) => name.startsWith('trl-'));
  it('has a file for every codec', () => assert.equal(logs.length, 7));
  for (const name of logs)
    it(`reads ${name}`, async () => {
      const { result, traces } = await collect(file(name, bytesOf(name)));
      assert.deepEqual([result.format, result.rows, result.traces, result.skipped], ['parquet', 12, 12, []]);
      const trace = traces[5];
      assert.equal(
        trace?.completion,
        '<think>\nOkay, so I need 1 plus 0. Wait, that is 1.\n</think>\nIt is \\boxed{1}.',
      );
      assert.equal(trace?.problem.text, 'What is 1+0?');
      assert.equal(trace?.prompt, '<|im_start|>user\nWhat is 1+0?<|im_end|>\n<|im_start|>assistant\n');
      assert.deepEqual(trace?.facts, { rewards: { accuracy_reward: 1, format_reward: 0.5 }, advantage_logged: 0.625 });
      assert.deepEqual([trace?.step, trace?.sample, trace?.source.line], [7, 1, 6]);
      // A whole number of 64 bits is not rounded.
      assert.equal(trace?.problem.sourceId, String(2n ** 60n + 5n));
      assert.equal(traces[3]?.facts.rewards?.format_reward, null);
    });

  it('counts the rows before it reads them', async () => {
    assert.equal((await inspectImport(file('a', bytesOf('trl-zstd.parquet')), 'a')).rows, 12);
  });

  it('makes a trace of each generation', async () => {
    const { traces } = await collect(file('openr1.parquet', bytesOf('openr1.parquet')));
    assert.equal(traces.length, 12);
    assert.deepEqual(
      traces.slice(0, 2).map(({ sample, facts }) => [sample, facts.verdict?.value, facts.finish]),
      [
        [0, 'right', 'stop'],
        [1, 'wrong', 'length'],
      ],
    );
  });

  it('replaces and counts text that is no UTF-8', async () => {
    const { traces } = await collect(file('a.parquet', bytesOf('not-utf8.parquet')));
    assert.deepEqual(traces.map((trace) => [trace.completion, trace.replaced]), [['good', 0], ['ba\ufffdd', 1], ['\ufffd(ok', 1]]); // prettier-ignore
  });

  it('knows a benchmark', async () => {
    assert.equal((await inspectImport(file('a', bytesOf('verl-problems.parquet')), 'a')).holds, 'gold');
  });

  it('says that a cut file is cut', async () => {
    const bytes = bytesOf('trl-zstd.parquet');
    await assert.rejects(collect(file('a.parquet', bytes.subarray(0, bytes.length - 100))), {
      code: 'unreadable',
      message: /the end of the Parquet file is missing/,
    });
    const footless = Buffer.from(bytes);
    footless.writeUInt32LE(2 ** 31, bytes.length - 8);
    await assert.rejects(collect(file('a.parquet', footless)), { code: 'unreadable', message: /the footer claims/ });
  });

  it('skips a row group that is damaged, names its rows, and reads the others', async () => {
    const bytes = bytesOf('trl-none.parquet');
    const column = parquetMetadata(bytes.subarray()).row_groups[1]?.columns[2]?.meta_data;
    assert.deepEqual(column?.path_in_schema, ['completion']);
    bytes.fill(0xff, Number(column?.data_page_offset), Number(column?.data_page_offset) + 20);
    const { result, traces } = await collect(file('a.parquet', bytes));
    assert.deepEqual(traces.map((trace) => trace.source.line), [1, 2, 3, 4, 5, 11, 12]); // prettier-ignore
    assert.deepEqual([result.rows, result.skipped.length, result.skippedMore], [12, 1, 4]);
    assert.equal(result.skipped[0]?.line, 6);
    assert.match(result.skipped[0]?.why ?? '', /^row group 2, rows 6 to 10: /);
  });

  it('ends a thread that counts to two thousand million, and goes on with another', async () => {
    await assert.rejects(decodeInThread(endless(), 0, { patience: 0.3 }), /did not end in .* s: its pages are damaged/);
    assert.equal((await collect(file('a.parquet', bytesOf('trl-none.parquet')))).traces.length, 12);
  });

  it('believes no page that claims 3 GB, and makes no room for it', async () => {
    const before = process.memoryUsage().rss;
    const { result } = await collect(file('a.parquet', claiming(bytesOf('trl-gzip.parquet'), 3_000_000_000)));
    assert.match(result.skipped[0]?.why ?? '', /claims/);
    assert.ok(process.memoryUsage().rss - before < 500 * 2 ** 20);
  });
});

/** The first group's first page header rewritten so that its unpacked size (the second field, a zigzag varint) is `size`. */
function claiming(bytes: Buffer, size: number): Buffer {
  const varint: number[] = [];
  // int32 on the wire: what does not fit is the writer's lie, and wraps as a 64-bit zigzag here.
  for (let rest = BigInt(size) * 2n; ; rest >>= 7n) {
    const low = Number(rest & 0x7fn);
    if (rest >> 7n === 0n) {
      varint.push(low);
      break;
    }
    varint.push(low | 0x80);
  }
  // A page header begins with field 1 (type, 0x15), field 2 (unpacked size, 0x15), field 3 (packed size, 0x15). The claim takes
  // the bytes of what follows, so that nothing else in the file moves.
  const start = 4;
  assert.equal(bytes[start], 0x15);
  assert.equal(bytes[start + 2], 0x15);
  const forged = Buffer.from(bytes);
  Buffer.from(varint).copy(forged, start + 3);
  return forged;
}

/** A group of one column of a hundred values, whose only run claims to repeat its value 2,147,483,647 times. */
function endless(): GroupRequest {
  // Page headers in Thrift's compact form: type, unpacked size, packed size, and the struct of the type.
  const dictionary = [0x15, 4, 0x15, 8, 0x15, 8, 0x4c, 0x15, 2, 0x15, 0, 0, 0, ...[7, 0, 0, 0]];
  const run = [1, 0xfe, 0xff, 0xff, 0xff, 0x0f, 0];
  const data = [0x15, 0, 0x15, 14, 0x15, 14, 0x2c, 0x15, 0xc8, 1, 0x15, 16, 0x15, 6, 0x15, 6, 0, 0, ...run];
  const bytes = Uint8Array.from([0x50, 0x41, 0x52, 0x31, ...dictionary, ...data]);
  const length = BigInt(bytes.length - 4);
  const column: ColumnMetaData = {
    type: 'INT32',
    encodings: ['RLE_DICTIONARY'],
    path_in_schema: ['x'],
    codec: 'UNCOMPRESSED',
    num_values: 100n,
    total_uncompressed_size: length,
    total_compressed_size: length,
    dictionary_page_offset: 4n,
    data_page_offset: 4n + BigInt(dictionary.length),
  };
  const metadata: FileMetaData = {
    version: 2,
    schema: [
      { name: 'root', num_children: 1 },
      { name: 'x', type: 'INT32', repetition_type: 'REQUIRED' },
    ],
    num_rows: 100n,
    row_groups: [{ columns: [{ file_offset: 0n, meta_data: column }], total_byte_size: length, num_rows: 100n }],
    metadata_length: 0,
  };
  return { metadata, columns: ['x'], stretches: [{ start: 0, bytes }], size: bytes.length };
}
