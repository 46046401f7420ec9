import assert from 'node:assert/strict';
import { anchored, gates } from '../../../../core/behaviours/anchors.ts';

describe('anchors', () => {
  const words = anchored('zeb zebra 斑');
  const opening = anchored('zeb', true);
  const bitsOf = (text: string) => gates(text, [{ start: 0, end: text.length, kind: 'text' }])[0]! & (words | opening);

  it('sets a bit where a word begins with an anchor', () => {
    assert.equal(bitsOf('a zebra'), words | opening);
    assert.equal(bitsOf('Two ZEBRAS'), words | opening);
    assert.equal(bitsOf('re-zebra'), words | opening);
    assert.equal(bitsOf('一只斑马'), words);
    assert.equal(bitsOf('gazebra'), 0);
    assert.equal(bitsOf('ze b'), 0);
  });

  it('sets the bit of an opening anchor near the beginning alone', () => {
    assert.equal(bitsOf(`${'x'.repeat(80)} zebra`), words);
  });

  it('looks at no code', () => {
    assert.equal(gates('zebra', [{ start: 0, end: 5, kind: 'code' }])[0], 0);
  });

  it('refuses what it could not find', () => {
    assert.throws(() => anchored('re-check'), /must be small letters/);
  });
});
