/** Logistic regression with an L2 penalty over sparse binary features, several answers at once. Deterministic. */

export interface Example {
  /** Indices of the features that are present. */
  features: Int32Array;
  /** By task: 1 yes, 0 no, -1 not known. */
  answers: Int8Array;
  /** By task. */
  weight: number;
}

const ROUNDS = 160;

/**
 * Weights by `feature * tasks + task`: the minimum of the weighted log loss plus half of each feature's penalty times its squared weights,
 * approached by {@link ROUNDS} full passes of Adam (Kingma and Ba 2015) with a falling step.
 */
export function fit(examples: readonly Example[], penalties: Float64Array, tasks: number): Float64Array {
  const size = penalties.length * tasks;
  const weights = new Float64Array(size);
  const gradient = new Float64Array(size);
  const mean = new Float64Array(size);
  const square = new Float64Array(size);
  const sums = new Float64Array(tasks);
  for (let round = 1; round <= ROUNDS; round += 1) {
    for (let k = 0; k < size; k += 1) gradient[k] = penalties[Math.floor(k / tasks)]! * weights[k]!;
    for (const { features: present, answers, weight } of examples) {
      sums.fill(0);
      for (const feature of present) for (let t = 0; t < tasks; t += 1) sums[t]! += weights[feature * tasks + t]!;
      for (let t = 0; t < tasks; t += 1)
        sums[t] = answers[t]! < 0 ? 0 : weight * (1 / (1 + Math.exp(-sums[t]!)) - answers[t]!);
      for (const feature of present) for (let t = 0; t < tasks; t += 1) gradient[feature * tasks + t]! += sums[t]!;
    }
    const step = 0.12 * (1 - round / (ROUNDS + 1)) + 0.001;
    const [fade, fadeSquare] = [1 - 0.9 ** round, 1 - 0.99 ** round];
    for (let k = 0; k < size; k += 1) {
      const g = gradient[k]!;
      mean[k] = 0.9 * mean[k]! + 0.1 * g;
      square[k] = 0.99 * square[k]! + 0.01 * g * g;
      weights[k]! -= (step * (mean[k]! / fade)) / (Math.sqrt(square[k]! / fadeSquare) + 0.05);
    }
  }
  return weights;
}

/** The same over dense inputs, for one answer. `inputs[i * width + k]`. */
export function fitDense(
  inputs: Float64Array,
  width: number,
  rows: readonly { row: number; answer: number }[],
  penalty: number,
): number[] {
  const weights = new Float64Array(width);
  const gradient = new Float64Array(width);
  const mean = new Float64Array(width);
  const square = new Float64Array(width);
  const rounds = 6 * ROUNDS;
  for (let round = 1; round <= rounds; round += 1) {
    for (let k = 0; k < width; k += 1) gradient[k] = penalty * weights[k]!;
    for (const { row, answer } of rows) {
      let sum = 0;
      for (let k = 0; k < width; k += 1) sum += weights[k]! * inputs[row * width + k]!;
      const d = 1 / (1 + Math.exp(-sum)) - answer;
      for (let k = 0; k < width; k += 1) gradient[k]! += d * inputs[row * width + k]!;
    }
    const step = 0.06 * (1 - round / (rounds + 1)) + 0.0005;
    for (let k = 0; k < width; k += 1) {
      const g = gradient[k]!;
      mean[k] = 0.9 * mean[k]! + 0.1 * g;
      square[k] = 0.99 * square[k]! + 0.01 * g * g;
      weights[k]! -= (step * (mean[k]! / (1 - 0.9 ** round))) / (Math.sqrt(square[k]! / (1 - 0.99 ** round)) + 0.05);
    }
  }
  return [...weights];
}
