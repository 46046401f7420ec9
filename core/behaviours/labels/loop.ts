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
    const hashes = stepHashes(reading);
    const found: Finding[] = [];
    let i = 0;
    while (i < hashes.length) {
      const run = cycleAt(hashes, i);
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

/** FNV-1a of each step's letters; white space and case do not count, so that a loop is found however its lines are broken. */
function stepHashes({ text, steps }: Reading): Int32Array {
  const hashes = new Int32Array(steps.length);
  for (let i = 0; i < steps.length; i += 1) {
    let hash = 2166136261;
    for (let at = steps[i]!.start; at < steps[i]!.end; at += 1) {
      const code = text.charCodeAt(at);
      if (code <= 32) continue;
      hash = Math.imul(hash ^ (code >= 65 && code <= 90 ? code + 32 : code), 16777619);
    }
    hashes[i] = hash;
  }
  return hashes;
}

function cycleAt(hashes: Int32Array, at: number): { period: number; steps: number } | null {
  for (let period = 1; period <= LONGEST_CYCLE && at + period * TIMES <= hashes.length; period += 1) {
    if (hashes[at] !== hashes[at + period]) continue;
    let same = 0;
    while (at + period + same < hashes.length && hashes[at + same] === hashes[at + period + same]) same += 1;
    const times = Math.floor(same / period) + 1;
    if (times >= TIMES) return { period, steps: times * period };
  }
  return null;
}
