/** What the parts of a change of reward are about, in numbers, and the traces behind these. Pure. */
import type { CompletionState } from '../../core/metrics/reward-factors.ts';
import type { ChangeKind } from '../../core/metrics/reward-table.ts';
import type { RewardChange, RewardWindow, StepWindow } from '../../core/protocol/reward-change.ts';
import type { TraceFilter } from '../../core/protocol/traces.ts';
import { count, decimal, percent } from '../ui/format.ts';

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
  const means = (own: ChangeKind) => {
    const these = components.flatMap(({ kind: is, name }, c) => (is === own ? [{ name, c }] : []));
    const value = (window: RewardWindow) => these.map(({ c }) => decimal(window.components[c])).join(', ');
    return of(`mean ${these.map(({ name }) => name).join(', ')}`, null, value);
  };
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
