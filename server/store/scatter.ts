/** Traces as points of length and reward. */
import type { Params } from '../../core/protocol/methods.ts';
import { MOST_POINTS, type Scatter } from '../../core/protocol/overview.ts';
import { finishCodes } from './schema.ts';
import { columnAt, type Found } from './series-of.ts';

const LENGTH = finishCodes.indexOf('length');
const LETTERS = 'rwun';

/** Where there are more than {@link MOST_POINTS}, every so-manyth in the order in which they were begun. */
export function* scatterOf(
  { table, series, slices }: Found,
  { stepFrom = -Infinity, stepTo = Infinity, checkpoint }: Params<'overview/scatter'>,
): Generator<void, Scatter> {
  const only = checkpoint === undefined ? null : columnAt(series, checkpoint);
  const isAsked = table.places.map(({ step }, place) => {
    const column = series.column[place]!;
    const inSteps =
      stepFrom === -Infinity && stepTo === Infinity ? true : (step ?? -1) >= stepFrom && (step ?? -1) <= stepTo;
    return column >= 0 && inSteps && (only === null || column === only);
  });
  const fit: number[] = [];
  let [total, unknownLength, rewarded] = [0, 0, 0];
  for (let i = 0; i < table.length; i += 1) {
    if (i % 8192 === 0) yield* slices.breath();
    if (!isAsked[table.place[i]!]) continue;
    total += 1;
    if (!Number.isNaN(table.reward[i]!)) rewarded += 1;
    if (Number.isNaN(table.tokens[i]!)) unknownLength += 1;
    else fit.push(i);
  }
  const points = rewarded === 0 ? fit : fit.filter((i) => !Number.isNaN(table.reward[i]!));
  const every = Math.max(1, Math.ceil(points.length / MOST_POINTS));
  const found: Scatter = {
    ...{ total, leftOut: 0, unknownLength, unrewarded: rewarded === 0 ? 0 : fit.length - points.length },
    ...{ tokensExact: table.exact, tokens: [], rewards: rewarded === 0 ? null : [], verdicts: '', cut: '' },
    ...{ steps: [], attempts: [], numbers: [] },
  };
  const verdicts: string[] = [];
  const cut: string[] = [];
  let next = 0;
  for (let p = 0; p < points.length; p += every) {
    if (p % 8192 === 0) yield* slices.breath();
    const i = points[p]!;
    while (next < table.attempts.length && table.attempts[next]!.from <= i) {
      const { stage, attempt } = table.attempts[next]!;
      // One without a point.
      if (found.attempts.at(-1)?.from === found.tokens.length) found.attempts.pop();
      found.attempts.push({ stage, attempt, from: found.tokens.length });
      next += 1;
    }
    found.tokens.push(table.tokens[i]!);
    found.rewards?.push(Number(table.reward[i]!.toPrecision(7)));
    verdicts.push(LETTERS[table.verdict[i]!] ?? '-');
    cut.push(table.finish[i] === LENGTH ? '1' : '0');
    found.steps.push(table.places[table.place[i]!]!.step);
    found.numbers.push(table.number[i]!);
  }
  found.verdicts = verdicts.join('');
  found.cut = cut.join('');
  found.leftOut = points.length - found.tokens.length;
  return found;
}
