/** Figures as ratios of two sums over problems, all drawn together: one resampling of the problems serves every one of them. */
import { intervalOf, resampledSums, type Interval } from './bootstrap.ts';

interface Pair {
  above: Float64Array;
  below: Float64Array;
  n: number;
}

export class Columns<S> {
  private readonly rows: readonly (readonly S[])[];
  private readonly pairs: Pair[] = [];
  private drawn: Float64Array[] = [];

  /** `groups`: the samples of each problem. */
  constructor(groups: readonly (readonly S[])[]) {
    this.rows = groups;
  }

  /** Mean over problems of the mean over those of its samples that `test` keeps; problems that keep none are left out. */
  problems(value: (sample: S) => number, test: (sample: S) => boolean): number {
    return this.add((group) => {
      const kept = group.filter(test);
      return [
        kept.reduce((sum, one) => sum + value(one), 0) / Math.max(1, kept.length),
        kept.length > 0 ? 1 : 0,
        kept.length,
      ];
    });
  }

  /** Mean over problems of one value of the samples that `test` keeps. `n` counts problems. */
  groups(value: (group: readonly S[]) => number, test: (sample: S) => boolean): number {
    return this.add((group) => {
      const kept = group.filter(test);
      return kept.length === 0 ? [0, 0, 0] : [value(kept), 1, 1];
    });
  }

  /** Mean over samples. */
  outputs(value: (sample: S) => number, test: (sample: S) => boolean): number {
    return this.ratio(value, () => 1, test);
  }

  /** Σ `above` / Σ `below` over samples. */
  ratio(above: (sample: S) => number, below: (sample: S) => number, test: (sample: S) => boolean): number {
    return this.add((group) => {
      const kept = group.filter(test);
      const sum = (of: (sample: S) => number) => kept.reduce((total, one) => total + of(one), 0);
      return [sum(above), sum(below), kept.length];
    });
  }

  private add(of: (group: readonly S[]) => [above: number, below: number, n: number]): number {
    const n = this.rows.length;
    const pair = { above: new Float64Array(n), below: new Float64Array(n), n: 0 };
    for (let i = 0; i < n; i += 1) {
      const [above, below, count] = of(this.rows[i]!);
      pair.above[i] = above;
      pair.below[i] = below;
      pair.n += count;
    }
    this.pairs.push(pair);
    return this.pairs.length - 1;
  }

  /** Draws the problems; yields every few milliseconds. Before {@link figure}. */
  *draw(): Generator<void, void> {
    if (this.rows.length > 1)
      this.drawn = yield* resampledSums(this.pairs.flatMap(({ above, below }) => [above, below]));
  }

  /** Null where there is nothing to divide by. With one problem low and high equal the mean. */
  figure(at: number): (Interval & { n: number }) | null {
    const { above, below, n } = this.pairs[at]!;
    const sum = (values: Float64Array) => values.reduce((total, value) => total + value, 0);
    const whole = sum(below);
    if (n === 0 || whole === 0) return null;
    const mean = sum(above) / whole;
    const [drawnAbove, drawnBelow] = [this.drawn[2 * at], this.drawn[2 * at + 1]];
    if (!drawnAbove || !drawnBelow) return { mean, low: mean, high: mean, n };
    return {
      ...intervalOf(
        mean,
        drawnAbove.map((value, s) => value / drawnBelow[s]!),
      ),
      n,
    };
  }
}
