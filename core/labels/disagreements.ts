/** Where two layers of one text disagree, and where the detector is least sure: places to read next. Pure. */
import type { Span } from '../behaviours/spans.ts';
import { isReaderLabel, type Place, type QueueItem, type ReaderLabel, type ReaderLayer } from '../protocol/labels.ts';
import { covered, matchSpans, type Labelled, type Stretch } from './agreement.ts';
import { samePlace } from './reader.ts';

export type Disagreement = Place & Pick<QueueItem, 'why' | 'confidence'>;

/** A span is unsure that lies less than this share of the way from what its label needs at least to certainty. */
const UNSURE = 0.25;
/** What a label needs at least, where the detector does not say. */
const USUAL_THRESHOLD = 0.5;

/** The detector's spans that can be compared: of the completion, no markers. */
export const comparable = (spans: readonly Span[]): ComparableSpan[] =>
  spans.filter((span): span is ComparableSpan => span.in === 'completion' && isReaderLabel(span.label));
export type ComparableSpan = Span & { label: ReaderLabel };

/** Where the detector differs from a reader in what the reader has read, by start; what the reader has settled is left out. */
export function readerDisagreements(layer: ReaderLayer, detector: readonly Span[]): Disagreement[] {
  const read = layer.reviewed.map(([start, end]) => ({ start, end }));
  const gold = layer.spans.filter((span) => isUnder(span, read));
  const found = comparable(detector).filter((span) => isUnder(span, read));
  return differing(gold, found)
    .map(({ place, of }): Disagreement => {
      const { start, end, label } = place;
      if (of === 'gold') return { start, end, label, why: 'missed', confidence: null };
      return { start, end, label, why: 'extra', confidence: (place as ComparableSpan).confidence };
    })
    .filter((one) => !layer.settled.some((place) => samePlace(place, one)));
}

/** Where the detector and a judge differ in what the judge has read and the reader has not. */
export function judgeDisagreements(
  judge: { spans: readonly Span[]; read: readonly [number, number][] | null },
  detector: readonly Span[],
  reviewed: readonly [number, number][],
): Disagreement[] {
  const known = reviewed.map(([start, end]) => ({ start, end }));
  const judged = judge.read?.map(([start, end]) => ({ start, end })) ?? null;
  const open = (span: Stretch): boolean => !isUnder(span, known) && (judged === null || isUnder(span, judged));
  // A judge that knows fewer labels says nothing by leaving the others out.
  const labels = new Set<ReaderLabel>(comparable(judge.spans).map(({ label }) => label));
  const found = comparable(detector).filter((span) => open(span) && labels.has(span.label));
  return differing(comparable(judge.spans).filter(open), found).map(({ place, of }) => ({
    ...{ start: place.start, end: place.end, label: place.label, why: 'judge' },
    confidence: of === 'found' ? place.confidence : null,
  }));
}

/**
 * The spans that the detector is least sure of, in what the reader has not read; the least sure first.
 *
 * @param thresholds the confidence from which on the detector gives a label
 */
export function unsureSpans(
  detector: readonly Span[],
  reviewed: readonly [number, number][],
  most: number,
  thresholds: Partial<Record<ReaderLabel, number>> = {},
): (Disagreement & { margin: number })[] {
  const known = reviewed.map(([start, end]) => ({ start, end }));
  return comparable(detector)
    .map((span) => ({ ...span, margin: marginOf(span, thresholds[span.label] ?? USUAL_THRESHOLD) }))
    .filter((span) => span.margin < UNSURE && !isUnder(span, known))
    .sort((a, b) => a.margin - b.margin || a.start - b.start)
    .slice(0, most)
    .map(({ start, end, label, confidence, margin }) => ({ start, end, label, confidence, margin, why: 'unsure' }));
}

/** 0: just enough; 1: certain. */
const marginOf = ({ confidence }: Span, threshold: number): number =>
  Math.max(0, confidence - threshold) / Math.max(1e-9, 1 - threshold);

const isUnder = (span: Stretch, stretches: readonly Stretch[]): boolean => covered([span], stretches)[0] ?? false;

const SNIPPET = 90;

/** How a place begins, in one line. */
export const snippet = (text: string, start: number): string =>
  text
    .slice(start, start + SNIPPET)
    .replace(/\s+/g, ' ')
    .toWellFormed();

/** Spans that only one of two layers has, by start. */
export function differing<G extends Labelled, F extends Labelled>(
  gold: readonly G[],
  found: readonly F[],
): { place: G | F; of: 'gold' | 'found' }[] {
  const same = new Set<Labelled>();
  for (const label of new Set([...gold, ...found].map((span) => span.label))) {
    const own = <S extends Labelled>(spans: readonly S[]): S[] => spans.filter((span) => span.label === label);
    for (const [a, b] of matchSpans(own(gold), own(found))) same.add(a).add(b);
  }
  return [
    ...gold.filter((span) => !same.has(span)).map((place) => ({ place, of: 'gold' as const })),
    ...found.filter((span) => !same.has(span)).map((place) => ({ place, of: 'found' as const })),
  ].sort((a, b) => a.place.start - b.place.start || a.place.end - b.place.end);
}
