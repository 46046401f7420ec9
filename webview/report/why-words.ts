/** The parts of a change of reward in words, and the traces behind their numbers. Pure. */
import type { CompletionState } from '../../core/metrics/reward-factors.ts';
import type { ChangeKind } from '../../core/metrics/reward-table.ts';
import type { RewardChange, RewardWindow, StepWindow } from '../../core/protocol/reward-change.ts';
import type { TraceFilter } from '../../core/protocol/traces.ts';
import { count, decimal, percent } from '../ui/format.ts';

interface PartLook {
  name: string;
  /** What it is, for who asks. */
  title: string;
}

export const partLooks: Record<ChangeKind, PartLook> = {
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

/** A share or a mean of both windows that says what a part is about; `state`: which completions are counted. */
export interface Quantity {
  name: string;
  before: string;
  after: string;
  state: CompletionState | null;
}

const share = (n: number, of: number): string => (of === 0 ? '–' : `${percent(n / of)} %`);

export function quantityOf(kind: ChangeKind, { before, after, components, strata }: RewardChange): Quantity | null {
  const of = (name: string, state: CompletionState | null, value: (window: RewardWindow) => string): Quantity => ({
    name,
    state,
    before: value(before),
    after: value(after),
  });
  const means = (own: ChangeKind) =>
    of('mean', null, (window) =>
      components
        .flatMap(({ kind: is, name }, c) => (is === own ? [`${name} ${decimal(window.components[c])}`] : []))
        .join(', '),
    );
  switch (kind) {
    case 'accuracy':
      return of('right of those answered', 'right', ({ states: s }) => share(s.right, s.right + s.wrong));
    case 'extraction':
      return of('without an answer', 'unanswered', ({ states: s }) =>
        share(s.unanswered, s.right + s.wrong + s.unanswered),
      );
    case 'truncation':
      return of('cut and not right', 'cut', ({ states: s, completions }) =>
        share(s.cut, completions - s.undecided - s.ungraded),
      );
    case 'checker':
      return of('undecided', 'undecided', ({ states: s, completions }) => share(s.undecided, completions - s.ungraded));
    case 'gold':
      return of('without a gold answer', 'ungraded', ({ states: s, completions }) => share(s.ungraded, completions));
    case 'length':
      return of('mean tokens', null, (window) => count(window.tokens));
    case 'mix':
      return strata.problem + strata.difficulty === 0 ? null : of('problems', null, (window) => count(window.problems));
    case 'format':
    case 'repetition':
    case 'value':
      return means(kind);
    default:
      return kind satisfies never;
  }
}

/** What is known of the mix of problems. */
export function mixWords({ problem, difficulty, unknown }: RewardChange['strata']): string {
  const all = problem + difficulty + unknown;
  if (unknown === all)
    return 'The windows have no problem in common, and nothing is known of their difficulty from elsewhere in the run: what other problems changed cannot be told from what the model changed. The intervals allow for it.';
  const parts = [];
  if (problem > 0) parts.push(`${share(problem, all)} of the completions are of problems in both windows`);
  if (difficulty > 0)
    parts.push(`${share(difficulty, all)} of problems whose difficulty is known from outside of the windows`);
  if (unknown > 0) parts.push(`of ${share(unknown, all)} nothing is known`);
  return `Mix of problems: ${parts.join(', ')}.`;
}

/** The traces of a window, those in a state where one is given. */
export function windowFilter(
  place: { run: string; stage: string },
  { from, to }: StepWindow,
  state: CompletionState | null,
): TraceFilter {
  const filter: TraceFilter = { ...place, stepFrom: from, stepTo: to };
  switch (state) {
    case 'right':
      return { ...filter, verdict: ['right'] };
    case 'undecided':
      return { ...filter, verdict: ['undecided'] };
    case 'ungraded':
      return { ...filter, verdict: ['none'] };
    case 'cut':
      return { ...filter, verdict: ['wrong'], finish: ['length'] };
    case 'unanswered':
      return { ...filter, verdict: ['wrong'], finish: ['stop', 'error'], answered: false };
    case 'wrong':
      return { ...filter, verdict: ['wrong'], finish: ['stop', 'error'], answered: true };
    default:
      return filter;
  }
}

export function windowWords({ from, to }: StepWindow): string {
  return from === to ? `step ${count(from)}` : `steps ${count(from)}–${count(to)}`;
}
