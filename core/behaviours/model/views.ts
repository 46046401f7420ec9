/** Every step of a text as the model sees it. */
import { sections } from '../../traces/sections.ts';
import { steps } from '../../traces/steps.ts';
import type { Finding } from '../label.ts';
import { judgement } from '../labels/verification.ts';
import { rulesOf } from '../registry.ts';
import type { Reading } from '../text.ts';
import type { StepView } from './features.ts';
import { recurrences } from './recurrence.ts';
import { RULE_BITS } from './tasks.ts';
import { wordsOf, type Words } from './words.ts';

/** What the rules of each label find, in the order of `RULE_BITS`. Yields between them. */
export function* findByRules(reading: Reading): Generator<void, Finding[][]> {
  const found: Finding[][] = [];
  for (const label of RULE_BITS) {
    found.push(rulesOf(label).find(reading));
    yield;
  }
  return found;
}

/** `findings`: what {@link findByRules} found. */
export function viewsOf(reading: Reading, findings: readonly (readonly Finding[])[], problem?: string): StepView[] {
  const words = reading.steps.map((step) => wordsOf(reading.text, step));
  const before = recurrences(words, problem ? allWords(problem) : null);
  const { covering, begun, sure } = ruleBits(reading, findings);
  const answerFrom = sections(reading.text).find(({ kind }) => kind === 'answer')?.start ?? Infinity;
  return reading.steps.map((step, i) => ({
    step,
    words: words[i]!,
    recurrence: before[i]!,
    rules: covering[i]!,
    begun: begun[i]!,
    sure: sure[i]!,
    judged: JUDGED[judgement(reading, i) ?? 'none'],
    inAnswer: step.start >= answerFrom && answerFrom > 0,
  }));
}

/** Confidence of a cue that decides alone. */
const SURE = 0.85;

const JUDGED = { none: 0, holds: 1, fails: 2 } as const;

function allWords(problem: string): Words {
  const all = steps(problem).map((step) => wordsOf(problem, step));
  return {
    tokens: new Int32Array(),
    starts: new Int32Array(),
    skeleton: new Int32Array(),
    numbers: all.flatMap(({ numbers }) => numbers),
    result: -1,
  };
}

/** Bit k of a step: a finding of the k-th label covers at least half of it; begins in it. */
function ruleBits(
  reading: Reading,
  findings: readonly (readonly Finding[])[],
): Record<'covering' | 'begun' | 'sure', Int32Array> {
  const { steps: all } = reading;
  const covering = new Int32Array(all.length);
  const begun = new Int32Array(all.length);
  const sure = new Int32Array(all.length);
  for (const [k, found] of findings.entries()) {
    let first = 0;
    for (const { start, end, confidence } of [...found].sort((a, b) => a.start - b.start)) {
      while (first < all.length && all[first]!.end <= start) first += 1;
      if (first < all.length) begun[first]! |= 1 << k;
      if (first < all.length && confidence >= SURE) sure[first]! |= 1 << k;
      for (let i = first; i < all.length && all[i]!.start < end; i += 1) {
        const under = Math.min(all[i]!.end, end) - Math.max(all[i]!.start, start);
        if (2 * under >= all[i]!.end - all[i]!.start) covering[i]! |= 1 << k;
      }
    }
  }
  return { covering, begun, sure };
}
