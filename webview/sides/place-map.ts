/** An alignment as the page needs it: what belongs beside what, the differences one by one, the counts. Pure. */
import type { AlignedRow, RowKind } from '../../core/traces/align.ts';
import { lowerBound } from '../../core/traces/lower-bound.ts';
import type { AlignedSteps } from './aligned.ts';

export type SideName = 'left' | 'right';
export const other = (side: SideName): SideName => (side === 'left' ? 'right' : 'left');

/** A stretch of rows that are not tied in order. Offsets in UTF-16 units of each completion; an empty range is the place between. */
export interface Hunk {
  rows: readonly [from: number, to: number];
  left: readonly [start: number, end: number];
  right: readonly [start: number, end: number];
  leftSteps: number;
  rightSteps: number;
  moved: number;
}

export interface AlignmentCounts {
  same: number;
  alike: number;
  /** Pairs. */
  moved: number;
  onlyLeft: number;
  onlyRight: number;
  /** Share of each completion's text, in steps, that is tied, in order or moved; 0 to 1. */
  matched: Record<SideName, number>;
}

/** Tied stretches of both texts, ascending: a row's step on either side. */
interface Tie {
  left: readonly [number, number];
  right: readonly [number, number];
}

export class PlaceMap {
  readonly alignment: AlignedSteps;
  readonly hunks: readonly Hunk[];
  readonly counts: AlignmentCounts;
  /** By side and step: its row. */
  readonly rowOf: Record<SideName, Int32Array>;
  readonly #ties: readonly Tie[];
  readonly #lengths: Record<SideName, number>;

  constructor(alignment: AlignedSteps, lengths: Record<SideName, number>) {
    this.alignment = alignment;
    this.#lengths = lengths;
    const { left, right, rows } = alignment;
    this.rowOf = { left: new Int32Array(left.length), right: new Int32Array(right.length) };
    const ties: Tie[] = [];
    for (const [at, row] of rows.entries()) {
      if (row.left !== null) this.rowOf.left[row.left] = at;
      if (row.right !== null) this.rowOf.right[row.right] = at;
      if (row.left === null || row.right === null) continue;
      const [a, b] = [left[row.left]!, right[row.right]!];
      ties.push({ left: [a.start, a.end], right: [b.start, b.end] });
    }
    this.#ties = ties;
    this.hunks = hunksOf(alignment);
    this.counts = countsOf(alignment);
  }

  /** Where a place of one completion belongs in the other: within tied steps and between them in proportion. */
  across(from: SideName, offset: number): number {
    const to = other(from);
    const after = lowerBound(this.#ties.length, (i) => this.#ties[i]![from][0] > offset);
    const tie = this.#ties[after - 1];
    if (tie && offset < tie[from][1]) return between(tie[from], tie[to], offset);
    const next = this.#ties[after];
    return between(
      [tie ? tie[from][1] : 0, next ? next[from][0] : this.#lengths[from]],
      [tie ? tie[to][1] : 0, next ? next[to][0] : this.#lengths[to]],
      offset,
    );
  }

  /** The steps of a side that touch `start…end`, as indices: from, and up to but not with. */
  stepsWithin(side: SideName, start: number, end: number): readonly [number, number] {
    const steps = this.alignment[side];
    return [
      lowerBound(steps.length, (i) => steps[i]!.end > start),
      lowerBound(steps.length, (i) => steps[i]!.start >= end),
    ];
  }

  row(side: SideName, step: number): AlignedRow {
    return this.alignment.rows[this.rowOf[side][step]!]!;
  }

  /** How much of a side stands in steps that only it has, where `upTo` says how much stands before a place. */
  aloneIn(side: SideName, upTo: (unit: number) => number): number {
    const kind = side === 'left' ? 'onlyLeft' : 'onlyRight';
    let sum = 0;
    for (const [step, { start, end }] of this.alignment[side].entries())
      if (this.row(side, step).kind === kind) sum += upTo(end) - upTo(start);
    return sum;
  }

  /** The difference after or before a place of one side; −1: there is none. `inclusive`: one that begins there counts. */
  hunkFrom(side: SideName, offset: number, by: 1 | -1): number {
    if (by > 0) return this.hunks.findIndex((hunk) => hunk[side][0] > offset);
    return this.hunks.findLastIndex((hunk) => hunk[side][0] < offset);
  }
}

function between([a, b]: readonly [number, number], [c, d]: readonly [number, number], at: number): number {
  return b > a ? c + ((Math.min(Math.max(at, a), b) - a) * (d - c)) / (b - a) : c;
}

const isTied = ({ kind }: AlignedRow): boolean => kind === 'same' || kind === 'alike';

function hunksOf({ left, right, rows }: AlignedSteps): Hunk[] {
  const found: Hunk[] = [];
  let [i, j] = [0, 0];
  for (let at = 0; at < rows.length;) {
    if (isTied(rows[at]!)) {
      i += 1;
      j += 1;
      at += 1;
      continue;
    }
    const [fromRow, fromI, fromJ] = [at, i, j];
    let moved = 0;
    for (; at < rows.length && !isTied(rows[at]!); at += 1) {
      if (rows[at]!.kind === 'moved') moved += 1;
      if (rows[at]!.left === null) j += 1;
      else i += 1;
    }
    const range = (steps: AlignedSteps['left'], a: number, b: number): readonly [number, number] => {
      const start = steps[a]?.start ?? steps[a - 1]?.end ?? 0;
      return [start, b > a ? steps[b - 1]!.end : start];
    };
    found.push({
      rows: [fromRow, at],
      left: range(left, fromI, i),
      right: range(right, fromJ, j),
      leftSteps: i - fromI,
      rightSteps: j - fromJ,
      moved,
    });
  }
  return found;
}

function countsOf({ left, right, rows }: AlignedSteps): AlignmentCounts {
  const kinds: Record<RowKind, number> = { same: 0, alike: 0, moved: 0, onlyLeft: 0, onlyRight: 0 };
  const alone = { left: 0, right: 0 };
  for (const row of rows) {
    kinds[row.kind] += 1;
    if (row.kind === 'onlyLeft') alone.left += left[row.left!]!.end - left[row.left!]!.start;
    if (row.kind === 'onlyRight') alone.right += right[row.right!]!.end - right[row.right!]!.start;
  }
  const share = (steps: AlignedSteps['left'], units: number) => {
    const all = steps.reduce((sum, { start, end }) => sum + end - start, 0);
    return all === 0 ? 0 : 1 - units / all;
  };
  return {
    ...{ same: kinds.same, alike: kinds.alike, moved: kinds.moved / 2 },
    ...{ onlyLeft: kinds.onlyLeft, onlyRight: kinds.onlyRight },
    matched: { left: share(left, alone.left), right: share(right, alone.right) },
  };
}
