/**
 * Layers of spans over one completion. The detector's is `Annotations.spans`; what people and a judge say of the same text are
 * further layers, each complete in itself, in `Annotations.layers`.
 */
import type { Span } from '../behaviours/spans.ts';

export const layerKinds = ['detector', 'reader', 'judge'] as const;
export type LayerKind = (typeof layerKinds)[number];

/** Who says it: the detector and its version, a reader and the revision of their labels, a judge (its model) and its prompts' version. */
export interface LayerId {
  kind: LayerKind;
  name: string;
  version: string;
}

export interface Layer extends LayerId {
  /** In the completion, by start. Their `detector` and `version` are those of whoever set the span. */
  spans: Span[];
  /**
   * Stretches of the completion that were read for this layer, ordered, apart (UTF-16 units, end exclusive): only there the absence
   * of a span means something. Null: all of it.
   */
  read: [start: number, end: number][] | null;
}
