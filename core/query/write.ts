/** Writes a query as text: what is parsed from it is the same query, but for places. */
import { infoOf } from './fields.ts';
import { quote } from './parse.ts';
import type { Field, Query, Term, Value } from './types.ts';

export const writeQuery = ({ terms }: Query): string => terms.map(writeTerm).join(' ');

export function writeTerm(term: Term): string {
  const sign = term.negated ? '-' : '';
  switch (term.kind) {
    case 'words':
      return sign + (isPlainWord(term.text) ? term.text : quote(term.text));
    case 'expression':
      return `${sign}/${term.source}/${term.flags}`;
    default:
      return `${sign}${term.field}:${term.values.map((value) => writeValue(term.field, value)).join(',')}`;
  }
}

/** A value as it stands behind the colon. */
export function writeValue(field: Field, value: Value): string {
  switch (value.is) {
    case 'none':
      return 'none';
    case 'glob':
      return value.pattern;
    case 'number':
      return `${value.op === '=' ? '' : value.op}${value.n}`;
    case 'range':
      return `${value.from}..${value.to}`;
    default:
      return writeName(field, value.text);
  }
}

/** A name in quotes where it would be read as something else without them. */
export function writeName(field: Field, text: string): string {
  const { kind, none } = infoOf(field);
  if (kind === 'choice' || kind === 'labels') return text;
  const bare = /^[^\s",*?$\p{C}][^\s",*?\p{C}]*$/u.test(text) && !(none && text.toLowerCase() === 'none');
  return bare ? text : quote(text);
}

/** A word that is read as itself without quotes. */
const isPlainWord = (text: string): boolean =>
  /^[\p{L}\p{N}][\p{L}\p{N}_'-]*$/u.test(text) && !/^(?:truncated|and|or|not)$/i.test(text);
