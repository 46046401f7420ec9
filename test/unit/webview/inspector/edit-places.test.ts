import assert from 'node:assert/strict';
import type { ReaderSpan } from '../../../../core/protocol/labels.ts';
import { steps } from '../../../../core/traces/steps.ts';
import { actionOf, keyLines } from '../../../../webview/inspector/keys.ts';
import { editActionOf, editKeyLines, editSheet } from '../../../../webview/inspector/edit-keys.ts';
import { moved, nextSpan, spanAt, stepAt, stepsUnder } from '../../../../webview/inspector/edit-places.ts';

const TEXT = 'One is here. Two is here.\n\nThree 😀 ends.';
const STEPS = steps(TEXT);
const at = (i: number) => ({ start: STEPS[i]!.start, end: STEPS[i]!.end });
const span = (id: number, start: number, end: number): ReaderSpan => ({
  ...{ id, start, end, label: 'loop', at: 0, detector: '', version: '', copied: false },
});
const press = (key: string, more: object = {}) =>
  editActionOf({ key, ctrlKey: false, metaKey: false, altKey: false, shiftKey: false, typing: false, ...more });

describe('webview/inspector: places of labels', () => {
  it('finds steps by place', () => {
    assert.equal(STEPS.length, 3);
    assert.deepEqual(
      [0, 5, 12, 25, 999].map((offset) => stepAt(STEPS, offset)),
      [0, 0, 1, 2, 2],
    );
    assert.equal(stepAt([], 0), -1);
    assert.deepEqual(stepsUnder(STEPS, { start: 4, end: 14 }), { from: 0, to: 1 });
    assert.equal(stepsUnder(STEPS, { start: 12, end: 13 }), null, 'the blank between two steps');
  });

  it('moves ends to the next step or character, and no further than there is room', () => {
    const go = (
      from: { start: number; end: number },
      which: 'start' | 'end' | 'both',
      unit: 'step' | 'character',
      by: 1 | -1,
    ) => moved(STEPS, TEXT, from, { which, unit, by });
    assert.deepEqual(go(at(0), 'end', 'step', 1), { start: at(0).start, end: at(1).end });
    assert.deepEqual(go({ start: 0, end: at(1).end }, 'start', 'step', 1), at(1));
    assert.deepEqual(go({ start: 0, end: at(1).end }, 'end', 'step', -1), at(0));
    assert.deepEqual(go(at(0), 'both', 'step', 1), at(1));
    assert.deepEqual(
      go({ start: 2, end: 5 }, 'end', 'step', 1),
      { start: 2, end: at(0).end },
      'an end within a step goes to its end',
    );
    for (const [which, by] of [
      ['start', -1],
      ['end', -1],
      ['start', 1],
      ['both', -1],
    ] as const)
      assert.equal(go(at(0), which, 'step', by), null, `${which} ${by}`);
    assert.equal(go(at(2), 'end', 'step', 1), null);
    const smiley = TEXT.indexOf('😀');
    assert.deepEqual(go({ start: 0, end: smiley }, 'end', 'character', 1), { start: 0, end: smiley + 2 });
    assert.deepEqual(go({ start: smiley + 2, end: smiley + 4 }, 'start', 'character', -1), {
      start: smiley,
      end: smiley + 4,
    });
    assert.equal(go({ start: 3, end: 4 }, 'end', 'character', -1), null);
    assert.equal(go({ start: 3, end: TEXT.length }, 'end', 'character', 1), null);
  });

  it('goes round among labels, and finds the shortest under a click', () => {
    const spans = [span(1, 0, 25), span(2, 13, 25), span(3, 30, 35)];
    assert.equal(nextSpan(spans, { at: 0, id: 1 }, 1)?.id, 2);
    assert.equal(nextSpan(spans, { at: 30, id: 3 }, 1)?.id, 1);
    assert.equal(nextSpan(spans, { at: 0, id: 1 }, -1)?.id, 3);
    assert.equal(nextSpan(spans, { at: 20, id: null }, 1)?.id, 3);
    assert.equal(nextSpan(spans, { at: 20, id: null }, -1)?.id, 2);
    assert.equal(nextSpan([], { at: 0, id: null }, 1), null);
    assert.equal(spanAt(spans, 14)?.id, 2);
    assert.equal(spanAt(spans, 25), null);
  });
});

describe('webview/inspector: keys of labels', () => {
  it('gives every key one meaning', () => {
    const keys = editKeyLines.flatMap((line) => line.keys);
    assert.equal(new Set(keys).size, keys.length);
    for (const { keys: own, actions } of editKeyLines) assert.equal(own.length, actions.length);
    assert.deepEqual(press('v'), { do: 'label', label: 'verification' });
    assert.deepEqual(press('V', { shiftKey: true }), { do: 'own', by: -1, label: 'verification' });
    assert.deepEqual(press('ArrowDown', { shiftKey: true }), { do: 'step', by: 1, extend: true });
    assert.deepEqual(press('>', { shiftKey: true }), { do: 'move', which: 'start', unit: 'step', by: 1 });
    assert.deepEqual(press('z', { ctrlKey: true }), { do: 'undo' });
    assert.deepEqual(press('Z', { metaKey: true, shiftKey: true }), { do: 'redo' });
    for (const more of [{ typing: true }, { altKey: true }, { ctrlKey: true }]) assert.equal(press('v', more), null);
    assert.equal(press('j'), null, 'what is no key of labels stays what it is');
  });

  it('names in the sheet what the keys do now', () => {
    const sheet = editSheet(keyLines);
    const words = sheet.map((line) => line.words);
    assert.ok(words.includes('Next, previous trace') && words.includes('Next, previous disagreement'));
    assert.ok(!words.includes('Next, previous span of any label'));
    assert.equal(new Set(words).size, words.length);
    assert.ok(!words.includes('Your verdict: right, wrong'), 'verdicts are not given while labels are edited');
    assert.ok(sheet.every(({ group }) => group));
    assert.deepEqual(sheet[1]!.keys, ['Shift+↓', 'Shift+↑']);
    const plain = { ctrlKey: false, metaKey: false, altKey: false, typing: false };
    assert.deepEqual(actionOf({ key: 'E', ...plain }), { do: 'edit' });
    assert.deepEqual(actionOf({ key: 'D', ...plain }), { do: 'disagreement', by: -1 });
  });
});
