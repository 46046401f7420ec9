/** What is looked for in texts, as it is handed to the threads: plain values. */
import { LonghandError } from '../../core/protocol/errors.ts';
import type { SearchedText } from '../../core/protocol/search.ts';
import { infoOf } from '../../core/query/fields.ts';
import { parseQuery } from '../../core/query/parse.ts';
import { expressionOf, textTerms, type Query, type TextTerm } from '../../core/query/types.ts';

export interface Wanted {
  terms: WantedTerm[];
  /** Texts of a trace that are looked at; a term is found where one of them has it. */
  texts: SearchedText[];
}

export type WantedTerm =
  | { kind: 'literal'; text: string; matchCase: boolean; wholeWord: boolean; negated: boolean }
  | { kind: 'expression'; source: string; flags: string; negated: boolean };

export interface SearchOptions {
  /** Null: letter case matters in words that have a capital letter, and in no others. */
  matchCase: boolean | null;
  wholeWord: boolean;
  texts: SearchedText[];
}

/** Terms of a query as the threads look for them. Expressions stand for themselves: their flags say what case is worth. */
export function wantedOf(terms: readonly TextTerm[], { matchCase, wholeWord, texts }: SearchOptions): Wanted {
  return {
    texts,
    terms: terms.map((term) =>
      term.kind === 'words'
        ? {
            kind: 'literal',
            text: term.text,
            matchCase: matchCase ?? /\p{Lu}/u.test(term.text),
            wholeWord,
            negated: term.negated,
          }
        : { kind: 'expression', source: term.source, flags: term.flags, negated: term.negated },
    ),
  };
}

/**
 * The meaning of a term, as an expression over the text: what everything quicker must agree with. Words are escaped; whole words have
 * no letter, digit or underscore beside them.
 */
export function meaningOf(term: WantedTerm): RegExp {
  if (term.kind === 'expression') return expressionOf(term);
  const escaped = term.text.replace(/[\\^$.*+?()[\]{}|/]/g, '\\$&');
  const source = term.wholeWord ? `(?<![\\p{L}\\p{N}_])(?:${escaped})(?![\\p{L}\\p{N}_])` : escaped;
  return new RegExp(source, `g${term.matchCase ? '' : 'i'}u`);
}

/** A query taken apart: what is looked for in texts, and what the index answers. */
export interface AskedSearch {
  wanted: Wanted;
  metadata: Query;
}

/**
 * Reads the query of a search. `in:` says in which texts, `match:` how words are compared; each counts for all words of the query.
 * @throws LonghandError `invalid_params`: with `detail.errors` (places in the query) where it is wrong, without where nothing in
 *   it is looked for in texts
 */
export function readSearch(text: string): AskedSearch {
  const { query, errors } = parseQuery(text);
  const options: SearchOptions = { matchCase: null, wholeWord: false, texts: ['completion'] };
  const metadata: Query = { terms: [] };
  for (const term of query.terms) {
    if (term.kind !== 'field') continue;
    if (!infoOf(term.field).search) {
      metadata.terms.push(term);
      continue;
    }
    if (term.negated) errors.push({ start: term.start, end: term.end, message: `${term.field}: cannot be negated.` });
    const words = new Set(term.values.flatMap((value) => (value.is === 'text' ? [value.text] : [])));
    if (term.field === 'in') options.texts = (['prompt', 'completion'] as const).filter((name) => words.has(name));
    else {
      if (words.has('word')) options.wholeWord = true;
      if (words.has('case')) options.matchCase = true;
      else if (words.has('nocase')) options.matchCase = false;
    }
  }
  const [first] = errors;
  if (first) throw new LonghandError('invalid_params', `The query is wrong: ${first.message}`, { errors });
  const wanted = textTerms(query);
  if (wanted.length === 0)
    throw new LonghandError('invalid_params', 'Nothing in the query is looked for in texts: traces/page answers it.');
  return { wanted: wantedOf(wanted, options), metadata };
}
