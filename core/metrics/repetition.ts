/** How much a text repeats itself, by the measures in use. */

/**
 * 1 − distinct / all n-grams of words (split at white space, in small letters), as in the repetition penalty of open-r1 and of Fast-Math-R1, whose
 * n is 3. Null with fewer than n words. It grows with the length of any text: compare texts of about the same length.
 */
export function ngramRepetition(text: string, n = 3): number | null {
  const words = text.toLowerCase().split(/\s+/).filter(Boolean);
  const all = words.length - n + 1;
  if (all < 1) return null;
  // Words as numbers: a key of n numbers is shorter than n words.
  const numbers = new Map<string, number>();
  const ids = words.map((word) => {
    let id = numbers.get(word);
    if (id === undefined) numbers.set(word, (id = numbers.size));
    return id;
  });
  const seen = new Set<string>();
  for (let i = 0; i < all; i += 1) seen.add(ids.slice(i, i + n).join(' '));
  return 1 - seen.size / all;
}

const WINDOW = 10;
const LEAST_PIECE = 20;
const ALIKE = 0.85;

/**
 * Share of neighbouring pieces that are alike. Pieces are the parts of at least 20 characters between line ends and full stops (`\n`, `.`, `。`); two are
 * alike when the Jaccard index of their sets of 10-character windows is at least 0.85. SimpleRL-Zoo's `repeat_ratio` (arXiv 2503.18892) asks this of
 * a whole answer, yes or no; the share keeps one repeated line from counting like a thousand. Null with fewer than two pieces.
 */
export function alikeNeighbours(text: string): number | null {
  const pieces = text
    .split(/[\n.。]/)
    .map((piece) => piece.trim())
    .filter((piece) => piece.length >= LEAST_PIECE);
  if (pieces.length < 2) return null;
  let alike = 0;
  let before = windows(pieces[0]!);
  for (const piece of pieces.slice(1)) {
    const own = windows(piece);
    let both = 0;
    for (const window of own) if (before.has(window)) both += 1;
    if (both >= ALIKE * (own.size + before.size - both)) alike += 1;
    before = own;
  }
  return alike / (pieces.length - 1);
}

function windows(piece: string): Set<string> {
  const found = new Set<string>();
  for (let i = 0; i + WINDOW <= piece.length; i += 1) found.add(piece.slice(i, i + WINDOW));
  return found;
}
