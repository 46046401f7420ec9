/** The problems of a comparison: how each changed, filtered and sorted. Pure. */
import type { Pair, PairChange } from '../../core/protocol/comparison.ts';
import type { TraceFilter } from '../../core/protocol/traces.ts';
import type { CompareSide } from '../../core/protocol/webview.ts';

/** How a problem changed, or, where both sides solve it, its length. */
export type PairKind = PairChange | 'longer' | 'shorter';

export interface ChangeLook {
  change: PairChange;
  sign: string;
  name: string;
  tone: 'right' | 'wrong' | '';
}

/** In the order of the chips: what broke first. */
export const changes: readonly ChangeLook[] = [
  { change: 'right_to_wrong', sign: '✓→✗', name: 'newly broken', tone: 'wrong' },
  { change: 'wrong_to_right', sign: '✗→✓', name: 'newly solved', tone: 'right' },
  { change: 'both_right', sign: '✓ ✓', name: 'both right', tone: '' },
  { change: 'both_wrong', sign: '✗ ✗', name: 'both wrong', tone: '' },
  { change: 'unknown', sign: '?', name: 'not known', tone: '' },
];

export function lookOfChange(change: PairChange): ChangeLook {
  return changes.find((look) => look.change === change) ?? changes[4]!;
}

/** Chips beside those of the changes: both right, and much longer or shorter. */
export const lengthLooks = [
  { kind: 'longer', sign: '▲', name: 'same but longer' },
  { kind: 'shorter', sign: '▼', name: 'same but shorter' },
] as const;

/** From how many times the length on it is called longer. */
export const factors = [1.25, 1.5, 2, 3, 5] as const;

/** The traces of a side. */
export function filterOf({ run, stage, step, marker, of, set }: CompareSide): TraceFilter {
  return {
    run,
    stage,
    ...(step !== null && { step }),
    ...(marker !== undefined && { marker }),
    ...(of !== undefined && { of }),
    ...(set !== undefined && { set }),
  };
}

export type PairSort = 'change' | 'problem' | 'longer' | 'shorter';

export interface PairFilter {
  /** Those of any of these; empty: all. */
  kinds: readonly PairKind[];
  text: string;
  sort: PairSort;
}

export function selectPairs(pairs: readonly Pair[], filter: PairFilter): Pair[] {
  const words = filter.text.toLowerCase().split(/\s+/).filter(Boolean);
  const kept = pairs.filter(
    (pair) =>
      (filter.kinds.length === 0 || filter.kinds.some((kind) => kind === pair.change || kind === pair.length)) &&
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
export function countChanges(pairs: readonly Pair[]): Record<PairKind, number> {
  const counts = {
    right_to_wrong: 0,
    wrong_to_right: 0,
    both_right: 0,
    both_wrong: 0,
    unknown: 0,
    longer: 0,
    shorter: 0,
  };
  for (const { change, length } of pairs) {
    counts[change] += 1;
    if (length === 'longer' || length === 'shorter') counts[length] += 1;
  }
  return counts;
}
