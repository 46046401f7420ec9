/** What a second answer changes of a first one. */

export type TurnVerdict = 'right' | 'wrong' | 'undecided' | 'none';

export interface TwoTurns {
  /** Pairs with a gold. `undecided` counts as not right, as everywhere. */
  n: number;
  undecided: number;
  /** Accuracy of the first and of the second answer, and the second less the first. */
  first: number;
  second: number;
  change: number;
  /** Share of all pairs that went from wrong to right, and from right to wrong. */
  mended: number;
  broken: number;
  /** Pairs by class: right or wrong first, right or wrong second. */
  classes: { RR: number; RW: number; WR: number; WW: number };
}

/**
 * Acc@t1, Acc@t2, Δ(t1, t2) = Acc@t2 − Acc@t1, Δ i→c and Δ c→i, in the words of SCoRe (Kumar et al. 2024, arXiv 2409.12917, §3); Δ = Δ i→c − Δ c→i. Pairs without a
 * gold are left out; null where none remains.
 */
export function twoTurns(pairs: readonly (readonly [first: TurnVerdict, second: TurnVerdict])[]): TwoTurns | null {
  const graded = pairs.filter((pair) => !pair.includes('none'));
  if (graded.length === 0) return null;
  const classes = { RR: 0, RW: 0, WR: 0, WW: 0 };
  for (const [first, second] of graded)
    classes[`${first === 'right' ? 'R' : 'W'}${second === 'right' ? 'R' : 'W'}` as const] += 1;
  const undecided = graded.filter((pair) => pair.includes('undecided')).length;
  return { ...ofClasses(classes)!, undecided };
}

/** The same from the number of pairs by class. Null without a pair. */
export function ofClasses(classes: TwoTurns['classes']): TwoTurns | null {
  const { RR, RW, WR, WW } = classes;
  const n = RR + RW + WR + WW;
  if (n === 0) return null;
  return {
    n,
    undecided: 0,
    first: (RR + RW) / n,
    second: (RR + WR) / n,
    change: (WR - RW) / n,
    mended: WR / n,
    broken: RW / n,
    classes: { RR, RW, WR, WW },
  };
}
