/**
 * The steps of two completions beside each other: which say the same, which are alike, which only one of them has, which moved.
 *
 * 1. Steps in common from the beginning are tied as they stand.
 * 2. Candidates: for each step on the left those on the right that share its rarest features (at most {@link CANDIDATES}).
 * 3. The heaviest chain of candidates that keeps the order on both sides, by dynamic programming over the candidates alone
 *    (a Fenwick tree of maxima; O(candidates · log steps)).
 * 4. Between two links of the chain, the best alignment of what is left by a dense table, where that has at most
 *    {@link GAP_CELLS} cells: there short steps find each other that say too little to be found from afar ("Wait.").
 * 5. What is left over and matches out of order has moved.
 *
 * Definitions and limits: docs/compare.md.
 */
import { keyedSteps, sharedNames, similarityOf, StepNames, weigh, weightOf, type KeyedStep } from './step-keys.ts';

/** From this similarity on two steps are alike; the one at which pairs begin to be wrong in real traces is a little below. */
export const ALIKE = 0.4;
/** From this similarity on a step out of order is one that moved. */
const MOVED = 0.6;
/** Weight in nats that such steps must share where they have words alone in common: what "Let me think." says is said anywhere. */
const MOVED_WORDS = 60;
/** Weight in nats that two steps must share to be tied from afar: about two rare words. */
const LINK_WEIGHT = 14;
const CANDIDATES = 8;
/** Features that stand in more steps of the right side than this find no candidates. */
const FREQUENT = 32;
const GAP_CELLS = 1_600;
/** Steps between two yields. */
const SLICE = 48;

export type RowKind = 'same' | 'alike' | 'onlyLeft' | 'onlyRight' | 'moved';

/** One row: a step of the left, of the right, or of both, by index. A step that moved has a row at its place on either side. */
export interface AlignedRow {
  kind: RowKind;
  left: number | null;
  right: number | null;
  /** Of `moved`: the step on the other side. */
  to: number | null;
  /** 0 to 1; 1: same key. 0 where a step is alone. */
  similarity: number;
}

export interface Alignment {
  left: readonly KeyedStep[];
  right: readonly KeyedStep[];
  /** In order on both sides: every step of a side stands in exactly one row, and before those that come after it. */
  rows: readonly AlignedRow[];
  /** Rows at the beginning that are the same. */
  common: number;
  /** Equations and words that both steps of a row have, the weightiest first. */
  why(row: AlignedRow): string[];
}

interface Candidate {
  i: number;
  j: number;
  shared: number;
  similarity: number;
}

/** Aligns two completions. Yields every few milliseconds. `names` may be those of a whole group. */
export function* align(left: string, right: string, names = new StepNames()): Generator<void, Alignment> {
  const a = yield* keyedSteps(left, names);
  const b = yield* keyedSteps(right, names);
  return yield* alignSteps(a, b, names);
}

