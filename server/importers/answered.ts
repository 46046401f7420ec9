import { reasoningShare, type Column } from './columns.ts';
import { plainName } from './names.ts';
import { readPath } from './paths.ts';

/** Of a completion this much is looked at: a model restates the problem at the beginning. */
const HEAD = 1500;

/**
 * Some files have two wordings of each problem (whole, and with a premise taken out) and one completion that does not say
 * which it answers. The numbers that only one wording has decide: a completion that hardly ever mentions them did not see it.
 *
 * On the files that this was made for, 6 % of such numbers are mentioned where the shorter wording was asked and 99 % where the
 * whole one was; the line is drawn at a half, and nothing is said with fewer than ten of them.
 *
 * @returns the column that was answered instead of `problem`, or null
 */
export function answered(
  columns: readonly Column[],
  rows: readonly unknown[],
  problem: string,
  completion: string,
): string | null {
  const others = columns.filter(
    (c) =>
      c.path !== problem &&
      c.kinds.has('text') &&
      /(?:question|problem)$/.test(plainName(c.path)) &&
      reasoningShare(c) < 0.5,
  );
  for (const other of others) {
    let only = 0;
    let mentioned = 0;
    let alike = 0;
    let compared = 0;
    for (const row of rows) {
      const [a, b, text] = [problem, other.path, completion].map((path) => readPath(row, path));
      if (typeof a !== 'string' || typeof b !== 'string' || typeof text !== 'string') continue;
      const mine = words(a);
      const theirs = words(b);
      compared++;
      if ([...theirs].filter((word) => mine.has(word)).length >= theirs.size * 0.6) alike++;
      const said = words(text.slice(0, HEAD));
      for (const word of mine) {
        if (theirs.has(word) || !/\d/.test(word)) continue;
        only++;
        if (said.has(word)) mentioned++;
      }
    }
    if (only >= 10 && alike >= compared * 0.6 && mentioned < only * 0.5) return other.path;
  }
  return null;
}

function words(text: string): Set<string> {
  return new Set(text.toLowerCase().match(/[\p{L}\p{N}]+/gu) ?? []);
}
