/**
 * A few words that say where a stretch of a text begins, for links: they are checked against the text, and looked for where the offsets do not
 * fit any more. Only letters and digits count, so that an anchor survives whatever encodes and decodes a link on its way.
 */

const MOST_WORDS = 10;
const MOST_UNITS = 80;
const WORD = /[\p{L}\p{N}]+/gu;
const BETWEEN = '[^\\p{L}\\p{N}]+';

/** The first words from `start` on, joined by hyphens; empty where no word follows soon. */
export function anchorOf(text: string, start: number): string {
  const words: string[] = [];
  let left = MOST_UNITS;
  for (const [word] of text.slice(start, start + 4 * MOST_UNITS).matchAll(WORD)) {
    if (words.length === MOST_WORDS || left <= 0) break;
    const kept = Array.from(word).slice(0, left).join('');
    words.push(kept);
    left -= kept.length + 1;
  }
  return words.join('-');
}

/** True for what {@link anchorOf} may have made. */
export function isAnchor(text: string): boolean {
  return text.length <= 2 * MOST_UNITS && /^[\p{L}\p{N}]+(?:-[\p{L}\p{N}]+)*$/u.test(text);
}

/**
 * Where the stretch begins that an anchor was made of: `start` itself where the words stand there, otherwise the place nearest to it, or
 * null: they are nowhere in the text.
 *
 * @throws RangeError for an anchor that is none
 */
export function findAnchor(text: string, anchor: string, start: number): number | null {
  if (!isAnchor(anchor)) throw new RangeError('not an anchor');
  const words = anchor.split('-').join(BETWEEN);
  const here = new RegExp(`[^\\p{L}\\p{N}]*${words}`, 'uy');
  here.lastIndex = start;
  if (start <= text.length && here.test(text)) return start;
  let best: number | null = null;
  for (const { index } of text.matchAll(new RegExp(words, 'gu'))) {
    if (best !== null && Math.abs(index - start) >= Math.abs(best - start)) break;
    best = index;
  }
  return best;
}
