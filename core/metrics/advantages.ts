/** Advantages of one GRPO group from its total rewards, as the trainer defines them; no completion's text is looked at. */

/** Mean, and the standard deviation with n − 1; null is left out. Fewer than two values have the deviation 0, none has no mean. */
export function meanAndDeviation(values: readonly (number | null)[]): { mean: number | null; deviation: number } {
  const known = values.filter((value) => value !== null);
  if (known.length === 0) return { mean: null, deviation: 0 };
  const mean = known.reduce((sum, value) => sum + value, 0) / known.length;
  if (known.length < 2) return { mean, deviation: 0 };
  const squares = known.reduce((sum, value) => sum + (value - mean) ** 2, 0);
  return { mean, deviation: Math.sqrt(squares / (known.length - 1)) };
}

/** What the difference to the mean is divided by: the deviation of the group, that of all completions of the step, or nothing. */
export type AdvantageScale = 'group' | 'batch' | 'none';

/**
 * A = (R − mean of the group) / (deviation + 1e-4) (GRPO, arXiv 2402.03300, equation 3, with TRL's small number); `none`: A =
 * R − mean. A completion without a reward has 0. `batch` is the deviation over the step, needed for that scale alone.
 */
export function groupAdvantages(rewards: readonly (number | null)[], scale: AdvantageScale, batch = 0): number[] {
  const { mean, deviation } = meanAndDeviation(rewards);
  const divisor = { group: deviation + 1e-4, batch: batch + 1e-4, none: 1 }[scale];
  return rewards.map((reward) => (reward === null || mean === null ? 0 : (reward - mean) / divisor));
}

/** Largest difference of two advantages that single precision explains where the deviation is near 0. */
const TOLERANCE = 5e-3;

/** True where the trainer used another advantage than its rewards give. */
export function advantageDiffers(recomputed: number | null, logged: number | null): boolean {
  return recomputed !== null && logged !== null && Math.abs(recomputed - logged) > TOLERANCE;
}
