/** Changes of a query's text that the chips make: a term in, a term out, a value of a field in or out. Pure. */
import { parseQuery } from '../../core/query/parse.ts';
import type { Field, Term } from '../../core/query/types.ts';
import { writeTerm } from '../../core/query/write.ts';

/** A term as it is written, whatever the way in which it was typed. */
const shape = (term: Term): string => writeTerm(term);
const shapeOf = (text: string): string => {
  const [term] = parseQuery(text).query.terms;
  return term ? shape(term) : '';
};

/** The term of a text that says the same as `wanted`. */
export function findTerm(text: string, wanted: string): Term | undefined {
  const target = shapeOf(wanted);
  return parseQuery(text).query.terms.find((term) => shape(term) === target);
}

export function addTerm(text: string, term: string): string {
  return text.trim() === '' ? term : `${text.trimEnd()} ${term}`;
}

export function removeTerm(text: string, { start, end }: Pick<Term, 'start' | 'end'>): string {
  const before = text.slice(0, start).trimEnd();
  const behind = text.slice(end).trimStart();
  return before && behind ? `${before} ${behind}` : before + behind;
}

export function toggleTerm(text: string, term: string): string {
  const found = findTerm(text, term);
  return found ? removeTerm(text, found) : addTerm(text, term);
}

/** The term of a field that chooses among values, if the text has one. */
function choice(text: string, field: Field): Extract<Term, { kind: 'field' }> | undefined {
  return parseQuery(text).query.terms.find(
    (term): term is Extract<Term, { kind: 'field' }> => term.kind === 'field' && term.field === field && !term.negated,
  );
}

export function hasValue(text: string, field: Field, value: string): boolean {
  return choice(text, field)?.values.some((one) => one.is === 'text' && one.text === value) ?? false;
}

/** One of several values of a field: they are joined by "or" in one term. */
export function toggleValue(text: string, field: Field, value: string): string {
  const term = choice(text, field);
  if (!term) return addTerm(text, `${field}:${value}`);
  const others = term.values.filter((one) => !(one.is === 'text' && one.text === value));
  if (others.length === 0) return removeTerm(text, term);
  const values = others.length < term.values.length ? others : [...others, { is: 'text' as const, text: value }];
  return text.slice(0, term.start) + writeTerm({ ...term, values }) + text.slice(term.end);
}

export type MarkKind = 'field' | 'value' | 'words' | 'expression' | 'not' | 'plain';

/** A stretch of the text with what it is; together they are the whole text. */
export interface Mark {
  text: string;
  kind: MarkKind;
  wrong: boolean;
}

/** The text in stretches, for the colours of the field. */
export function marksOf(text: string): Mark[] {
  const { query, errors } = parseQuery(text);
  const kinds: { start: number; end: number; kind: MarkKind }[] = [];
  for (const term of query.terms) {
    const body = term.start + (term.negated ? 1 : 0);
    if (term.negated) kinds.push({ start: term.start, end: body, kind: 'not' });
    const colon = term.kind === 'field' ? text.indexOf(':', body) : -1;
    if (term.kind !== 'field') kinds.push({ start: body, end: term.end, kind: term.kind });
    else if (colon < 0 || colon >= term.end) kinds.push({ start: body, end: term.end, kind: 'value' });
    else {
      kinds.push({ start: body, end: colon + 1, kind: 'field' });
      kinds.push({ start: colon + 1, end: term.end, kind: 'value' });
    }
  }
  const cuts = [...kinds, ...errors].flatMap(({ start, end }) => [start, end]);
  const places = [...new Set([0, ...cuts, text.length])].filter((at) => at <= text.length).sort((a, b) => a - b);
  return places.slice(0, -1).map((start, i) => {
    const end = places[i + 1]!;
    const within = (one: { start: number; end: number }) => one.start <= start && one.end >= end;
    return { text: text.slice(start, end), kind: kinds.find(within)?.kind ?? 'plain', wrong: errors.some(within) };
  });
}