/** Aligns steps that are cut already. */
export function* alignSteps(
  left: readonly KeyedStep[],
  right: readonly KeyedStep[],
  names: StepNames,
): Generator<void, Alignment> {
  const weights = weigh(names, left, right);
  yield;
  const sums = [left, right].map((side) => Float64Array.from(side, (step) => weightOf(step, weights)));
  const [leftSums, rightSums] = sums as [Float64Array, Float64Array];
  const compare = (i: number, j: number) => similarityOf(left[i]!, right[j]!, weights, [leftSums[i]!, rightSums[j]!]);

  let common = 0;
  while (common < left.length && common < right.length && left[common]!.key === right[common]!.key) common += 1;
  yield;
  const candidates = yield* findCandidates(left, right, common, weights, compare);
  const links = chain(
    candidates.filter(({ shared }) => shared >= LINK_WEIGHT),
    right.length,
  );
  yield;

  /** By left step: the right one, or −1; and the other way round. */
  const partner = new Int32Array(left.length).fill(-1);
  const back = new Int32Array(right.length).fill(-1);
  const similarity = new Float64Array(left.length);
  const tie = (i: number, j: number, how: number) => {
    partner[i] = j;
    back[j] = i;
    similarity[i] = how;
  };
  for (let i = 0; i < common; i += 1) tie(i, i, 1);
  let [fromI, fromJ] = [common, common];
  const weak = candidates.filter((one) => one.shared < LINK_WEIGHT && left[one.i]!.key === right[one.j]!.key);
  let w = 0;
  for (const link of [...links, { i: left.length, j: right.length, similarity: 0 }]) {
    const within: Candidate[] = [];
    for (; w < weak.length && weak[w]!.i < link.i; w += 1)
      if (weak[w]!.i >= fromI && weak[w]!.j >= fromJ && weak[w]!.j < link.j) within.push(weak[w]!);
    let [gapI, gapJ] = [fromI, fromJ];
    // A run of equal steps that say little one by one, as in a loop, says enough together.
    for (const run of runs(chain(within, right.length))) {
      fillGap(left, right, [gapI, run.i], [gapJ, run.j], compare, tie);
      for (let k = 0; k < run.length; k += 1) tie(run.i + k, run.j + k, 1);
      [gapI, gapJ] = [run.i + run.length, run.j + run.length];
    }
    fillGap(left, right, [gapI, link.i], [gapJ, link.j], compare, tie);
    if (link.i < left.length) tie(link.i, link.j, link.similarity);
    [fromI, fromJ] = [link.i + 1, link.j + 1];
    yield;
  }

  const moved = new Int32Array(left.length).fill(-1);
  const movedBack = new Int32Array(right.length).fill(-1);
  const far = candidates.filter(
    (one) =>
      one.similarity >= MOVED &&
      partner[one.i]! < 0 &&
      back[one.j]! < 0 &&
      one.shared >= (saysMore(left[one.i]!, right[one.j]!, names) ? LINK_WEIGHT : MOVED_WORDS),
  );
  far.sort((x, y) => y.shared * y.similarity - x.shared * x.similarity || x.i - y.i || x.j - y.j);
  for (const { i, j, similarity: how } of far) {
    if (moved[i]! >= 0 || movedBack[j]! >= 0) continue;
    moved[i] = j;
    movedBack[j] = i;
    similarity[i] = how;
  }
  yield;

  const rows: AlignedRow[] = [];
  const leftAlone = (i: number) => {
    const to = moved[i]!;
    if (to < 0) rows.push({ kind: 'onlyLeft', left: i, right: null, to: null, similarity: 0 });
    else rows.push({ kind: 'moved', left: i, right: null, to, similarity: similarity[i]! });
  };
  const rightAlone = (j: number) => {
    const to = movedBack[j]!;
    if (to < 0) rows.push({ kind: 'onlyRight', left: null, right: j, to: null, similarity: 0 });
    else rows.push({ kind: 'moved', left: null, right: j, to, similarity: similarity[to]! });
  };
  let j = 0;
  for (let i = 0; i < left.length; i += 1) {
    if (partner[i]! < 0) {
      leftAlone(i);
      continue;
    }
    for (; j < partner[i]!; j += 1) rightAlone(j);
    const isSame = left[i]!.key === right[j]!.key;
    rows.push({ kind: isSame ? 'same' : 'alike', left: i, right: j, to: null, similarity: similarity[i]! });
    j += 1;
  }
  for (; j < right.length; j += 1) rightAlone(j);
  return {
    ...{ left, right, rows, common },
    why: (row) => {
      const first = row.left ?? row.to;
      const second = row.right ?? row.to;
      return row.kind === 'onlyLeft' || row.kind === 'onlyRight' || first === null || second === null
        ? []
        : sharedNames(left[first]!, right[second]!, names, weights);
    },
  };
}

/** Whether two steps have more than words in common: an equation, a formula, a number of two digits or more. */
function saysMore(a: KeyedStep, b: KeyedStep, names: StepNames): boolean {
  const others = new Set(b.features);
  return a.features.some((feature) => {
    if (!others.has(feature)) return false;
    const kind = names.kindOf(feature);
    return kind === 'equation' || kind === 'expression' || (kind === 'word' && /^\d{2}/.test(names.nameOf(feature)!));
  });
}

type Compare = (i: number, j: number) => { shared: number; similarity: number };

