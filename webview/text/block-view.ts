/** One block as elements: text nodes that know their raw place, formulas, spans and pills. No markup is ever parsed. */
import type { Block } from '../../core/traces/blocks.ts';
import type { MathRegion } from '../../core/traces/math.ts';
import { lookOf } from '../ui/labels.ts';
import type { Overlay } from './overlay.ts';
import { pieces, type Piece } from './pieces.ts';
import { mark } from './positions.ts';
import { isTypeset, typeset } from './typeset.ts';

export interface BlockInput {
  in: 'prompt' | 'completion';
  text: string;
  block: Block;
  formulas: readonly MathRegion[];
  overlays: readonly Overlay[];
  raw: boolean;
  /** `performance.now()` after which no new formula is set; those are left as text and `pending` is true. */
  deadline: number;
}

export interface BlockOutput {
  element: HTMLElement;
  body: HTMLElement;
  pending: boolean;
  /** Elements where a span with a letter begins. */
  starts: { overlay: Overlay; element: HTMLElement }[];
}

export function buildBlock(input: BlockInput): BlockOutput {
  const { block, raw } = input;
  const element = document.createElement('div');
  element.className = `block kind-${block.kind}`;
  mark(element, input.in, block.start, block.end);
  const body = document.createElement('div');
  body.className = 'body';
  element.append(body);
  const output: BlockOutput = { element, body, pending: false, starts: [] };

  const [from, to] = raw ? [block.start, block.end] : trimmed(input.text, block);
  if (!raw && /\n[ \t\r]*\n/.test(input.text.slice(to, block.end))) element.classList.add('paragraph-end');
  if (!raw && block.kind === 'display') element.classList.add('paragraph-end');
  let over: readonly Overlay[] = [];
  let inner: HTMLElement = body;
  for (const piece of pieces(from, to, input.overlays, raw ? [] : input.formulas)) {
    if (piece.formula?.display) {
      over = [];
      inner = body;
      body.append(formula(input, piece, output));
    } else {
      const spans = piece.spans as readonly Overlay[];
      if (spans.length !== over.length || spans.some((span, i) => span !== over[i])) {
        inner = nest(body, spans, input, output);
        over = spans;
      }
      inner.append(piece.formula ? formula(input, piece, output) : text(input, piece.start, piece.end));
    }
    for (const span of piece.spans as readonly Overlay[]) {
      if (span.pill && span.end <= piece.end && span.end > piece.start) {
        body.append(pill(span.pill));
        over = [];
        inner = body;
      }
    }
  }
  if (!body.firstChild) body.append(text(input, from, to));
  return output;
}

/** Wraps what comes in one element a span: the longest outermost, its underline the lowest. */
function nest(body: HTMLElement, spans: readonly Overlay[], input: BlockInput, output: BlockOutput): HTMLElement {
  let inner = body;
  const lines = spans.filter((span) => span.label !== 'marker' && !span.answer).length;
  let depth = 0;
  for (const span of spans) {
    const element = document.createElement('span');
    if (span.answer) {
      element.className = `found-answer tone-${span.answer}`;
      element.title = `The answer, ${span.detector}`;
    } else {
      const lined = span.label !== 'marker';
      if (lined) depth += 1;
      element.className = `span label-${span.label} under-${lined ? Math.min(3, lines - depth) : 0}`;
      if (span.label === 'marker' && /^<|^</.test(span.evidence)) element.classList.add('token');
      const sure = span.confidence < 1 ? `, confidence ${span.confidence}` : '';
      const evidence = span.evidence ? `: “${span.evidence.slice(0, 120)}”` : '';
      if (span.by === 'judge') element.classList.add('by-judge');
      const who = span.by === 'judge' ? `the judge ${span.detector}, questions version` : span.detector;
      element.title = `${lookOf(span.label).name}${evidence} (${who} ${span.version}${sure})`;
      const startsHere = span.start >= input.block.start && span.start < input.block.end;
      if (startsHere && !output.starts.some((start) => start.overlay === span)) {
        output.starts.push({ overlay: span, element });
      }
    }
    inner.append(element);
    inner = element;
  }
  return inner;
}

function formula(input: BlockInput, piece: Piece, output: BlockOutput): HTMLElement {
  const region = piece.formula!;
  const tex = input.text.slice(region.contentStart, region.contentEnd);
  const element = document.createElement('span');
  element.className = region.display ? 'math display' : 'math';
  const covering = (piece.spans as readonly Overlay[]).find((span) => !span.answer && span.label !== 'marker');
  if (region.display && covering) {
    element.classList.add('covered', `label-${covering.label}`);
    if (covering.by === 'judge') element.classList.add('by-judge');
  }
  if (!isTypeset(tex, region.display) && performance.now() > input.deadline) {
    output.pending = true;
    element.append(text(input, piece.start, piece.end));
    element.className = region.display ? 'formula-text display' : 'formula-text';
    return element;
  }
  const set = typeset(tex, region.display);
  if (set.node) {
    element.setAttribute('role', 'math');
    element.setAttribute('aria-label', tex.trim());
    element.append(set.node);
    mark(element, input.in, piece.start, piece.end);
  } else {
    element.className = 'formula-text unreadable';
    element.title = set.reason;
    element.append(text(input, piece.start, piece.end));
  }
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

/**
 * Control characters, and those that turn the direction of text or take no room, as visible signs: one for one, so that every
 * offset stays. What is copied comes from the raw text.
 */
export function visible(raw: string): string {
  // eslint-disable-next-line no-control-regex
  if (!/[\0-\x08\x0b-\x1f\x7f\u200b\u200e\u200f\u202a-\u202e\u2060-\u2069\ufeff\ud800-\udfff]/.test(raw)) return raw;
  return (
    raw
      // eslint-disable-next-line no-control-regex
      .replace(/[\0-\x08\x0b\x0c\x0e-\x1f]/g, (sign) => String.fromCharCode(0x2400 + sign.charCodeAt(0)))
      .replace(/\x7f/g, '\u2421')
      .replace(/[\u200e\u200f\u202a-\u202e\u2066-\u2069]/g, '\u21c4')
      .replace(/[\u200b\u2060-\u2065\ufeff]/g, '\u2423')
      .replace(/[\ud800-\udbff](?![\udc00-\udfff])|(?<![\ud800-\udbff])[\udc00-\udfff]/g, '\ufffd')
  );
}
