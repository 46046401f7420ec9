/** Intervals by bootstrap over problems: samples of one problem are not independent, so whole problems are drawn. */
export interface Interval {
  mean: number;
  low: number;
  high: number;
}

export interface BootstrapOptions {
  /** Resamples (default 2,000). */
  samples?: number;
  /** Seed of the draws; the same seed gives the same interval (default 0). */
  seed?: number;
  /** Coverage of the percentile interval (default 0.95). */
  level?: number;
}

/**
 * Mean over problems of the mean over each problem's samples, with a percentile interval (Efron and Tibshirani 1993, ch. 13).
 * A group is one problem's values; empty groups and values that are not finite are left out.
 *
 * Without any value all three are NaN; with one problem low and high equal the mean, since nothing is known of the spread.
 */
export function bootstrapMean(groups: readonly (readonly number[])[], options: BootstrapOptions = {}): Interval {
  const means: number[] = [];
  for (const group of groups) {
    let sum = 0;
    let n = 0;
    for (const value of group) {
      if (!Number.isFinite(value)) continue;
      sum += value;
      n += 1;
    }
    if (n > 0) means.push(sum / n);
  }
  return bootstrap(Float64Array.from(means), options);
}

function bootstrap(values: Float64Array, { samples = 2000, seed = 0, level = 0.95 }: BootstrapOptions): Interval {
  const n = values.length;
  const mean = values.reduce((sum, value) => sum + value, 0) / n;
  if (n === 0) return { mean: NaN, low: NaN, high: NaN };
  if (n === 1) return { mean, low: mean, high: mean };
  const draw = random(seed);
  const drawn = new Float64Array(samples);
  for (let s = 0; s < samples; s += 1) {
    let sum = 0;
    for (let i = 0; i < n; i += 1) sum += values[Math.floor(draw() * n)]!;
    drawn[s] = sum / n;
  }
  drawn.sort();
  const tail = (1 - level) / 2;
  return { mean, low: quantile(drawn, tail), high: quantile(drawn, 1 - tail) };
}

/** Linear interpolation between order statistics (Hyndman and Fan 1996, type 7). `sorted` must not be empty. */
export function quantile(sorted: Float64Array, p: number): number {
  const at = (sorted.length - 1) * p;
  const below = Math.floor(at);
  const low = sorted[below]!;
  const high = sorted[Math.min(below + 1, sorted.length - 1)]!;
  return low + (high - low) * (at - below);
}

/** mulberry32: a generator of 32 bits of state, uniform on [0, 1), the same on every machine. */
export function random(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let t = state;
    t = Math.imul(t ^ (t >>> 15), t | 1);
    t ^= t + Math.imul(t ^ (t >>> 7), t | 61);
    return ((t ^ (t >>> 14)) >>> 0) / 4294967296;
  };
}

/** Additions between two yields of {@link resampledSums}: some milliseconds. */
const ADDITIONS = 500_000;

/**
 * The sums of several columns over the same draws of whole rows with replacement: for every column one sum a resample. A row is a
 * problem, so that figures made of several columns (a ratio, a difference of two models on the same problems) keep what belongs
 * together. Yields now and then, so that a caller can do other work between. The draws are those of {@link bootstrapMean}.
 */
export function* resampledSums(
  columns: readonly Float64Array[],
  { samples = 2000, seed = 0 }: Pick<BootstrapOptions, 'samples' | 'seed'> = {},
): Generator<void, Float64Array[]> {
  const n = columns[0]?.length ?? 0;
  const drawn = columns.map(() => new Float64Array(samples));
  const draw = random(seed);
  const rows = new Int32Array(n);
  let additions = 0;
  for (let s = 0; s < samples; s += 1) {
    for (let i = 0; i < n; i += 1) rows[i] = Math.floor(draw() * n);
    for (const [c, column] of columns.entries()) {
      let sum = 0;
      for (let i = 0; i < n; i += 1) sum += column[rows[i]!]!;
      drawn[c]![s] = sum;
    }
    additions += n * (columns.length + 1);
    if (additions >= ADDITIONS) {
      additions = 0;
      yield;
    }
  }
  return drawn;
}

/** Rows of numbers each of which rises now and then from column to column: by how much, and at which column. */
export interface Rises {
  /** Of each row the first of its rises, and behind the last row their number. */
  start: Int32Array;
  column: Uint16Array;
  by: Float64Array;
  /** What rises in a column is in the next ones too, up to the end of its curve: each curve has so many columns. */
  curves: number;
  columns: number;
}

/**
 * {@link resampledSums} of columns that are the points of curves: a resample adds the few rises of each drawn row, and a point is what
 * has risen up to it. The draws are the same, and so are the sums but for rounding.
 */
export function* resampledRises(
  { start, column, by, curves, columns }: Rises,
  { samples = 2000, seed = 0 }: Pick<BootstrapOptions, 'samples' | 'seed'> = {},
): Generator<void, Float64Array[]> {
  const n = start.length - 1;
  const drawn = Array.from({ length: curves * columns }, () => new Float64Array(samples));
  const draw = random(seed);
  const risen = new Float64Array(curves * columns);
  // A draw costs about as much as two additions.
  const slice = Math.max(1, Math.floor(ADDITIONS / (2 * n + by.length + risen.length)));
  for (let s = 0; s < samples; s += 1) {
    risen.fill(0);
    for (let i = 0; i < n; i += 1) {
      const row = Math.floor(draw() * n);
      for (let k = start[row]!; k < start[row + 1]!; k += 1) risen[column[k]!]! += by[k]!;
    }
    let sum = 0;
    for (let c = 0; c < risen.length; c += 1) drawn[c]![s] = sum = (c % columns === 0 ? 0 : sum) + risen[c]!;
    if (s % slice === slice - 1) yield;
  }
  return drawn;
}

/** A figure with the percentile interval of its values over resamples; values that are not finite (a ratio to nothing) are left out. */
export function intervalOf(mean: number, drawn: Float64Array, level = 0.95): Interval {
  const finite = drawn.filter((value) => Number.isFinite(value)).toSorted();
  if (finite.length === 0) return { mean, low: mean, high: mean };
  const tail = (1 - level) / 2;
  return { mean, low: quantile(finite, tail), high: quantile(finite, 1 - tail) };
}
