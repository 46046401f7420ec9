/** Numbers of a report in words. */
import { count, short } from '../ui/format.ts';

/** Whole numbers with separators, others with four digits that count. */
export function figure(value: number): string {
  if (Number.isInteger(value) || Math.abs(value) >= 10_000) return count(value);
  return Math.abs(value) >= 0.001 ? String(Number(value.toPrecision(4))).replace('-', '−') : short(value);
}

/** A cell, a value of a filter. */
export function scalar(value: string | number | boolean | null): string {
  if (value === null) return '–';
  if (typeof value === 'number') return figure(value);
  return typeof value === 'boolean' ? (value ? 'yes' : 'no') : value;
}

/** `n` of `whole` as per cent; nothing where there is no whole. */
export function share(n: number, whole: number): string {
  if (whole <= 0) return '';
  const percent = (100 * n) / whole;
  return `${percent > 0 && percent < 10 ? percent.toFixed(1) : Math.round(percent)} %`;
}
