/** Which spans are shown of a trace that has several layers. */
import type { Span } from '../behaviours/spans.ts';
import type { ReaderLayer } from '../protocol/labels.ts';
import type { Layer, LayerKind } from '../protocol/layers.ts';
import type { Annotations } from '../protocol/traces.ts';

/** Which layers are shown; with `reader`, of the readers this one alone. */
export interface ShownLayers {
  kinds: readonly LayerKind[];
  reader?: string;
}

/**
 * The spans of the chosen layers, by start. Markers are tokens, which nobody labels: they and what stands in the prompt are the
 * detector's in every choice. Where nothing of the choice is there, it is the detector's.
 */
export function shownSpans(annotations: Annotations | null, { kinds, reader }: ShownLayers): Span[] {
  if (!annotations) return [];
  const chosen = (annotations.layers ?? []).filter(
    ({ kind, name }) => kinds.includes(kind) && (kind !== 'reader' || reader === undefined || name === reader),
  );
  if (chosen.length === 0) return annotations.spans;
  const base = kinds.includes('detector')
    ? annotations.spans
    : annotations.spans.filter(({ label, in: where }) => label === 'marker' || where === 'prompt');
  return [...base, ...chosen.flatMap(({ spans }) => spans)].sort((a, b) => a.start - b.start || b.end - a.end);
}

/** A reader's labels as a layer of their trace. */
export function layerOf({ by, revision, spans, reviewed }: ReaderLayer): Layer {
  const version = String(revision);
  return {
    ...{ kind: 'reader', name: by, version, read: reviewed },
    spans: spans.map(({ start, end, label }) => {
      return { in: 'completion', start, end, label, detector: by, version, confidence: 1, evidence: '' };
    }),
  };
}
