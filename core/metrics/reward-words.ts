/** The parts of a change of reward in words. */
import type { ChangeKind, Strata } from './reward-table.ts';

interface PartName {
  name: string;
  /** What it is, for who asks. */
  title: string;
}

export const partNames: Readonly<Record<ChangeKind, PartName>> = {
  mix: { name: 'Mix of problems', title: 'Other problems, or the same in other shares' },
  accuracy: {
    name: 'True accuracy',
    title: 'Right among the completions that finished with an answer which could be checked',
  },
  extraction: { name: 'Answer not found', title: 'Finished, but no answer was found in the text' },
  format: { name: 'Format', title: "The format reward's own values, among completions alike" },
  checker: { name: 'Checker failures', title: 'The checker could not decide, or ran out of time' },
  truncation: { name: 'Truncation', title: 'Cut at the maximum length before a right answer' },
  length: { name: 'Length terms', title: 'Rewards that depend on the length, among completions alike' },
  repetition: { name: 'Repetition', title: 'The repetition penalty, among completions alike' },
  value: { name: 'Other values', title: 'Values of the other rewards, among completions alike' },
  gold: { name: 'No gold answer', title: 'Problems without a gold answer' },
};

/** Below this a part is no part of the change. */
export const SMALL = 5e-4;

/** `+0.160`, `−0.042`. */
export const signed = (value: number, digits = 3): string =>
  `${value < 0 ? '−' : '+'}${Math.abs(value).toFixed(digits)}`;

/** What is known of the mix of problems. */
export function mixSentence({ problem, difficulty, unknown }: Strata): string {
  const all = problem + difficulty + unknown;
  const share = (n: number) => `${((100 * n) / all).toFixed(1)} %`;
  if (unknown === all)
    return 'The windows have no problem in common, and nothing is known of their difficulty from elsewhere in the run: what other problems changed cannot be told from what the model changed. The intervals allow for it.';
  const parts = [];
  if (problem > 0) parts.push(`${share(problem)} of the completions are of problems in both windows`);
  if (difficulty > 0)
    parts.push(`${share(difficulty)} of problems whose difficulty is known from outside of the windows`);
  if (unknown > 0) parts.push(`of ${share(unknown)} nothing is known`);
  return `Mix of problems: ${parts.join(', ')}.`;
}
