/** What a paired comparison says, in sentences: could a difference be chance? */
import type { Interval } from './bootstrap.ts';
import type { PairedFigures, PairedMeans } from './paired.ts';

/** Below this a difference is called unlikely to be chance. */
export const LEVEL = 0.05;

/** `0.034`, `< 0.0001`, `1`. */
export function pText(p: number): string {
  if (p >= 0.9995) return '1';
  if (p < 0.0001) return '< 0.0001';
  return p < 0.001 ? p.toFixed(4) : p.toFixed(p < 0.1 ? 3 : 2);
}

const pEquals = (p: number): string => (p < 0.0001 ? `p ${pText(p)}` : `p = ${pText(p)}`);
const problems = (n: number): string => `${n.toLocaleString('en-US')} ${n === 1 ? 'problem' : 'problems'}`;
const points = (share: number): string => (100 * share).toFixed(1).replace('-', '−');
const tokens = (n: number): string => Math.round(n).toLocaleString('en-US').replace('-', '−');

/** "Accuracy rose by 6.2 points (95 % interval 2.1 to 10.3) over 200 problems: unlikely to be chance (p = 0.004)." Never a number where there is none. */
export function accuracySentence({
  accuracy,
  problems: n,
  ungraded,
  undecided,
}: Pick<PairedFigures, 'accuracy' | 'problems' | 'ungraded' | 'undecided'>): string {
  if (n === 0) return 'No problem is on both sides, so nothing can be said.';
  if (!accuracy) {
    return ungraded.before + ungraded.after > 0
      ? 'No problem has a graded completion on both sides (no gold, or no verdict yet), so nothing can be said of accuracy.'
      : 'Nothing can be said of accuracy.';
  }
  const open = undecided.before + undecided.after;
  const note =
    open > 0
      ? ` ${open === 1 ? '1 completion' : `${open} completions`} that the checker could not decide ${open === 1 ? 'counts' : 'count'} as not right.`
      : '';
  return `${sentence('Accuracy', accuracy, points, accuracy.interval, 'points')}${note}`;
}

/** The same of lengths. */
export function tokensSentence({ tokens: lengths, problems: n }: Pick<PairedFigures, 'tokens' | 'problems'>): string {
  if (n === 0) return 'No problem is on both sides, so nothing can be said.';
  if (!lengths) return 'No problem has a completion of known length on both sides, so nothing can be said of lengths.';
  return sentence('Mean length', lengths, tokens, lengths.interval, 'tokens');
}

function sentence(
  what: string,
  { difference, problems: n, chance }: PairedMeans,
  show: (value: number) => string,
  interval: Interval | null,
  unit: string,
): string {
  if (chance.differing === 0)
    return `${what} is the same on ${n === 1 ? 'the one problem' : `each of ${problems(n)}`}.`;
  if (difference === 0)
    return `${what} is the same over ${problems(n)}${interval ? ` (95 % interval of the difference ${show(interval.low)} to ${show(interval.high)})` : ''}.`;
  const went = difference > 0 ? 'rose' : 'fell';
  const between = interval ? ` (95 % interval ${show(interval.low)} to ${show(interval.high)})` : '';
  const start = `${what} ${went} by ${show(Math.abs(difference))} ${unit}${between} over ${problems(n)}`;
  // Even if all went the same way: 2 of the 2ⁿ choices of signs are as far from 0.
  const smallest = 2 ** (1 - chance.differing);
  if (smallest > LEVEL) {
    const few = chance.differing === 1 ? 'only 1 problem differs' : `only ${chance.differing} problems differ`;
    return `${start}: ${few}, too few to tell it from chance (${pEquals(chance.p)}; none below ${pText(smallest)} is possible).`;
  }
  if (chance.p >= LEVEL) return `${start}: it could be chance (${pEquals(chance.p)}).`;
  return `${start}: unlikely to be chance (${pEquals(chance.p)}).`;
}
