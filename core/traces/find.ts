/** Finds a needle in a text: a literal or a regular expression, all hits, bounded. */
export interface FindOptions {
  regex?: boolean;
  matchCase?: boolean;
  wholeWord?: boolean;
  /** Most hits that are listed; `total` goes on counting for literals and expressions alike (default 10,000). */
  limit?: number;
  /** Time after which a regular expression is given up, in milliseconds (default 250). */
  timeout?: number;
}

export interface FindResult {
  /** UTF-16 units, end exclusive, ascending, not overlapping. */
  hits: { start: number; end: number }[];
  total: number;
  /** What was left out and why, or null: all hits are listed. */
  incomplete: string | null;
  /** The expression's error, or null. */
  error: string | null;
}

/** Longest stretch of text that one call of the expression may see: what bounds the harm of a backtracking pattern. */
const WINDOW = 4_096;

/**
 * All hits of `needle` in `text`.
 *
 * A regular expression is tried line by line, lines cut at 4,096 units, with the clock read between them; a hit therefore never
 * spans lines. An expression that backtracks without end inside one line cannot be interrupted in JavaScript: run those in a
 * worker that can be ended, with `--enable-experimental-regexp-engine-on-excessive-backtracks` where it is Node.
 */
export function findAll(text: string, needle: string, options: FindOptions = {}): FindResult {
  const result: FindResult = { hits: [], total: 0, incomplete: null, error: null };
  if (needle === '') return result;
  const expression = compile(needle, options);
  if (typeof expression === 'string') return { ...result, error: expression };
  const limit = options.limit ?? 10_000;
  const add = (start: number, end: number) => {
    result.total += 1;
    if (result.hits.length < limit) result.hits.push({ start, end });
  };
  if (options.regex) {
    result.incomplete = findByLine(text, expression, options.timeout ?? 250, add);
  } else {
    for (const match of text.matchAll(expression)) add(match.index, match.index + match[0].length);
  }
  if (result.total > result.hits.length)
    result.incomplete ??= `only the first ${limit} of ${result.total} hits are listed`;
  return result;
}

function compile(needle: string, options: FindOptions): RegExp | string {
  let source = options.regex ? needle : needle.replace(/[\\^$.*+?()[\]{}|/]/g, '\\$&');
  if (options.wholeWord) source = `(?<![\\p{L}\\p{N}_])(?:${source})(?![\\p{L}\\p{N}_])`;
  try {
    return new RegExp(source, `g${options.matchCase ? '' : 'i'}u`);
  } catch (error) {
    return `not a valid regular expression: ${(error as Error).message.replace(/^Invalid regular expression: /, '')}`;
  }
}

function findByLine(
  text: string,
  expression: RegExp,
  timeout: number,
  add: (start: number, end: number) => void,
): string | null {
  const deadline = performance.now() + timeout;
  let from = 0;
  while (from < text.length) {
    const newline = text.indexOf('\n', from);
    const end = Math.min(newline < 0 ? text.length : newline, from + WINDOW);
    for (const match of text.slice(from, end).matchAll(expression)) {
      if (match[0] !== '') add(from + match.index, from + match.index + match[0].length);
    }
    from = end === newline ? end + 1 : end;
    if (from < text.length && performance.now() > deadline) {
      return `searched the first ${from} of ${text.length} characters, then the time limit of ${timeout} ms was reached`;
    }
  }
  return null;
}
