/** What the keys make of a reader's labels: the edits, where the reader is then, and how it is said. Pure. */
import type { Stretch } from '../../core/labels/agreement.ts';
import { reviewedUpTo, samePlace } from '../../core/labels/reader.ts';
import type { WantedEdit } from '../../core/protocol/label-schemas.ts';
import type { ReaderLabel, ReaderLayer, ReaderSpan } from '../../core/protocol/labels.ts';
import { count, percent, plural } from '../ui/format.ts';
import { lookOf } from '../ui/labels.ts';
import type { EditAction } from './edit-keys.ts';
import { moved, stepAt, stepsUnder, type Target } from './edit-places.ts';

/** Where the reader is, and what stands there. */
export interface Place {
  layer: ReaderLayer | null;
  target: Target | null;
  steps: readonly Stretch[];
  text: string;
  /** Of the completion, in UTF-16 units; the text may not be here whole. */
  length: number;
}

/** Without edits: the reader only goes elsewhere. */
export interface Made {
  edits: WantedEdit[];
  said: string | ((layer: ReaderLayer) => string);
  /** What the reader is at then; absent: at the same. */
  target?: (layer: ReaderLayer) => Target | null;
}

export function spanOf({ target, layer }: Pick<Place, 'target' | 'layer'>): ReaderSpan | null {
  return (target?.kind === 'span' && layer?.spans.find(({ id }) => id === target.id)) || null;
}

/** The place in the text of what the reader is at. */
export function stretchOf({ target, layer, steps }: Pick<Place, 'target' | 'layer' | 'steps'>): Stretch | null {
  if (!target || target.kind === 'text') return target;
  if (target.kind === 'span') return spanOf({ target, layer });
  const [from, to] = [steps[target.from], steps[target.to]];
  return from && to ? { start: from.start, end: to.end } : null;
}

/** The steps over a place as what the reader is at. */
export function stepsTarget(steps: readonly Stretch[], place: Stretch | null): Target | null {
  const under = place && stepsUnder(steps, place);
  return under && { kind: 'steps', ...under, anchor: under.from };
}

export function describe(at: Place): string {
  const { target, layer, steps, text } = at;
  const place = stretchOf(at);
  if (!target || !place) return 'Nothing is selected.';
  const words = text
    .slice(place.start, Math.min(place.end, place.start + 80))
    .replace(/\s+/g, ' ')
    .trim();
  const span = spanOf(at);
  if (span) return `${lookOf(span.label).name}${span.copied ? ', as the detector has it' : ''}: ${words}`;
  if (target.kind !== 'steps') return `${plural(place.end - place.start, 'character')}: ${words}`;
  const own = layer?.spans.filter(({ start, end }) => start < place.end && end > place.start) ?? [];
  const labels = [...new Set(own.map(({ label }) => lookOf(label).name))].join(', ');
  const which =
    target.from === target.to
      ? `Step ${count(target.from + 1)} of ${count(steps.length)}`
      : `Steps ${count(target.from + 1)}–${count(target.to + 1)}`;
  return `${which}${labels && `, ${labels}`}: ${words}`;
}

const NOTHING = 'Nothing is selected.';

/** Adds the label over what the reader is at, or makes the one that is selected this one. */
export function labelled(at: Place, layer: ReaderLayer, label: ReaderLabel): Made | string {
  const { name } = lookOf(label);
  const span = spanOf(at);
  if (span?.label === label) return `It is ${name} already.`;
  if (span) return { edits: [{ op: 'change', id: span.id, label }], said: `Now ${name}.` };
  const place = stretchOf(at);
  if (!place) return NOTHING;
  const known = layer.spans.find((one) => samePlace(one, { ...place, label }));
  const id = known?.id ?? layer.next;
  const target = (): Target => ({ kind: 'span', id });
  if (known) return { edits: [], said: `It is ${name} already.`, target };
  return { edits: [{ op: 'add', start: place.start, end: place.end, label }], said: `${name} added.`, target };
}

/** Moves an end of the label that is selected, or of what is selected. */
export function movedTo(at: Place, action: Extract<EditAction, { do: 'move' }>): Made | string {
  const place = stretchOf(at);
  if (!place) return NOTHING;
  const to = moved(at.steps, at.text, place, action);
  if (!to) return 'There is no room for that.';
  const span = spanOf(at);
  if (!span) {
    const target: Target = { kind: 'text', ...to };
    return { edits: [], said: describe({ ...at, target }), target: () => target };
  }
  const under = stepsUnder(at.steps, to);
  const n = under ? under.to - under.from + 1 : 0;
  return {
    edits: [{ op: 'change', id: span.id, ...to }],
    said: `${lookOf(span.label).name}: ${plural(n, 'step')}, ${plural(to.end - to.start, 'character')}.`,
    target: () => ({ kind: 'span', id: span.id }),
  };
}

export function removed(at: Place): Made | string {
  const span = spanOf(at);
  if (!span) return 'Select a label first: n goes to the next.';
  return {
    edits: [{ op: 'remove', id: span.id }],
    said: `${lookOf(span.label).name} removed.`,
    target: () => stepsTarget(at.steps, span),
  };
}

/** Everything up to the end of what the reader is at is vouched for; on to the next step. */
export function reviewed(at: Place, layer: ReaderLayer): Made | string {
  const place = stretchOf(at);
  if (!place) return NOTHING;
  const next = stepAt(at.steps, place.end);
  return {
    edits: [{ op: 'reviewed', stretches: reviewedUpTo(layer.reviewed, place.end) }],
    said: (now) => `Reviewed up to here, ${percent(reviewedShare(now, at.length), 0)} %.`,
    target: () => (next < 0 ? null : { kind: 'steps', from: next, to: next, anchor: next }),
  };
}

export function reviewedWhole({ length }: Place, layer: ReaderLayer): Made {
  const isWhole = reviewedShare(layer, length) === 1;
  return {
    edits: [{ op: 'reviewed', stretches: isWhole ? [] : [[0, length]] }],
    said: isWhole ? 'Not reviewed.' : 'All of the text is reviewed.',
  };
}

/** How much of the text the reader vouches for, 0 to 1. */
export function reviewedShare({ reviewed: stretches }: ReaderLayer, length: number): number {
  const sum = stretches.reduce((all, [start, end]) => all + Math.min(end, length) - Math.min(start, length), 0);
  return length === 0 ? 0 : sum / length;
}
