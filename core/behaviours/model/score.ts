/**
 * The model: logistic regression over the features of a step, one for each task, and a second one for checks over what the first says of the
 * steps around (`context.ts`). It was trained by `npm run train` on labelled steps (docs/behaviours.md) and ships as `weights.json`.
 */
import { Contexts, CONTEXT_SIZE, probability } from './context.ts';
import { featuresOf, type FeatureSink, type StepView } from './features.ts';
import { STEP_TASKS, TASKS, type StepTask, type Task } from './tasks.ts';
import data from './weights.json' with { type: 'json' };

/** Probabilities above which a step counts, by itself or where the rules see a cue. */
export const thresholds: Readonly<Record<StepTask, Readonly<Record<'alone' | 'cued', number>>>> = data.thresholds;
/**
 * Of checks, probabilities above which one begins, begins where the rules see a cue, goes on, goes on into words that begin something else,
 * and is seen where none was seen to begin, and there when its cue and its result are said.
 */
export type PassageThresholds = Record<'begins' | 'cued' | 'said' | 'goesOn' | 'elsewhere' | 'alone', number>;
export const passage: Readonly<PassageThresholds> = data.passage;

/** The confidence that a span of each label has at least. */
export const leastConfidence: Readonly<Record<'verification' | StepTask, number>> = {
  ...(Object.fromEntries(STEP_TASKS.map((task) => [task, data.thresholds[task].cued])) as Record<StepTask, number>),
  verification: data.passage.goesOn,
};

/**
 * The weights by feature, in an open hash table: `slots` has the feature's row + 1, or 0. Weights are whole numbers of 8 bits, times the
 * task's scale.
 */
class Weights implements FeatureSink {
  private readonly keys: Int32Array;
  private readonly weights: Int8Array;
  private readonly slots: Int32Array;
  private readonly mask: number;
  private readonly stamps: Int32Array;
  private stamp = 0;
  private readonly sums = new Float64Array(TASKS.length);

  constructor(keys: Int32Array, weights: Int8Array) {
    this.keys = keys;
    this.weights = weights;
    this.mask = 2 ** Math.ceil(Math.log2(Math.max(2, 2 * keys.length))) - 1;
    this.slots = new Int32Array(this.mask + 1);
    this.stamps = new Int32Array(keys.length);
    for (const [row, key] of keys.entries()) {
      let at = key & this.mask;
      while (this.slots[at] !== 0) at = (at + 1) & this.mask;
      this.slots[at] = row + 1;
    }
  }

  add(feature: number): void {
    const row = this.row(feature);
    if (row < 0 || this.stamps[row] === this.stamp) return;
    this.stamps[row] = this.stamp;
    const from = row * TASKS.length;
    for (let task = 0; task < TASKS.length; task += 1) this.sums[task]! += this.weights[from + task]!;
  }

  /** Logits of step `i` by task, valid until the next call. */
  logits(views: readonly StepView[], i: number): Float64Array {
    this.stamp += 1;
    this.sums.fill(0);
    featuresOf(views, i, this);
    for (let task = 0; task < TASKS.length; task += 1) this.sums[task]! *= data.scales[task]!;
    return this.sums;
  }

  /** What a feature adds to a task's logit; 0 for one that the model does not know. */
  of(feature: number, task: number): number {
    const row = this.row(feature);
    return row < 0 ? 0 : this.weights[row * TASKS.length + task]! * data.scales[task]!;
  }

  private row(feature: number): number {
    for (let at = feature & this.mask; ; at = (at + 1) & this.mask) {
      const slot = this.slots[at]!;
      if (slot === 0) return -1;
      if (this.keys[slot - 1] === feature) return slot - 1;
    }
  }
}

const bytesOf = (base64: string): Uint8Array => Uint8Array.from(atob(base64), (c) => c.charCodeAt(0));
/** Numbers of 32 bits, the low byte first. */
function wordsOf(bytes: Uint8Array): Int32Array {
  const view = new DataView(bytes.buffer);
  return Int32Array.from({ length: bytes.length / 4 }, (_, i) => view.getInt32(4 * i, true));
}

let loaded: Weights | undefined;
const weights = (): Weights =>
  (loaded ??= new Weights(wordsOf(bytesOf(data.keys)), new Int8Array(bytesOf(data.weights).buffer)));

/** What one feature adds to a task's logit; of several, the sum. */
export const contribution = (features: readonly number[], task: Task): number => {
  const at = TASKS.indexOf(task);
  return features.reduce((sum, one) => sum + weights().of(one, at), 0);
};

export interface Scores {
  /** Probability of a task for a step, between 0 and 1. */
  of: (task: Task, step: number) => number;
}

/** Steps between two yields: some milliseconds. */
const STEPS = 1000;

/** Probabilities of every task for every step. Time and memory are linear in the steps. Yields now and then. */
export function* score(views: readonly StepView[]): Generator<void, Scores> {
  const width = TASKS.length;
  const logits = new Float64Array(views.length * width);
  for (let i = 0; i < views.length; i += 1) {
    logits.set(weights().logits(views, i), i * width);
    if (i % STEPS === STEPS - 1) yield;
  }
  const contexts = new Contexts(logits);
  const inputs = new Float64Array(CONTEXT_SIZE);
  const looks = (Object.entries(data.context) as [Task, number[]][]).map(([task, own]) => {
    return { task, own: Float64Array.from(own), values: new Float64Array(views.length) };
  });
  for (let i = 0; i < views.length; i += 1) {
    contexts.inputs(i, inputs);
    for (const { own, values } of looks) {
      let sum = 0;
      for (let k = 0; k < CONTEXT_SIZE; k += 1) sum += own[k]! * inputs[k]!;
      values[i] = probability(sum);
    }
    if (i % STEPS === STEPS - 1) yield;
  }
  const second = new Map(looks.map(({ task, values }) => [task, values]));
  return { of: (task, step) => second.get(task)?.[step] ?? probability(logits[step * width + TASKS.indexOf(task)]!) };
}
