/** Patterns of names: `*` stands for any characters, `?` for one; letter case of a to z does not matter, as in the index. */

/** A to Z in small letters, everything else as it is. */
export const foldCase = (text: string): string => text.replace(/[A-Z]+/g, (letters) => letters.toLowerCase());

/**
 * Whether the pattern stands for the whole text. Characters are code points. Only the last `*` is ever tried again, so it takes time
 * in proportion to the lengths multiplied at worst, whatever the pattern.
 */
export function matchesGlob(pattern: string, text: string): boolean {
  const [wanted, given] = [foldCase(pattern), foldCase(text)];
  let [at, place] = [0, 0];
  let [star, from] = [-1, 0];
  while (place < given.length) {
    const char = wanted[at];
    if (char === '*') {
      star = at;
      from = place;
      at += 1;
    } else if (char !== undefined && (char === '?' || char === given[place])) {
      at += 1;
      place += char === '?' ? sizeAt(given, place) : 1;
    } else if (star >= 0) {
      // The star takes one character more.
      from += sizeAt(given, from);
      [at, place] = [star + 1, from];
    } else return false;
  }
  while (wanted[at] === '*') at += 1;
  return at === wanted.length;
}

/** UTF-16 units of the character at a place. */
const sizeAt = (text: string, at: number): number => ((text.codePointAt(at) ?? 0) > 0xffff ? 2 : 1);
