/** Entropy of the next token, from the probabilities that were stored: all of them, or the largest few. In nats. */

/** H = −Σ p·ln p over a whole distribution, given as log-probabilities (Shannon 1948). Probabilities of 0 add nothing. */
export function entropy(logprobs: readonly number[]): number {
  let sum = 0;
  for (const logprob of logprobs) if (logprob > -Infinity) sum -= Math.exp(logprob) * logprob;
  return sum;
}

/**
 * The least entropy of any distribution whose largest probabilities are these (log-probabilities in any order).
 *
 * The rest, r = 1 − Σp, is spread over tokens none of which is more likely than the least likely one given, m. Entropy is concave, so it is least where
 * the rest is in as few tokens as can be: ⌊r/m⌋ of them with m and one with what is left. A bound from −r·ln r alone, as if the rest
 * were one token, is never larger. With all tokens given it is the entropy itself. NaN where a number is no log-probability; 0 for none.
 */
export function entropyLowerBound(top: readonly number[]): number {
  const known = top.filter((logprob) => logprob > -Infinity);
  if (known.length === 0) return 0;
  const own = entropy(known);
  // Rounding of stored logarithms may put the sum a little above 1.
  const rest = Math.max(0, 1 - known.reduce((sum, logprob) => sum + Math.exp(logprob), 0));
  const least = Math.exp(Math.min(...known));
  if (rest <= 1e-9) return own;
  const whole = Math.floor(rest / least + 1e-12);
  const left = rest - whole * least;
  return own - whole * least * Math.log(least) - (left > 1e-12 ? left * Math.log(left) : 0);
}

export interface EntropyOfSteps {
  /** Over all tokens; null without one. */
  mean: number | null;
  tokens: number;
  /** Mean and largest of each step; null for a step without a token. */
  steps: ({ mean: number; max: number } | null)[];
}

/**
 * Entropies of tokens, in all and by step (arXiv 2506.01939 looks at the tokens of highest entropy, where the reasoning forks). `stepOf[i]` is the step
 * that token i lies in, or −1; `steps` is their number. Entropies that are not finite are left out.
 */
export function entropyBySteps(values: ArrayLike<number>, stepOf: ArrayLike<number>, steps: number): EntropyOfSteps {
  const sums = Array.from({ length: steps }, () => ({ sum: 0, max: -Infinity, n: 0 }));
  let [sum, tokens] = [0, 0];
  for (let i = 0; i < values.length; i += 1) {
    const value = values[i]!;
    if (!Number.isFinite(value)) continue;
    sum += value;
    tokens += 1;
    const step = sums[stepOf[i] ?? -1];
    if (!step) continue;
    step.sum += value;
    step.max = Math.max(step.max, value);
    step.n += 1;
  }
  return {
    mean: tokens === 0 ? null : sum / tokens,
    tokens,
    steps: sums.map(({ sum: total, max, n }) => (n === 0 ? null : { mean: total / n, max })),
  };
}
