const LONGEST = 48;

/** A style marker as a list shows it: on one line, in quotation marks, its middle left out where it is long; `no marker` for none. */
export function markerName(marker: string | null): string {
  if (marker === null) return 'no marker';
  const line = marker.trim().replace(/\s+/g, ' ');
  return `“${line.length > LONGEST ? `${line.slice(0, 24)}…${line.slice(25 - LONGEST)}` : line}”`;
}

/**
 * Short names of several style markers where they stand beside each other: the words in which they differ, or the whole line of
 * {@link markerName} where nothing is left. Markers of one word, or alone, keep their whole line.
 */
export function shortMarkerNames(markers: readonly string[]): Map<string, string> {
  if (markers.length < 2) return new Map(markers.map((marker) => [marker, markerName(marker)]));
  const lines = markers.map((marker) => marker.trim().split(/\s+/));
  const shortest = lines.length > 0 ? Math.min(...lines.map((words) => words.length)) : 0;
  const same = (word: (words: readonly string[]) => string | undefined) =>
    lines.every((words) => word(words) === word(lines[0]!));
  let head = 0;
  while (head < shortest && same((words) => words[head])) head += 1;
  let tail = 0;
  while (tail < shortest - head && same((words) => words.at(-1 - tail))) tail += 1;
  return new Map(
    markers.map((marker, i) => {
      const own = lines[i]!.slice(head, lines[i]!.length - tail).join(' ');
      return [marker, own === '' ? markerName(marker) : own];
    }),
  );
}
