/** An alignment as a thread gives it to another: in numbers that are handed over and not copied. Pure. */
import type { AlignedRow, RowKind } from '../../core/traces/align.ts';

/** UTF-16 units, end exclusive. */
export interface StepExtent {
  start: number;
  end: number;
}

/** What the page knows of an alignment. */
export interface AlignedSteps {
  left: readonly StepExtent[];
  right: readonly StepExtent[];
  rows: readonly AlignedRow[];
  /** Rows at the beginning that are the same. */
  common: number;
}

export interface PackedAlignment {
  /** Start and end of each step, one after the other. */
  left: Int32Array;
  right: Int32Array;
  /** Of each row: its kind by its place in {@link kinds}, and `left`, `right`, `to`, −1 where there is none. */
  rows: Int32Array;
  similarity: Float32Array;
  common: number;
}

const kinds: readonly RowKind[] = ['same', 'alike', 'onlyLeft', 'onlyRight', 'moved'];
const PER_ROW = 4;

export function pack({ left, right, rows, common }: AlignedSteps): PackedAlignment {
  const packed = new Int32Array(PER_ROW * rows.length);
  for (const [n, row] of rows.entries())
    packed.set([kinds.indexOf(row.kind), row.left ?? -1, row.right ?? -1, row.to ?? -1], PER_ROW * n);
  return {
    left: packSteps(left),
    right: packSteps(right),
    rows: packed,
    similarity: Float32Array.from(rows, (row) => row.similarity),
    common,
  };
}

export function unpack({ left, right, rows, similarity, common }: PackedAlignment): AlignedSteps {
  const orNull = (value: number) => (value < 0 ? null : value);
  return {
    left: unpackSteps(left),
    right: unpackSteps(right),
    rows: Array.from(similarity, (how, n) => {
      const at = PER_ROW * n;
      return {
        kind: kinds[rows[at]!]!,
        left: orNull(rows[at + 1]!),
        right: orNull(rows[at + 2]!),
        to: orNull(rows[at + 3]!),
        similarity: how,
      };
    }),
    common,
  };
}

function packSteps(steps: readonly StepExtent[]): Int32Array {
  const packed = new Int32Array(2 * steps.length);
  for (const [n, { start, end }] of steps.entries()) {
    packed[2 * n] = start;
    packed[2 * n + 1] = end;
  }
  return packed;
}

function unpackSteps(packed: Int32Array): StepExtent[] {
  return Array.from({ length: packed.length / 2 }, (_, n) => ({ start: packed[2 * n]!, end: packed[2 * n + 1]! }));
}
