/** The first and the last fifth of what is given, rounded down, at least one of each: what "at the beginning" and "now" are. */
export function fifths<T>(list: readonly T[]): { first: readonly T[]; last: readonly T[] } {
  const size = Math.max(1, Math.floor(list.length / 5));
  return { first: list.slice(0, size), last: list.slice(-size) };
}
