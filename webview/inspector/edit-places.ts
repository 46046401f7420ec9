/** Places of labels in a text: steps, and where an end goes when it is moved. Pure. */
import type { Stretch } from '../../core/labels/agreement.ts';
import type { ReaderSpan } from '../../core/protocol/labels.ts';
import { lowerBound } from '../../core/traces/lower-bound.ts';

/** What the reader is at: some steps in a row, one label, or a stretch that was selected. */
export type Target =
  | { kind: 'steps'; from: number; to: number; anchor: number }
  | { kind: 'span'; id: number }
  | { kind: 'text'; start: number; end: number };

/** The step that holds `offset`, or the next one after it; -1: there are no steps. */
export function stepAt(steps: readonly Stretch[], offset: number): number {
  return Math.min(
    steps.length - 1,
    lowerBound(steps.length, (i) => steps[i]!.end > offset),
  );
}

/** The steps that a stretch touches; null: none. */
export function stepsUnder(steps: readonly Stretch[], { start, end }: Stretch): { from: number; to: number } | null {
  const from = lowerBound(steps.length, (i) => steps[i]!.end > start);
  const to = lowerBound(steps.length, (i) => steps[i]!.start >= end) - 1;
  return to >= from ? { from, to } : null;
}

/** Where the place moves to; null: there is no further. */
export function moved(
  steps: readonly Stretch[],
  text: string,
  { start, end }: Stretch,
  { which, unit, by }: { which: 'start' | 'end' | 'both'; unit: 'step' | 'character'; by: 1 | -1 },
): Stretch | null {
  const next = (at: number, side: 'start' | 'end') =>
    unit === 'character' ? character(text, at, by) : edge(steps, at, side, by);
  const to = {
    start: which === 'end' ? start : next(start, 'start'),
    end: which === 'start' ? end : next(end, 'end'),
  };
  if (to.start === null || to.end === null || to.start >= to.end) return null;
  return { start: to.start, end: to.end };
}

/** The nearest start or end of a step beyond `at`. */
function edge(steps: readonly Stretch[], at: number, side: 'start' | 'end', by: 1 | -1): number | null {
  const i =
    by > 0
      ? lowerBound(steps.length, (k) => steps[k]![side] > at)
      : lowerBound(steps.length, (k) => steps[k]![side] >= at) - 1;
  return steps[i]?.[side] ?? null;
}

/** One character on; both halves of a pair together. */
function character(text: string, at: number, by: 1 | -1): number | null {
  const to = at + by;
  if (to < 0 || to > text.length) return null;
  const splits = /[\ud800-\udbff]/.test(text.charAt(to - 1)) && /[\udc00-\udfff]/.test(text.charAt(to));
  return splits ? to + by : to;
}

/** The label that begins next after a place, or the one before it; round the end. Null: there is none. */
export function nextSpan(
  spans: readonly ReaderSpan[],
  target: { at: number; id: number | null },
  by: 1 | -1,
): ReaderSpan | null {
  const own = spans.findIndex(({ id }) => id === target.id);
  if (own >= 0) return spans[(own + by + spans.length) % spans.length] ?? null;
  const found =
    by > 0 ? spans.find(({ start }) => start >= target.at) : spans.findLast(({ start }) => start < target.at);
  return found ?? spans.at(by > 0 ? 0 : -1) ?? null;
}

/** The shortest label over an offset. */
export function spanAt(spans: readonly ReaderSpan[], offset: number): ReaderSpan | null {
  const over = spans.filter(({ start, end }) => start <= offset && offset < end);
  return over.reduce<ReaderSpan | null>(
    (best, span) => (best && best.end - best.start <= span.end - span.start ? best : span),
    null,
  );
}
