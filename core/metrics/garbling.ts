/** Text that is no text: broken encodings, control signs, words of mixed alphabets, letters without end. */
import { atOnce } from './slices.ts';

export type GarbleKind = 'replacement' | 'control' | 'private' | 'mojibake' | 'mixed_word' | 'endless_word';

export interface Garble {
  /** UTF-16 units, end exclusive. */
  start: number;
  end: number;
  kind: GarbleKind;
}

export interface Garbling {
  /** Units in garbled stretches. */
  units: number;
  /** At most 200, by place. */
  found: Garble[];
  more: number;
}

const MOST = 200;

const CONTROLS = '\\u0000-\\u0008\\u000b\\u000c\\u000e-\\u001f\\u007f-\\u009f';

/**
 * In this order: U+FFFD; control signs (Cc but tab and line ends); private use and unassigned code points; UTF-8 that was read as
 * Windows-1252 (`Ã©`, `â€™`); a word of Latin letters with Cyrillic ones among them (`сos`); a word of 60 letters or more. Words are
 * looked at for 40 letters, so that no text takes long.
 */
const KINDS: readonly [GarbleKind, string][] = [
  ['replacement', '\\ufffd+'],
  ['control', `[${CONTROLS}]+`],
  ['private', '[\\p{Co}\\p{Cn}]+'],
  [
    'mojibake',
    '(?:Ã[\\u0080-\\u00bf€‚ƒ„…†‡ˆ‰Š‹ŒŽ‘’“”•–—˜™š›œžŸ]|â€[™œ\\u009d\\u009c“”˜¦¢\\u0080-\\u00bf]|Â[\\u00a0-\\u00bf])+',
  ],
  [
    'mixed_word',
    '(?<!\\p{L})(?=\\p{L}{0,40}\\p{Script=Cyrillic})(?=\\p{L}{0,40}?\\p{Script=Latin}\\p{L}{0,40}?\\p{Script=Latin})\\p{L}{3,40}',
  ],
  ['endless_word', '[\\p{Script=Latin}\\p{Script=Cyrillic}\\p{Script=Greek}]{60,}'],
];

/** What none of the kinds can do without: unusual signs, or a long word. */
const ANY = new RegExp(
  `[${CONTROLS}\\u00c2\\u00c3\\u00e2\\u0400-\\u052f\\ud800-\\uf8ff\\ufffd\\p{Co}\\p{Cn}]|[A-Za-z]{60}|[\\u0370-\\u03ff]{60}`,
  'u',
);

/** Units between two yields. */
const SLICE = 65_536;

export function garbling(text: string): Garbling {
  return atOnce(garblingSteps(text));
}

/** {@link garbling}, in slices of some milliseconds. */
export function* garblingSteps(text: string): Generator<void, Garbling> {
  const result: Garbling = { units: 0, found: [], more: 0 };
  for (let from = 0; from < text.length;) {
    const to = sliceEnd(text, from);
    addGarbles(result, text.slice(from, to), from);
    from = to;
    yield;
  }
  return result;
}

/** At a blank or line end, which no garbled stretch has in it. */
function sliceEnd(text: string, from: number): number {
  let to = Math.min(text.length, from + SLICE);
  while (to < text.length && text[to] !== ' ' && text[to] !== '\n') to += 1;
  return to;
}

function addGarbles(result: Garbling, text: string, from: number): void {
  if (!ANY.test(text)) return;
  const all = new RegExp(KINDS.map(([, source]) => `(${source})`).join('|'), 'gu');
  for (const match of text.matchAll(all)) {
    const at = match.slice(1).findIndex((group) => group !== undefined);
    const kind = KINDS[at]![0];
    const start = from + match.index;
    const end = start + match[0].length;
    result.units += end - start;
    if (result.found.length < MOST) result.found.push({ start, end, kind });
    else result.more += 1;
  }
}
