/** What decided over a step: the words, or the computation, that count most for it. */
import type { Reading } from '../text.ts';
import { recurrenceFeatures, wordFeatures, type StepView } from './features.ts';
import { contribution } from './score.ts';
import type { Task } from './tasks.ts';

/** Most words of evidence, and how much of a step is shown where its surroundings decided, in UTF-16 units. */
const WORDS = 3;
const SHOWN = 40;

/** The words that weigh most, or the formula or result that stood before, if that weighs more; otherwise the beginning of the step. */
export function evidenceOf(reading: Reading, views: readonly StepView[], i: number, task: Task): string {
  const { step, words, recurrence } = views[i]!;
  let most = 0;
  let evidence = '';
  const said = (from: number, to: number) => reading.text.slice(words.starts[from], words.starts[to]).trim();
  for (let size = 1; size <= WORDS; size += 1)
    for (let from = 0; from + size <= words.tokens.length; from += 1) {
      const weight = contribution(wordFeatures(words, from, from + size), task);
      if (weight <= most || !/[\p{L}\p{N}]/u.test(said(from, from + size))) continue;
      most = weight;
      evidence = said(from, from + size);
    }
  const again = recurrence.equation || recurrence.result === 1 || recurrence.result === 2;
  if (again && contribution(recurrenceFeatures(recurrence), task) > most) {
    const number = words.numbers.at(-1)!;
    return recurrence.equation ? `${words.numbers.join(', ')} again` : `${number} again`;
  }
  return evidence === '' ? reading.text.slice(step.start, Math.min(step.end, step.start + SHOWN)).trim() : evidence;
}
