import assert from 'node:assert/strict';
import { describe, it } from 'mocha';
import { lineStarts, positionIn } from '../../../../src/inspector/lines.ts';

describe('positions in a raw text', () => {
  it('counts lines as VS Code does, whatever ends them', () => {
    const raw = 'ab\r\ncd\re\n\nf😀';
    const starts = lineStarts(raw);
    assert.deepEqual(starts, [0, 4, 7, 9, 10]);
    assert.deepEqual(positionIn(starts, 0), { line: 0, character: 0 });
    assert.deepEqual(positionIn(starts, 5), { line: 1, character: 1 });
    assert.deepEqual(positionIn(starts, 7), { line: 2, character: 0 });
    assert.deepEqual(positionIn(starts, 9), { line: 3, character: 0 });
    assert.deepEqual(positionIn(starts, raw.length), { line: 4, character: 3 });
  });

  it('takes an empty text', () => {
    assert.deepEqual(positionIn(lineStarts(''), 0), { line: 0, character: 0 });
  });
});
