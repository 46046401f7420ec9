/** What every label looks at: the text, its steps, and the parts in which nothing is to be looked for. */
import { regions, type Regions } from '../traces/math.ts';
import { steps, type Step } from '../traces/steps.ts';
import { gates } from './anchors.ts';

export interface Reading {
  text: string;
  steps: Step[];
  regions: Regions;
  /** For each step the cue lists that have an anchor in it; see `anchors.ts`. */
  gates: Int32Array;
  /** The recipe's style markers. */
  markers: readonly string[];
  /** Stretches that repeat the problem's own words; ordered. */
  quoted: readonly { start: number; end: number }[];
}

export function read(text: string, markers: readonly string[], problem: string | undefined): Reading {
  const known = regions(text);
  const all = steps(text, known);
  return { text, steps: all, regions: known, gates: gates(text, all), markers, quoted: quotes(text, problem) };
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
