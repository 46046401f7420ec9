/**
 * The query language of trace lists: terms joined by "and". `verdict:wrong,undecided tokens:>8k -truncated "let me check" /\bwait\b/i`.
 * Places (`start`, `end`) are UTF-16 units of the text that was parsed, end exclusive; 0 and 0 in terms that were not parsed.
 */
import type { Label } from '../behaviours/spans.ts';

export type PlainField =
  | 'verdict'
  | 'stage'
  | 'of'
  | 'set'
  | 'marker'
  | 'step'
  | 'epoch'
  | 'attempt'
  | 'problem'
  | 'sample'
  | 'group'
  | 'tokens'
  | 'reward'
  | 'advantage'
  | 'finish'
  | 'has'
  | 'is'
  | 'behaviour'
  | 'answer'
  | 'gold'
  | 'source'
  | 'about'
  | 'in'
  | 'match'
  | 'after'
  | 'flips'
  | 'lost';

/** `behaviour.backtracking` and the like count the spans of one label. */
export type Field = PlainField | `behaviour.${Label}`;

export type Comparison = '=' | '>' | '>=' | '<' | '<=';

/** One of the values of a field's term. */
export type Value =
  /** A name or one of a field's own words; letter case does not matter. */
  | { is: 'text'; text: string }
  /** A name with `*` for any characters and `?` for one. */
  | { is: 'glob'; pattern: string }
  | { is: 'number'; op: Comparison; n: number }
  /** Both ends belong to it. */
  | { is: 'range'; from: number; to: number }
  /** There is no value: `marker:none`. */
  | { is: 'none' };

interface Place {
  negated: boolean;
  start: number;
  end: number;
}

/** Holds where one of the values does. */
export interface FieldTerm extends Place {
  kind: 'field';
  field: Field;
  /** At least one. */
  values: Value[];
}

/** Words that stand in the trace's text as they are written here; letter case does not matter. */
export interface WordsTerm extends Place {
  kind: 'words';
  text: string;
}

/** A regular expression that finds something in the trace's text; `expressionOf` compiles it. */
export interface ExpressionTerm extends Place {
  kind: 'expression';
  source: string;
  /** Some of `ims`, each once. */
  flags: string;
}

export type Term = FieldTerm | WordsTerm | ExpressionTerm;
/** What has to be looked for in texts, which `traces/search` does. */
export type TextTerm = WordsTerm | ExpressionTerm;

export interface Query {
  terms: Term[];
}

/** What is wrong, where, and what to write in its place. */
export interface QueryError {
  start: number;
  end: number;
  message: string;
  /** Replaces the text from `start` to `end`. */
  suggestion?: string;
}

export interface Parsed {
  /** The terms without error. */
  query: Query;
  errors: QueryError[];
}

export const isText = (term: Term): term is TextTerm => term.kind !== 'field';

/** The terms that are looked for in texts. */
export const textTerms = ({ terms }: Query): TextTerm[] => terms.filter(isText);

/** The expression of a term that was parsed, for all of its matches. @throws SyntaxError never for a term that was parsed */
export const expressionOf = ({ source, flags }: Pick<ExpressionTerm, 'source' | 'flags'>): RegExp =>
  new RegExp(source, `g${flags}u`);
