/** The tokens of a completion: where they are in its text, and what the model thought of them. */

/** Most tokens of one answer. */
export const TOKENS_LIMIT = 16_384;

/** Why places in tokens are estimates: the ids are not in the record; no vocabulary of a kind that can be read is found; they do not spell the text. */
export type NoTokens = 'no_ids' | 'no_tokenizer' | 'no_match' | 'too_long' | 'live';

export interface TokenSlice {
  /** Of the whole completion, as far as its tokens can be placed. */
  tokens: number;
  /** The first token of the answer, from 0, and where it begins in the completion, in UTF-16 units. */
  first: number;
  start: number;
  /** UTF-16 units of each token; 0: it ends inside a character, or is not in the text. */
  lengths: number[];
  /** Natural logarithms of the probabilities of the tokens that were drawn, before temperature and filters. Absent: not recorded; null: not known of this token. */
  logprobs?: (number | null)[];
  /** Of the distributions that they were drawn from, in nats. */
  entropies?: (number | null)[];
  /** The entropies are lower bounds, from so many of the likeliest tokens; absent: they are exact. */
  boundedBy?: number;
  /** Where the next answer begins, in UTF-16 units; null: these are all that were asked for. */
  next: number | null;
}

export interface TokenMethods {
  /**
   * The tokens that lie in `start…end` of the completion (UTF-16 units), whole, at most {@link TOKENS_LIMIT}. `why` where they cannot be
   * placed: then every place in tokens is an estimate.
   */
  'traces/tokens': {
    params: { trace: string; start: number; end: number };
    result: { slice: TokenSlice; why: null } | { slice: null; why: NoTokens };
  };
}
