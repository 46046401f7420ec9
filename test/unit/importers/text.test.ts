import assert from 'node:assert/strict';
import { gzipSync, zstdCompressSync } from 'node:zlib';
import { encoding, utf8Chunks } from '../../../server/importers/bytes.ts';
import { lines } from '../../../server/importers/lines.ts';
import { decode, parse, syntaxReason } from '../../../server/importers/parse.ts';
import type { ByteSource } from '../../../server/importers/source.ts';
import { memorySource } from '../../../server/importers/source.ts';

async function textOf(source: ByteSource): Promise<string> {
  const chunks: Buffer[] = [];
  for await (const chunk of utf8Chunks(source, {})) chunks.push(chunk);
  return Buffer.concat(chunks).toString();
}

/** A source whose reads give at most `most` bytes. */
function slow(bytes: Buffer, most: number): ByteSource {
  return {
    name: 'slow',
    size: bytes.length,
    read: (start, end) => Promise.resolve(bytes.subarray(start, Math.min(end, start + most))),
  };
}

describe('text of a file', () => {
  const text = 'naïve 漢字 😀\nzwei\n';
  const utf16be = Buffer.from(`\ufeff${text}`, 'utf16le').swap16();
  const dressed: [string, Buffer][] = [
    ['UTF-8', Buffer.from(text)],
    ['UTF-8 with a byte order mark', Buffer.from(`\ufeff${text}`)],
    ['UTF-16LE', Buffer.from(`\ufeff${text}`, 'utf16le')],
    ['UTF-16BE', utf16be],
    ['gzip', gzipSync(text)],
    ['zstd', zstdCompressSync(text)],
  ];
  for (const [name, bytes] of dressed)
    // How a file is packed is seen in its first four bytes, which come in one read.
    for (const most of name === 'gzip' || name === 'zstd' ? [4, 1 << 20] : [1, 3, 1 << 20])
      it(`reads ${name}, ${most} bytes a read`, async () => assert.equal(await textOf(slow(bytes, most)), text));

  it('knows UTF-16 without a mark by its zero bytes', () => {
    assert.equal(encoding(Buffer.from('{"question": 1}', 'utf16le')).encoding, 'utf-16le');
    assert.equal(encoding(Buffer.from('{"question": 1}', 'utf16le').swap16()).encoding, 'utf-16be');
    assert.equal(encoding(Buffer.from('{"question": 1}')).encoding, 'utf-8');
  });

  it('is cancelled between chunks', async () => {
    const controller = new AbortController();
    const chunks = utf8Chunks(memorySource('big', Buffer.alloc(8 << 20, 0x20)), { signal: controller.signal });
    await chunks.next();
    controller.abort();
    await assert.rejects(
      async () => {
        for await (const _ of chunks) continue;
      },
      { name: 'AbortError' },
    );
  });
});

describe('lines', () => {
  async function all(pieces: string[], limit?: number) {
    const stream = (async function* () {
      for (const piece of pieces) yield Buffer.from(piece);
    })();
    const found = [];
    for await (const batch of lines(stream, limit)) found.push(...batch);
    return found.map(({ line, bytes, length, ended }) => ({ line, text: bytes?.toString() ?? null, length, ended }));
  }

  it('joins lines over chunks, and says that the last one has no end', async () => {
    assert.deepEqual(await all(['a', 'b\r\nc', '\n\nd']), [
      { line: 1, text: 'ab', length: 3, ended: true },
      { line: 2, text: 'c', length: 1, ended: true },
      { line: 3, text: '', length: 0, ended: true },
      { line: 4, text: 'd', length: 1, ended: false },
    ]);
  });

  it('does not hold a line that is too long', async () => {
    assert.deepEqual(await all(['1234', '5678', '9\nok\n'], 6), [
      { line: 1, text: null, length: 9, ended: true },
      { line: 2, text: 'ok', length: 2, ended: true },
    ]);
  });
});

describe('parse', () => {
  it('reads NaN and infinite numbers as null, and counts them', () => {
    const { value, notFinite } = parse('{"a": NaN, "b": [-Infinity, Infinity], "c": "NaN \\" NaN"}');
    assert.deepEqual(value, { a: null, b: [null, null], c: 'NaN " NaN' });
    assert.equal(notFinite, 3);
  });

  it('says which key stands there twice', () => {
    assert.equal(parse('{"a": 1, "b": {"a": 2}, "a": 3}').repeated, 'a');
    assert.equal(parse('{"a": "\\"a\\": 1", "b": {"c": 1, "c": 2}, "d": ["a", "a"]}').repeated, null);
    assert.equal(parse('{"a\\u0062": 1, "ab": 2}').repeated, 'ab');
  });

  it('bears deep nesting', () => {
    const depth = 100_000;
    assert.doesNotThrow(() => parse(`${'['.repeat(depth)}${']'.repeat(depth)}`));
    assert.throws(() => parse('['.repeat(depth)), SyntaxError);
  });

  it('gives a short reason without control characters', () => {
    const reason = (text: string): string => {
      try {
        parse(text);
        return '';
      } catch (error) {
        return syntaxReason(error);
      }
    };
    assert.match(reason('{"a": \0}'), /^not valid JSON: [^\0]*$/);
    assert.ok(reason(`{"a": ${'x'.repeat(10_000)}}`).length < 200);
    assert.match(reason('{"a": 1'), /not valid JSON/);
  });

  it('counts invalid UTF-8, not replacement characters that the file has', () => {
    assert.deepEqual(decode(Buffer.from([0x61, 0xff, 0xc3, 0x28])), { text: 'a\ufffd\ufffd(', replaced: 2 });
    assert.equal(decode(Buffer.from('a\ufffdb')).replaced, 0);
    assert.equal(decode(Buffer.concat([Buffer.from('\ufffd'), Buffer.from([0xff])])).replaced, 1);
  });
});
