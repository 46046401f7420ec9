/** What is coloured in a text. Spans may overlap. */

export const labels = [
  'verification',
  'backtracking',
  'subgoal',
  'backward_reasoning',
  'uncertainty',
  'answer_commitment',
  'restart',
  'case_split',
  'loop',
  'marker',
] as const;
export type Label = (typeof labels)[number];

export interface Span {
  in: 'prompt' | 'completion';
  /** UTF-16 units, end exclusive. */
  start: number;
  end: number;
  label: Label;
  detector: string;
  version: string;
  /** Between 0 and 1. */
  confidence: number;
  /** The words that decided. */
  evidence: string;
  /** `holds`: the check agreed. `fails`: it found an error. `changes`: the answer or approach changed after it. */
  outcome?: 'holds' | 'fails' | 'changes' | 'keeps';
}

export type SpanCounts = Partial<Record<Label, number>>;
