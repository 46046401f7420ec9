/** What every label looks at: the text, its steps, and the parts in which nothing is to be looked for. */
import { regions, type Regions } from '../traces/math.ts';
import { steps, type Step } from '../traces/steps.ts';

export interface Reading {
  text: string;
  steps: Step[];
  regions: Regions;
  /** The recipe's style markers. */
  markers: readonly string[];
  /** Stretches that repeat the problem's own words; ordered. */
  quoted: readonly { start: number; end: number }[];
}

export function read(text: string, markers: readonly string[], problem: string | undefined): Reading {
  const known = regions(text);
  return { text, steps: steps(text, known), regions: known, markers, quoted: quotes(text, problem) };
}

/** The step that holds `at`, or the last one before it; -1 when there is none. */
export function stepAt(reading: Reading, at: number): number {
  let low = 0;
  let high = reading.steps.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if (reading.steps[middle]!.start <= at) low = middle + 1;
    else high = middle;
  }
  return low - 1;
}

export function isQuoted(reading: Reading, start: number, end: number): boolean {
  return reading.quoted.some((quote) => quote.start <= start && end <= quote.end);
}

/** Shortest sentence of the problem that is looked for, and most copies of one that are kept. */
const QUOTE_LENGTH = 24;
const QUOTES_EACH = 50;

function quotes(text: string, problem: string | undefined): { start: number; end: number }[] {
  if (!problem) return [];
  const found: { start: number; end: number }[] = [];
  for (const step of steps(problem)) {
    const sentence = problem.slice(step.start, step.end);
    if (sentence.length < QUOTE_LENGTH) continue;
    for (
      let at = text.indexOf(sentence), n = 0;
      at >= 0 && n < QUOTES_EACH;
      at = text.indexOf(sentence, at + sentence.length), n += 1
    ) {
      found.push({ start: at, end: at + sentence.length });
    }
  }
  return found.sort((a, b) => a.start - b.start);
}
