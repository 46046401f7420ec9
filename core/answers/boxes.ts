/** Boxes in a text: what stands in `\boxed{…}`, `\fbox{…}` and between the box tokens of GLM models. */

export interface Found {
  text: string;
  /** UTF-16 units, end exclusive. */
  start: number;
  end: number;
}

const BOX = /\\(?:boxed|fbox)\s{0,4}(?:\{|([-+]?\d[\d.,/]{0,40}|[A-Za-z](?![A-Za-z])))|<\|begin_of_box\|>/g;
const TOKEN_END = '<|end_of_box|>';
/** What instructions and templates put into a box. */
const PLACEHOLDER =
  /^(?:\\(?:text|mathrm|textbf)\{)?\s*(?:\.{2,}|…|\\[lc]?dots|\?+|_+|\\square|#\d|(?:your |the |final |my |numeric(?:al)? )*(?:answer|result|solution)(?: here)?)\s*\}?$/i;

/** Every box with something in it whose braces close, outermost only, by position. Linear time. */
export function boxes(text: string): Found[] {
  const matches = [...text.matchAll(BOX)].map((match) => ({
    bare: match[1],
    head: match.index,
    open: match.index + match[0].length,
  }));
  const closes = closers(text, new Set(matches.map(({ open }) => open - 1)));
  const found: Found[] = [];
  for (const { bare, head, open } of matches) {
    if (head < (found.at(-1)?.end ?? 0)) continue;
    const start = bare === undefined ? open : open - bare.length;
    const close =
      bare !== undefined
        ? start + bare.replace(/[.,/]+$/, '').length
        : text[open - 1] === '{'
          ? closes.get(open - 1)
          : text.indexOf(TOKEN_END, open);
    if (close === undefined || close < 0) continue;
    const box = trimmed(text, start, close);
    if (box.end > box.start && !PLACEHOLDER.test(box.text.slice(0, 60))) found.push(box);
  }
  return found;
}

/** Where each of these opening braces closes, in one pass; those that never close are absent. */
function closers(text: string, opens: ReadonlySet<number>): Map<number, number> {
  const found = new Map<number, number>();
  if (opens.size === 0) return found;
  const stack: number[] = [];
  for (let i = 0; i < text.length; i += 1) {
    const code = text.charCodeAt(i);
    if (code === 92) i += 1;
    else if (code === 123) stack.push(i);
    else if (code === 125) {
      const open = stack.pop();
      if (open !== undefined && opens.has(open)) found.set(open, i);
    }
  }
  return found;
}

/** The span without the white space around it. */
export function trimmed(text: string, from: number, to: number): Found {
  let start = from;
  let end = to;
  while (start < end && /\s/.test(text[start]!)) start += 1;
  while (end > start && /\s/.test(text[end - 1]!)) end -= 1;
  return { text: text.slice(start, end), start, end };
}
