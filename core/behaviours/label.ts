import type { Label, Span } from './spans.ts';
import type { Reading } from './text.ts';

/** A span as a label's rules give it; the detector's name and version and the text's name are added by `detect`. */
export type Finding = Pick<Span, 'start' | 'end' | 'confidence' | 'evidence' | 'outcome'>;

/** The confidence of a rule that needs no second opinion: the model cannot overrule it. */
export const CERTAIN = 0.95;

/** One behaviour: a file in `labels/` and a line in `registry.ts`. */
export interface LabelRules {
  label: Label;
  /** Findings in any order; they may overlap those of other labels. Linear in the text. */
  find: (reading: Reading) => Finding[];
}

/** Whole steps `from…to` (inclusive) as a finding. */
export function passage(reading: Reading, from: number, to: number, evidence: string, confidence: number): Finding {
  return { start: reading.steps[from]!.start, end: reading.steps[to]!.end, confidence, evidence };
}
