/**
 * Finds the mathematics in raw text: what a typesetter is to replace, and what a sentence splitter must not cut.
 *
 * Linear in the text: every closer is looked up through a cursor that only moves forward, and brace matching is bounded.
 * Mathematics never crosses `<think>`, `</think>` or a chat token, and inline mathematics never crosses a blank line.
 */
export type MathKind = 'dollar' | 'dollars' | 'paren' | 'bracket' | 'environment' | 'boxed';

/** UTF-16 units, ends exclusive. `start`…`end` has the delimiters, `contentStart`…`contentEnd` is what KaTeX gets. */
export interface MathRegion {
  start: number;
  end: number;
  contentStart: number;
  contentEnd: number;
  display: boolean;
  kind: MathKind;
}

/** A code span or fence: nothing in it is mathematics. An unfinished fence reaches to the next token or the end. */
export interface CodeRegion {
  start: number;
  end: number;
  fence: boolean;
}

/** A literal token that is not text: `<think>`, `</think>`, `<|im_start|>`, `<|channel|>analysis<|message|>`, `<|end|>`. */
export interface TokenRegion {
  start: number;
  end: number;
}

export interface Regions {
  math: MathRegion[];
  code: CodeRegion[];
  tokens: TokenRegion[];
}

/** Longest inline formula, display formula and bare box, in UTF-16 units; longer ones are left as text. */
const INLINE_LIMIT = 2_000;
const DISPLAY_LIMIT = 20_000;
const BOX_LIMIT = 2_000;
const CODE_SPAN_LIMIT = 1_000;
/** Signs of a fence that are compared: whatever has more is closed by as many. */
const FENCE_SIGNS = 20;

/** Environments that KaTeX sets; those of the first row are displays by themselves. */
const ENVIRONMENTS = new Set([
  ...['equation', 'align', 'gather', 'multline', 'eqnarray', 'alignat', 'flalign', 'displaymath', 'dmath', 'CD'],
  ...['aligned', 'gathered', 'alignedat', 'split', 'cases', 'dcases', 'rcases', 'array', 'subarray', 'smallmatrix'],
  ...['matrix', 'pmatrix', 'bmatrix', 'Bmatrix', 'vmatrix', 'Vmatrix'],
]);

const OPENERS =
  /\\(?:begin\{([A-Za-z]{1,12}\*?)\}|boxed[ ]?\{|fbox[ ]?\{|[^])|\$\$?|`+|~~~+|<\/?think>|<\|[A-Za-z0-9_▁｜-]{1,40}\|>(?:(?:analysis|commentary|final|think|answer|assistant|system|user|developer|tool)\b(?=<\||\n))?|<｜[^｜<>\n]{1,40}｜>/g;

/** Finds formulas alone; see {@link regions}. */
export function mathRegions(text: string): MathRegion[] {
  return regions(text).math;
}

/** A code fence in which a text begins: the signs that opened it, and whether the text begins at a line's beginning. */
export interface OpenFence {
  ticks: string;
  opensLine: boolean;
}

/**
 * Finds formulas, code and tokens in one pass; each list is ordered and no two regions overlap. `inside`: the text is the rest
 * of a longer one and begins in a fence.
 */
export function regions(text: string, inside: OpenFence | null = null): Regions {
  const found: Regions = { math: [], code: [], tokens: [] };
  const next = nextIndex(text);
  const closing = closingBraces(text);
  const scan = new RegExp(OPENERS);
  if (inside && text !== '') {
    const { opensLine: isLine } = inside;
    const ticks = inside.ticks.slice(0, FENCE_SIGNS);
    const closes = isLine && new RegExp(`^ ?${ticks}`).test(text);
    const end = closes ? lineEnd(text, 0, barrier(next, 0)) : fenceEnd(text, 0, ticks, next);
    if (end > 0) found.code.push({ start: 0, end, fence: true });
    scan.lastIndex = end;
  }
  let match: RegExpExecArray | null;
  while ((match = scan.exec(text))) {
    const token = match[0];
    const start = match.index;
    const first = token.charCodeAt(0);
    let end = 0;
    if (first === 60 /* < */) {
      end = start + token.length;
      found.tokens.push({ start, end });
    } else if (first === 96 /* ` */ || first === 126 /* ~ */) {
      const code = codeAt(text, start, token, next);
      if (code) {
        found.code.push(code);
        end = code.end;
      }
    } else {
      const region = mathAt(text, start, token, match[1], next, closing);
      if (region) {
        found.math.push(region);
        end = region.end;
      }
    }
    if (end > scan.lastIndex) scan.lastIndex = end;
  }
  return found;
}

