/** What edits make of a reader's labels, and what undoes them. Pure: the same in the service and in the page. */
import { LonghandError } from '../protocol/errors.ts';
import type { LabelEdit } from '../protocol/label-schemas.ts';
import { LABELS_LIMIT, type Place, type ReaderLayer, type ReaderSpan } from '../protocol/labels.ts';
import { merged } from './agreement.ts';

/** When an edit was made, and which detector's spans the reader could see. */
export interface EditMoment {
  at: number;
  detector: { name: string; version: string };
}

export const emptyLayer = (trace: string, by: string): ReaderLayer => ({
  ...{ trace, by, revision: 0, next: 1 },
  ...{ spans: [], reviewed: [], settled: [] },
});

/**
 * The layer after the edits, one revision on; the one given stays as it is.
 *
 * @throws `invalid_params` for a span that is not there, that has no length, or that is one too many
 */
export function applyEdits(layer: ReaderLayer, edits: readonly LabelEdit[], moment: EditMoment): ReaderLayer {
  const spans = new Map(layer.spans.map((span) => [span.id, span]));
  let { next, reviewed, settled } = layer;
  const set = (span: Pick<ReaderSpan, 'id' | 'start' | 'end' | 'label' | 'copied'>): void => {
    if (span.end <= span.start) throw bad(`A label needs at least one character (${span.start}–${span.end}).`);
    const { at, detector } = moment;
    spans.set(span.id, { ...span, at, detector: detector.name, version: detector.version });
    next = Math.max(next, span.id + 1);
    if (spans.size > LABELS_LIMIT) throw bad(`A trace takes at most ${LABELS_LIMIT} labels of one reader.`);
  };
  const known = (id: number): ReaderSpan => {
    const span = spans.get(id);
    if (!span) throw bad(`There is no label ${id}.`);
    return span;
  };
  for (const edit of edits) {
    switch (edit.op) {
      case 'copy':
        for (const [start, end, label] of edit.spans) set({ id: next, start, end, label, copied: true });
        break;
      case 'add': {
        const { id = next, start, end, label, copied = false } = edit;
        if (spans.has(id)) throw bad(`There is a label ${id} already.`);
        set({ id, start, end, label, copied });
        break;
      }
      case 'change': {
        const before = known(edit.id);
        const { start = before.start, end = before.end, label = before.label } = edit;
        set({ id: edit.id, start, end, label, copied: false });
        break;
      }
      case 'remove':
        known(edit.id);
        spans.delete(edit.id);
        break;
      case 'reviewed':
        reviewed = merged(edit.stretches.map(([start, end]) => ({ start, end }))).map(({ start, end }) => [start, end]);
        break;
      case 'settle': {
        const { start, end, label } = edit;
        const others = settled.filter((place) => !samePlace(place, edit));
        settled = edit.on ? [...others, { start, end, label }].slice(-LABELS_LIMIT) : others;
        break;
      }
    }
  }
  const ordered = [...spans.values()].sort((a, b) => a.start - b.start || b.end - a.end || a.id - b.id);
  return { ...layer, revision: layer.revision + 1, next, spans: ordered, reviewed, settled };
}

/** The edits that take `layer` with `edits` back to what `layer` says now; spans get their ids again. */
export function inverseOf(layer: ReaderLayer, edits: readonly LabelEdit[]): LabelEdit[] {
  const spans = new Map(layer.spans.map((span) => [span.id, span]));
  let { next, reviewed } = layer;
  const back: LabelEdit[][] = [];
  const added = (id: number, span: Pick<ReaderSpan, 'start' | 'end' | 'label'>): LabelEdit => {
    spans.set(id, { ...span, id, at: 0, detector: '', version: '', copied: false });
    next = Math.max(next, id + 1);
    return { op: 'remove', id };
  };
  for (const edit of edits) {
    const before = edit.op === 'change' || edit.op === 'remove' ? spans.get(edit.id) : undefined;
    switch (edit.op) {
      case 'copy':
        back.push(edit.spans.map(([start, end, label]) => added(next, { start, end, label })));
        break;
      case 'add':
        back.push([added(edit.id ?? next, edit)]);
        break;
      case 'change':
        if (!before) break;
        // The whole span anew, so that one that was the detector's is the detector's again.
        back.push([{ op: 'remove', id: edit.id }, again(before)]);
        spans.set(edit.id, {
          ...before,
          copied: false,
          start: edit.start ?? before.start,
          end: edit.end ?? before.end,
          label: edit.label ?? before.label,
        });
        break;
      case 'remove':
        if (before) back.push([again(before)]);
        spans.delete(edit.id);
        break;
      case 'reviewed':
        back.push([{ op: 'reviewed', stretches: reviewed }]);
        reviewed = edit.stretches;
        break;
      case 'settle':
        back.push([{ ...edit, on: !edit.on }]);
        break;
    }
  }
  return back.toReversed().flat();
}

function again({ id, start, end, label, copied }: ReaderSpan): LabelEdit {
  return { op: 'add', id, start, end, label, ...(copied && { copied: true as const }) };
}

export const samePlace = (a: Place, b: Place): boolean => a.start === b.start && a.end === b.end && a.label === b.label;

/** The reviewed stretches with everything up to `end` added to them. */
export function reviewedUpTo(reviewed: readonly [number, number][], end: number): [number, number][] {
  const all = [...reviewed, [0, end] as const].map(([start, to]) => ({ start, end: to }));
  return merged(all).map(({ start, end: to }) => [start, to]);
}

const bad = (message: string): LonghandError => new LonghandError('invalid_params', message);
