/**
 * The known name that a misspelt one most likely means: fewest insertions, deletions, replacements and swaps of neighbours (optimal string
 * alignment), at most a third of its length; null when none is that near. Ties go to the first.
 */
export function nearest(name: string, known: Iterable<string>): string | null {
  if (name === '') return null;
  let best: string | null = null;
  let least = Math.max(1, Math.floor(Math.min(name.length, 64) / 3)) + 1;
  for (const candidate of known) {
    if (candidate === name || Math.abs(candidate.length - name.length) >= least) continue;
    const distance = alignment(name.toLowerCase(), candidate.toLowerCase());
    if (distance < least) {
      least = distance;
      best = candidate;
    }
  }
  return best;
}

function alignment(a: string, b: string): number {
  let before: number[] = [];
  let last = Array.from({ length: b.length + 1 }, (_, j) => j);
  for (let i = 1; i <= a.length; i += 1) {
    const row = [i];
    for (let j = 1; j <= b.length; j += 1) {
      const change = a[i - 1] === b[j - 1] ? 0 : 1;
      let cost = Math.min(last[j]! + 1, row[j - 1]! + 1, last[j - 1]! + change);
      if (i > 1 && j > 1 && a[i - 1] === b[j - 2] && a[i - 2] === b[j - 1]) cost = Math.min(cost, before[j - 2]! + 1);
      row.push(cost);
    }
    before = last;
    last = row;
  }
  return last[b.length]!;
}

/** “; did you mean “x”?” or the known names when there are few, otherwise nothing. */
export function suggestion(name: string, known: readonly string[]): string {
  const near = nearest(name, known);
  if (near) return `; did you mean “${near}”?`;
  return known.length > 0 && known.length <= 12 ? `; known are ${known.join(', ')}` : '';
}
