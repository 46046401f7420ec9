/**
 * Selecting and copying in a windowed text. The blocks at the ends of a selection stay mounted; "select all" is a state of its
 * own, because most of the text is not on the page; what is copied is cut from the raw text.
 */
import type { TextPart } from './part.ts';
import { domPoint, positionOf, type TextPosition } from './positions.ts';

interface Owner {
  readonly prompt: TextPart;
  readonly completion: TextPart;
  readonly promptOpen: boolean;
}

export class TextSelection {
  readonly #root: HTMLElement;
  readonly #owner: Owner;
  #ends = new Set<Element>();
  #all = false;

  constructor(root: HTMLElement, owner: Owner) {
    this.#root = root;
    this.#owner = owner;
    document.addEventListener('selectionchange', this.#onChange);
    document.addEventListener('copy', this.#onCopy);
  }

  dispose(): void {
    document.removeEventListener('selectionchange', this.#onChange);
    document.removeEventListener('copy', this.#onCopy);
  }

  clear(): void {
    this.#all = false;
    this.#ends.clear();
  }

  /** True for a block that must stay because the selection begins or ends in it. */
  holds(block: Element): boolean {
    return this.#ends.has(block);
  }

  /** Selects the whole completion, and the prompt where it is open. */
  selectAll(): void {
    this.#all = true;
    this.#show();
  }

  /** Something was mounted: a selection of all reaches over it as well. */
  mounted(): void {
    if (this.#all) this.#show();
  }

  /** Runs `work`, which may build blocks again, and gives the selection back to the places that it had. */
  keep(work: () => void): void {
    // Asking for the selection makes the browser lay the page out: only when there is one here.
    if (this.#all || this.#ends.size === 0) return work();
    const range = this.#range();
    const ends = range && this.#positions(range);
    const backward = this.#isBackward();
    work();
    if (!ends) return;
    const start = domPoint(this.#root, ends.start);
    const end = domPoint(this.#root, ends.end);
    if (!start || !end) return;
    const [anchor, focus] = backward ? [end, start] : [start, end];
    getSelection()?.setBaseAndExtent(anchor.node, anchor.offset, focus.node, focus.offset);
    // The event comes later; the view may scroll before it.
    this.#readEnds();
  }

  /** The raw text of what is selected in this view, or null: nothing is. */
  text(): string | null {
    const { prompt, completion, promptOpen } = this.#owner;
    // The event of a change comes after it, and something may be copied in between.
    if (this.#all && this.#spansAll()) return (promptOpen ? prompt.text : '') + completion.text;
    const range = this.#range();
    const ends = range && this.#positions(range);
    if (!ends) return null;
    const { start, end } = ends;
    if (start.in === end.in) return this.#owner[start.in].text.slice(start.offset, end.offset);
    return start.in === 'prompt' ? prompt.text.slice(start.offset) + completion.text.slice(0, end.offset) : '';
  }

  /** The stretch of one text that is selected, or null: nothing is, or something of both texts. */
  stretch(): { in: TextPosition['in']; start: number; end: number } | null {
    const { completion } = this.#owner;
    if (this.#all && this.#spansAll()) return { in: 'completion', start: 0, end: completion.text.length };
    const range = this.#range();
    const ends = range && this.#positions(range);
    if (!ends || ends.start.in !== ends.end.in || ends.end.offset <= ends.start.offset) return null;
    return { in: ends.start.in, start: ends.start.offset, end: ends.end.offset };
  }

  /** What is selected, where it can be looked for: within a line and short. Or null. */
  needle(): string | null {
    const stretch = this.#all ? null : this.stretch();
    if (!stretch || stretch.end - stretch.start > 200) return null;
    const text = this.#owner[stretch.in].text.slice(stretch.start, stretch.end);
    return text.includes('\n') ? null : text;
  }

  /** The place in the text under a point of the page, or null: there is no text. */
  placeAt(x: number, y: number): TextPosition | null {
    const point = document.caretRangeFromPoint(x, y);
    if (!point || !this.#root.contains(point.startContainer)) return null;
    return positionOf(this.#root, point.startContainer, point.startOffset, 'start');
  }

  #positions(range: Range): { start: TextPosition; end: TextPosition } | null {
    const start = positionOf(this.#root, range.startContainer, range.startOffset, 'start');
    const end = positionOf(this.#root, range.endContainer, range.endOffset, 'end');
    return start && end ? { start, end } : null;
  }

  /** The page's selection when it has text of this view in it, cut to the view. */
  #range(): Range | null {
    const selection = getSelection();
    if (!selection || selection.isCollapsed || selection.rangeCount === 0) return null;
    const range = selection.getRangeAt(0).cloneRange();
    if (!range.intersectsNode(this.#root)) return null;
    if (!this.#root.contains(range.startContainer)) range.setStart(this.#root, 0);
    if (!this.#root.contains(range.endContainer)) range.setEnd(this.#root, this.#root.childNodes.length);
    return range;
  }

  /** Notes the blocks in which the selection begins and ends. */
  #readEnds(): void {
    const selection = getSelection();
    const block = (node: Node | null) => {
      const element = node instanceof Element ? node : node?.parentElement;
      return element && this.#root.contains(element) ? element.closest('.block') : null;
    };
    const ends = selection?.isCollapsed
      ? []
      : [block(selection?.anchorNode ?? null), block(selection?.focusNode ?? null)];
    this.#ends = new Set(ends.filter((element) => element !== null));
  }

  #isBackward(): boolean {
    const selection = getSelection();
    if (!selection?.anchorNode || !selection.focusNode) return false;
    const order = selection.anchorNode.compareDocumentPosition(selection.focusNode);
    return order === 0
      ? selection.focusOffset < selection.anchorOffset
      : (order & Node.DOCUMENT_POSITION_PRECEDING) !== 0;
  }

  /** True while the page's selection is the one that {@link selectAll} made: nobody selects the element itself by hand. */
  #spansAll(): boolean {
    const selection = getSelection();
    return selection?.anchorNode === this.#root && selection.focusNode === this.#root;
  }

  #show(): void {
    getSelection()?.selectAllChildren(this.#root);
  }

  #onChange = (): void => {
    if (!this.#spansAll()) this.#all = false;
    this.#readEnds();
  };

  #onCopy = (event: ClipboardEvent): void => {
    const text = this.text();
    if (text === null || text === '') return;
    event.clipboardData?.setData('text/plain', text);
    event.preventDefault();
  };
}
