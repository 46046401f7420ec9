/**
 * Cuts a text into blocks for a windowed view. Every character belongs to exactly one block, so that the raw text is the blocks'
 * texts joined; a block's trailing line ends belong to it.
 */
import { lowerBound } from './lower-bound.ts';
import { regions, type Regions } from './math.ts';

export interface Block {
  /** UTF-16 units, end exclusive; the next block starts where this one ends. */
  start: number;
  end: number;
  kind: BlockKind;
}

/** A list is one entry; a quote and a table are all of their lines. */
export type BlockKind = 'paragraph' | 'heading' | 'list' | 'quote' | 'table' | 'rule' | 'display' | 'code' | 'token';

/** Longest block, in UTF-16 units: a line of 10 MB is cut, so that a view never lays out more than this at once. */
export const BLOCK_LIMIT = 4_000;

/** Most formulas of a block, for the same: one of them takes as much as a line of text. Of 4,000 real traces no block has more than 53. */
const FORMULAS_LIMIT = 75;

const LIST_ITEM = /^[ \t]{0,12}(?:[-*+•]|\(?\d{1,3}[.)]|\(?[a-z][.)])[ \t]/;

/** A row of a table, and the row under its head without which there is none. */
const ROW = /^[ \t]{0,3}\|[^\n]*\|[ \t\r]*\n?$/;
const UNDER_HEAD = /^[ \t]{0,3}\|[ \t:|-]*-[ \t:|-]*\|[ \t\r]*$/;
/** Longest line that is looked at for being a row, in UTF-16 units. */
const ROW_LIMIT = 2_000;

/**
 * Blocks in order. Known regions may be given when they are computed already; `first`: what kind the first block is, where the
 * text is the rest of a longer one that was cut at a block.
 */
export function blocks(text: string, known: Regions = regions(text), first: BlockKind | null = null): Block[] {
  const found: Block[] = [];
  let from = 0;
  for (const cut of cuts(known)) {
    if (cut.start > from) paragraphs(text, from, cut.start, known, found, from === 0 ? first : null);
    let end = cut.end;
    if (cut.kind === 'display') while (end < text.length && /[.,;:]/.test(text.charAt(end))) end += 1;
    end = throughLineEnds(text, end);
    push(text, found, { start: Math.max(cut.start, from), end, kind: cut.kind }, known);
    from = end;
  }
  if (from < text.length) paragraphs(text, from, text.length, known, found, from === 0 ? first : null);
  return found;
}

function cuts(known: Regions): Block[] {
  const all: Block[] = known.tokens.map(({ start, end }) => ({ start, end, kind: 'token' }));
  for (const { start, end, display } of known.math) if (display) all.push({ start, end, kind: 'display' });
  for (const { start, end, fence } of known.code) if (fence) all.push({ start, end, kind: 'code' });
  return all.sort((a, b) => a.start - b.start);
}

/** Blank lines end a paragraph; a heading, a rule, an entry of a list, the first row of a table and of a quote begin a block. */
function paragraphs(
  text: string,
  from: number,
  to: number,
  known: Regions,
  into: Block[],
  first: BlockKind | null,
): void {
  let start = from;
  let kind = first ?? kindAt(text, from, to, 'paragraph');
  let line = from;
  while (line < to) {
    // Of no more than is cut here: the next line end of a text may be megabytes away.
    const newline = text.slice(line, to).indexOf('\n');
    const next = newline < 0 ? to : line + newline + 1;
    const blank = next < to && /^[ \t\r]*\n/.test(text.slice(next, Math.min(next + 64, to)));
    if (blank) {
      const end = Math.min(throughLineEnds(text, next), to);
      push(text, into, { start, end, kind }, known);
      start = end;
      line = end;
      kind = kindAt(text, start, to, 'paragraph');
      continue;
    }
    const nextKind = next < to ? kindAt(text, next, to, kind) : kind;
    if (next < to && begins(nextKind, kind) && !insideFormula(known, next)) {
      push(text, into, { start, end: next, kind }, known);
      start = next;
      kind = nextKind;
    }
    line = next;
  }
  if (start < to) push(text, into, { start, end: to, kind }, known);
}

/** True when a line of one kind begins a block after a line of another. */
function begins(kind: BlockKind, before: BlockKind): boolean {
  if (kind === 'list' || kind === 'heading' || kind === 'rule') return true;
  if (before === 'heading' || before === 'rule') return true;
  // A list's entry and a paragraph go on over lines that look like nothing.
  return kind !== before && (kind !== 'paragraph' || before === 'table' || before === 'quote');
}

/** What the line at `at` is; a row belongs to the table `before` it, or its own begins here. */
function kindAt(text: string, at: number, to: number, before: BlockKind): BlockKind {
  let i = at;
  while (i < at + 12 && (text.charCodeAt(i) === 32 || text.charCodeAt(i) === 9)) i += 1;
  const sign = text.charAt(i);
  // Most lines begin with a letter, or a formula.
  if (sign === '' || sign === '\\' || sign === '$' || (/[A-Za-z]/.test(sign) && text.charCodeAt(i + 1) > 96))
    return 'paragraph';
  const head = text.slice(at, Math.min(at + 100, to));
  if (sign === '#') return /^ {0,3}#{1,6}[ \t]+\S/.test(head) ? 'heading' : 'paragraph';
  if (sign === '>') return /^ {0,3}>/.test(head) ? 'quote' : 'paragraph';
  if (sign === '|') {
    const line = lineAt(text, at, to);
    if (!ROW.test(line)) return 'paragraph';
    return before === 'table' || UNDER_HEAD.test(lineAt(text, at + line.length, to).trimEnd()) ? 'table' : 'paragraph';
  }
  if (/^ {0,3}([-*_])(?:[ \t]*\1){2,}[ \t\r]*(?:\n|$)/.test(head)) return 'rule';
  return LIST_ITEM.test(head) ? 'list' : 'paragraph';
}

function lineAt(text: string, at: number, to: number): string {
  const most = text.slice(at, Math.min(at + ROW_LIMIT, to));
  const newline = most.indexOf('\n');
  return newline < 0 ? most : most.slice(0, newline + 1);
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

/** A block that is too long, or has too many formulas, is cut: at a line's end or a space where there is one, never in a formula of moderate length or a surrogate pair. */
function push(text: string, into: Block[], block: Block, known: Regions): void {
  let start = block.start;
  for (;;) {
    const crowded = known.math[firstEndingAfter(known, start) + FORMULAS_LIMIT];
    if (crowded && crowded.start < Math.min(block.end, start + BLOCK_LIMIT)) {
      into.push({ start, end: crowded.start, kind: block.kind });
      start = crowded.start;
      continue;
    }
    if (block.end - start <= BLOCK_LIMIT) break;
    const limit = start + BLOCK_LIMIT;
    const floor = start + BLOCK_LIMIT / 2;
    const half = text.slice(floor, limit);
    const from = half.lastIndexOf('\n') + 1 || half.lastIndexOf(' ') + 1;
    let cut = from > 0 ? floor + from : limit;
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
  const region = known.math[firstEndingAfter(known, at)];
  return region && region.start < at ? region : null;
}

function firstEndingAfter({ math }: Regions, at: number): number {
  return lowerBound(math.length, (i) => math[i]!.end > at);
}
