/**
 * What in a step was there before: a check computes with the same numbers again, and ends with one that was found already.
 */
import { hashOf } from './hash.ts';
import type { Words } from './words.ts';

export interface Recurrence {
  /** Of the numbers of two signs or more, the share that stands in an earlier step, in fifths; -1 where there is none. */
  seen: number;
  /** The result of the step was a result before: 1 of the last eight steps, 2 earlier, 3 not before; 0 without a result. */
  result: number;
  /** A formula of the step stood before, as it is. */
  equation: boolean;
  /** Of the numbers of two signs or more, whether the problem has one; 0 without such numbers. */
  given: number;
  /** How often the result was a result before, at most 3. */
  times: number;
}

/** Steps that are looked back on. */
const NEAR = 8;

export function recurrences(steps: readonly Words[], problem: Words | null): Recurrence[] {
  const seen = new Map<string, number>();
  const results = new Map<string, { last: number; times: number }>();
  const equations = new Set<number>();
  const given = new Set(problem?.numbers);
  return steps.map((words, i) => {
    const { numbers, result } = words;
    const long = numbers.filter((number) => number.length > 1);
    const again = long.filter((number) => seen.has(number)).length;
    const last = result >= 0 ? numbers.at(-1)! : null;
    const before = last === null ? undefined : results.get(last);
    const equation = equationOf(words);
    const found: Recurrence = {
      seen: long.length === 0 ? -1 : Math.floor((5 * again) / long.length),
      result: last === null ? 0 : before === undefined ? 3 : i - before.last <= NEAR ? 1 : 2,
      equation: equation !== null && equations.has(equation),
      given: long.length === 0 || given.size === 0 ? 0 : long.some((number) => given.has(number)) ? 1 : 2,
      times: Math.min(3, before?.times ?? 0),
    };
    for (const number of numbers) seen.set(number, i);
    if (last !== null) results.set(last, { last: i, times: (before?.times ?? 0) + 1 });
    if (equation !== null) equations.add(equation);
    return found;
  });
}

/** The numbers of a step with a sign of equality, when there are three or more; null otherwise. */
function equationOf({ numbers, result }: Words): number | null {
  return result < 0 || numbers.length < 3 ? null : hashOf(numbers.join(' '));
}
