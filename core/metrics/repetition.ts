/** How much a text repeats itself, by the measures in use. */
import { atOnce } from './slices.ts';

/** Words, or pieces, between two yields. */
const SLICE = 20_000;

/**
 * 1 − distinct / all n-grams of words (split at white space, in small letters), as in the repetition penalty of open-r1 and of Fast-Math-R1, whose
 * n is 3. Null with fewer than n words. It grows with the length of any text: compare texts of about the same length.
 */
export function ngramRepetition(text: string, n = 3): number | null {
  return atOnce(ngramSteps(text, n));
}

/** {@link ngramRepetition}, in slices of some milliseconds. */
export function* ngramSteps(text: string, n = 3): Generator<void, number | null> {
  const words = text.toLowerCase().split(/\s+/).filter(Boolean);
  const all = words.length - n + 1;
  if (all < 1) return null;
  yield;
  const { ids, size } = yield* numbered(words);
  const seen = new Set<number | string>();
  const key = keyOf(ids, size, n);
  for (let i = 0; i < all; i += 1) {
    if (i % SLICE === SLICE - 1) yield;
    seen.add(key(i));
  }
  return 1 - seen.size / all;
}

/** Words as numbers from 0 on, equal words alike. */
export function* numbered(words: readonly string[]): Generator<void, { ids: Int32Array; size: number }> {
  const numbers = new Map<string, number>();
  const ids = new Int32Array(words.length);
  for (const [i, word] of words.entries()) {
    if (i % SLICE === SLICE - 1) yield;
    let id = numbers.get(word);
    if (id === undefined) numbers.set(word, (id = numbers.size));
    ids[i] = id;
  }
  return { ids, size: numbers.size };
}

/** A key for the n words from a place on: one whole number where `size` words to the n have room in one, otherwise a text. */
export function keyOf(ids: Int32Array, size: number, n: number): (from: number) => number | string {
  if (size ** n > Number.MAX_SAFE_INTEGER) return (from) => ids.subarray(from, from + n).join(' ');
  return (from) => {
    let key = 0;
    for (let k = 0; k < n; k += 1) key = key * size + ids[from + k]!;
    return key;
  };
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
  return atOnce(alikeSteps(text));
}

/** {@link alikeNeighbours}, in slices of some milliseconds. */
export function* alikeSteps(text: string): Generator<void, number | null> {
  const pieces = text
    .split(/[\n.。]/)
    .map((piece) => piece.trim())
    .filter((piece) => piece.length >= LEAST_PIECE);
  if (pieces.length < 2) return null;
  yield;
  let alike = 0;
  let units = 0;
  let before = windows(pieces[0]!);
  for (let i = 1; i < pieces.length; i += 1) {
    units += pieces[i]!.length;
    if (units > SLICE) {
      units = 0;
      yield;
    }
    const own = windows(pieces[i]!);
    if (areAlike(before, own)) alike += 1;
    before = own;
  }
  return alike / (pieces.length - 1);
}

function areAlike(a: ReadonlySet<string>, b: ReadonlySet<string>): boolean {
  // What both have is at most the smaller one, and all together at least the larger one.
  if (Math.min(a.size, b.size) < ALIKE * Math.max(a.size, b.size)) return false;
  let both = 0;
  for (const window of b) if (a.has(window)) both += 1;
  return both >= ALIKE * (a.size + b.size - both);
}

function windows(piece: string): Set<string> {
  const found = new Set<string>();
  for (let i = 0; i + WINDOW <= piece.length; i += 1) found.add(piece.slice(i, i + WINDOW));
  return found;
}
