/** The values behind a field's colon: names, globs, numbers and ranges. */
import { nearest } from '../recipes/nearest.ts';
import { infoOf, otherWords } from './fields.ts';
import type { Comparison, Field, Value } from './types.ts';

/** Longest value, and most `*` of a glob. */
export const VALUE_LIMIT = 1000;
export const STARS_LIMIT = 8;

/** What a value is read to, or what is wrong with it; `suggestion` takes the place of the value. */
export type Read = { value: Value } | { wrong: string; suggestion?: string };

const NUMBER = /^[+-]?(?:\d{1,30}(?:\.\d{0,30})?|\.\d{1,30})(?:e[+-]?\d{1,3})?[km]?$/i;

/** `8000`, `-0.5`, `1e-3`, `8k` (8,000), `1.5m`; null: it is no number. */
export function readNumber(text: string): number | null {
  if (!NUMBER.test(text)) return null;
  const unit = { k: 3, m: 6 }[text.at(-1)!.toLowerCase()];
  // As a power of ten in the text itself: 1.1 * 1000 is not 1100.
  if (unit === undefined) return finite(Number(text));
  const [digits = '', power = '0'] = text.slice(0, -1).toLowerCase().split('e');
  return finite(Number(`${digits}e${Number(power) + unit}`));
}

// -0 is 0.
const finite = (n: number): number | null => (Number.isFinite(n) ? n + 0 : null);

/** One value as it stands behind the colon, or in quotes there. */
export function readValue(field: Field, text: string, quoted: boolean): Read {
  const { kind, none } = infoOf(field);
  if (text.length > VALUE_LIMIT)
    return { wrong: `A value has at most ${VALUE_LIMIT} characters, this one ${text.length}` };
  if (!quoted && none && text.toLowerCase() === 'none') return { value: { is: 'none' } };
  switch (kind) {
    case 'choice':
      return readWord(field, text);
    case 'labels':
      return /^[\d<>=.+]/.test(text) ? readNumbers(field, text) : readWord(field, text);
    case 'number':
      return readNumbers(field, text);
    default:
      return readName(text, quoted || field === 'about');
  }
}

function readWord(field: Field, text: string): Read {
  const words = infoOf(field).words ?? [];
  const wanted = text.toLowerCase();
  const found = words.find((word) => word === wanted);
  if (found !== undefined) return { value: { is: 'text', text: found } };
  const other = Object.hasOwn(otherWords, wanted) ? otherWords[wanted] : undefined;
  const near = other !== undefined && words.includes(other) ? other : nearest(wanted, words);
  return {
    wrong: `${field}: is one of ${words.join(', ')}, not “${shorten(text)}”`,
    ...(near && { suggestion: near }),
  };
}

function readNumbers(field: Field, text: string): Read {
  const dots = text.indexOf('..');
  const compared = /^(>=|<=|>|<|=)?(.*)$/s.exec(text)!;
  if (dots >= 0 && compared[1] === undefined) return readRange(field, text.slice(0, dots), text.slice(dots + 2));
  const n = readNumber(compared[2]!);
  if (n === null) return notANumber(field, text);
  return wholeOnly(field, n) ?? { value: { is: 'number', op: (compared[1] ?? '=') as Comparison, n } };
}

function readRange(field: Field, first: string, last: string): Read {
  const from = first === '' ? null : readNumber(first);
  const to = last === '' ? null : readNumber(last);
  if ((from === null && first !== '') || (to === null && last !== '') || (from === null && to === null))
    return notANumber(field, `${first}..${last}`);
  for (const n of [from, to]) {
    const wrong = n === null ? null : wholeOnly(field, n);
    if (wrong) return wrong;
  }
  if (to === null) return { value: { is: 'number', op: '>=', n: from! } };
  if (from === null) return { value: { is: 'number', op: '<=', n: to } };
  if (from > to) return { wrong: `The range ${first}..${last} ends before it begins`, suggestion: `${last}..${first}` };
  return { value: { is: 'range', from, to } };
}

const notANumber = (field: Field, text: string): Read => ({
  wrong: `${field}: takes a number (8000, 8k, >8k, <=2.5) or a range (40..60, 40.., ..10), not “${shorten(text)}”`,
});

function wholeOnly(field: Field, n: number): Read | null {
  if (!infoOf(field).whole || n >= 0) return null;
  return { wrong: `${field}: is never below 0` };
}

function readName(text: string, exact: boolean): Read {
  if (text === '') return { wrong: 'The quotes are empty' };
  if (exact || !/[*?]/.test(text)) return { value: { is: 'text', text } };
  const pattern = text.replace(/\*+/g, '*');
  const stars = pattern.split('*').length - 1;
  if (stars > STARS_LIMIT) return { wrong: `A pattern has at most ${STARS_LIMIT} “*”, this one ${stars}` };
  return { value: { is: 'glob', pattern } };
}

/** For a message: at most 40 characters, control characters made visible. */
export function shorten(text: string): string {
  const short = text.length > 40 ? `${text.slice(0, 39).toWellFormed()}…` : text.toWellFormed();
  return short.replace(/\p{Cc}/gu, '�');
}
