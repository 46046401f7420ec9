/** The words of a step, as the model sees them: all numbers alike, all names of variables alike. */
import type { Step } from '../../traces/steps.ts';
import { hashOf, hashOfWord } from './hash.ts';

/** UTF-16 units of a step that are read: what a step does, it says at its beginning. */
const READ = 400;

export interface Words {
  /** A number for each word or sign, in small letters. */
  tokens: Int32Array;
  /** Where each begins in the text; one more, where the last ends. */
  starts: Int32Array;
  /** The same with every stretch of mathematics as one: “for ∎ to be an integer , ∎ must”. */
  skeleton: Int32Array;
  /** The numbers of the step as they are written, without what groups thousands. */
  numbers: string[];
  /** The index in `numbers` of the first behind the last sign of equality; -1 without one. */
  result: number;
}

const NUMBER = hashOf('0');
const LETTER = hashOf('v');
/** Stands in a skeleton for a stretch of mathematics. */
export const MATHS = hashOf('∎');
const FORMULA = /\\\(.*?\\\)|\$[^$\n]*\$|\\\[.*?\\\]/gs;
const PUNCTUATION = new Set('.,:;?!"“”'.split('').map((sign) => sign.charCodeAt(0)));

export function wordsOf(text: string, step: Step): Words {
  const end = Math.min(step.end, step.start + READ);
  const tokens: number[] = [];
  const starts: number[] = [];
  const skeleton: number[] = [];
  const formulas = formulasOf(text, step.start, end);
  let formula = 0;
  const numbers: string[] = [];
  let result = -1;
  let last = step.start;
  for (let i = step.start; i < end;) {
    const code = text.charCodeAt(i);
    const from = i;
    if (isSpace(code)) {
      i += 1;
      continue;
    }
    starts.push(from);
    if (isDigit(code)) {
      i = numberEnd(text, i, end);
      numbers.push(text.slice(from, i).replaceAll(/[,_]/g, ''));
      tokens.push(NUMBER);
    } else if (isLetter(code)) {
      i = wordEnd(text, i, end);
      tokens.push(i - from === 1 && (code | 32) !== A && (code | 32) !== I ? LETTER : hashOfWord(text, from, i));
    } else {
      i += 1;
      if (code === EQUALS) result = numbers.length;
      tokens.push(hashOfWord(text, from, i));
    }
    last = i;
    while (formula < formulas.length && formulas[formula]!.end <= from) formula += 1;
    const token = tokens.at(-1)!;
    const inFormula = formula < formulas.length && formulas[formula]!.start <= from;
    const isPlain = !inFormula && (isLetter(code) ? token !== LETTER : PUNCTUATION.has(code));
    if (isPlain) skeleton.push(token);
    else if (skeleton.at(-1) !== MATHS) skeleton.push(MATHS);
  }
  starts.push(last);
  return {
    tokens: Int32Array.from(tokens),
    starts: Int32Array.from(starts),
    skeleton: Int32Array.from(skeleton),
    numbers,
    result: result < numbers.length ? result : -1,
  };
}

/** Inline and display formulas of a step; most have none. */
function formulasOf(text: string, from: number, to: number): { start: number; end: number }[] {
  const part = text.slice(from, to);
  if (!part.includes('$') && !part.includes('\\')) return [];
  return [...part.matchAll(FORMULA)].map(({ index, 0: whole }) => ({
    start: from + index,
    end: from + index + whole.length,
  }));
}

const A = 97;
const I = 105;
const EQUALS = 61;
const isSpace = (code: number): boolean => code === 32 || (code >= 9 && code <= 13) || code === 0xa0 || code === 0x3000;
const isDigit = (code: number): boolean => code >= 48 && code <= 57;
const isLetter = (code: number): boolean => (code | 32) >= 97 && (code | 32) <= 122;

/** Digits, with a comma or point between digits. */
function numberEnd(text: string, from: number, end: number): number {
  let i = from + 1;
  while (i < end) {
    const code = text.charCodeAt(i);
    if (isDigit(code)) i += 1;
    else if ((code === 44 || code === 46) && i + 1 < end && isDigit(text.charCodeAt(i + 1))) i += 2;
    else break;
  }
  return i;
}

/** Letters, with an apostrophe between letters. */
function wordEnd(text: string, from: number, end: number): number {
  let i = from + 1;
  while (i < end) {
    const code = text.charCodeAt(i);
    if (isLetter(code)) i += 1;
    else if ((code === 39 || code === 0x2019) && i + 1 < end && isLetter(text.charCodeAt(i + 1))) i += 2;
    else break;
  }
  return i;
}
