/** What is looked for in texts, as it is handed to the threads: plain values. */
import type { SearchedText } from '../../core/protocol/search.ts';
import { expressionOf, type TextTerm } from '../../core/query/types.ts';

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
