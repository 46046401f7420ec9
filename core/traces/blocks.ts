/**
 * Cuts a text into blocks for a windowed view. Every character belongs to exactly one block, so that the raw text is the blocks'
 * texts joined; a block's trailing line ends belong to it.
 */
import { regions, type Regions } from './math.ts';

export interface Block {
  /** UTF-16 units, end exclusive; the next block starts where this one ends. */
  start: number;
  end: number;
  kind: 'paragraph' | 'display' | 'code' | 'list' | 'token';
}

/** Longest block, in UTF-16 units: a line of 10 MB is cut, so that a view never lays out more than this at once. */
export const BLOCK_LIMIT = 4_000;

const LIST_ITEM = /^[ \t]{0,12}(?:[-*+•]|\(?\d{1,3}[.)]|\(?[a-z][.)])[ \t]/;

/** Blocks in order. Known regions may be given when they are computed already. */
export function blocks(text: string, known: Regions = regions(text)): Block[] {
  const found: Block[] = [];
  let from = 0;
  for (const cut of cuts(known)) {
    if (cut.start > from) paragraphs(text, from, cut.start, known, found);
    let end = cut.end;
    if (cut.kind === 'display') while (end < text.length && /[.,;:]/.test(text.charAt(end))) end += 1;
    end = throughLineEnds(text, end);
    push(text, found, { start: Math.max(cut.start, from), end, kind: cut.kind }, known);
    from = end;
  }
  if (from < text.length) paragraphs(text, from, text.length, known, found);
  return found;
}

function cuts(known: Regions): Block[] {
  const all: Block[] = known.tokens.map(({ start, end }) => ({ start, end, kind: 'token' }));
  for (const { start, end, display } of known.math) if (display) all.push({ start, end, kind: 'display' });
  for (const { start, end, fence } of known.code) if (fence) all.push({ start, end, kind: 'code' });
  return all.sort((a, b) => a.start - b.start);
}

/** Blank lines end a paragraph; a list's item begins one. */
function paragraphs(text: string, from: number, to: number, known: Regions, into: Block[]): void {
  let start = from;
  let kind = kindAt(text, from, to);
  let line = from;
  while (line < to) {
    const newline = text.indexOf('\n', line);
    const next = newline < 0 || newline >= to ? to : newline + 1;
    const blank = next < to && /^[ \t\r]*\n/.test(text.slice(next, Math.min(next + 64, to)));
    if (blank) {
      const end = Math.min(throughLineEnds(text, next), to);
      push(text, into, { start, end, kind }, known);
      start = end;
      line = end;
      kind = kindAt(text, start, to);
      continue;
    }
    if (next < to && !insideFormula(known, next) && LIST_ITEM.test(text.slice(next, next + 24))) {
      push(text, into, { start, end: next, kind }, known);
      start = next;
      kind = 'list';
    }
    line = next;
  }
  if (start < to) push(text, into, { start, end: to, kind }, known);
}

function kindAt(text: string, at: number, to: number): Block['kind'] {
  return LIST_ITEM.test(text.slice(at, Math.min(at + 24, to))) ? 'list' : 'paragraph';
}

function throughLineEnds(text: string, from: number): number {
  let i = from;
  let end = from;
  while (i < text.length) {
    const code = text.charCodeAt(i);
    if (code === 10) end = i + 1;
    else if (code !== 32 && code !== 9 && code !== 13) break;
    i += 1;
  }
  return i === text.length ? i : end;
}

/** A block that is too long is cut: at a line's end or a space where there is one, never in a formula of moderate length or a surrogate pair. */
function push(text: string, into: Block[], block: Block, known: Regions): void {
  let start = block.start;
  while (block.end - start > BLOCK_LIMIT) {
    const limit = start + BLOCK_LIMIT;
    const floor = start + BLOCK_LIMIT / 2;
    let cut = text.lastIndexOf('\n', limit - 1) + 1;
    if (cut <= floor) cut = text.lastIndexOf(' ', limit - 1) + 1;
    if (cut <= floor) cut = limit;
    const formula = insideFormula(known, cut);
    if (formula && formula.start > start) cut = formula.start;
    const code = text.charCodeAt(cut);
    if (code >= 0xdc00 && code <= 0xdfff && isHigh(text.charCodeAt(cut - 1))) cut -= 1;
    into.push({ start, end: cut, kind: block.kind });
    start = cut;
  }
  if (start < block.end) into.push({ start, end: block.end, kind: block.kind });
}

function isHigh(code: number): boolean {
  return code >= 0xd800 && code <= 0xdbff;
}

/** The formula that `at` would split, or null. */
function insideFormula(known: Regions, at: number): { start: number; end: number } | null {
  let low = 0;
  let high = known.math.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if (known.math[middle]!.end <= at) low = middle + 1;
    else high = middle;
  }
  const region = known.math[low];
  return region && region.start < at ? region : null;
}
