/** Stretches of a text that repeat themselves exactly, to the character. */
import { atOnce } from './slices.ts';

export interface Loop {
  /** UTF-16 units, end exclusive; the first copy is `start … start + period`, the last may be cut. */
  start: number;
  end: number;
  period: number;
}

export interface LoopOptions {
  /** Whole copies at least (default 3). */
  times?: number;
  /** Units at least, all copies together (default 60). */
  length?: number;
}

/** Units that must agree before a repetition is looked at. */
const GRAM = 12;
const BUCKETS = 2 ** 18;
/** Base of the rolling hash, and its power of GRAM − 1. */
const BASE = 0x01000193;
const TOP = Array.from({ length: GRAM - 1 }).reduce<number>((power) => Math.imul(power, BASE), 1);
/** Units between two yields. */
const SLICE = 65_536;
/** Most units that are compared for each unit of the text; beyond it a text made to be slow is left. */
const MOST_WORK = 64;

/**
 * Loops: maximal stretches with `text[i] = text[i − period]` throughout, which hold the period at least three times and have at least 60 units, and
 * a letter or a digit. Runs in the sense of Kolpakov and Kucherov 1999, found through the last occurrence of each 12 units, in time
 * linear in the text. A loop that counts on ("Step 1 … Step 2 …") or rewords itself is none: see `repetition.ts`.
 */
export function loops(text: string, options: LoopOptions = {}): Loop[] {
  return atOnce(loopSteps(text, options));
}

/** {@link loops}, in slices of some milliseconds. */
export function* loopSteps(text: string, { times = 3, length = 60 }: LoopOptions = {}): Generator<void, Loop[]> {
  const n = text.length;
  const last = new Int32Array(BUCKETS).fill(-1);
  const found: Loop[] = [];
  let tried = { period: 0, end: 0 };
  let work = MOST_WORK * n;
  let floor = 0;
  let rolling = 0;
  for (let k = 0; k < GRAM - 1 && k < n; k += 1) rolling = (Math.imul(rolling, BASE) + text.charCodeAt(k)) | 0;
  let hashed = 0;
  let yielded = 0;
  for (let i = 0; i + GRAM <= n && work > 0; i += 1) {
    if (i - yielded >= SLICE) {
      yielded = i;
      yield;
    }
    // The hash of the next 12 units, from the one before.
    for (; hashed <= i; hashed += 1)
      rolling =
        (Math.imul(rolling - (hashed > 0 ? Math.imul(text.charCodeAt(hashed - 1), TOP) : 0), BASE) +
          text.charCodeAt(hashed + GRAM - 1)) |
        0;
    const bucket = (rolling ^ (rolling >>> 15)) & (BUCKETS - 1);
    const before = last[bucket]!;
    last[bucket] = i;
    if (before < floor) continue;
    const period = i - before;
    if ((period === tried.period && i < tried.end) || !same(text, before, i)) continue;
    let end = i + GRAM;
    while (end < n && text.charCodeAt(end) === text.charCodeAt(end - period)) end += 1;
    let start = before;
    while (start > floor && text.charCodeAt(start - 1) === text.charCodeAt(start - 1 + period)) start -= 1;
    work -= end - i + before - start;
    tried = { period, end };
    if (end - start < Math.max(times * period, length) || !/[\p{L}\p{N}]/u.test(text.slice(start, start + period)))
      continue;
    found.push({ start, end, period });
    floor = end;
    i = end - 1;
  }
  return found;
}

/** Units that say nothing new: of each loop all but its first copy. */
export function unitsLost(all: readonly Loop[]): number {
  return all.reduce((sum, { start, end, period }) => sum + end - start - period, 0);
}

function same(text: string, a: number, b: number): boolean {
  for (let k = 0; k < GRAM; k += 1) if (text.charCodeAt(a + k) !== text.charCodeAt(b + k)) return false;
  return true;
}
