/** The problems of a comparison: how each changed, filtered and sorted. Pure. */
import type { Pair, PairChange } from '../../core/protocol/comparison.ts';

export interface ChangeLook {
  change: PairChange;
  sign: string;
  name: string;
  tone: 'right' | 'wrong' | '';
}

/** In the order of the chips: what broke first. */
export const changes: readonly ChangeLook[] = [
  { change: 'right_to_wrong', sign: '✓→✗', name: 'right to wrong', tone: 'wrong' },
  { change: 'wrong_to_right', sign: '✗→✓', name: 'wrong to right', tone: 'right' },
  { change: 'both_right', sign: '✓ ✓', name: 'both right', tone: '' },
  { change: 'both_wrong', sign: '✗ ✗', name: 'both wrong', tone: '' },
  { change: 'unknown', sign: '?', name: 'not known', tone: '' },
];

export function lookOfChange(change: PairChange): ChangeLook {
  return changes.find((look) => look.change === change) ?? changes[4]!;
}

export type PairSort = 'change' | 'problem' | 'longer' | 'shorter';

export interface PairFilter {
  /** Empty: all. */
  changes: readonly PairChange[];
  text: string;
  sort: PairSort;
}

export function selectPairs(pairs: readonly Pair[], filter: PairFilter): Pair[] {
  const words = filter.text.toLowerCase().split(/\s+/).filter(Boolean);
  const kept = pairs.filter(
    (pair) =>
      (filter.changes.length === 0 || filter.changes.includes(pair.change)) &&
      words.every((word) => pair.problemLabel.toLowerCase().includes(word)),
  );
  const byProblem = (a: Pair, b: Pair) => a.problemLabel.localeCompare(b.problemLabel, undefined, { numeric: true });
  const order = new Map(changes.map(({ change }, i) => [change, i]));
  const compare: Record<PairSort, (a: Pair, b: Pair) => number> = {
    problem: byProblem,
    change: (a, b) => order.get(a.change)! - order.get(b.change)! || byProblem(a, b),
    longer: (a, b) => (b.tokensDelta ?? -Infinity) - (a.tokensDelta ?? -Infinity) || byProblem(a, b),
    shorter: (a, b) => (a.tokensDelta ?? Infinity) - (b.tokensDelta ?? Infinity) || byProblem(a, b),
  };
  return kept.sort(compare[filter.sort]);
}

/** How many problems changed in each way. */
export function countChanges(pairs: readonly Pair[]): Record<PairChange, number> {
  const counts = { right_to_wrong: 0, wrong_to_right: 0, both_right: 0, both_wrong: 0, unknown: 0 };
  for (const { change } of pairs) counts[change] += 1;
  return counts;
}
