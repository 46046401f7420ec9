/** Full-text search over the traces of a filter: `traces/search`, answered as it goes by progress notifications. */
import type { TraceFilter, TraceRow } from './traces.ts';

/** Where a search looks: the completion, unless the query says otherwise (`in:prompt`). */
export type SearchedText = 'completion' | 'prompt';

/** A stretch around the first hit, as it stands in the text: line ends and all. */
export interface Snippet {
  text: string;
  /** The hit in `text`, UTF-16 units; its end is the end of `text` where the hit is longer than what is shown. */
  start: number;
  end: number;
  /** Whether the text goes on before and behind. */
  before: boolean;
  after: boolean;
}

/** A trace that has what is looked for. */
export interface SearchHit {
  row: TraceRow;
  /** Hits in it, of all texts and expressions together; 0 where the query only says what it must not have. */
  count: number;
  /** The first of them (UTF-16 units, end exclusive), and what stands around it. */
  first: { in: SearchedText; start: number; end: number } | null;
  snippet: Snippet | null;
}

/** Traces that were not searched, or not whole, by reason; all zero: nothing was left out. */
export interface SearchLeftOut {
  /** Their text is gone. */
  unreadable: number;
  /** Longer than {@link SEARCHED_BYTES}: their beginning was searched. */
  cut: number;
  /** The expression took longer than {@link EXPRESSION_SECONDS} in one text. */
  slow: number;
  /** Not looked at any more, since the expression was too slow in {@link SLOW_TEXTS} texts. */
  givenUp: number;
}

export interface SearchCounts {
  /** Traces looked at so far, and traces of the filter and the query's other terms; behind `after` where the search begins there. */
  searched: number;
  total: number;
  /** Hits, and traces that have them, listed or not. */
  hits: number;
  traces: number;
  seconds: number;
  leftOut: SearchLeftOut;
  /**
   * Where the query or the filter needs what is found in texts (behaviours, flips and the like): finished traces that fit all the rest
   * and whose text was not read when the search began. They may be missing from what is found; `traces/readTexts` with the same filter
   * and query reads them.
   */
  unread?: number;
}

export interface SearchProgress extends SearchCounts {
  /** Further traces with hits, at most {@link SEARCH_BATCH}. */
  found: SearchHit[];
}

export interface SearchTotals extends SearchCounts {
  /** Traces with hits that were sent. */
  listed: number;
  /** Present where more traces have hits than were asked for: the same search goes on behind this trace. */
  after?: string;
}

export interface SearchMethods {
  /**
   * Traces of the filter that have all texts and expressions of the query and satisfy its other terms, in the order in which the
   * traces were begun (that of the unsorted list). What is found comes as progress, at most every 100 ms while it searches; the
   * counts go on to the end also where `limit` traces (default {@link SEARCH_LIMIT}) have been sent. `after`: begins behind that trace.
   * Cancelling the request ends it at once. A live trace is searched as far as it was written at that moment.
   */
  'traces/search': {
    params: { filter: TraceFilter; query: string; limit?: number; after?: string };
    result: SearchTotals;
    progress: SearchProgress;
  };
}

/** Traces with hits that one search sends, unless asked for fewer or more, and at most. */
export const SEARCH_LIMIT = 1000;
export const SEARCH_LIMIT_MOST = 10_000;
/** Traces with hits in one notification, at most. */
export const SEARCH_BATCH = 200;
/** Longest text that is searched whole, in bytes. */
export const SEARCHED_BYTES = 256 * 2 ** 20;
/** Longest time that an expression may take in one text; and after how many such texts the search is given up. */
export const EXPRESSION_SECONDS = 2;
export const SLOW_TEXTS = 3;
