/** Problems by how often they are solved. */

/** 0, eighths of the open interval, 1: as many as eight samples a problem tell apart, and what is always or never solved by itself. */
export const bucketLabels = ['0', ...Array.from({ length: 8 }, (_, i) => `${i}/8–${i + 1}/8`), '1'] as const;

/** The bucket of `right` of `n` (above 0): 0, then (0, 1/8], (1/8, 2/8] … (7/8, 1), and 1. */
export function bucketOf(right: number, n: number): number {
  if (right === 0) return 0;
  return right === n ? bucketLabels.length - 1 : Math.ceil((8 * right) / n);
}
