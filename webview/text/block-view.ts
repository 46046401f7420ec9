/** One block as elements: text nodes that know their raw place, formulas, spans and pills. No markup is ever parsed. */
import type { Block } from '../../core/traces/blocks.ts';
import type { Fold } from '../../core/traces/folds.ts';
import type { CodeRegion, MathRegion } from '../../core/traces/math.ts';
import { lookOf } from '../ui/labels.ts';
import { cellsOf, dressOf, type Dress } from './dress.ts';
import type { Overlay } from './overlay.ts';
import { pieces, type Piece } from './pieces.ts';
import { mark } from './positions.ts';
import { isTypeset, typeset } from './typeset.ts';
import { visible } from './visible.ts';

export interface BlockInput {
  in: 'prompt' | 'completion';
  text: string;
  block: Block;
  formulas: readonly MathRegion[];
  codes: readonly CodeRegion[];
  overlays: readonly Overlay[];
  /** What is folded of it. */
  folds: readonly Fold[];
  /** What stands in the place of a folded passage. */
  foldMark: (fold: Fold) => HTMLElement;
  raw: boolean;
  /** `performance.now()` after which no new formula is set; those are left as text and are `pending`. */
  deadline: number;
  /** Elements of formulas that the page has room for. */
  room: number;
}

/** A formula that stands as text so far. */
export interface PendingFormula {
  tex: string;
  display: boolean;
  /** Sets it where it stands. Returns how many elements it takes. */
  set: () => number;
}

export interface BlockOutput {
  element: HTMLElement;
  body: HTMLElement;
  pending: PendingFormula[];
  /** Elements of its formulas. */
  elements: number;
  /** Elements of its spans. */
  spanElements: number;
  /** Elements where a span with a letter begins. */
  starts: Map<Overlay, HTMLElement>;
}

/** Most cells of a table's block that are aligned; one with more is text in columns of its own making. */
const CELL_LIMIT = 300;

export function buildBlock(input: BlockInput): BlockOutput {
  const { block, raw } = input;
  const element = document.createElement('div');
  element.className = `block kind-${block.kind}`;
  mark(element, input.in, block.start, block.end);
  const body = document.createElement('div');
  body.className = 'body';
  element.append(body);
  const output: BlockOutput = { element, body, pending: [], elements: 0, spanElements: 0, starts: new Map() };

  const extent: [number, number] = raw ? [block.start, block.end] : trimmed(input.text, block);
  const [from, to] = extent;
  if (!raw && /\n[ \t\r]*\n/.test(input.text.slice(to, block.end))) element.classList.add('paragraph-end');
  if (!raw && block.kind === 'display') element.classList.add('paragraph-end');
  const dress = raw ? [] : dressOf(input.text, block.kind, extent, input.formulas, input.codes);
  if (!raw && block.kind === 'list') hang(body, input.text.slice(from, from + 24));
  if (!raw && block.kind === 'heading') element.classList.add(`level-${Math.max(1, dress[0]!.end - dress[0]!.start)}`);
  const rows =
    !raw && block.kind === 'table' && input.folds.length === 0
      ? cellsOf(input.text, extent, input.formulas, input.codes)
      : [];
  if (rows.length > 0 && rows.flat().length <= CELL_LIMIT) {
    body.classList.add('grid');
    for (const row of rows) {
      const line = document.createElement('div');
      const isRule = /^[\s:|-]+$/.test(input.text.slice(row[0]!.start, row.at(-1)!.end));
      line.className = isRule ? 'md-row md-under-head' : 'md-row';
      for (const { start, end } of row) {
        const cell = document.createElement('span');
        cell.className = 'md-cell';
        line.append(cell);
        fill(cell, input, output, dress, start, end);
      }
      body.append(line);
    }
  } else fillUnfolded(body, input, output, dress, from, to);
  if (!body.firstChild) body.append(text(input, from, to));
  return output;
}

/** Entries of a list hang: the lines after the first begin where its words do, as nearly as can be told. */
function hang(body: HTMLElement, first: string): void {
  const marker = /^([ \t]*)(\S+[ \t]+)/.exec(first);
  if (!marker) return;
  const spaces = marker[1]!.replaceAll('\t', '    ').length;
  body.style.setProperty('--hang', `${(0.28 * spaces + 0.42 * marker[2]!.length + 0.1).toFixed(2)}em`);
}

/** Draws `from…to`; what is folded of it is there as text that takes no room, so that every character has its place. */
function fillUnfolded(
  body: HTMLElement,
  input: BlockInput,
  output: BlockOutput,
  dress: readonly Dress[],
  from: number,
  to: number,
): void {
  let at = from;
  for (const fold of input.folds) {
    const start = Math.max(at, fold.start);
    const end = Math.min(to, fold.end);
    if (start > at) fill(body, input, output, dress, at, Math.min(start, to));
    if (fold.start >= input.block.start) body.append(input.foldMark(fold));
    if (end > start) {
      const away = document.createElement('span');
      away.className = 'folded-text';
      away.append(text(input, start, end));
      body.append(away);
    }
    at = Math.max(at, end);
  }
  if (at < to) fill(body, input, output, dress, at, to);
}

/** A span that is drawn as an element, into which what lies over its text goes. */
interface Open {
  span: Overlay;
  element: HTMLElement;
}

