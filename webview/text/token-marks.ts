/**
 * How sure the model was of each token, as a line under it: by the browser's highlights over text nodes, so that no element is
 * built for a token and nothing moves; a formula gets the line of its least certain token.
 */
import type { TokenMark } from '../../core/protocol/webview.ts';
import { tokenOver, type TokenTable } from '../../core/traces/token-slice.ts';
import { extentOf } from './positions.ts';

/** Entropy, probability, none, and again. */
export const nextMark = (mark: TokenMark | null | undefined): TokenMark | null =>
  mark === 'entropy' ? 'probability' : mark ? null : 'entropy';

/**
 * Where the three lines begin. Entropies in nats: 0.672 is where others take a token for a fork of the reasoning (the fifth of the tokens with the highest
 * entropy, arXiv 2506.01939, lie above it). Probabilities of the token that was drawn: below.
 */
export const tokenLevels = { entropy: [0.3, 0.672, 1.5], probability: [0.5, 0.2, 0.05] } as const;

/** 0: no line, 3: the strongest. A token of which nothing is known has none. */
export function levelOf({ logprobs, entropies }: TokenTable, mark: TokenMark, token: number): 0 | 1 | 2 | 3 {
  const value = mark === 'entropy' ? entropies?.[token] : logprobs?.[token];
  if (value === undefined || Number.isNaN(value)) return 0;
  const [low, middle, high] = tokenLevels[mark];
  const isOver = mark === 'entropy' ? (at: number) => value >= at : (at: number) => Math.exp(value) < at;
  return isOver(high) ? 3 : isOver(middle) ? 2 : isOver(low) ? 1 : 0;
}

interface Drawn {
  ranges: { level: number; range: StaticRange }[];
  dressed: HTMLElement[];
}

/** One highlight of a level for all views of the page. */
function highlight(level: number): Highlight {
  const name = `lh-token-${level}`;
  let known = CSS.highlights.get(name);
  if (!known) {
    known = new Highlight();
    // Below what a search found.
    known.priority = -1;
    CSS.highlights.set(name, known);
  }
  return known;
}

export class TokenMarks {
  #table: TokenTable | null = null;
  #mark: TokenMark | null = null;
  readonly #drawn = new Map<HTMLElement, Drawn>();

  /** False: it is what it was. */
  set(table: TokenTable | null, mark: TokenMark | null): boolean {
    if (table === this.#table && mark === this.#mark) return false;
    this.clear();
    this.#table = table;
    this.#mark = mark;
    return true;
  }

  clear(): void {
    for (const body of [...this.#drawn.keys()]) this.forget(body);
  }

  /** A block has gone, or is another inside. */
  forget(body: HTMLElement): void {
    const drawn = this.#drawn.get(body);
    if (!drawn) return;
    this.#drawn.delete(body);
    for (const { level, range } of drawn.ranges) highlight(level).delete(range);
    for (const element of drawn.dressed) delete element.dataset['tokenLevel'];
  }

  /** Draws the lines in those of these elements in which they are not drawn. */
  draw(bodies: Iterable<HTMLElement>): void {
    const table = this.#table;
    const mark = this.#mark;
    if (!table || !mark) return;
    for (const body of bodies) {
      const extent = this.#drawn.has(body) || !body.parentElement ? null : extentOf(body.parentElement);
      if (extent?.in === 'completion') this.#drawn.set(body, drawIn(body, table, mark));
    }
  }
}

function drawIn(body: HTMLElement, table: TokenTable, mark: TokenMark): Drawn {
  const drawn: Drawn = { ranges: [], dressed: [] };
  const { ends } = table;
  const walker = document.createTreeWalker(body, NodeFilter.SHOW_ELEMENT | NodeFilter.SHOW_TEXT);
  let isFormula = false;
  for (let node = walker.nextNode(); node; node = isFormula ? nextOutside(walker) : walker.nextNode()) {
    const extent = extentOf(node);
    isFormula = extent !== null && node instanceof HTMLElement && node.classList.contains('math');
    if (!extent || !(node instanceof Text || isFormula)) continue;
    let most = 0;
    for (let i = tokenOver(table.positions, extent.start); i < ends.length; i += 1) {
      const start = i === 0 ? 0 : ends[i - 1]!;
      if (start >= extent.end) break;
      const level = levelOf(table, mark, i);
      most = Math.max(most, level);
      if (level === 0 || isFormula) continue;
      const from = Math.max(0, start - extent.start);
      const to = Math.min((node as Text).length, ends[i]! - extent.start);
      if (to <= from) continue;
      const range = new StaticRange({ startContainer: node, startOffset: from, endContainer: node, endOffset: to });
      highlight(level).add(range);
      drawn.ranges.push({ level, range });
    }
    if (isFormula && most > 0) {
      (node as HTMLElement).dataset['tokenLevel'] = String(most);
      drawn.dressed.push(node as HTMLElement);
    }
  }
  return drawn;
}

/** The next node that does not lie in the one that the walker is at. */
function nextOutside(walker: TreeWalker): Node | null {
  for (;;) {
    const next = walker.nextSibling();
    if (next || !walker.parentNode()) return next;
  }
}

/** The place in the completion of the character under a point of the screen, or null. */
export function unitAtPoint(x: number, y: number): number | null {
  const found = document.caretPositionFromPoint?.(x, y);
  if (!found) return null;
  const { offsetNode: node, offset } = found;
  const extent = extentOf(node);
  if (!(node instanceof Text) || extent?.in !== 'completion') return null;
  // A caret stands between two characters: which of the two is it?
  for (const at of [offset, offset - 1]) {
    if (at < 0 || at >= node.length) continue;
    const range = document.createRange();
    range.setStart(node, at);
    range.setEnd(node, at + 1);
    const inside = [...range.getClientRects()].some((r) => x >= r.left && x < r.right && y >= r.top && y < r.bottom);
    if (inside) return extent.start + at;
  }
  return null;
}
