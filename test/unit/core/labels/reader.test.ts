import assert from 'node:assert/strict';
import fc from 'fast-check';
import { applyEdits, emptyLayer, inverseOf, reviewedUpTo } from '../../../../core/labels/reader.ts';
import { labelEditSchema, type LabelEdit } from '../../../../core/protocol/label-schemas.ts';
import { readerLabels, type ReaderLayer } from '../../../../core/protocol/labels.ts';

const moment = { at: 7, detector: { name: 'rules', version: '3' } };
const empty = emptyLayer('r/s/1/0', 'Ada');
const apply = (layer: ReaderLayer, ...edits: LabelEdit[]) => applyEdits(layer, edits, moment);
const began = apply(empty, {
  op: 'copy',
  spans: [
    [0, 5, 'subgoal'],
    [9, 12, 'restart'],
  ],
});

/** What can be seen of a layer: edits leave their moment and their count behind. */
const seen = ({ spans, reviewed, settled }: ReaderLayer) => ({
  spans: spans.map(({ id, start, end, label, copied }) => ({ id, start, end, label, copied })),
  reviewed,
  settled: settled.toSorted((a, b) => a.start - b.start || a.end - b.end || a.label.localeCompare(b.label)),
});

describe('core/labels/reader', () => {
  it('gives ids that stay, and keeps who could see what', () => {
    assert.deepEqual(began.spans[0], {
      ...{ id: 1, start: 0, end: 5, label: 'subgoal', at: 7, detector: 'rules', version: '3', copied: true },
    });
    const after = apply(
      began,
      { op: 'add', start: 3, end: 4, label: 'loop' },
      { op: 'remove', id: 3 },
      { op: 'add', start: 1, end: 4, label: 'loop' },
      { op: 'change', id: 1, start: 2 },
    );
    assert.deepEqual(
      after.spans.map(({ id, start, copied }) => [id, start, copied]),
      [
        [4, 1, false],
        [1, 2, false],
        [2, 9, true],
      ],
    );
    assert.deepEqual([after.revision, after.next, began.revision, began.spans.length], [2, 5, 1, 2]);
  });

  it('joins what was reviewed', () => {
    const layer = apply(empty, {
      op: 'reviewed',
      stretches: [
        [10, 20],
        [0, 5],
        [5, 8],
      ],
    });
    assert.deepEqual(layer.reviewed, [
      [0, 8],
      [10, 20],
    ]);
    assert.deepEqual(reviewedUpTo(layer.reviewed, 12), [[0, 20]]);
    assert.deepEqual(reviewedUpTo([], 3), [[0, 3]]);
  });

  it('refuses what does not fit', () => {
    const refused: [LabelEdit, RegExp][] = [
      [{ op: 'remove', id: 9 }, /no label 9/],
      [{ op: 'change', id: 1, end: 0 }, /at least one character/],
      [{ op: 'add', id: 2, start: 0, end: 1, label: 'loop' }, /label 2 already/],
    ];
    for (const [edit, message] of refused) assert.throws(() => apply(began, edit), { code: 'invalid_params', message });
    const marker = { op: 'add', start: 0, end: 1, label: 'marker' };
    assert.equal(labelEditSchema.safeParse(marker).success, false);
  });

  it('undoes any edits, and does them again', () => {
    const place = {
      start: fc.nat(50),
      length: fc.integer({ min: 1, max: 9 }),
      label: fc.constantFrom(...readerLabels),
    };
    const wish = fc.record({
      op: fc.constantFrom('add', 'change', 'remove', 'reviewed', 'settle'),
      pick: fc.nat(),
      ...place,
    });
    fc.assert(
      fc.property(fc.array(wish, { maxLength: 12 }), (wishes) => {
        let after = began;
        const edits: LabelEdit[] = [];
        for (const { op, pick, start, length, label } of wishes) {
          const end = start + length;
          const id = after.spans[pick % Math.max(1, after.spans.length)]?.id;
          const edit: LabelEdit | null =
            op === 'add'
              ? { op, start, end, label }
              : op === 'reviewed'
                ? { op, stretches: [[start, end]] }
                : op === 'settle'
                  ? {
                      op,
                      start,
                      end,
                      label,
                      on: !after.settled.some((one) => one.start === start && one.end === end && one.label === label),
                    }
                  : id === undefined
                    ? null
                    : op === 'remove'
                      ? { op: 'remove', id }
                      : { op: 'change', id, start, end, ...(pick % 2 === 0 && { label }) };
          if (!edit) continue;
          edits.push(edit);
          after = apply(after, edit);
        }
        const undo = inverseOf(began, edits);
        const before = undo.length === 0 ? after : apply(after, ...undo);
        assert.deepEqual(seen(before), seen(began));
        const redo = inverseOf(after, undo);
        if (redo.length > 0) assert.deepEqual(seen(apply(before, ...redo)), seen(after));
      }),
    );
    const undone = apply(
      began,
      ...inverseOf(empty, [
        {
          op: 'copy',
          spans: [
            [0, 5, 'subgoal'],
            [9, 12, 'restart'],
          ],
        },
      ]),
    );
    assert.deepEqual(undone.spans, []);
  });
});