type Next = (needle: string, from: number) => number;

/** `indexOf` for calls whose `from` grows: one forward search a needle, so the whole is linear. Absent is `Infinity`. */
function nextIndex(text: string): Next {
  const known = new Map<string, number>();
  return (needle, from) => {
    const last = known.get(needle);
    if (last !== undefined && last >= from) return last;
    const at = text.indexOf(needle, from);
    const index = at < 0 ? Infinity : at;
    known.set(needle, index);
    return index;
  };
}

/** The first place at or after `from` that no formula may cross. */
function barrier(next: Next, from: number): number {
  return Math.min(next('<think>', from), next('</think>', from), next('<|', from));
}

function mathAt(
  text: string,
  start: number,
  token: string,
  environment: string | undefined,
  next: Next,
  closing: (open: number) => number,
): MathRegion | null {
  const from = start + token.length;
  if (token === '$$') return dollars(text, start, next);
  if (token === '$') return dollar(text, start, next);
  if (token === '\\(') return delimited(text, start, '\\(', '\\)', INLINE_LIMIT, next);
  if (token === '\\[') return delimited(text, start, '\\[', '\\]', DISPLAY_LIMIT, next);
  if (environment !== undefined) {
    if (!ENVIRONMENTS.has(environment.replace('*', ''))) return null;
    const closer = `\\end{${environment}}`;
    const at = next(closer, from);
    if (at - start > DISPLAY_LIMIT || at > barrier(next, from)) return null;
    const end = at + closer.length;
    return { start, end, contentStart: start, contentEnd: end, display: true, kind: 'environment' };
  }
  if (token.endsWith('{') && token.length > 2) {
    const close = closing(from - 1);
    if (close < 0 || close > barrier(next, from)) return null;
    return { start, end: close + 1, contentStart: start, contentEnd: close + 1, display: false, kind: 'boxed' };
  }
  return null;
}

function delimited(
  text: string,
  start: number,
  open: string,
  close: string,
  limit: number,
  next: Next,
): MathRegion | null {
  const from = start + 2;
  const at = next(close, from);
  if (at - start > limit || at === from || at > barrier(next, from)) return null;
  if (next(open, from) < at && !isEscaped(text, next(open, from))) return null;
  const display = open === '\\[';
  if (!display && next('\n\n', from) < at) return null;
  if (isBlank(text, from, at)) return null;
  return { start, end: at + 2, contentStart: from, contentEnd: at, display, kind: display ? 'bracket' : 'paren' };
}

function dollars(text: string, start: number, next: Next): MathRegion | null {
  const from = start + 2;
  const at = next('$$', from);
  if (at - start > DISPLAY_LIMIT || at > barrier(next, from) || isBlank(text, from, at)) return null;
  return { start, end: at + 2, contentStart: from, contentEnd: at, display: true, kind: 'dollars' };
}

/**
 * One dollar opens a formula when the very next unescaped dollar can close it: no blank line between, no digit after it, and the
 * content does not read as prose. So `$5 and $6` is money, `$5$` and `$ x+1 $` are formulas.
 */
