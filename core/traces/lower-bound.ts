/** The first index below `n` for which `holds` is true, or `n`; it must be false up to there and true from there on. */
export function lowerBound(n: number, holds: (index: number) => boolean): number {
  let low = 0;
  let high = n;
  while (low < high) {
    const middle = (low + high) >> 1;
    if (holds(middle)) high = middle;
    else low = middle + 1;
  }
  return low;
}
