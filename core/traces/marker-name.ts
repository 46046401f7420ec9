const LONGEST = 48;

/** A style marker as a list shows it: on one line, in quotation marks, its middle left out where it is long; `no marker` for none. */
export function markerName(marker: string | null): string {
  if (marker === null) return 'no marker';
  const line = marker.trim().replace(/\s+/g, ' ');
  return `“${line.length > LONGEST ? `${line.slice(0, 24)}…${line.slice(25 - LONGEST)}` : line}”`;
}
