/** Cue words: one alternation a category, so that V8 reads the text once for all of them. */
import { isQuoted, stepAt, type Reading } from './text.ts';

export interface Hit {
  start: number;
  end: number;
  /** Index of the step that holds it. */
  step: number;
  /** The words as they stand in the text. */
  words: string;
  strong: boolean;
}

export interface CueList {
  /** Cues that decide alone. */
  strong: readonly RegExp[];
  /** Cues that are right more often than not. */
  weak?: readonly RegExp[];
  /** Cues that are not bounded by words: signs, Chinese. They count as strong. */
  literal?: readonly RegExp[];
  /** False: words of negation before the cue do not undo it. */
  negatable?: boolean;
}

export type Scan = (reading: Reading) => Hit[];

/** Words that turn a cue into its opposite when they stand shortly before it: "no need to check". */
const NEGATION =
  /(?:\bno (?:need|reason|point)(?: (?:to|in|for))?|\bnot? (?:necessary|needed|have)(?: to)?|\b(?:do|does|did)(?:n't|n’t| not)(?: (?:need|have|want))?(?: to)?|\b(?:can't|can’t|cannot|can not|couldn't|without|instead of|rather than|never|unable to|hard to|difficult to|impossible to|skip(?:ping)?)|无需|不用|不需要)[\s,]*(?:\w+\s+){0,2}$/i;

/**
 * Joins a category's cues into one expression. Cues are written without capturing groups, flags or unbounded repetition, so
 * that a scan is linear. Case does not count.
 */
export function cues(list: CueList): Scan {
  const join = (patterns: readonly RegExp[] = []) => patterns.map((pattern) => pattern.source).join('|');
  const bounded = `\\b(?:(${join(list.strong)})${list.weak ? `|${join(list.weak)}` : ''})\\b`;
  const expression = new RegExp(list.literal ? `${bounded}|(${join(list.literal)})` : bounded, 'gi');
  return (reading) => {
    const hits: Hit[] = [];
    for (const match of reading.text.matchAll(expression)) {
      const start = match.index;
      const words = match[0];
      const step = stepAt(reading, start);
      const holder = reading.steps[step];
      if (!holder || start >= holder.end || holder.kind === 'code' || isQuoted(reading, start, start + words.length))
        continue;
      if (list.negatable !== false && NEGATION.test(reading.text.slice(Math.max(holder.start, start - 48), start)))
        continue;
      hits.push({
        start,
        end: start + words.length,
        step,
        words,
        strong: match[1] !== undefined || match[2] !== undefined,
      });
    }
    return hits;
  };
}

/** One span a step that has a cue: the rule of the labels whose behaviour is one sentence. */
export function sentenceHits(reading: Reading, scan: Scan): Hit[] {
  const hits: Hit[] = [];
  for (const hit of scan(reading)) {
    const last = hits.at(-1);
    if (last?.step === hit.step) {
      if (hit.strong && !last.strong) hits[hits.length - 1] = hit;
    } else hits.push(hit);
  }
  return hits;
}
