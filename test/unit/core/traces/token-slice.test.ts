import assert from 'node:assert/strict';
import { fromEnds, proportional } from '../../../../core/metrics/token-position.ts';
import {
  binnedMeans,
  sliceTokens,
  tokenOver,
  TokenTableReader,
  type TokenTable,
} from '../../../../core/traces/token-slice.ts';
import { readScores, readScoresHead } from '../../../../core/traces/token-scores.ts';
import { endsOfLengths } from '../../../../core/traces/token-ends.ts';

/** A stretch of scores as the engine writes it: its head, then 16 bits a number. */
function stretch(columns: number, top: number, tokens: number, values: number[]): Buffer {
  const bytes = Buffer.alloc(12 + 2 * values.length);
  bytes.write('LHTS');
  bytes.set([1, columns, top, 0], 4);
  bytes.writeUInt32LE(tokens, 8);
  values.forEach((value, i) => bytes.writeUInt16LE(value, 12 + 2 * i));
  return bytes;
}

describe('tokens of a stretch', () => {
  // Four tokens of one character in the middle, one behind the end that adds nothing.
  const ends = Int32Array.of(4, 5, 5, 5, 7, 12, 12);
  const positions = fromEnds(ends);
  const scores = { logprobs: Float32Array.of(-0.1, -2, NaN, 0, -0.50024, -1, -3), entropies: null, top: 0 };

  it('are whole, and those that lie in it', () => {
    const { first, start, lengths, logprobs, next } = sliceTokens(positions, scores, { start: 6, end: 8 });
    assert.deepEqual([first, start, lengths, logprobs, next], [4, 5, [2, 5], [-0.5002, -1], null]);
    assert.deepEqual(sliceTokens(positions, null, { start: 4, end: 5 }).lengths, [1]);
    assert.deepEqual(
      [0, 3, 4, 5, 11, 12].map((unit) => tokenOver(positions, unit)),
      [0, 0, 1, 2, 5, 6],
    );
  });

  it('come to the whole table whatever the limit', () => {
    const all = { logprobs: scores.logprobs, entropies: scores.logprobs.map((p) => -p), top: 5 };
    for (const limit of [1, 2, 3, 100]) {
      const reader = new TokenTableReader();
      let at: number | null = 0;
      let table: TokenTable | null = null;
      for (let calls = 0; at !== null && calls < 10; calls += 1) {
        const slice = sliceTokens(positions, all, { start: at, end: 12, limit });
        table = reader.add(slice);
        at = slice.next;
      }
      assert.deepEqual([...table!.ends], [...ends], `limit ${limit}`);
      assert.ok(Number.isNaN(table!.logprobs![2]) && Math.abs(table!.logprobs![6]! + 3) < 1e-6);
      assert.ok(Math.abs(table!.entropies![4]! - 0.5002) < 1e-6);
      assert.equal(table!.boundedBy, 5);
      assert.equal(table!.positions.exact, true);
    }
    const reader = new TokenTableReader();
    reader.add(sliceTokens(positions, null, { start: 0, end: 12, limit: 1 }));
    assert.throws(() => reader.add(sliceTokens(positions, null, { start: 5, end: 12 })), RangeError);
  });

  it('have places both ways', () => {
    assert.deepEqual(
      [0, 1, 2, 5, 99].map((token) => positions.unitOf(token)),
      [0, 4, 5, 7, 12],
    );
    const estimated = proportional(10, 40);
    assert.deepEqual(
      [0, 5, 10, 11].map((token) => estimated.unitOf(token)),
      [0, 20, 40, 40],
    );
  });

  it('are binned by where they begin', () => {
    const means = binnedMeans(ends, Float32Array.of(1, 3, NaN, 5, 6, 7, NaN), 12, 3);
    assert.deepEqual([...means], [1, 5.25, NaN]);
    assert.deepEqual([...binnedMeans(new Int32Array(0), new Float32Array(0), 0, 2)], [NaN, NaN]);
  });
});

describe('scores of tokens', () => {
  it('are the numbers that the engine writes', () => {
    // 0, −1, the least above 0, −∞, NaN, 65504, 1/3 as float16.
    const halves = [0x0000, 0xbc00, 0x0001, 0xfc00, 0x7e00, 0x7bff, 0x3555];
    const read = readScores(stretch(1, 0, 7, halves))!;
    assert.deepEqual([...read.logprobs!].slice(0, 2), [0, -1]);
    assert.deepEqual([...read.logprobs!].slice(2, 6), [2 ** -24, -Infinity, NaN, 65504]);
    assert.ok(Math.abs(read.logprobs![6]! - 1 / 3) < (1 / 3) * 2 ** -11);
    assert.equal(read.entropies, null);
    const all = readScores(stretch(7, 5, 1, [0xbc00, 0x3c00, 9]))!;
    assert.deepEqual([[...all.logprobs!], [...all.entropies!], [...all.lengths!], all.top], [[-1], [1], [9], 5]);
  });

  it('are none where they are cut or something else', () => {
    const whole = stretch(3, 0, 2, [1, 2, 3, 4]);
    assert.deepEqual(readScoresHead(whole), { tokens: 2, bytes: 20, columns: 3, top: 0 });
    for (const bytes of [whole.subarray(0, 19), whole.subarray(0, 5), Buffer.alloc(40)])
      assert.equal(readScores(bytes), null);
    whole[4] = 2;
    assert.equal(readScores(whole), null);
  });

  it('say where tokens end by the bytes that they add', () => {
    assert.deepEqual([...endsOfLengths(Uint16Array.of(3, 2, 2, 0), 'Hé👍')!], [2, 2, 4, 4]);
    for (const lengths of [[3, 2], [3, 5], []]) assert.equal(endsOfLengths(Uint16Array.from(lengths), 'Hé👍'), null);
  });
});