/** For each left step from `common` on, the right ones most like it. */
function* findCandidates(
  left: readonly KeyedStep[],
  right: readonly KeyedStep[],
  common: number,
  weights: Float64Array,
  compare: Compare,
): Generator<void, Candidate[]> {
  const places = yield* postings(right, common, weights.length);
  const byKey = new Map<number, number[]>();
  for (let j = common; j < right.length; j += 1) {
    const list = byKey.get(right[j]!.key);
    if (list) list.push(j);
    else byKey.set(right[j]!.key, [j]);
  }
  yield;
  const expected = expectedPlace(left, right, common, byKey);
  const found: Candidate[] = [];
  const score = new Float64Array(right.length);
  const touched = new Int32Array(right.length);
  for (let i = common; i < left.length; i += 1) {
    if (i % SLICE === SLICE - 1) yield;
    let n = 0;
    const raise = (j: number, by: number) => {
      if (score[j] === 0) touched[n++] = j;
      score[j]! += by;
    };
    for (const feature of left[i]!.features) {
      const [from, to] = [places.starts[feature]!, places.starts[feature + 1]!];
      if (to - from > FREQUENT) continue;
      const weight = weights[feature]!;
      for (let at = from; at < to; at += 1) raise(places.steps[at]!, weight);
    }
    // Of steps that repeat, those about where this one is expected.
    const here = expected(i);
    for (const j of nearest(byKey.get(left[i]!.key) ?? [], here)) raise(j, 1e6);
    // One that is nearer is better, all else being equal: repeated passages are tied in step.
    const isBetter = (x: number, y: number) =>
      score[x]! > score[y]! || (score[x] === score[y] && Math.abs(x - here) < Math.abs(y - here));
    const best: number[] = [];
    for (let t = 0; t < n; t += 1) {
      const j = touched[t]!;
      if (best.length === CANDIDATES && !isBetter(j, best[CANDIDATES - 1]!)) continue;
      let at = best.length;
      while (at > 0 && isBetter(j, best[at - 1]!)) at -= 1;
      best.splice(at, 0, j);
      if (best.length > CANDIDATES) best.pop();
    }
    for (const j of best) {
      const { shared, similarity } = compare(i, j);
      if (similarity >= ALIKE) found.push({ i, j, shared, similarity });
    }
    for (let t = 0; t < n; t += 1) score[touched[t]!] = 0;
  }
  return found;
}

/** The steps from `common` on that have each feature: those of feature f are `steps[starts[f]…starts[f + 1]]`. */
function* postings(
  side: readonly KeyedStep[],
  common: number,
  features: number,
): Generator<void, { starts: Int32Array; steps: Int32Array }> {
  const starts = new Int32Array(features + 1);
  for (let j = common; j < side.length; j += 1) for (const feature of side[j]!.features) starts[feature + 1]! += 1;
  for (let i = 0; i < features; i += 1) starts[i + 1]! += starts[i]!;
  yield;
  const next = starts.slice();
  const places = new Int32Array(starts[features]!);
  for (let j = common; j < side.length; j += 1) for (const feature of side[j]!.features) places[next[feature]!++] = j;
  yield;
  return { starts, steps: places };
}

/** At most {@link CANDIDATES} of an ascending list, around `place`. */
function nearest(list: readonly number[], place: number): readonly number[] {
  if (list.length <= CANDIDATES) return list;
  let at = list.findIndex((one) => one >= place);
  if (at < 0) at = list.length;
  const from = Math.max(0, Math.min(at - CANDIDATES / 2, list.length - CANDIDATES));
  return list.slice(from, from + CANDIDATES);
}

/** Where on the right a left step is expected: between the steps that both sides have exactly once, in proportion. */
function expectedPlace(
  left: readonly KeyedStep[],
  right: readonly KeyedStep[],
  common: number,
  byKey: ReadonlyMap<number, readonly number[]>,
): (i: number) => number {
  const times = new Map<number, number>();
  for (let i = common; i < left.length; i += 1) times.set(left[i]!.key, (times.get(left[i]!.key) ?? 0) + 1);
  const unique: Candidate[] = [];
  for (let i = common; i < left.length; i += 1) {
    const places = byKey.get(left[i]!.key);
    if (places?.length === 1 && times.get(left[i]!.key) === 1)
      unique.push({ i, j: places[0]!, shared: 1, similarity: 1 });
  }
  const anchors = [{ i: common, j: common }, ...chain(unique, right.length), { i: left.length, j: right.length }];
  let k = 0;
  // Asked with growing `i`.
  return (i) => {
    if (i < anchors[k]!.i) k = 0;
    while (k + 2 < anchors.length && anchors[k + 1]!.i <= i) k += 1;
    const [from, to] = [anchors[k]!, anchors[k + 1]!];
    return to.i === from.i ? from.j : from.j + ((i - from.i) * (to.j - from.j)) / (to.i - from.i);
  };
}

