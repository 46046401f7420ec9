/** What may be written at a place of a query: fields, their words, and the names that the run has. */
import { fieldNames, fieldOf, infoOf, plainNames } from './fields.ts';
import { endOfExpression, isSpace } from './parse.ts';
import { writeName } from './write.ts';
import type { Field } from './types.ts';

export interface Completion {
  /** `field`: a name with its colon; `value`: behind a colon; `term`: a field with its value. */
  kind: 'field' | 'value' | 'term';
  /** What is shown, and what takes the place of the text from `start` to `end`. */
  label: string;
  insert: string;
  start: number;
  end: number;
  detail: string;
}

/** Names that the run has, by field: its stages, sets, problems and so on. */
export type Known = Partial<Record<Field, readonly string[]>>;

/** Most completions of one place: typing on narrows them. */
export const COMPLETIONS_LIMIT = 50;

/** What fits at `offset`, best first: what begins as the text does, then what holds it. Nothing inside words in quotes and expressions. */
export function completeAt(text: string, offset: number, known: Known): Completion[] {
  const at = Math.max(0, Math.min(offset, text.length));
  const place = placeAt(text, at);
  if (place === null) return [];
  const found = place.field === null ? namesAt(place) : valuesAt(place, place.field, known);
  return found.slice(0, COMPLETIONS_LIMIT);
}

/** The word or value that the place stands in: where it begins and ends, what of it stands before the place. */
interface At {
  /** Null: no field stands before it. */
  field: Field | null;
  start: number;
  end: number;
  typed: string;
  /** Other values of the term. */
  others: string[];
  /** A colon stands behind the name. */
  hasColon: boolean;
}

/** Null where nothing can be completed. */
function placeAt(text: string, offset: number): At | null {
  for (let at = 0; ;) {
    while (at < offset && isSpace(text[at])) at += 1;
    if (at < offset && text[at] === '-') at += 1;
    const end = endOfTerm(text, at);
    if (offset <= end) return inTerm(text, at, end, offset);
    at = end;
  }
}

/** Behind the term that begins at `at`, closed or not. */
function endOfTerm(text: string, at: number): number {
  if (text[at] === '/') {
    const end = endOfExpression(text, at + 1);
    return end === null ? text.length : wordEnd(text, end + 1);
  }
  let end = at;
  // Quotes are such at the beginning of a term and of a value only.
  let fresh = true;
  while (end < text.length && !isSpace(text[end])) {
    if (fresh && (text[end] === '"' || text.startsWith('$"', end))) end = endOfQuotes(text, end);
    else {
      fresh = text[end] === ':' || text[end] === ',';
      end += 1;
    }
  }
  return end;
}

function wordEnd(text: string, from: number): number {
  let end = from;
  while (end < text.length && !isSpace(text[end])) end += 1;
  return end;
}

/** Behind the quotes that open at `at`, or the end of the text. */
function endOfQuotes(text: string, at: number): number {
  const json = text[at] === '$';
  let end = at + (json ? 2 : 1);
  while (end < text.length) {
    if (json && text[end] === '\\') end += 2;
    else if (text[end] !== '"') end += 1;
    else if (!json && text[end + 1] === '"') end += 2;
    else return end + 1;
  }
  return text.length;
}

function inTerm(text: string, start: number, end: number, offset: number): At | null {
  const first = text[start];
  if ((first === '"' || first === '/' || text.startsWith('$"', start)) && offset > start) return null;
  const term = text.slice(start, end);
  const colon = term.indexOf(':');
  if (colon < 0 || offset <= start + colon) {
    const nameEnd = colon < 0 ? end : start + colon + 1;
    return { field: null, start, end: nameEnd, typed: text.slice(start, offset), others: [], hasColon: colon >= 0 };
  }
  const field = fieldOf(term.slice(0, colon));
  if (field === null) return null;
  return { field, ...valueAt(text, start + colon + 1, end, offset) };
}

function valueAt(text: string, from: number, to: number, offset: number): Omit<At, 'field'> {
  const values: { start: number; end: number }[] = [];
  for (let start = from; ;) {
    let end = start;
    if (text[start] === '"' || text.startsWith('$"', start)) end = Math.min(to, endOfQuotes(text, start));
    while (end < to && text[end] !== ',') end += 1;
    values.push({ start, end });
    if (end >= to) break;
    start = end + 1;
  }
  const own = values.find(({ end }) => offset <= end) ?? values.at(-1)!;
  const others = values.filter((value) => value !== own).map(({ start, end }) => text.slice(start, end));
  const typed = text.slice(own.start, offset).replace(/^\$?"/, '').replaceAll('""', '"');
  return { ...own, typed, others, hasColon: true };
}

function namesAt({ start, end, typed, hasColon }: At): Completion[] {
  const wanted = typed.toLowerCase();
  const found: (Completion & { rank: number })[] = [];
  const add = (kind: 'field' | 'term', label: string, detail: string, rank: number): void => {
    if (rank < 2) found.push({ kind, label, insert: label, start, end, detail, rank });
  };
  for (const field of wanted.startsWith('b') ? fieldNames : plainNames)
    add('field', `${field}:`, infoOf(field).help, rankOf(field, wanted));
  // Where a value stands behind already, only its field is changed.
  if (wanted.length >= 2 && !hasColon)
    for (const field of ['verdict', 'is', 'has', 'finish', 'behaviour'] as const)
      for (const word of infoOf(field).words ?? [])
        add('term', `${field}:${word}`, infoOf(field).help, rankOf(word, wanted));
  return found.sort((a, b) => a.rank - b.rank).map(({ rank: _rank, ...completion }) => completion);
}

function valuesAt({ start, end, typed, others }: At, field: Field, known: Known): Completion[] {
  const { kind, words = [], none, help } = infoOf(field);
  const taken = new Set(others.map((one) => one.toLowerCase()));
  const names: { label: string; insert: string; detail: string }[] = [];
  const add = (label: string, insert: string, detail: string): void => {
    if (!taken.has(insert.toLowerCase())) names.push({ label, insert, detail });
  };
  for (const word of words) add(word, word, help);
  if (kind === 'number') for (const sign of ['>=', '<=', '>', '<']) add(sign, sign, signs[sign]!);
  for (const name of known[field] ?? []) add(name, kind === 'number' ? name : writeName(field, name), help);
  if (none) add('none', 'none', `without: ${help}`);
  const wanted = typed.toLowerCase();
  const found = names.map((name) => ({ name, rank: rankOf(name.label, wanted) })).filter(({ rank }) => rank < 2);
  return found.sort((a, b) => a.rank - b.rank).map(({ name }) => ({ kind: 'value' as const, ...name, start, end }));
}

const signs: Readonly<Record<string, string>> = {
  '>=': 'at least',
  '<=': 'at most',
  '>': 'more than',
  '<': 'less than',
};

/** 0: begins with it; 1: a part of it begins or holds it; 2: neither. */
function rankOf(name: string, wanted: string): number {
  const at = name.toLowerCase().indexOf(wanted);
  if (at < 0) return 2;
  return at === 0 ? 0 : 1;
}
