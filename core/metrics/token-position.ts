/** How many tokens stand before a place in a text. */

export interface Positions {
  /** Tokens of the completion up to a place, in UTF-16 units from its beginning. */
  at: (unit: number) => number;
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
    exact: true,
  };
}
