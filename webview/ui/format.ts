/** Numbers, durations and words as the pages show them. */
let integers = new Intl.NumberFormat('en');
const signs = { minus: '−', none: '–' };

/** Separators of the reader's language; a tag that is not valid leaves them as they are. */
export function setLocale(locale: string): void {
  try {
    integers = new Intl.NumberFormat(locale);
  } catch {
    // An unknown language tag: English separators stay.
  }
  // The first number is slow; it is not to be one that a reader waits for.
  integers.format(1);
}

export function count(value: number | null | undefined): string {
  return value === null || value === undefined
    ? signs.none
    : integers.format(Math.round(value)).replace('-', signs.minus);
}

/** A token count: an estimate carries a `~`. */
export function tokens(value: number | null | undefined, exact: boolean): string {
  return value === null || value === undefined ? signs.none : `${exact ? '' : '~'}${count(value)}`;
}

export function decimal(value: number | null | undefined, digits = 2): string {
  return value === null || value === undefined ? signs.none : value.toFixed(digits).replace('-', signs.minus);
}

/** A difference, always with its sign. */
export function signed(value: number | null | undefined, digits = 2): string {
  if (value === null || value === undefined) return signs.none;
  const text = digits === 0 ? count(Math.abs(value)) : Math.abs(value).toFixed(digits);
  return `${value < 0 ? signs.minus : '+'}${text}`;
}

/** A share as per cent: 0.664 is `66.4`. */
export function percent(share: number | null | undefined, digits = 1): string {
  return share === null || share === undefined ? signs.none : (share * 100).toFixed(digits);
}

/** A figure for an axis or a short label: 4k, 16k, 0.002, 3e-4. */
export function short(value: number): string {
  const size = Math.abs(value);
  if (value === 0) return '0';
  if (size >= 1000 && value % 1000 === 0) return `${value / 1000}k`;
  if (size >= 100) return count(value);
  if (size < 0.001) return value.toExponential(1).replace('-', signs.minus).replace('.0e', 'e');
  return String(Number(value.toPrecision(3))).replace('-', signs.minus);
}

export function duration(seconds: number | null | undefined): string {
  if (seconds === null || seconds === undefined) return signs.none;
  if (seconds < 60) return `${Math.round(seconds)} s`;
  if (seconds < 3600) return `${Math.floor(seconds / 60)} min ${Math.round(seconds % 60)} s`;
  return `${Math.floor(seconds / 3600)} h ${Math.round((seconds % 3600) / 60)} min`;
}

export function plural(n: number, one: string, many = `${one}s`): string {
  return `${count(n)} ${n === 1 ? one : many}`;
}
