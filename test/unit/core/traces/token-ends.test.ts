import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { atOnce } from '../../../../core/metrics/slices.ts';
import { readVocabulary, tokenEnds, type Vocabulary } from '../../../../core/traces/token-ends.ts';

/** The alphabet of byte-level tokenizers, by its definition: printable bytes are themselves, the others follow from U+0100 on. */
function alphabet(text: string): string {
  const others: number[] = [];
  for (let byte = 0; byte < 256; byte += 1)
    if (!((byte >= 33 && byte <= 126) || (byte >= 161 && byte <= 172) || byte >= 174)) others.push(byte);
  return [...Buffer.from(text)].map((byte) => String.fromCharCode(others.includes(byte) ? 256 + others.indexOf(byte) : byte)).join(''); // prettier-ignore
}

const file = (vocab: string[], more: object = {}) =>
  JSON.stringify({
    added_tokens: [{ id: 90, content: '</think>' }, { id: 91, content: '[PAD]' }],
    normalizer: null,
    pre_tokenizer: { type: 'ByteLevel' },
    decoder: { type: 'ByteLevel' },
    model: { type: 'BPE', vocab: Object.fromEntries(vocab.map((piece, id) => [piece, id])), merges: ['a b'] },
    ...more,
  }); // prettier-ignore

describe('ends of tokens', () => {
  const pieces = [' the', 'a"b\\', '\n\n', '×', '\u00e9', 'x'].map(alphabet);
  const emoji = Array.from(alphabet('👍'));
  const vocabulary = atOnce(readVocabulary(file([...pieces, ...emoji])))!;
  const ends = (ids: number[], text: string, cut?: boolean) => {
    const found = atOnce(tokenEnds(Uint32Array.from(ids), vocabulary, text, cut));
    return found && [...found];
  };

  it('are UTF-16 units, also of signs of several bytes, added tokens and tokens that part a character', () => {
    assert.deepEqual(ends([0, 1, 2, 90, 3, 4, 5], ' thea"b\\\n\n</think>×éx'), [4, 8, 10, 18, 19, 20, 21]);
    // The four bytes of one character of two units: three tokens end where it begins.
    assert.deepEqual(ends([5, 6, 7, 8, 9, 5], 'x👍x'), [1, 1, 1, 1, 3, 4]);
  });

  it('are none where the ids do not spell the text', () => {
    assert.equal(ends([5], 'y'), null);
    assert.equal(ends([5], 'xx'), null);
    assert.equal(ends([5, 5], 'x'), null);
    assert.equal(ends([77], 'x'), null);
    assert.deepEqual(ends([], ''), []);
  });

  it('are those of an end token that is not shown as well', () => {
    assert.deepEqual(ends([5, 90, 91], 'x'), [1, 1, 1]);
    assert.equal(ends([5, 90, 5], 'x'), null);
  });

  it('go up to where a text was cut', () => {
    assert.deepEqual(ends([5, 0, 5], 'x th', true), [1]);
    assert.deepEqual(ends([5, 5], 'xxx', true), [1, 2]);
  });

  it('need a vocabulary of bytes', () => {
    assert.equal(atOnce(readVocabulary(file(['x'], { decoder: { type: 'Metaspace' } }))), null);
    assert.equal(atOnce(readVocabulary('not JSON')), null);
    assert.equal(atOnce(readVocabulary('{}')), null);
  });

  it('read the tokenizer of the miniature as a JSON reader does', () => {
    const path = join(import.meta.dirname, '../../../../server/engine/longhand_engine/tiny/base/tokenizer.json');
    const json = readFileSync(path, 'utf8');
    const { vocab } = (JSON.parse(json) as { model: { vocab: Record<string, number> } }).model;
    const found: Vocabulary = atOnce(readVocabulary(json))!;
    assert.deepEqual(Object.fromEntries(found.pieces.map((piece, id) => [piece!, id])), vocab);
    assert.ok(found.added.size > 3);
  });

  it('are none of a file that is damaged', () => {
    const whole = file(['ab']);
    for (const damaged of [whole.replace('"ab"', '"a\\xb"'), whole.replace('"[PAD]"', '7')])
      assert.equal(atOnce(readVocabulary(damaged)), null, damaged);
  });
});
