import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import * as fc from 'fast-check';
import { countUnits, measure, PartReader, PIECE, safeCut } from '../../../server/store/measure.ts';
import { withFolder } from '../../support/temporary.ts';

/** Text of one to four bytes a character, and bytes that are no text at all. */
const bytes = fc
  .array(
    fc.oneof(
      fc.string({ unit: 'grapheme', maxLength: 20 }).map((text) => Buffer.from(text)),
      fc.uint8Array({ maxLength: 12 }).map((array) => Buffer.from(array)),
      fc.constantFrom(
        Buffer.from([0x80, 0x80, 0x80, 0x80, 0x80]),
        Buffer.from([0xf0, 0x9f]),
        Buffer.from([0xed, 0xa0, 0x80]),
        Buffer.from([0]),
      ),
    ),
    { maxLength: 20 },
  )
  .map((parts) => Buffer.concat(parts));

describe('measure', () => {
  it('cuts where both sides decode as the whole does', () => {
    fc.assert(
      fc.property(bytes, (all) => {
        for (let length = 8; length <= all.length; length++) {
          const window = all.subarray(0, length);
          const cut = safeCut(window);
          assert.ok(cut > length - 4 && cut <= length);
          assert.equal(all.subarray(0, cut).toString() + all.subarray(cut).toString(), all.toString());
        }
      }),
      { numRuns: 500 },
    );
  });

  it('counts units and replaced sequences', () => {
    assert.deepEqual(countUnits(Buffer.from('abc')), { units: 3, replaced: 0 });
    assert.deepEqual(countUnits(Buffer.from('é😀')), { units: 3, replaced: 0 });
    assert.deepEqual(countUnits(Buffer.from([0x61, 0xff, 0xe2, 0x82, 0x62])), { units: 4, replaced: 2 });
    // A replacement character that was there before is no damage.
    assert.deepEqual(countUnits(Buffer.concat([Buffer.from('\ufffd'), Buffer.from([0xff])])), {
      units: 2,
      replaced: 1,
    });
  });

  it('gives pieces that cover the stretch, are small unless one to one, and have the units of the decoded text', () =>
    withFolder((folder) => {
      const path = join(folder, 'part');
      fc.assert(
        fc.property(bytes, fc.integer({ min: 1, max: 4000 }), fc.nat(50), (seed, times, offset) => {
          const text = Buffer.concat(
            Array.from({ length: Math.min(times, 200_000 / Math.max(1, seed.length)) }, () => seed),
          );
          writeFileSync(path, Buffer.concat([Buffer.alloc(offset, 'a'), text]));
          const reader = new PartReader(path, 1 << 16);
          const { pieces, units, missing, replaced } = measure(reader, offset, text.length);
          reader.close();
          const whole = text.toString();
          assert.equal(missing, 0);
          assert.equal(units, whole.length);
          assert.equal(replaced, countUnits(text).replaced);
          let at = 0;
          let decoded = '';
          for (const piece of pieces) {
            assert.equal(piece.position, offset + at);
            assert.ok(piece.units === piece.bytes || piece.bytes <= PIECE);
            const part = text.subarray(at, at + piece.bytes).toString();
            assert.equal(part.length, piece.units);
            decoded += part;
            at += piece.bytes;
          }
          assert.equal(decoded, whole);
        }),
        { numRuns: 60 },
      );
    }));

  it('says how many bytes the file does not have', () =>
    withFolder((folder) => {
      const path = join(folder, 'part');
      writeFileSync(path, 'abc');
      const reader = new PartReader(path);
      assert.deepEqual(measure(reader, 1, 10), {
        pieces: [{ position: 1, bytes: 2, units: 2 }],
        units: 2,
        replaced: 0,
        startsWhole: true,
        missing: 8,
      });
      reader.close();
    }));
});
