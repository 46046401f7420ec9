/**
 * Cue words of a category: one alternation each, tried only in the steps where an anchor of it stands (see `anchors.ts`), so that
 * all categories together read little more than the text once.
 */
import { anchored } from './anchors.ts';
import { isQuoted, type Reading } from './text.ts';

export interface Hit {
  start: number;
  end: number;
  /** Index of the step that holds it. */
  step: number;
  /** The words as they stand in the text. */
  words: string;
  strong: boolean;
}

export interface Cues {
  /** Cues that decide alone. */
  strong?: readonly RegExp[];
  /** Cues that are right more often than not. */
  weak?: readonly RegExp[];
}

export interface CueList {
  /** Cues that stand anywhere in a step. */
  inside?: Anchored;
  /** Cues with which a step begins; signs and words of transition before them are part of the cue. Written without `^`. */
  opening?: Anchored;
  /** False: words of negation before the cue do not undo it. */
  negatable?: boolean;
}

interface Anchored extends Cues {
  /**
   * Beginnings of words, at least one of which stands in every cue: `check` for `checks` and `checking`. Signs and Chinese words
   * are anchors too. The rarer they are, the faster.
   */
  anchors: string;
}

export type Scan = (reading: Reading) => Hit[];

/** Words that turn a cue into its opposite when they stand shortly before it: "no need to check". */
const NEGATION =
  /(?:\bno (?:need|reason|point)(?: (?:to|in|for))?|\bnot? (?:necessary|needed|have)(?: to)?|\b(?:do|does|did)(?:n't|n’t| not)(?: (?:need|have|want))?(?: to)?|\b(?:can't|can’t|cannot|can not|couldn't|couldn’t|without|instead of|rather than|never|unable to|hard to|difficult to|impossible to|skip(?:ping)?)|无需|不用|不需要)[\s,]*(?:\w+\s+){0,2}$/i;
const NEGATION_REACH = 48;

/**
 * Joins a category's cues into one expression for those inside a step and one for those that open it. Cues are written without
 * capturing groups, flags or unbounded repetition next to another, so that a scan is linear; case does not count, and a cue that begins or
 * ends with a letter begins or ends a word.
 */
export function cues(list: CueList): Scan {
  const inside = list.inside && { bit: anchored(list.inside.anchors), expression: join(list.inside, '', 'gi') };
  const opening = list.opening && {
    bit: anchored(list.opening.anchors, true),
    expression: join(list.opening, '^', 'i'),
  };
  return (reading) => {
    const hits: Hit[] = [];
    const add = (i: number, text: string, match: RegExpExecArray) => {
      const start = reading.steps[i]!.start + match.index;
      const words = match[0];
      if (words === '' || isQuoted(reading, start, start + words.length)) return;
      if (list.negatable !== false && NEGATION.test(text.slice(Math.max(0, match.index - NEGATION_REACH), match.index)))
        return;
      hits.push({ start, end: start + words.length, step: i, words, strong: match[1] !== undefined });
    };
    for (let i = 0; i < reading.steps.length; i += 1) {
      const bits = reading.gates[i]!;
      if (bits === 0) continue;
      const opens = opening !== undefined && (bits & opening.bit) !== 0;
      const holds = inside !== undefined && (bits & inside.bit) !== 0;
      if (!opens && !holds) continue;
      const step = reading.steps[i]!;
      const text = reading.text.slice(step.start, step.end);
      const first = opens ? opening.expression.exec(text) : null;
      if (first) add(i, text, first);
      if (!holds) continue;
      // `matchAll` would copy the expression for every step.
      inside.expression.lastIndex = 0;
      for (let match = inside.expression.exec(text); match; match = inside.expression.exec(text)) {
        add(i, text, match);
        if (match[0] === '') inside.expression.lastIndex += 1;
      }
    }
    return hits;
  };
}

function join({ strong = [], weak = [] }: Cues, begin: string, flags: string): RegExp {
  const sources = [...(strong.length > 0 ? [`(${strong.map(bounded).join('|')})`] : []), ...weak.map(bounded)];
  return new RegExp(`${begin}(?:${sources.join('|')})`, flags);
}

function bounded({ source }: RegExp): string {
  const begins = /^(?:\(\?:)*\[?[A-Za-z]/.test(source) ? '\\b' : '';
  const ends = /[A-Za-z\]][?)}]*$/.test(source) && !source.endsWith('\\W') ? '\\b' : '';
  return `${begins}(?:${source})${ends}`;
}

/** One hit a step: the first strong one, otherwise the first. The rule of the labels whose behaviour is one sentence. */
export function sentenceHits(reading: Reading, scan: Scan): Hit[] {
  const hits: Hit[] = [];
  for (const hit of scan(reading)) {
    const last = hits.at(-1);
    if (last?.step !== hit.step) hits.push(hit);
    else if (hit.strong && !last.strong) hits[hits.length - 1] = hit;
  }
  return hits;
}
