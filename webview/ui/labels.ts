/** How each label is named, lettered and keyed. Its colour and underline are in `labels.css`. */
import type { Label } from '../../core/behaviours/spans.ts';

export interface LabelLook {
  label: Label;
  name: string;
  /** Where there is little room. */
  short?: string;
  /** In the gutter and over the ruler; empty: none. */
  letter: string;
  /** The key to the next one; with Shift, to the one before. */
  key: string;
}

/** In the order of the legend. */
export const labelLooks: readonly LabelLook[] = [
  { label: 'verification', name: 'Verification', letter: 'V', key: 'v' },
  { label: 'backtracking', name: 'Backtracking', letter: 'B', key: 'b' },
  { label: 'subgoal', name: 'Subgoal', letter: 'S', key: 's' },
  { label: 'backward_reasoning', name: 'Backward reasoning', short: 'Backward', letter: 'R', key: 'w' },
  { label: 'uncertainty', name: 'Uncertainty', letter: '?', key: 'u' },
  { label: 'answer_commitment', name: 'Candidate answer', short: 'Candidate', letter: 'A', key: 'a' },
  { label: 'restart', name: 'Restart', letter: 'N', key: 'o' },
  { label: 'case_split', name: 'Case split', letter: 'C', key: 'c' },
  { label: 'loop', name: 'Loop', letter: 'L', key: 'x' },
  { label: 'marker', name: 'Markers', letter: '', key: 'm' },
];

const byLabel = new Map(labelLooks.map((look) => [look.label, look]));

export function lookOf(label: Label): LabelLook {
  return byLabel.get(label) ?? { label, name: label.replace('_', ' '), letter: '', key: '' };
}

/** What a span's outcome says, by label. */
export function outcomeWords(label: Label, outcome: string): { text: string; tone: 'right' | 'wrong' | 'neutral' } {
  const check = label === 'verification' || label === 'backward_reasoning';
  if (outcome === 'holds') return { text: check ? '✓ check holds' : '✓ holds', tone: 'right' };
  if (outcome === 'fails') return { text: check ? '✗ check fails' : '✗ fails', tone: 'wrong' };
  if (outcome === 'changes') return { text: '↻ answer changes', tone: 'neutral' };
  return { text: '= answer stays', tone: 'neutral' };
}
