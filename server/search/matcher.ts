/** Looks for one term in one text. What it finds is what `meaningOf` the term finds in the decoded text, by whichever way is quickest. */
import { Needle, type ByteScanner } from './byte-scanner.ts';
import type { StoredText } from './stored-text.ts';
import { meaningOf, type WantedTerm } from './terms.ts';

export interface Hits {
  count: number;
  /** The first, UTF-16 units; asked for only where it is shown. */
  first: () => { start: number; end: number };
}

/** Null: the text does not have it. With `once` no more than the first hit is looked for. */
export type Matcher = (text: StoredText, once: boolean) => Hits | null;

/** `end`: where what lies in the scanner's memory ends. */
export function matcherOf(term: WantedTerm, scanner: ByteScanner, end: () => number): Matcher {
  const meaning = meaningOf(term);
  const decoded: Matcher = (text, once) => byExpression(meaning, text.text, once);
  const bytes = term.kind === 'literal' ? byBytes(term, scanner, end) : null;
  if (!bytes) return decoded;
  return (text, once) =>
    text.bytes === scanner.bytes && bytes.fits(text) ? bytes.look(text, once) : decoded(text, once);
}

function byExpression(expression: RegExp, text: string, once: boolean): Hits | null {
  let count = 0;
  let start = 0;
  let end = 0;
  expression.lastIndex = 0;
  for (let match = expression.exec(text); match; match = expression.exec(text)) {
    const [{ length }] = match;
    // What matches nothing is no hit, but must not stand still either.
    if (length === 0) {
      expression.lastIndex = match.index + ((text.codePointAt(match.index) ?? 0) > 0xffff ? 2 : 1);
      continue;
    }
    count += 1;
    if (count === 1) [start, end] = [match.index, match.index + length];
    if (once) break;
  }
  return count === 0 ? null : { count, first: () => ({ start, end }) };
}

/** The characters beyond ASCII that are the same as an ASCII letter in another case: ſ (s) and the Kelvin sign (k). */
const FOLDED = ['\u017f', '\u212a'];

/** Null where only the decoded text can say. */
function byBytes(
  { text: wanted, matchCase, wholeWord }: Extract<WantedTerm, { kind: 'literal' }>,
  scanner: ByteScanner,
  end: () => number,
): { fits: (text: StoredText) => boolean; look: Matcher } | null {
  const isPlain = /^[\0-\x7f]*$/.test(wanted); // oxlint-disable-line no-control-regex -- all of ASCII
  if (wanted === '' || !wanted.isWellFormed() || wanted.includes('\ufffd') || (!matchCase && !isPlain)) return null;
  const needle = new Needle(scanner, Buffer.from(wanted), !matchCase);
  const others =
    !matchCase && /[ks]/i.test(wanted) ? FOLDED.map((one) => new Needle(scanner, Buffer.from(one), false)) : [];
  const { length } = needle;
  return {
    fits: (text) =>
      !text.broken &&
      (others.length === 0 ||
        text.ascii ||
        others.every((other) => other.next(text.from, end()) + other.length > text.to)),
    look(text, once) {
      let count = 0;
      let first = 0;
      const stop = end();
      for (let at = needle.next(text.from, stop); at + length <= text.to;) {
        if (wholeWord && !(isEdge(text, at, -1) && isEdge(text, at + length, 1))) {
          at = needle.next(at + 1, stop);
          continue;
        }
        count += 1;
        if (count === 1) first = at;
        if (once) break;
        at = needle.next(at + length, stop);
      }
      if (count === 0) return null;
      return {
        count,
        first: () => {
          const start = text.unitsBefore(first);
          return { start, end: start + wanted.length };
        },
      };
    },
  };
}

const PART_OF_WORD = /[\p{L}\p{N}_]/u;

/** Whether no part of a word stands before (-1) or behind (1) a place between characters. */
function isEdge({ bytes, from, to }: StoredText, at: number, side: -1 | 1): boolean {
  if (side < 0 ? at <= from : at >= to) return true;
  const byte = bytes[side < 0 ? at - 1 : at]!;
  if (byte < 0x80) return !PART_OF_WORD.test(String.fromCharCode(byte));
  let begin = at;
  if (side < 0) {
    do begin -= 1;
    while (begin > from && begin > at - 4 && (bytes[begin]! & 0xc0) === 0x80);
  }
  const around = side < 0 ? bytes.toString('utf8', begin, at) : bytes.toString('utf8', at, Math.min(to, at + 4));
  const characters = Array.from(around);
  return !PART_OF_WORD.test((side < 0 ? characters.at(-1) : characters[0]) ?? '');
}
