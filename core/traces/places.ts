/** "Go to": what a reader may type for a place in a trace, and where that is. */
import type { Positions } from '../metrics/token-position.ts';
import { nearest } from '../recipes/nearest.ts';
import type { Landmark } from './landmarks.ts';

export type Place =
  | { kind: 'token' | 'step' | 'character' | 'percent'; n: number }
  /** So many tokens on or back from where the reader is. */
  | { kind: 'tokens'; n: number }
  | { kind: 'landmark'; of: Landmark['kind'] }
  | { kind: 'mark'; by: 1 | -1 }
  | { kind: 'edge'; at: 'start' | 'end' };

/** What is known of the text. */
export interface PlaceKnown {
  /** UTF-16 units. */
  length: number;
  positions: Positions | null;
  /** Where steps start, ascending. */
  steps: readonly number[];
  landmarks: readonly Landmark[];
  /** Tokens, ascending. */
  budgets: readonly number[];
  /** Where the reader is, in units. */
  at: number;
}

export interface FoundPlace {
  start: number;
  end: number;
  /** What is there, in words. */
  words: string;
}

const units: Record<string, 'token' | 'step' | 'character'> = {
  ...{ token: 'token', tokens: 'token', tok: 'token', t: 'token' },
  ...{ step: 'step', steps: 'step', s: 'step' },
  ...{ character: 'character', characters: 'character', char: 'character', chars: 'character', c: 'character' },
};

const names: Record<string, Place> = {
  'first correct answer': { kind: 'landmark', of: 'first_right' },
  'first right answer': { kind: 'landmark', of: 'first_right' },
  'first correct': { kind: 'landmark', of: 'first_right' },
  'first right': { kind: 'landmark', of: 'first_right' },
  first: { kind: 'landmark', of: 'first_right' },
  'end of reasoning': { kind: 'landmark', of: 'reasoning_end' },
  'end of the reasoning': { kind: 'landmark', of: 'reasoning_end' },
  '</think>': { kind: 'landmark', of: 'reasoning_end' },
  think: { kind: 'landmark', of: 'reasoning_end' },
  answer: { kind: 'landmark', of: 'answer' },
  loop: { kind: 'landmark', of: 'loop' },
  next: { kind: 'mark', by: 1 },
  previous: { kind: 'mark', by: -1 },
  start: { kind: 'edge', at: 'start' },
  beginning: { kind: 'edge', at: 'start' },
  end: { kind: 'edge', at: 'end' },
};

/** What can be typed, for the field's help. */
export const PLACE_HELP = '18204 · 8k · 56 % · step 12 · character 900 · +500 · first correct · answer · next';

/** A place out of what was typed, or what is wrong with it. */
export function parsePlace(typed: string): Place | { error: string } {
  const text = typed.trim().toLowerCase().replace(/^:/, '').replace(/\s+/g, ' ').trim();
  if (text === '') return { error: `Type a place: ${PLACE_HELP}` };
  const named = names[text];
  if (named) return named;
  const match = /^(?:([a-z]+) ?)?([+\-−]?)(\d[\d,_ ]*(?:\.\d+)?) ?(k|%)?(?: ?([a-z]+))?$/.exec(text);
  if (!match) return { error: unknown(text) };
  const [, before, sign, digits, suffix, after] = match;
  const word = before ?? after;
  const unit = word === undefined ? undefined : units[word];
  if ((before && after) || (word !== undefined && !unit)) return { error: unknown(text) };
  const n = Number(digits!.replace(/[,_ ]/g, '')) * (suffix === 'k' ? 1000 : 1);
  if (suffix === '%') {
    if (word !== undefined || sign) return { error: 'A percentage stands alone: 56 %' };
    return n <= 100 ? { kind: 'percent', n } : { error: 'A trace ends at 100 %' };
  }
  if (sign) {
    if (unit !== undefined && unit !== 'token') return { error: 'Only tokens are counted from where you are: +500' };
    return { kind: 'tokens', n: Math.round(sign === '+' ? n : -n) };
  }
  return n >= 1 ? { kind: unit ?? 'token', n: Math.floor(n) } : { error: 'They are counted from 1' };
}

function unknown(text: string): string {
  const near = nearest(text, [...Object.keys(names), 'step 12', 'character 900', 'token 500']);
  return `“${text.slice(0, 40)}” is no place${near ? `. Is it “${near}”?` : `. Try ${PLACE_HELP}`}`;
}

/** Where a place is in this text, or why it is nowhere. What lies beyond the end is the end, and `words` say so. */
export function findPlace(place: Place, known: PlaceKnown): FoundPlace | { error: string } {
  const { length, positions, steps, landmarks, at } = known;
  if (length === 0) return { error: 'There is no text yet' };
  const last = length - 1;
  const point = (start: number, words: string): FoundPlace => {
    const inside = Math.max(0, Math.min(last, start));
    return { start: inside, end: inside, words };
  };
  switch (place.kind) {
    case 'edge':
      return point(place.at === 'start' ? 0 : last, place.at === 'start' ? 'the beginning' : 'the end');
    case 'percent':
      return point(Math.round((length * place.n) / 100), `${place.n} %`);
    case 'character':
      if (place.n > length) return point(last, `the end: there are ${length} characters`);
      return point(place.n - 1, `character ${place.n}`);
    case 'step': {
      if (steps.length === 0) return { error: 'The steps are not known yet' };
      const start = steps[place.n - 1];
      if (start === undefined) return point(steps.at(-1)!, `the last step: there are ${steps.length}`);
      return { start, end: (steps[place.n] ?? length) - 1, words: `step ${place.n} of ${steps.length}` };
    }
    case 'token':
    case 'tokens': {
      if (!positions) return { error: 'The tokens are not counted yet' };
      const n = place.kind === 'token' ? place.n : positions.at(at) + 1 + place.n;
      const about = positions.exact ? '' : '~';
      if (n > positions.tokens) return point(last, `the end: there are ${about}${positions.tokens} tokens`);
      return point(positions.unitOf(Math.max(1, n) - 1), `token ${about}${Math.max(1, n)}`);
    }
    case 'landmark': {
      const found = landmarks.find(({ kind }) => kind === place.of);
      return found ? { start: found.start, end: found.end, words: found.name } : { error: missing[place.of] };
    }
    case 'mark': {
      const marks = marksOf(known);
      const found = place.by > 0 ? marks.find(({ start }) => start > at) : marks.findLast(({ start }) => start < at);
      const side = place.by > 0 ? 'after' : 'before';
      return (
        found ?? { error: marks.length === 0 ? 'There is no landmark' : `There is no landmark ${side} this place` }
      );
    }
    default:
      return place satisfies never;
  }
}

const missing: Record<Landmark['kind'], string> = {
  first_right: 'No answer on the way is right, or none is known to be yet',
  reasoning_end: 'The reasoning has no end in this text',
  answer: 'No answer was found in this text',
  loop: 'There is no loop',
};

/** Landmarks, and where the budgets end, in the order of the text. */
export function marksOf({ landmarks, budgets, positions, length }: PlaceKnown): FoundPlace[] {
  const marks: FoundPlace[] = landmarks.map(({ start, end, name }) => ({ start, end, words: name }));
  for (const budget of positions ? budgets : []) {
    if (budget >= positions!.tokens) continue;
    const start = positions!.unitOf(budget);
    if (start < length) marks.push({ start, end: start, words: `budget of ${budget} tokens` });
  }
  return marks.sort((a, b) => a.start - b.start);
}
