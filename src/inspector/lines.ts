/** Offsets of a raw text as VS Code counts lines. Pure. */

/**
 * Lines of `raw` as VS Code sees them: it takes `\r\n`, `\r` and `\n` for a line end, and turns all of them into one kind. So
 * offsets of its document drift from those of the raw text; lines and columns do not.
 *
 * @returns the offset at which each line begins
 */
export function lineStarts(raw: string): number[] {
  const starts = [0];
  for (let i = 0; i < raw.length; i++) {
    const code = raw.charCodeAt(i);
    if (code === 13 && raw.charCodeAt(i + 1) === 10) i += 1;
    else if (code !== 10 && code !== 13) continue;
    starts.push(i + 1);
  }
  return starts;
}

/** Line and column (UTF-16 units) of an offset; `starts` are those of {@link lineStarts}. */
export function positionIn(starts: readonly number[], offset: number): { line: number; character: number } {
  let low = 0;
  let high = starts.length - 1;
  while (low < high) {
    const middle = (low + high + 1) >> 1;
    if ((starts[middle] ?? 0) <= offset) low = middle;
    else high = middle - 1;
  }
  return { line: low, character: offset - (starts[low] ?? 0) };
}
