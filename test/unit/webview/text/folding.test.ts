import assert from 'node:assert/strict';
import { describe, it } from 'mocha';
import { proportional } from '../../../../core/metrics/token-position.ts';
import type { Fold } from '../../../../core/traces/folds.ts';
import { Folding, foldWords } from '../../../../webview/text/folding.ts';

const check: Fold = { start: 100, end: 300, kind: 'check' };
const code: Fold = { start: 400, end: 600, kind: 'code' };
const again: Fold = { start: 600, end: 900, kind: 'repeat', first: 10 };

function folding(live = false): Folding {
  const made = new Folding();
  made.put([check, code, again], live);
  return made;
}

describe('folding', () => {
  it('is by kind, and otherwise for single passages until a kind is chosen', () => {
    const made = folding();
    assert.deepEqual(made.closed, []);
    made.choose(['check', 'repeat']);
    assert.deepEqual(made.closed, [check, again]);
    made.set(check, false);
    made.set(code, true);
    assert.deepEqual(made.closed, [code, again]);
    assert.ok(made.isClosed(code) && !made.isClosed(check));
    assert.deepEqual(made.counts(), {
      check: { all: 1, closed: 0 },
      repeat: { all: 1, closed: 1 },
      code: { all: 1, closed: 1 },
    });
    made.choose(['check']);
    assert.deepEqual(made.closed, [check]);
    made.clear();
    made.put([code, again, { ...check, start: 1000, end: 1200 }], false);
    assert.deepEqual(
      made.closed.map(({ start }) => start),
      [1000],
      'the choice holds for the next text',
    );
  });

  it('hides the beginning or the end of a stretch, not a stretch that only goes over it', () => {
    const made = folding();
    made.choose(['check', 'code', 'repeat']);
    assert.deepEqual(made.hiding(50, 300), [], 'what begins before it and holds it is there to be seen');
    assert.deepEqual(made.hiding(50, 60), []);
    assert.deepEqual(made.hiding(90, 110), [check]);
    assert.deepEqual(made.hiding(299, 299), [check]);
    assert.deepEqual(made.hiding(300, 400), []);
    assert.deepEqual(made.hiding(600, 600), [again]);
    assert.deepEqual(made.hiding(590, 610), [code, again]);
  });

  it('of a text that is written is only what the reader folded, as far as it was folded', () => {
    const made = new Folding();
    made.choose(['check', 'code', 'repeat']);
    made.put([check], true);
    assert.deepEqual(made.closed, []);
    made.choose(['check', 'code']);
    assert.deepEqual(made.closed, [check]);
    made.put([{ ...check, end: 350 }, code], true);
    assert.deepEqual(made.closed, [check], 'neither what was added to it nor what came after');
    made.put([{ ...check, end: 350 }, code], false);
    assert.deepEqual(made.closed, [check], 'nor when it ends');
    made.choose(['code']);
    assert.deepEqual(made.closed, [code]);
  });

  it('leaves open what was gone to before it was known what can be folded', () => {
    const made = new Folding();
    made.choose(['check', 'code', 'repeat']);
    made.want(150, 160);
    made.put([check, code, again], false);
    assert.deepEqual(made.closed, [code, again]);
  });

  it('says what is folded and how long it is', () => {
    const text = `\`\`\`python\n${'print(1)\n'.repeat(12)}\`\`\`\nand more`;
    const end = text.indexOf('\nand');
    const fold: Fold = { start: 10, end, kind: 'code' };
    assert.equal(foldWords(fold, text, null), 'code · 12 lines');
    assert.equal(foldWords({ ...fold, end: end - 4 }, text, null), 'code · 12 lines', 'a fence that never ends');
    assert.equal(foldWords({ ...fold, kind: 'repeat' }, text, null), `said before · ${end - 10} characters`);
    assert.equal(foldWords(check, 'x'.repeat(400), proportional(100, 400)), 'check holds · ~50 tokens');
    assert.equal(foldWords(check, 'x'.repeat(400), null), 'check holds · 200 characters');
  });
});
