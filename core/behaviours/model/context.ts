/**
 * The second look at a step, for passages: what the first one says of the steps around it. A check is a passage, and a step in
 * its middle often says nothing of it.
 */
import { TASKS } from './tasks.ts';

/** Steps to each side whose probabilities are seen, and how fast the memory of farther ones fades. */
const REACH = 6;
const FADE = 0.85;
const LOGIT_SCALE = 3;
const LOGIT_LIMIT = 6;

/** Inputs of the second look for each task: probabilities around, what lies before and behind, three logits. */
const EACH = 2 * REACH + 1 + 2 + 3;
/** All of them, and a constant. */
export const CONTEXT_SIZE = TASKS.length * EACH + 1;

export const probability = (logit: number): number => 1 / (1 + Math.exp(-logit));

/** What surrounds each step of a text. `logits[step * TASKS.length + task]` are those of the first look. */
export class Contexts {
  private readonly logits: Float64Array;
  private readonly p: Float64Array;
  private readonly before: Float64Array;
  private readonly behind: Float64Array;
  private readonly n: number;

  constructor(logits: Float64Array) {
    const width = TASKS.length;
    this.logits = logits;
    this.n = logits.length / width;
    this.p = logits.map(probability);
    this.before = new Float64Array(logits.length);
    this.behind = new Float64Array(logits.length);
    for (let at = width; at < logits.length; at += 1)
      this.before[at] = FADE * this.before[at - width]! + this.p[at - width]!;
    for (let at = logits.length - width - 1; at >= 0; at -= 1)
      this.behind[at] = FADE * this.behind[at + width]! + this.p[at + width]!;
  }

  /** The {@link CONTEXT_SIZE} inputs of step `i`, written over `into`. */
  inputs(i: number, into: Float64Array): void {
    const width = TASKS.length;
    into.fill(0);
    const first = Math.max(-REACH, -i);
    const last = Math.min(REACH, this.n - 1 - i);
    for (let task = 0; task < width; task += 1) {
      const column = task * EACH;
      for (let d = first; d <= last; d += 1) into[column + d + REACH] = this.p[(i + d) * width + task]!;
      into[column + 2 * REACH + 1] = this.before[i * width + task]!;
      into[column + 2 * REACH + 2] = this.behind[i * width + task]!;
      for (let d = Math.max(-1, first); d <= Math.min(1, last); d += 1) {
        const logit = this.logits[(i + d) * width + task]!;
        into[column + EACH - 2 + d] = Math.max(-LOGIT_LIMIT, Math.min(LOGIT_LIMIT, logit)) / LOGIT_SCALE;
      }
    }
    into[CONTEXT_SIZE - 1] = 1;
  }
}