function dollar(text: string, start: number, next: Next): MathRegion | null {
  const from = start + 1;
  let at = next('$', from);
  while (at !== Infinity && isEscaped(text, at) && at - start <= INLINE_LIMIT) at = next('$', at + 1);
  if (at - start > INLINE_LIMIT || at === from || at > barrier(next, from) || next('\n\n', from) < at) return null;
  const after = text.charCodeAt(at + 1);
  if (after >= 48 && after <= 57) return null;
  const content = text.slice(from, at);
  const spaced = /^\s|\s$/.test(content);
  if (content.trim() === '' || content.includes('`')) return null;
  if (!/[\\^_=<>≤≥]/.test(content)) {
    // As few repetitions as say the same: a word of 2,000 letters would be tried from each of them.
    if (/[a-z]{3}[ ,.;:]+[a-z]{2}/i.test(content)) return null;
    if (spaced && /[a-z]{2}/i.test(content)) return null;
    if (/^\d[\d,.]*\s+[a-z]{2}/i.test(content)) return null;
  } else if (
    /^\d/.test(content) &&
    spaced &&
    /\b[a-z]{3,} [a-z]{2}/i.test(content.replace(/\\[a-z]+|\{[^{}]*\}/gi, ''))
  ) {
    return null;
  }
  return { start, end: at + 1, contentStart: from, contentEnd: at, display: false, kind: 'dollar' };
}

function codeAt(text: string, start: number, ticks: string, next: Next): CodeRegion | null {
  const from = start + ticks.length;
  if (ticks.length >= 3 && opensLine(text, start)) {
    return { start, end: fenceEnd(text, from, ticks.slice(0, FENCE_SIGNS), next), fence: true };
  }
  if (ticks.charCodeAt(0) === 126 || ticks.length > FENCE_SIGNS) return null;
  const stop = Math.min(barrier(next, from), text.length);
  const at = next(ticks, from);
  if (at - start > CODE_SPAN_LIMIT || at >= stop || next('\n', from) < at) return null;
  let end = at + ticks.length;
  while (text.charCodeAt(end) === 96) end += 1;
  return { start, end, fence: false };
}

/** Where a fence ends: its closing line begins with at least as many of the same sign. */
function fenceEnd(text: string, from: number, ticks: string, next: Next): number {
  const stop = Math.min(barrier(next, from), text.length);
  const at = Math.min(next(`\n${ticks}`, from), next(`\n ${ticks}`, from));
  return at > stop ? stop : lineEnd(text, at + 1, stop);
}

function lineEnd(text: string, from: number, stop: number): number {
  const line = text.indexOf('\n', from);
  return Math.min(line < 0 ? text.length : line, stop, text.length);
}

function opensLine(text: string, index: number): boolean {
  for (let i = index - 1; i >= 0 && i >= index - 4; i -= 1) {
    const code = text.charCodeAt(i);
    if (code === 10) return true;
    if (code !== 32) return false;
  }
  return index <= 3;
}

/**
 * For places of braces that grow: the index of the brace that closes the one at `open`, or -1 when there is none within
 * {@link BOX_LIMIT}. Escaped braces do not count. Each brace is read once, however many are open.
 */
function closingBraces(text: string): (open: number) => number {
  /** Of each brace among the last {@link BOX_LIMIT} units, the one that closes it; 0: none yet. */
  const closes = new Int32Array(BOX_LIMIT);
  let opened: number[] = [];
  let at = 0;
  return (open) => {
    if (open >= at) {
      opened = [];
      at = open;
    }
    const end = Math.min(open + BOX_LIMIT, text.length);
    for (; at < end; at += 1) {
      const code = text.charCodeAt(at);
      if (code === 92) at += 1;
      else if (code === 123) {
        opened.push(at);
        closes[at % BOX_LIMIT] = 0;
      } else if (code === 125) {
        const last = opened.pop() ?? -Infinity;
        if (at - last < BOX_LIMIT) closes[last % BOX_LIMIT] = at;
      }
    }
    const close = closes[open % BOX_LIMIT]!;
    return close > open ? close : -1;
  };
}

/** True when an odd number of backslashes stands before `index`. */
function isEscaped(text: string, index: number): boolean {
  let slashes = 0;
  while (text.charCodeAt(index - 1 - slashes) === 92 && slashes < 64) slashes += 1;
  return slashes % 2 === 1;
}

function isBlank(text: string, start: number, end: number): boolean {
  for (let i = start; i < end; i += 1) {
    const code = text.charCodeAt(i);
    if (code !== 32 && code !== 10 && code !== 9 && code !== 13) return false;
  }
  return true;
}
