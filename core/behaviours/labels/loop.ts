/** The text goes round: the same steps come again and again. */
import type { Finding, LabelRules } from '../label.ts';
import type { Reading } from '../text.ts';

/** Times that a cycle of steps must occur in a row, longest cycle in steps, shortest repeated stretch in UTF-16 units. */
const TIMES = 3;
const LONGEST_CYCLE = 12;
const SHORTEST = 60;

export const loop: LabelRules = {
  label: 'loop',
  find(reading) {
    const keys = stepKeys(reading);
    const found: Finding[] = [];
    let i = 0;
    while (i < keys.length) {
      const run = cycleAt(reading, keys, i);
      if (!run || reading.steps[i + run.steps - 1]!.end - reading.steps[i]!.start < SHORTEST) {
        i += 1;
        continue;
      }
      const first = reading.steps[i]!;
      const unit = reading.text.slice(first.start, Math.min(first.end, first.start + 60));
      const evidence = `${run.steps / run.period} × ${run.period === 1 ? 'the same step' : `the same ${run.period} steps`}: ${unit}`;
      found.push({ start: first.start, end: reading.steps[i + run.steps - 1]!.end, confidence: 0.95, evidence });
      i += run.steps;
    }
    return found;
  },
};

/** Length, first and last letters of each step: equal steps have equal keys, and unequal ones seldom do. */
function stepKeys({ text, steps }: Reading): Int32Array {
  const keys = new Int32Array(steps.length);
  for (let i = 0; i < steps.length; i += 1) {
    const { start, end } = steps[i]!;
    let key = end - start;
    for (let k = 0; k < 12; k += 1) {
      key = Math.imul(key ^ text.charCodeAt(Math.min(start + k, end - 1)), 16777619);
      key = Math.imul(key ^ text.charCodeAt(Math.max(end - 1 - k * 3, start)), 16777619);
    }
    keys[i] = key;
  }
  return keys;
}

function cycleAt(reading: Reading, keys: Int32Array, at: number): { period: number; steps: number } | null {
  for (let period = 1; period <= LONGEST_CYCLE && at + period * TIMES <= keys.length; period += 1) {
    // Keys of two more rounds first: texts are compared only where a cycle is likely.
    if (keys[at] !== keys[at + period] || keys[at] !== keys[at + 2 * period]) continue;
    let same = 0;
    while (at + period + same < keys.length && isSame(reading, keys, at + same, at + period + same)) same += 1;
    const times = Math.floor(same / period) + 1;
    if (times >= TIMES) return { period, steps: times * period };
  }
  return null;
}

function isSame({ text, steps }: Reading, keys: Int32Array, a: number, b: number): boolean {
  if (keys[a] !== keys[b]) return false;
  return text.slice(steps[a]!.start, steps[a]!.end) === text.slice(steps[b]!.start, steps[b]!.end);
}
