/**
 * The windowed text: of a prompt and a completion, only the blocks in view are elements. Blocks lie at the places that a
 * height index gives; when a height turns out to be another than estimated, the view keeps what the reader sees in place.
 *
 * Longer than 400 lines with its comments because mounting, measuring and holding the place change the same few fields.
 */
import type { Label } from '../../core/behaviours/spans.ts';
import type { Positions } from '../../core/metrics/token-position.ts';
import { buildBlock, type BlockOutput } from './block-view.ts';
import { FindMarks } from './find-marks.ts';
import { buildPromptHead, placeLetters, writePosition } from './gutter.ts';
import { HeightIndex } from './height-index.ts';
import { itemsOf, type TextItem } from './items.ts';
import { HEAD_HEIGHT, TextMetrics } from './metrics.ts';
import { sameOverlays, type Overlay } from './overlay.ts';
import { TextPart } from './part.ts';
import { SpanIndex } from './pieces.ts';
import { rangesOf, type TextPosition } from './positions.ts';
import { TextSelection } from './selection.ts';
import { typesetWhenIdle } from './typeset.ts';

export interface TextWindow {
  /** UTF-16 units of the completion that are in view. */
  start: number;
  end: number;
  atEnd: boolean;
}

export interface TextViewOptions {
  scroller: HTMLElement;
  onWindow: (window: TextWindow) => void;
  onTogglePrompt: () => void;
}

interface Mounted extends BlockOutput {
  index: number;
  overlays: readonly Overlay[];
}

/** Pixels above and below the view that are mounted as well. */
const OVERSCAN = 240;
/** Milliseconds of a frame that may go into new formulas; the rest is set in the next frames. */
const TYPESET_BUDGET = 10;
/** Distance from the end, in pixels, within which the reader counts as being at the end. */
const END_SLACK = 48;

