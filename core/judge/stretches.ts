/**
 * Cuts the steps of a text into stretches that are judged with one question each. Two neighbours overlap, so that no step is judged
 * only at an edge; before a stretch stand some steps as context, which are not judged in it.
 */
import type { Step } from '../traces/steps.ts';

/** Steps and characters of a stretch at most; a single step may be longer and is shown shortened. */
export const STRETCH_STEPS = 48;
export const STRETCH_CHARACTERS = 16_000;
/** Steps that two neighbours share, and a quarter of a short stretch at most. */
export const OVERLAP_STEPS = 6;
export const CONTEXT_STEPS = 6;
/** A longer step is shown by its beginning and its end. */
export const SHOWN_CHARACTERS = 1_600;

/** Indices of steps; `to` is exclusive. `before` ≤ `from` is where the context begins. */
export interface Stretch {
  before: number;
  from: number;
  to: number;
}

/** In order. Every step lies in one stretch or in two neighbours. */
export function stretches(steps: readonly Pick<Step, 'start' | 'end'>[]): Stretch[] {
  const found: Stretch[] = [];
  for (let from = 0; from < steps.length;) {
    let to = from;
    let characters = 0;
    while (to < steps.length && to - from < STRETCH_STEPS) {
      const { start, end } = steps[to]!;
      characters += Math.min(end - start, SHOWN_CHARACTERS);
      if (to > from && characters > STRETCH_CHARACTERS) break;
      to += 1;
    }
    found.push({ before: Math.max(0, from - CONTEXT_STEPS), from, to });
    if (to === steps.length) break;
    from = to - Math.min(OVERLAP_STEPS, Math.floor((to - from) / 4));
  }
  return found;
}

/** What is said of steps by their index; a step that nobody judged is absent. */
export type Judgements<L> = ReadonlyMap<number, readonly L[]>;

export interface Merged<L> {
  /** By index of the step. */
  labels: Map<number, readonly L[]>;
  /** Steps that were judged in two stretches, and those of them of which both said the same. */
  twice: { steps: number; same: number };
}

/**
 * One judgement for each step. Of the steps that two stretches share the first half is taken from the earlier stretch, the second
 * half from the later one: each from the stretch in which it lies farther from the edge. Where that one says nothing, the other's is
 * taken.
 */
export function mergeJudgements<L extends string>(
  cut: readonly Stretch[],
  judged: readonly Judgements<L>[],
): Merged<L> {
  const labels = new Map<number, readonly L[]>();
  const twice = { steps: 0, same: 0 };
  for (const [i, { from, to }] of cut.entries()) {
    const own = judged[i]!;
    const shared = i === 0 ? from : Math.max(from, cut[i - 1]!.to);
    for (let step = from; step < to; step += 1) {
      const said = own.get(step);
      if (said === undefined) continue;
      if (step >= shared) {
        labels.set(step, said);
        continue;
      }
      const earlier = judged[i - 1]!.get(step);
      if (earlier !== undefined) {
        twice.steps += 1;
        if (sameSet(earlier, said)) twice.same += 1;
      }
      const middle = from + Math.ceil((shared - from) / 2);
      if (earlier === undefined || step >= middle) labels.set(step, said);
    }
  }
  return { labels, twice };
}

const sameSet = (a: readonly string[], b: readonly string[]): boolean =>
  a.length === b.length && a.every((one) => b.includes(one));
