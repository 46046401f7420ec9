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
    const ids = stepIds(reading);
    const found: Finding[] = [];
    let i = 0;
    while (i < ids.length) {
      const run = cycleAt(ids, i);
      if (!run || reading.steps[i + run.steps - 1]!.end - reading.steps[i]!.start < SHORTEST) {
        i += 1;
        continue;
      }
      const first = reading.steps[i]!;
      const unit = reading.text.slice(first.start, first.end);
      const evidence = `${run.steps / run.period} × ${run.period === 1 ? 'the same step' : `the same ${run.period} steps`}: ${unit.slice(0, 60)}`;
      found.push({ start: first.start, end: reading.steps[i + run.steps - 1]!.end, confidence: 0.95, evidence });
      i += run.steps;
    }
    return found;
  },
};

/** Equal steps get equal numbers; white space and letter case do not count. */
function stepIds(reading: Reading): Int32Array {
  const known = new Map<string, number>();
  return Int32Array.from(reading.steps, (step) => {
    const key = reading.text.slice(step.start, step.end).toLowerCase().replace(/\s+/g, ' ');
    let id = known.get(key);
    if (id === undefined) known.set(key, (id = known.size));
    return id;
  });
}

function cycleAt(ids: Int32Array, at: number): { period: number; steps: number } | null {
  for (let period = 1; period <= LONGEST_CYCLE && at + period * TIMES <= ids.length; period += 1) {
    let same = 0;
    while (at + period + same < ids.length && ids[at + same] === ids[at + period + same]) same += 1;
    const times = Math.floor(same / period) + 1;
    if (times >= TIMES) return { period, steps: times * period };
  }
  return null;
}
