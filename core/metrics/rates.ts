/** Rates of behaviours that are compared at the same length and difficulty. */

/** One completion: how often something occurs in how many tokens. */
export interface Exposure {
  problem: string;
  tokens: number;
  events: number;
}

/** A completion's band of length: 0 below 256 tokens, then one band for each doubling. */
export function lengthBand(tokens: number): number {
  return tokens < 256 ? 0 : Math.floor(Math.log2(tokens / 128));
}

export interface StandardisedRates {
  /** Σ events / Σ tokens · 1,000 of each side, all completions. */
  crude: { a: number | null; b: number | null; ratio: number | null };
  /** Over strata that both sides have. */
  strata: number;
  /** Completions in them. */
  completions: { a: number; b: number };
  /** Mantel–Haenszel rate ratio a / b; null where b has no event in common strata, or there are none. */
  ratio: number | null;
  /** 95 %, from the variance of its logarithm; null where a side has no event. */
  interval: { low: number; high: number } | null;
  /** Rate of a less that of b per 1,000 tokens (Mantel–Haenszel weights); null without a common stratum. */
  difference: number | null;
}

/**
 * The rate of events a token of two sides, stratified by problem (difficulty) and band of length, pooled over strata after Mantel and Haenszel for rates
 * (Greenland and Robins 1985, Biometrics 41:55; Rothman, Greenland and Lash, Modern Epidemiology, ch. 15): with events x, y and tokens s, t of the
 * two sides in a stratum, ratio = Σ x·t/(s+t) / Σ y·s/(s+t), difference = Σ (x·t − y·s)/(s+t) / Σ s·t/(s+t), and
 * Var(log ratio) = Σ (x+y)·s·t/(s+t)² / (Σ x·t/(s+t) · Σ y·s/(s+t)).
 *
 * A stratum that only one side has says nothing of the difference and is left out; how many completions remain is given. Completions
 * without a token are left out. The interval takes events for independent; those of one completion are not quite, so it is narrow.
 */
export function standardisedRates(
  a: readonly Exposure[],
  b: readonly Exposure[],
  stratum: (one: Exposure) => string = ({ problem, tokens }) => `${lengthBand(tokens)} ${problem}`,
): StandardisedRates {
  const [left, right] = [strataOf(a, stratum), strataOf(b, stratum)];
  let strata = 0;
  const completions = { a: 0, b: 0 };
  let [above, below, weight, spread] = [0, 0, 0, 0];
  for (const [key, one] of left) {
    const other = right.get(key);
    if (!other) continue;
    strata += 1;
    completions.a += one.n;
    completions.b += other.n;
    const [x, s, y, t] = [one.events, one.tokens, other.events, other.tokens];
    above += (x * t) / (s + t);
    below += (y * s) / (s + t);
    weight += (s * t) / (s + t);
    spread += ((x + y) * s * t) / (s + t) ** 2;
  }
  const ratio = below > 0 ? above / below : null;
  const deviation = above > 0 && below > 0 ? Math.sqrt(spread / (above * below)) : null;
  const [crudeA, crudeB] = [crude(left), crude(right)];
  return {
    crude: { a: crudeA, b: crudeB, ratio: crudeA !== null && crudeB ? crudeA / crudeB : null },
    strata,
    completions,
    ratio,
    interval:
      ratio !== null && deviation !== null
        ? { low: ratio * Math.exp(-1.959964 * deviation), high: ratio * Math.exp(1.959964 * deviation) }
        : null,
    difference: weight > 0 ? (1000 * (above - below)) / weight : null,
  };
}

interface Stratum {
  n: number;
  tokens: number;
  events: number;
}

function strataOf(side: readonly Exposure[], key: (one: Exposure) => string): Map<string, Stratum> {
  const found = new Map<string, Stratum>();
  for (const one of side) {
    if (one.tokens <= 0) continue;
    const name = key(one);
    let sums = found.get(name);
    if (!sums) found.set(name, (sums = { n: 0, tokens: 0, events: 0 }));
    sums.n += 1;
    sums.tokens += one.tokens;
    sums.events += one.events;
  }
  return found;
}

function crude(strata: Map<string, Stratum>): number | null {
  let [events, tokens] = [0, 0];
  for (const sums of strata.values()) {
    events += sums.events;
    tokens += sums.tokens;
  }
  return tokens === 0 ? null : (1000 * events) / tokens;
}
