/** How many tokens stand before a place in a text, and where a token stands. */

export interface Positions {
  /** Tokens of the completion up to a place, in UTF-16 units from its beginning. */
  at: (unit: number) => number;
  /** Where a token begins, in UTF-16 units; the first is 0. One behind the last is at the end of the text. */
  unitOf: (token: number) => number;
  /** Tokens in all. */
  tokens: number;
  /** False: by proportion, so that a place is an estimate even where the total is exact. */
  exact: boolean;
}

/**
 * By proportion of characters: `tokens · unit / units`, rounded. Mathematics has more tokens a character than prose, so a place can be off
 * by some percent of the text; it is exact at both ends.
 */
export function proportional(tokens: number, units: number): Positions {
  return {
    at: (unit) => (units === 0 ? 0 : Math.round((tokens * Math.min(Math.max(unit, 0), units)) / units)),
    unitOf: (token) => (tokens === 0 ? 0 : Math.round((units * Math.min(Math.max(token, 0), tokens)) / tokens)),
    tokens,
    exact: false,
  };
}

/**
 * From where each token ends in the text (ascending, in UTF-16 units): a token counts when it has begun before the place.
 */
export function fromEnds(ends: Int32Array): Positions {
  return {
    at(unit) {
      if (unit <= 0) return 0;
      let low = 0;
      let high = ends.length;
      while (low < high) {
        const middle = (low + high) >> 1;
        if (ends[middle]! < unit) low = middle + 1;
        else high = middle;
      }
      return Math.min(ends.length, low + 1);
    },
    unitOf: (token) => (token <= 0 || ends.length === 0 ? 0 : ends[Math.min(Math.floor(token), ends.length) - 1]!),
    tokens: ends.length,
    exact: true,
  };
}
