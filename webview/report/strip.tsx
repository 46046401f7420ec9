/** Lengths of several samples as ticks on a common scale; the chosen one is taller and has a foot. */
import { count, plural } from '../ui/format.ts';

interface StripProps {
  values: readonly number[];
  chosen: number | null;
  /** Ends of the scale. */
  shortest: number;
  longest: number;
}

/** Ticks are cut into this many places: more cannot be told apart. */
const PLACES = 400;

export function Strip({ values, chosen, shortest, longest }: StripProps) {
  const place = (value: number) => Math.round(((value - shortest) / Math.max(1, longest - shortest)) * PLACES);
  const ticks = [...new Set(values.map(place))].map((x) => `M${x},3v8`).join('');
  const at = chosen === null ? undefined : values[chosen];
  const words = lengthsInWords({ values, chosen });
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

/** How many lengths there are, from where to where, and the chosen one. */
export function lengthsInWords({ values, chosen }: Pick<StripProps, 'values' | 'chosen'>): string {
  if (values.length === 0) return 'no lengths';
  const at = chosen === null ? undefined : values[chosen];
  const low = values.reduce((a, b) => Math.min(a, b));
  const high = values.reduce((a, b) => Math.max(a, b));
  const range = low === high ? `of ${count(low)}` : `from ${count(low)} to ${count(high)}`;
  return `${plural(values.length, 'length')} ${range}${at === undefined ? '' : `, chosen ${count(at)}`}`;
}
