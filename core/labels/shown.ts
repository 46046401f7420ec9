/** Which spans are shown of a trace that has several layers. */
import type { Span } from '../behaviours/spans.ts';
import type { LayerKind } from '../protocol/layers.ts';
import type { Annotations } from '../protocol/traces.ts';

/** The layers of these kinds that the trace has. */
export function layersOf(annotations: Annotations, kinds: readonly LayerKind[]): NonNullable<Annotations['layers']> {
  return (annotations.layers ?? []).filter(({ kind }) => kinds.includes(kind));
}

/**
 * The spans of the chosen layers, by start. Markers are tokens, which nobody labels: they and what stands in the prompt are the
 * detector's in every choice. Where nothing of the choice is there, it is the detector's.
 */
export function shownSpans(annotations: Annotations | null, kinds: readonly LayerKind[]): Span[] {
  if (!annotations) return [];
  const chosen = layersOf(annotations, kinds);
  const detector = kinds.includes('detector') || chosen.length === 0;
  if (detector && chosen.length === 0) return annotations.spans;
  const base = detector
    ? annotations.spans
    : annotations.spans.filter(({ label, in: where }) => label === 'marker' || where === 'prompt');
  return [...base, ...chosen.flatMap(({ spans }) => spans)].sort((a, b) => a.start - b.start || b.end - a.end);
}