/** The chain of candidates, ascending on both sides, that shares most. Candidates are ordered by `i`. */
function chain(candidates: readonly Candidate[], width: number): Candidate[] {
  const order = [...candidates].sort((x, y) => x.i - y.i || y.j - x.j);
  const total = new Float64Array(order.length);
  const before = new Int32Array(order.length).fill(-1);
  // Fenwick tree over j: the best chain that ends at or before a place.
  const tree = new Int32Array(width + 1).fill(-1);
  const best = (j: number) => {
    let found = -1;
    for (let at = j; at > 0; at -= at & -at) {
      const other = tree[at]!;
      if (other >= 0 && (found < 0 || total[other]! > total[found]!)) found = other;
    }
    return found;
  };
  let end = -1;
  for (const [n, { j, shared, similarity }] of order.entries()) {
    const previous = best(j);
    before[n] = previous;
    total[n] = shared * similarity + (previous < 0 ? 0 : total[previous]!);
    for (let at = j + 1; at <= width; at += at & -at) {
      const other = tree[at]!;
      if (other < 0 || total[n] > total[other]!) tree[at] = n;
    }
    if (end < 0 || total[n] > total[end]!) end = n;
  }
  const links: Candidate[] = [];
  for (let n = end; n >= 0; n = before[n]!) links.push(order[n]!);
  return links.reverse();
}

/** Stretches of a chain in which both sides go on step by step and that share enough together. */
function runs(links: readonly Candidate[]): { i: number; j: number; length: number }[] {
  const found: { i: number; j: number; length: number; shared: number }[] = [];
  for (const { i, j, shared } of links) {
    const last = found.at(-1);
    if (last && last.i + last.length === i && last.j + last.length === j) {
      last.length += 1;
      last.shared += shared;
    } else found.push({ i, j, length: 1, shared });
  }
  return found.filter((run) => run.shared >= 2 * LINK_WEIGHT);
}

/** Ties what is between two links: equal steps from either end, then the rest by a dense table where that is small. */
function fillGap(
  left: readonly KeyedStep[],
  right: readonly KeyedStep[],
  [i0, i1]: readonly [number, number],
  [j0, j1]: readonly [number, number],
  compare: Compare,
  tie: (i: number, j: number, similarity: number) => void,
): void {
  let [fromI, fromJ, toI, toJ] = [i0, j0, i1, j1];
  while (fromI < toI && fromJ < toJ && left[fromI]!.key === right[fromJ]!.key) tie(fromI++, fromJ++, 1);
  while (fromI < toI && fromJ < toJ && left[toI - 1]!.key === right[toJ - 1]!.key) tie(--toI, --toJ, 1);
  const [rows, columns] = [toI - fromI, toJ - fromJ];
  if (rows === 0 || columns === 0 || rows * columns > GAP_CELLS) return;
  const stride = columns + 1;
  const table = new Float64Array((rows + 1) * stride);
  const how = new Float64Array(rows * columns);
  for (let r = rows - 1; r >= 0; r -= 1)
    for (let c = columns - 1; c >= 0; c -= 1) {
      const { shared, similarity } = compare(fromI + r, fromJ + c);
      const value = similarity >= ALIKE ? shared * similarity + 1e-6 : 0;
      how[r * columns + c] = value > 0 ? similarity : 0;
      const skip = Math.max(table[(r + 1) * stride + c]!, table[r * stride + c + 1]!);
      table[r * stride + c] = value > 0 ? Math.max(skip, value + table[(r + 1) * stride + c + 1]!) : skip;
    }
  for (let r = 0, c = 0; r < rows && c < columns;) {
    const here = table[r * stride + c]!;
    if (here === table[(r + 1) * stride + c]!) r += 1;
    else if (here === table[r * stride + c + 1]!) c += 1;
    else {
      tie(fromI + r, fromJ + c, how[r * columns + c]!);
      r += 1;
      c += 1;
    }
  }
}
