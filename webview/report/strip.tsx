/** Lengths of several samples as ticks on a common scale; the chosen one is taller and has a foot. */
import { count } from '../ui/format.ts';

interface StripProps {
  values: readonly number[];
  chosen: number | null;
  longest: number;
}

/** Ticks are cut into this many places: more cannot be told apart. */
const PLACES = 400;

export function Strip({ values, chosen, longest }: StripProps) {
  const place = (value: number) => Math.round((value / longest) * PLACES);
  const ticks = [...new Set(values.map(place))].map((x) => `M${x},4v6`).join('');
  const at = chosen === null ? undefined : values[chosen];
  const low = values.length > 0 ? values.reduce((a, b) => Math.min(a, b)) : 0;
  const high = values.reduce((a, b) => Math.max(a, b), 0);
  const words =
    values.length === 0
      ? 'no lengths'
      : `${count(values.length)} lengths from ${count(low)} to ${count(high)}${at === undefined ? '' : `, chosen ${count(at)}`}`;
  return (
    <svg class="strip" role="img" aria-label={words} viewBox={`-2 0 ${PLACES + 4} 14`} preserveAspectRatio="none">
      <title>{words}</title>
      <path class="strip-ticks" d={ticks} vector-effect="non-scaling-stroke" />
      {at !== undefined && (
        <path class="strip-chosen" d={`M${place(at)},1v12M${place(at) - 5},13h10`} vector-effect="non-scaling-stroke" />
      )}
    </svg>
  );
}
