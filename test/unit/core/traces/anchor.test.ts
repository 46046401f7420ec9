import assert from 'node:assert/strict';
import fc from 'fast-check';
import { describe, it } from 'mocha';
import { anchorOf, findAnchor, isAnchor } from '../../../../core/traces/anchor.ts';

describe('anchors of links', () => {
  const text = 'First we try $n = 3$.\n\nWait, let me check: 3 + 4 = 7.\n\nWait, let me check again: 3 + 5 = 8.';

  it('are the first words, whatever stands between them', () => {
    assert.equal(anchorOf(text, text.indexOf('$n')), 'n-3-Wait-let-me-check-3-4-7-Wait');
    assert.equal(anchorOf(text, text.length - 1), '');
    assert.equal(anchorOf('Größe π² zwei', 0), 'Größe-π²-zwei');
  });

  it('are found at their place, and again where the text before it has changed', () => {
    const start = text.indexOf('Wait, let me check again');
    const anchor = anchorOf(text, start);
    assert.equal(findAnchor(text, anchor, start), start);
    const longer = `More before it. ${text}`;
    assert.equal(findAnchor(longer, anchor, start), start + 16);
    assert.equal(findAnchor(longer, anchor, 1e9), start + 16);
    assert.equal(findAnchor('Another text.', anchor, start), null);
  });

  it('take the nearest of several', () => {
    const many = 'so it is. '.repeat(50);
    assert.equal(findAnchor(many, 'so-it', 203), 200);
    assert.equal(findAnchor(many, 'so-it', 207), 210);
  });

  it('refuse what is no anchor', () => {
    for (const bad of ['', 'a b', '(a+)+', '--', 'a--b', 'x'.repeat(500), 'a-%20']) {
      assert.equal(isAnchor(bad), false, bad);
      assert.throws(() => findAnchor(text, bad, 0), RangeError);
    }
  });

  it('fit the text that they were made of, at any place', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'grapheme', maxLength: 300 }), fc.nat(), (made, at) => {
        const [...signs] = made;
        const start = signs.slice(0, signs.length === 0 ? 0 : at % signs.length).join('').length;
        const anchor = anchorOf(made, start);
        if (anchor === '') return;
        if (!isAnchor(anchor)) assert.fail(`${JSON.stringify(made)} ${start}: ${anchor}`);
        assert.equal(findAnchor(made, anchor, start), start);
      }),
    );
  });
});
