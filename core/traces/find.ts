/** Finds a needle in a text: what expression it is, and all of its hits where it is a literal. */
export interface FindOptions {
  regex?: boolean;
  matchCase?: boolean;
  wholeWord?: boolean;
}

export interface FindResult {
  /** UTF-16 units, end exclusive, ascending, not overlapping. */
  hits: { start: number; end: number }[];
  /** All that there are, listed or not. */
  total: number;
}

/**
 * The expression that finds a needle, global and by code points; `^` and `$` are a line's ends. A string says why there is none.
 * What is written as an expression may backtrack without end: run it only where it can be ended, in a worker.
 */
export function expressionOf(needle: string, options: FindOptions = {}): RegExp | string {
  let source = options.regex ? needle : needle.replace(/[\\^$.*+?()[\]{}|/]/g, '\\$&');
  if (options.wholeWord) source = `(?<![\\p{L}\\p{N}_])(?:${source})(?![\\p{L}\\p{N}_])`;
  try {
    return new RegExp(source, `gm${options.matchCase ? '' : 'i'}u`);
  } catch (error) {
    return `not a valid regular expression: ${(error as Error).message.replace(/^Invalid regular expression: /, '')}`;
  }
}

/** All hits of a literal, in linear time; the first `limit` are listed. */
export function findAll(
  text: string,
  needle: string,
  options: Omit<FindOptions, 'regex'> = {},
  limit = Infinity,
): FindResult {
  const result: FindResult = { hits: [], total: 0 };
  const expression = needle === '' ? '' : expressionOf(needle, { ...options, regex: false });
  if (typeof expression === 'string') return result;
  for (const match of text.matchAll(expression)) {
    result.total += 1;
    if (result.hits.length < limit) result.hits.push({ start: match.index, end: match.index + match[0].length });
  }
  return result;
}
