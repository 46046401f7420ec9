/** How easily chance alone makes a difference as large as the one that was seen, between two sets over the same problems. */
import { random } from './bootstrap.ts';

export interface McNemar {
  /** Problems that only the first set solves, and only the second. */
  broken: number;
  solved: number;
  /** Exact, two-sided. */
  p: number;
  /** The same less half of the probability of the table itself; nearer to its nominal level. */
  midP: number;
}

/**
 * McNemar's test of two sets over the same problems (McNemar 1947, Psychometrika 12:153), in its exact form: where neither set is
 * better, `broken` is binomial with n = broken + solved and ½. p = min(1, 2·P(X ≤ min(broken, solved))); mid-p takes off
 * P(X = min) (Fagerland, Lydersen and Laake 2013, BMC Med. Res. Methodol. 13:91). Without a problem that differs both are 1.
 */
export function mcnemar(broken: number, solved: number): McNemar {
  const n = broken + solved;
  const least = Math.min(broken, solved);
  // In logarithms: 2^-n is nothing in double precision from n = 1075 on.
  let log = -n * Math.LN2;
  let below = 0;
  for (let k = 0; k < least; k += 1) {
    below += Math.exp(log);
    log += Math.log((n - k) / (k + 1));
  }
  const at = Math.exp(log);
  return { broken, solved, p: Math.min(1, 2 * (below + at)), midP: Math.min(1, 2 * below + at) };
}

export interface Chance {
  /** Two-sided. */
  p: number;
  /** False: from random flips, with a standard error of at most 0.005. */
  exact: boolean;
  /** Problems whose two values differ; the others say nothing. */
  differing: number;
}

/** Steps of the inner loops between two yields: some milliseconds. */
const STEPS = 1_000_000;
/** Most steps of an exact test. */
const EXACT_STEPS = 2e8;
const FLIPS = 10_000;
/** Most problems of which every choice of signs is gone through. */
const ALL_SIGNS = 16;

/**
 * Sign-flip permutation test of the mean of paired differences (Fisher 1935, The Design of Experiments, §21; Pitman 1937): where the
 * two sets are exchangeable, each problem's difference is as likely with its sign turned. p is the share of all 2ⁿ choices of signs
 * whose sum is at least as far from 0 as the one that was seen.
 *
 * With `denominator` all differences are multiples of 1 / denominator (shares of samples), and the whole distribution of the sum is
 * computed; with one sample a side that is the exact test of McNemar. Otherwise, above 16 differences, 10,000 random choices are
 * drawn and p = (1 + as far) / (1 + drawn), which is never 0 (Phipson and Smyth 2010). Values that are not finite are left out.
 */
export function* signFlip(
  differences: readonly number[],
  { denominator, seed = 0 }: { denominator?: number; seed?: number } = {},
): Generator<void, Chance> {
  const differing = differences.filter((value) => Number.isFinite(value) && value !== 0);
  const n = differing.length;
  if (n === 0) return { p: 1, exact: true, differing: 0 };
  if (denominator !== undefined) {
    const whole = differing.map((value) => Math.round(value * denominator));
    const reach = whole.reduce((sum, value) => sum + Math.abs(value), 0);
    if (reach * n <= EXACT_STEPS) return { p: yield* exactShare(whole, reach), exact: true, differing: n };
  }
  const all = n <= ALL_SIGNS;
  return { p: yield* all ? allSigns(differing) : drawnSigns(differing, seed), exact: all, differing: n };
}

/** From the distribution of T = Σ |dᵢ|·bᵢ with bᵢ 0 or 1 at ½; the sum with random signs is 2T − reach. */
function* exactShare(whole: readonly number[], reach: number): Generator<void, number> {
  const seen = Math.abs(whole.reduce((sum, value) => sum + value, 0));
  const chances = new Float64Array(reach + 1);
  chances[0] = 1;
  let top = 0;
  let steps = 0;
  for (const value of whole) {
    const by = Math.abs(value);
    top += by;
    for (let t = top; t >= 0; t -= 1) chances[t] = (chances[t]! + (t >= by ? chances[t - by]! : 0)) / 2;
    steps += top;
    if (steps >= STEPS) {
      steps = 0;
      yield;
    }
  }
  let p = 0;
  for (let t = 0; t <= reach; t += 1) if (Math.abs(2 * t - reach) >= seen) p += chances[t]!;
  return Math.min(1, p);
}

/** Sums within this share of the sum of sizes are the same but for rounding. */
const ROUNDING = 1e-12;

function* allSigns(values: readonly number[]): Generator<void, number> {
  const { seen, least } = reachOf(values);
  let far = 0;
  const choices = 2 ** values.length;
  for (let bits = 0; bits < choices; bits += 1) {
    let sum = 0;
    for (let i = 0; i < values.length; i += 1) sum += (bits >>> i) & 1 ? values[i]! : -values[i]!;
    if (Math.abs(sum) >= seen - least) far += 1;
    if (bits % 50_000 === 49_999) yield;
  }
  return far / choices;
}

function* drawnSigns(values: readonly number[], seed: number): Generator<void, number> {
  const { seen, least } = reachOf(values);
  const draw = random(seed);
  let far = 0;
  let steps = 0;
  for (let flip = 0; flip < FLIPS; flip += 1) {
    let sum = 0;
    let bits = 0;
    for (let i = 0; i < values.length; i += 1) {
      if (i % 32 === 0) bits = draw() * 2 ** 32;
      sum += bits & 1 ? values[i]! : -values[i]!;
      bits >>>= 1;
    }
    if (Math.abs(sum) >= seen - least) far += 1;
    steps += values.length;
    if (steps >= STEPS) {
      steps = 0;
      yield;
    }
  }
  return (1 + far) / (1 + FLIPS);
}

function reachOf(values: readonly number[]): { seen: number; least: number } {
  const sum = values.reduce((total, value) => total + value, 0);
  const sizes = values.reduce((total, value) => total + Math.abs(value), 0);
  return { seen: Math.abs(sum), least: sizes * ROUNDING };
}