/** Draws `from…to` into `body`. */
function fill(
  body: HTMLElement,
  input: BlockInput,
  output: BlockOutput,
  dress: readonly Dress[],
  from: number,
  to: number,
): void {
  const formulas = input.raw ? [] : input.formulas.filter((one) => one.start >= from && one.end <= to);
  const all = pieces(from, to, input.overlays, formulas);
  const levels = levelsOf(all);
  let open: Open[] = [];
  for (const piece of all) {
    const spans = piece.spans as readonly Overlay[];
    if (piece.formula?.display) {
      open = [];
      body.append(formula(input, piece, output));
    } else {
      open = nest(body, open, spans, levels, input, output);
      const inner = open.at(-1)?.element ?? body;
      if (piece.formula) inner.append(formula(input, piece, output));
      else dressed(inner, input, dress, piece.start, piece.end);
    }
    for (const span of spans) {
      if (span.pill && span.end <= piece.end && span.end > piece.start) {
        body.append(pill(span.pill));
        open = [];
      }
    }
  }
}

const isLined = (span: Overlay): boolean => span.label !== 'marker' && !span.answer;

/** How far under the text the line of each span is, the same wherever it is: under those of all spans within it. */
function levelsOf(all: readonly Piece[]): Map<Overlay, number> {
  const levels = new Map<Overlay, number>();
  for (const { spans } of all) {
    const lined = (spans as readonly Overlay[]).filter(isLined);
    for (const [depth, span] of lined.entries())
      levels.set(span, Math.max(levels.get(span) ?? 0, Math.min(3, lined.length - 1 - depth)));
  }
  return levels;
}

/** Text with the looks of Markdown: a text node for each stretch. */
function dressed(into: HTMLElement, input: BlockInput, dress: readonly Dress[], start: number, end: number): void {
  let at = start;
  for (const one of dress) {
    if (one.end <= at) continue;
    if (one.start >= end) break;
    const from = Math.max(one.start, at);
    const to = Math.min(one.end, end);
    if (from > at) into.append(text(input, at, from));
    const element = document.createElement('span');
    element.className = `md-${one.look}`;
    element.append(text(input, from, to));
    into.append(element);
    at = to;
  }
  if (at < end) into.append(text(input, at, end));
}

/**
 * What of `open` is still over the text stays open, and `spans` that begin are opened within it: the longest outermost, its line the
 * lowest.
 */
function nest(
  body: HTMLElement,
  open: readonly Open[],
  spans: readonly Overlay[],
  levels: ReadonlyMap<Overlay, number>,
  input: BlockInput,
  output: BlockOutput,
): Open[] {
  const changed = spans.findIndex((span, i) => open[i]?.span !== span);
  const nested = open.slice(0, changed < 0 ? spans.length : changed);
  for (const span of spans.slice(nested.length)) {
    const element = spanElement(span, levels.get(span) ?? 0);
    (nested.at(-1)?.element ?? body).append(element);
    nested.push({ span, element });
    output.spanElements += 1;
    const startsHere = !span.answer && span.start >= input.block.start && span.start < input.block.end;
    if (startsHere && !output.starts.has(span)) output.starts.set(span, element);
  }
  return nested;
}

function spanElement(span: Overlay, level: number): HTMLElement {
  const element = document.createElement('span');
  if (span.answer) {
    element.className = `found-answer tone-${span.answer}`;
    element.title = `The answer, ${span.detector}`;
    named(element, 'Answer');
    return element;
  }
  element.className = `span label-${span.label} under-${isLined(span) ? level : 0}`;
  if (span.label === 'marker' && span.evidence.startsWith('<')) element.classList.add('token');
  if (span.by === 'judge') element.classList.add('by-judge');
  const sure = span.confidence < 1 ? `, confidence ${span.confidence}` : '';
  const evidence = span.evidence ? `: “${span.evidence.slice(0, 120)}”` : '';
  const who = span.by === 'judge' ? `the judge ${span.detector}, questions version` : span.detector;
  const { name } = lookOf(span.label);
  named(element, name);
  element.title = `${name}${evidence} (${who} ${span.version}${sure})`;
  return element;
}

/** A marked passage says its label where it is read aloud. */
function named(element: HTMLElement, name: string): void {
  element.setAttribute('role', 'mark');
  element.setAttribute('aria-roledescription', name);
}

function formula(input: BlockInput, piece: Piece, output: BlockOutput): HTMLElement {
  const region = piece.formula!;
  const { display } = region;
  const tex = input.text.slice(region.contentStart, region.contentEnd);
  const element = document.createElement('span');
  element.append(text(input, piece.start, piece.end));
  element.className = display ? 'formula-text display' : 'formula-text';
  const covering = (piece.spans as readonly Overlay[]).find((span) => !span.answer && span.label !== 'marker');
  const set = (): number => {
    const found = typeset(tex, display);
    if (!found.node) {
      element.classList.add('unreadable');
      element.title = found.reason;
      return 0;
    }
    element.className = display ? 'math display' : 'math';
    if (display && covering) {
      element.classList.add('covered', `label-${covering.label}`);
      if (covering.by === 'judge') element.classList.add('by-judge');
    }
    element.setAttribute('role', 'math');
    element.setAttribute('aria-label', tex.trim());
    element.replaceChildren(found.node);
    mark(element, input.in, piece.start, piece.end);
    return found.elements;
  };
  const isNow = isTypeset(tex, display) || performance.now() <= input.deadline;
  if (isNow && output.elements < input.room) output.elements += set();
  else output.pending.push({ tex, display, set });
  return element;
}

function text(input: BlockInput, start: number, end: number): Text {
  const node = document.createTextNode(visible(input.text.slice(start, end)));
  mark(node, input.in, start, end);
  return node;
}

function pill({ text: words, tone }: NonNullable<Overlay['pill']>): HTMLElement {
  const element = document.createElement('span');
  element.className = `pill tone-${tone}`;
  element.textContent = words;
  return element;
}

function trimmed(whole: string, block: Block): [number, number] {
  let { start, end } = block;
  while (end > start && /\s/.test(whole.charAt(end - 1))) end -= 1;
  while (start < end && /[\n\r]/.test(whole.charAt(start))) start += 1;
  return [start, end];
}