export class TextView {
  readonly prompt = new TextPart('prompt');
  readonly completion = new TextPart('completion');
  readonly selection: TextSelection;
  readonly #scroller: HTMLElement;
  readonly #content: HTMLElement;
  readonly #options: TextViewOptions;
  readonly #heights = new HeightIndex();
  readonly #metrics = new TextMetrics();
  readonly #marks: FindMarks;
  readonly #resize: ResizeObserver;
  readonly #mounted = new Map<TextItem, Mounted>();
  #items: TextItem[] = [];
  #promptOpen = false;
  #promptTitle = 'Prompt';
  #overlays: Record<'prompt' | 'completion', SpanIndex<Overlay>> = {
    prompt: new SpanIndex([]),
    completion: new SpanIndex([]),
  };
  #raw = false;
  #hidden = new Set<Label>();
  /** Where the tokens of the completion are, or null: unknown. */
  #tokens: Positions | null = null;
  #width = 0;
  #following = false;
  #frame = 0;

  constructor(options: TextViewOptions) {
    this.#options = options;
    this.#scroller = options.scroller;
    this.#content = document.createElement('div');
    this.#content.className = 'text-content';
    this.#scroller.append(this.#content);
    this.selection = new TextSelection(this.#content, this);
    this.#marks = new FindMarks();
    this.#scroller.addEventListener('scroll', this.#onScroll, { passive: true });
    this.#resize = new ResizeObserver(this.#onResize);
    this.#resize.observe(this.#scroller);
    document.fonts.addEventListener('loadingdone', this.#measureAgain);
  }

  dispose(): void {
    this.#resize.disconnect();
    document.fonts.removeEventListener('loadingdone', this.#measureAgain);
    this.#scroller.removeEventListener('scroll', this.#onScroll);
    this.#marks.clear();
    this.selection.dispose();
    cancelAnimationFrame(this.#frame);
    this.#content.remove();
  }

  get promptOpen(): boolean {
    return this.#promptOpen;
  }

  /** More text; the view stays where it is, or at the end when it was there. */
  append(name: 'prompt' | 'completion', more: string): void {
    if (more === '') return;
    const follow = this.#following && this.#atEnd();
    this[name].append(more);
    this.#rebuild();
    if (follow) this.#toEnd();
  }

  /** Whether the view goes along when text grows at the end and the reader is there. */
  follow(on: boolean): void {
    this.#following = on;
  }

  setPrompt(open: boolean, title: string): void {
    if (open === this.#promptOpen && title === this.#promptTitle) return;
    this.#promptOpen = open;
    this.#promptTitle = title;
    for (const item of this.#items) if (item.kind === 'head') this.#unmount(item);
    this.#rebuild();
  }

  /** Builds again only those blocks in view over which something else lies now. */
  setOverlays(overlays: readonly Overlay[]): void {
    this.#overlays = {
      prompt: new SpanIndex(overlays.filter((span) => span.in === 'prompt')),
      completion: new SpanIndex(overlays.filter((span) => span.in === 'completion')),
    };
    const changed = [...this.#mounted].filter(
      ([item, mounted]) => item.kind !== 'head' && !sameOverlays(mounted.overlays, this.#over(item)),
    );
    if (changed.length === 0) return;
    this.selection.keep(() => {
      for (const [item] of changed) this.#unmount(item);
      this.#render();
    });
  }

  #over(item: TextItem): readonly Overlay[] {
    return item.kind === 'head' ? [] : this.#overlays[item.part].within(item.block.start, item.block.end);
  }

  setTokens(tokens: Positions | null): void {
    if (tokens === this.#tokens) return;
    this.#tokens = tokens;
    for (const [item, mounted] of this.#mounted) this.#number(item, mounted);
  }

  /** Hides labels by CSS alone: nothing moves, nothing is built again. */
  setHidden(labels: readonly Label[]): void {
    for (const label of this.#hidden) this.#content.classList.remove(`hide-${label}`);
    this.#hidden = new Set(labels);
    for (const label of this.#hidden) this.#content.classList.add(`hide-${label}`);
  }

  setRaw(raw: boolean): void {
    if (raw === this.#raw) return;
    const at = this.#anchorPosition();
    this.#raw = raw;
    this.#content.classList.toggle('raw', raw);
    for (const item of this.#items) item.measured = false;
    this.#remeasureFont();
    this.#estimateAll();
    this.#remount();
    if (at) this.reveal(at.in, at.offset, at.offset, { align: 'start', target: false });
  }

  /** Marks what a search found; `current` is the index of the hit that the reader is at. */
  setHits(hits: Record<'prompt' | 'completion', { start: number; end: number }[]>, current: TextPosition | null): void {
    this.#marks.set(hits, current);
    this.#marks.draw([...this.#mounted.values()].map((mounted) => mounted.body));
  }

  /** Brings a place into view. Opens the prompt where that is needed. `target`: outlines it until the next call. */
  reveal(
    name: 'prompt' | 'completion',
    start: number,
    end: number,
    options: { align?: 'third' | 'start' | 'nearest'; target?: boolean } = {},
  ): void {
    if (name === 'prompt' && !this.#promptOpen) this.#options.onTogglePrompt();
    const index = this.#items.findIndex((item) => item.part === name && item.block.end > start);
    if (index < 0) return;
    const height = this.#scroller.clientHeight;
    const offset = options.align === 'start' ? 4 : height / 3;
    // Twice: the first look mounts and measures what is there, the second lands on the line.
    for (let pass = 0; pass < 3; pass += 1) {
      const mounted = this.#mounted.get(this.#items[index]!);
      const rect = mounted ? this.#rectOf(mounted.body, name, start, end) : null;
      const y = rect
        ? rect.top - this.#scroller.getBoundingClientRect().top + this.#scroller.scrollTop
        : this.#heights.top(index);
      const top = this.#scroller.scrollTop;
      if (options.align === 'nearest' && rect && y > top + 40 && y < top + height - 60) break;
      this.#scroller.scrollTop = Math.max(0, y - offset);
      this.#render();
    }
    if (options.target !== false) {
      this.#marks.target({ in: name, start, end });
      this.#marks.draw([...this.#mounted.values()].map((mounted) => mounted.body));
    }
  }

  toStart(): void {
    this.#scroller.scrollTop = 0;
    this.#render();
  }

  toEnd(): void {
    this.#toEnd();
  }

  /** Forgets all text: another trace comes. */
  clear(): void {
    for (const item of [...this.#mounted.keys()]) this.#unmount(item);
    this.prompt.clear();
    this.completion.clear();
    this.#overlays = { prompt: new SpanIndex([]), completion: new SpanIndex([]) };
    this.#items = [];
    this.#heights.truncate(0);
    this.#marks.set({ prompt: [], completion: [] }, null);
    this.#marks.target(null);
    this.selection.clear();
    this.#content.style.height = '0';
    this.#scroller.scrollTop = 0;
  }

  // ---- items and heights -------------------------------------------------------------------------------------------

  #rebuild(): void {
    const old = this.#items;
    this.#items = itemsOf(old, this.prompt, this.completion, this.#promptOpen);
    const kept = new Set(this.#items);
    this.selection.keep(() => {
      for (const item of [...this.#mounted.keys()]) if (!kept.has(item)) this.#unmount(item);
      if (this.#width === 0) this.#remeasureFont();
      this.#estimateAll();
      for (const [index, item] of this.#items.entries()) {
        const mounted = this.#mounted.get(item);
        if (mounted) mounted.index = index;
      }
      this.#render();
    });
  }

  #estimateAll(): void {
    this.#heights.truncate(this.#items.length);
    for (const [index, item] of this.#items.entries()) {
      if (!item.measured) {
        const { part, block, kind } = item;
        item.height = kind === 'head' ? HEAD_HEIGHT : this.#metrics.estimate(this[part].text, block, this.#raw);
      }
      this.#heights.set(index, item.height);
    }
  }

  #remeasureFont(): void {
    this.#metrics.measure(this.#content);
    this.#width = this.#scroller.clientWidth;
  }

  // ---- the window --------------------------------------------------------------------------------------------------

  #onScroll = (): void => this.#render();

  #onResize = (): void => (this.#scroller.clientWidth === this.#width ? this.#render() : this.#measureAgain());

  /** After another width, and after a font has come: the fonts of formulas are read when the first one is shown. */
  #measureAgain = (): void => {
    if (this.#width === 0) return this.#render();
    const at = this.#anchorPosition();
    this.#remeasureFont();
    for (const item of this.#items) item.measured = false;
    this.#estimateAll();
    this.#measure([...this.#mounted.keys()]);
    this.#render();
    if (at) this.reveal(at.in, at.offset, at.offset, { align: 'start', target: false });
  };

  /** Mounts what is in view, measures it, and holds the first block that the reader sees where it is. */
  #render(): void {
    if (this.#items.length === 0 || this.#scroller.clientHeight === 0) return;
    const deadline = performance.now() + TYPESET_BUDGET;
    const anchor = this.#anchor();
    let pending = false;
    for (let pass = 0; pass < 4; pass += 1) {
      const top = this.#scroller.scrollTop;
      const first = this.#heights.at(Math.max(0, top - OVERSCAN));
      const last = this.#heights.at(top + this.#scroller.clientHeight + OVERSCAN);
      const fresh: TextItem[] = [];
      for (let index = first; index <= last; index += 1) {
        const item = this.#items[index]!;
        if (!this.#mounted.has(item)) {
          this.#mount(item, index, deadline);
          fresh.push(item);
        }
      }
      for (const [item, mounted] of this.#mounted) {
        if ((mounted.index < first || mounted.index > last) && !this.selection.holds(mounted.element))
          this.#unmount(item);
      }
      if (fresh.length === 0) break;
      this.#measure(fresh);
      if (anchor) {
        const wanted = this.#heights.top(anchor.index) + anchor.delta;
        this.#content.style.height = `${this.#heights.total}px`;
        if (Math.abs(wanted - this.#scroller.scrollTop) > 0.5) this.#scroller.scrollTop = wanted;
      }
    }
    this.#place();
    for (const mounted of this.#mounted.values()) pending ||= mounted.pending;
    this.#marks.draw([...this.#mounted.values()].map((mounted) => mounted.body));
    this.selection.mounted();
    this.#options.onWindow(this.window());
    if (pending) this.#later(() => this.#finishFormulas());
    else this.#warm();
  }

  #place(): void {
    this.#content.style.height = `${this.#heights.total}px`;
    for (const mounted of this.#mounted.values()) {
      const top = `${this.#heights.top(mounted.index)}px`;
      if (mounted.element.style.top !== top) mounted.element.style.top = top;
    }
  }

  /** The first block in view whose height is known, and how far the view has gone into it. */
  #anchor(): { index: number; delta: number } | null {
    const top = this.#scroller.scrollTop;
    if (top <= 0) return null;
    const bottom = top + this.#scroller.clientHeight;
    let index = this.#heights.at(top);
    while (index < this.#items.length && !this.#items[index]!.measured && this.#heights.top(index) < bottom) index += 1;
    if (index >= this.#items.length || !this.#items[index]!.measured) index = this.#heights.at(top);
    return { index, delta: top - this.#heights.top(index) };
  }

  #anchorPosition(): TextPosition | null {
    const item = this.#items[this.#heights.length > 0 ? this.#heights.at(this.#scroller.scrollTop + 8) : -1];
    return item && this.#scroller.scrollTop > 4 && item.kind !== 'head'
      ? { in: item.part, offset: item.block.start }
      : null;
  }

  #mount(item: TextItem, index: number, deadline: number): void {
    const overlays = this.#over(item);
    const mounted: Mounted = { ...this.#build(item, overlays, deadline), index, overlays };
    let before: Mounted | null = null;
    for (const other of this.#mounted.values()) {
      if (other.index > index && (!before || other.index < before.index)) before = other;
    }
    this.#content.insertBefore(mounted.element, before?.element ?? null);
    mounted.element.style.top = `${this.#heights.top(index)}px`;
    this.#mounted.set(item, mounted);
  }

  #build(item: TextItem, overlays: readonly Overlay[], deadline: number): BlockOutput {
    if (item.kind === 'head') {
      return buildPromptHead(this.#promptTitle, this.#promptOpen, () => this.#options.onTogglePrompt());
    }
    const part = this[item.part];
    const { block } = item;
    const built = buildBlock({
      in: item.part,
      text: part.text,
      block,
      formulas: this.#raw || block.kind === 'code' ? [] : part.formulas(block.start, block.end),
      overlays,
      raw: this.#raw,
      deadline,
    });
    if (item.part === 'prompt') built.element.classList.add('in-prompt');
    this.#number(item, built);
    return built;
  }

  #number(item: TextItem, built: BlockOutput): void {
    if (item.kind === 'head' || item.part === 'prompt' || this.#tokens === null) return;
    // The number of the first token that begins in the block, from 1.
    writePosition(
      built.element,
      Math.min(this.#tokens.at(item.block.start) + 1, this.#tokens.tokens),
      this.#tokens.exact,
    );
  }

  #unmount(item: TextItem): void {
    this.#mounted.get(item)?.element.remove();
    this.#mounted.delete(item);
  }

  /** Builds again all that is mounted, at its place. */
  #remount(): void {
    this.selection.keep(() => {
      for (const item of [...this.#mounted.keys()]) this.#unmount(item);
      this.#render();
    });
  }

  /** Heights of mounted blocks, in one layout; then the letters of what starts in them, beside the line where it does. */
  #measure(items: readonly TextItem[]): void {
    const writes: (() => void)[] = [];
    for (const item of items) {
      const mounted = this.#mounted.get(item)!;
      const box = mounted.element.getBoundingClientRect();
      item.height = box.height;
      item.measured = true;
      this.#heights.set(mounted.index, box.height);
      writes.push(placeLetters(mounted, box.top, this.#metrics.lineHeight));
    }
    for (const write of writes) write();
  }

  /** What of the completion is in view. */
  window(): TextWindow {
    const top = this.#scroller.scrollTop;
    const bottom = top + this.#scroller.clientHeight;
    if (this.#items.length === 0) return { start: 0, end: 0, atEnd: true };
    const from = this.#items[this.#heights.at(top)];
    const to = this.#items[this.#heights.at(bottom - 1)];
    const part = (item: TextItem | undefined, y: number) => {
      if (!item || item.kind === 'head' || item.part === 'prompt') return 0;
      const index = this.#heights.at(y);
      const share = (y - this.#heights.top(index)) / (this.#heights.height(index) || 1);
      return Math.round(item.block.start + Math.max(0, Math.min(1, share)) * (item.block.end - item.block.start));
    };
    return { start: part(from, top), end: part(to, bottom), atEnd: this.#atEnd() };
  }

  #atEnd(): boolean {
    return this.#scroller.scrollTop + this.#scroller.clientHeight >= this.#scroller.scrollHeight - END_SLACK;
  }

  #toEnd(): void {
    for (let pass = 0; pass < 3; pass += 1) {
      this.#scroller.scrollTop = this.#scroller.scrollHeight;
      this.#render();
    }
  }

  // ---- formulas that had to wait -----------------------------------------------------------------------------------

  #later(work: () => void): void {
    cancelAnimationFrame(this.#frame);
    this.#frame = requestAnimationFrame(work);
  }

  #finishFormulas(): void {
    const deadline = performance.now() + TYPESET_BUDGET;
    this.selection.keep(() => {
      for (const [item, mounted] of [...this.#mounted]) {
        if (!mounted.pending) continue;
        if (performance.now() > deadline) break;
        this.#unmount(item);
        item.measured = false;
      }
      this.#render();
    });
  }

  /** Sets the formulas of the next screens while nothing else is to do, so that scrolling finds them ready. */
  #warm(): void {
    if (this.#raw || this.#items.length === 0) return;
    const from = this.#heights.at(this.#scroller.scrollTop);
    const ahead = this.#items
      .slice(from, from + 60)
      .filter(({ kind, block }) => kind !== 'head' && block.kind !== 'code');
    typesetWhenIdle(
      ahead.map(({ part, block }) => ({ text: this[part].text, regions: this[part].formulas(block.start, block.end) })),
    );
  }

  #rectOf(body: HTMLElement, name: 'prompt' | 'completion', start: number, end: number): DOMRect | null {
    const found = rangesOf(body, name, start, Math.max(end, start + 1))[0];
    return found?.getClientRects()[0] ?? null;
  }
}
