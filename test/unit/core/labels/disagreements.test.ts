import assert from 'node:assert/strict';
import type { Span } from '../../../../core/behaviours/spans.ts';
import { judgeDisagreements, readerDisagreements, unsureSpans } from '../../../../core/labels/disagreements.ts';
import { applyEdits, emptyLayer } from '../../../../core/labels/reader.ts';
import { shownSpans } from '../../../../core/labels/shown.ts';
import type { LabelEdit } from '../../../../core/protocol/label-schemas.ts';
import type { Layer } from '../../../../core/protocol/layers.ts';

const span = (start: number, end: number, label: Span['label'], confidence = 0.9): Span => ({
  ...{ in: 'completion', start, end, label, confidence },
  ...{ detector: 'rules', version: '1', evidence: 'x' },
});
const detector = [
  span(0, 10, 'subgoal'),
  span(20, 30, 'restart', 0.5),
  span(22, 23, 'marker', 0.1),
  span(60, 70, 'uncertainty', 0.6),
  { ...span(0, 9, 'loop', 0.1), in: 'prompt' as const },
];
const layer = (...edits: LabelEdit[]) =>
  applyEdits(emptyLayer('r/s/1/0', 'Ada'), edits, { at: 0, detector: { name: 'rules', version: '1' } });
const review: LabelEdit = { op: 'reviewed', stretches: [[0, 50]] };

describe('core/labels/disagreements', () => {
  it('names what one has and the other has not, in what was read, until it is settled', () => {
    const own = layer(
      { op: 'add', start: 0, end: 9, label: 'subgoal' },
      { op: 'add', start: 20, end: 30, label: 'loop' },
      { op: 'add', start: 60, end: 65, label: 'loop' },
      review,
    );
    assert.deepEqual(readerDisagreements(own, detector), [
      { start: 20, end: 30, label: 'loop', why: 'missed', confidence: null },
      { start: 20, end: 30, label: 'restart', why: 'extra', confidence: 0.5 },
    ]);
    const settle: LabelEdit = { op: 'settle', start: 20, end: 30, label: 'restart', on: true };
    const settled = applyEdits(own, [settle], { at: 0, detector: { name: 'rules', version: '1' } });
    assert.deepEqual(
      readerDisagreements(settled, detector).map(({ label }) => label),
      ['loop'],
    );
    assert.deepEqual(readerDisagreements(layer({ op: 'add', start: 0, end: 5, label: 'loop' }), detector), []);
  });

  it('holds a judge to the labels that it gives and the text that it read', () => {
    const judge = { spans: [span(0, 10, 'subgoal'), span(40, 50, 'restart')], read: null };
    const places = judgeDisagreements(judge, detector, []);
    assert.deepEqual(
      places.map(({ start, label, why, confidence }) => [start, label, why, confidence]),
      [
        [20, 'restart', 'judge', 0.5],
        [40, 'restart', 'judge', null],
      ],
    );
    assert.deepEqual(judgeDisagreements({ ...judge, read: [[0, 35]] }, detector, [[18, 32]]), []);
  });

  it('gives the spans that the detector is least sure of, where nobody has read', () => {
    assert.deepEqual(
      unsureSpans(detector, [], 5).map(({ start, confidence }) => [start, confidence]),
      [
        [20, 0.5],
        [60, 0.6],
      ],
    );
    assert.deepEqual(
      unsureSpans(detector, [[15, 35]], 5).map(({ start }) => start),
      [60],
    );
    assert.equal(unsureSpans(detector, [], 1).length, 1);
    // 0.5 lies far above 0.2, and 0.9 just above 0.88.
    assert.deepEqual(
      unsureSpans(detector, [[50, 80]], 5, { restart: 0.2, subgoal: 0.88 }).map(({ start }) => start),
      [0],
    );
  });

  it('shows the layers that are chosen, markers and the prompt always, and the detector where there is no other', () => {
    const reader: Layer = { kind: 'reader', name: 'Ada', version: '1', spans: [span(5, 6, 'loop')], read: [] };
    const base = { trace: 't', length: 99, spans: detector, counts: {}, sections: [], steps: [] };
    const annotations = { ...base, layers: [reader] };
    const starts = (spans: readonly Span[]) => spans.map(({ start, label }) => `${start} ${label}`);
    assert.equal(shownSpans(base, { kinds: ['reader'] }), detector);
    assert.equal(shownSpans(annotations, { kinds: ['detector', 'judge'] }), detector);
    assert.deepEqual(starts(shownSpans(annotations, { kinds: ['reader'] })), ['0 loop', '5 loop', '22 marker']);
    assert.equal(shownSpans(annotations, { kinds: ['detector', 'reader'] }).length, detector.length + 1);
    assert.deepEqual(shownSpans(null, { kinds: ['detector'] }), []);
  });
});
