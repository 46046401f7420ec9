/** Logistic regression with an L2 penalty over sparse binary features, several answers at once. Deterministic. */

export interface Example {
  /** Indices of the features that are present. */
  features: Int32Array;
  /** By task: 1 yes, 0 no, -1 not known. */
  answers: Int8Array;
  /** By task. */
  weight: number;
}

/** Passes over all examples at most; steps that the search direction remembers; a gradient so much smaller than the first is enough. */
const PASSES = 200;
const REMEMBERED = 10;
const SMALL = 1e-3;

/**
 * Weights by `feature * tasks + task`: the minimum of the weighted log loss plus half of each weight's penalty times its square, by
 * L-BFGS (Liu and Nocedal 1989) with steps halved until the loss falls.
 */
export function fit(examples: readonly Example[], penalties: Float64Array, tasks: number): Float64Array {
  const size = penalties.length;
  let weights = new Float64Array(size);
  let gradient = new Float64Array(size);
  let loss = lossOf(examples, penalties, tasks, weights, gradient);
  const enough = SMALL * Math.sqrt(dot(gradient, gradient));
  const memory: { step: Float64Array; turn: Float64Array; along: number }[] = [];
  for (let pass = 1; pass < PASSES && Math.sqrt(dot(gradient, gradient)) > enough;) {
    const direction = descent(gradient, memory);
    const slope = dot(gradient, direction);
    let next = weights;
    const turned = new Float64Array(size);
    let lower = Infinity;
    // The first direction knows nothing of how far to go.
    let far = memory.length === 0 ? 1 / Math.sqrt(dot(gradient, gradient)) : 1;
    for (; pass < PASSES; far /= 2) {
      next = weights.map((weight, k) => weight + far * direction[k]!);
      lower = lossOf(examples, penalties, tasks, next, turned);
      pass += 1;
      if (lower <= loss + 1e-4 * far * slope) break;
    }
    if (lower > loss) break;
    const turn = turned.map((g, k) => g - gradient[k]!);
    const step = next.map((weight, k) => weight - weights[k]!);
    const along = dot(turn, step);
    if (along > 0) memory.push({ step, turn, along });
    if (memory.length > REMEMBERED) memory.shift();
    weights = next;
    gradient = turned;
    loss = lower;
  }
  return weights;
}

/** The loss; its gradient is written over `gradient`. */
function lossOf(
  examples: readonly Example[],
  penalties: Float64Array,
  tasks: number,
  weights: Float64Array,
  gradient: Float64Array,
): number {
  const sums = new Float64Array(tasks);
  let loss = 0;
  for (let k = 0; k < weights.length; k += 1) {
    gradient[k] = penalties[k]! * weights[k]!;
    loss += 0.5 * gradient[k]! * weights[k]!;
  }
  for (const { features: present, answers, weight } of examples) {
    sums.fill(0);
    for (const feature of present) for (let t = 0; t < tasks; t += 1) sums[t]! += weights[feature * tasks + t]!;
    for (let t = 0; t < tasks; t += 1) {
      const answer = answers[t]!;
      if (answer >= 0) {
        const wrong = answer === 1 ? -sums[t]! : sums[t]!;
        loss += weight * (Math.max(0, wrong) + Math.log1p(Math.exp(-Math.abs(wrong))));
      }
      sums[t] = answer < 0 ? 0 : weight * (1 / (1 + Math.exp(-sums[t]!)) - answer);
    }
    for (const feature of present) for (let t = 0; t < tasks; t += 1) gradient[feature * tasks + t]! += sums[t]!;
  }
  return loss;
}

/** Where the loss falls, by the steps that are remembered. */
function descent(
  gradient: Float64Array,
  memory: readonly { step: Float64Array; turn: Float64Array; along: number }[],
): Float64Array {
  const direction = gradient.map((g) => -g);
  const shares: number[] = [];
  for (const { step, turn, along } of memory.toReversed()) {
    const share = dot(step, direction) / along;
    shares.push(share);
    for (let k = 0; k < direction.length; k += 1) direction[k]! -= share * turn[k]!;
  }
  const last = memory.at(-1);
  if (last) {
    const scale = last.along / dot(last.turn, last.turn);
    for (let k = 0; k < direction.length; k += 1) direction[k]! *= scale;
  }
  for (const { step, turn, along } of memory) {
    const share = shares.pop()! - dot(turn, direction) / along;
    for (let k = 0; k < direction.length; k += 1) direction[k]! += share * step[k]!;
  }
  return direction;
}

function dot(a: Float64Array, b: Float64Array): number {
  let sum = 0;
  for (let k = 0; k < a.length; k += 1) sum += a[k]! * b[k]!;
  return sum;
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
  const rounds = 960;
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
