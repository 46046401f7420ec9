/**
 * The windowed text: of a prompt and a completion, only the blocks in view are elements. Blocks lie at the places that a
 * height index gives; when a height turns out to be another than estimated, the view keeps what the reader sees in place.
 *
 * What is in view is there in the frame that asks for it, its formulas as text where they were never set. The rest comes in the
 * next frames, a few milliseconds in each: formulas, spans that changed, the blocks above and below the view.
 *
 * Longer than 400 lines with its comments because filling the view, holding the place and going somewhere change the same few
 * fields.
 */
import type { Label } from '../../core/behaviours/spans.ts';
import type { Positions } from '../../core/metrics/token-position.ts';
import type { TokenMark } from '../../core/protocol/webview.ts';
import type { TokenTable } from '../../core/traces/token-slice.ts';
import { Anchor, rectOf, type Anchored } from './anchor.ts';
import { Folder } from './folder.ts';
import type { TextItem } from './items.ts';
import { Mounts, type Mounted } from './mounts.ts';
import type { Overlay } from './overlay.ts';
import { TextPart } from './part.ts';
import type { TextPosition } from './positions.ts';
import { TextRows } from './rows.ts';
import { ScrollPlace } from './scroll-place.ts';
import { TextSelection } from './selection.ts';
import { prepareTypesetting, typesetWhenIdle } from './typeset.ts';

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
  /** Other passages are folded now, or can be. */
  onFolds?: () => void;
}

type Hits = Record<'prompt' | 'completion', readonly { start: number; end: number }[]>;

/** Pixels above and below the view that are mounted as well. */
const OVERSCAN = 240;
/** Milliseconds of a frame that may go into what can wait: new formulas, blocks out of view. Laying them out comes on top. */
const FRAME_BUDGET = 6;
/** Milliseconds in which the view is filled where blocks turn out to be far lower than estimated; the rest is there a frame later. */
const FILL_BUDGET = 12;
/** Elements of formulas with which what comes into view is built, and of those that follow in each frame: what laying them out takes. */
const VIEW_ELEMENTS = 500;
const FRAME_ELEMENTS = 250;
/** UTF-16 units of blocks out of view in a frame, the last one whole: laying out a script that needs other fonts takes long. */
const FRAME_UNITS = 4_000;

export class TextView {
  readonly prompt = new TextPart('prompt');
  readonly completion = new TextPart('completion');
  readonly selection: TextSelection;
  readonly #scroller: HTMLElement;
  readonly #content: HTMLElement;
  readonly #options: TextViewOptions;
  readonly #rows = new TextRows({ prompt: this.prompt, completion: this.completion });
  readonly #place: ScrollPlace;
  readonly #mounts: Mounts;
  /** What was asked for stays where it is while heights around it are learnt, until the reader scrolls. */
  readonly #anchor: Anchor;
  /** Folds passages and unfolds them. */
  readonly folder: Folder;
  readonly #resize: ResizeObserver;
  #hidden = new Set<Label>();
  #width = 0;
  #following = false;
  #frame = 0;
  /** The frame, by its time, in which the view was last filled. */
  #renderedAt: CSSNumberish | null = null;
  #fontsCame = false;

  constructor(options: TextViewOptions) {
    this.#options = options;
    this.#scroller = options.scroller;
    this.#content = document.createElement('div');
    this.#content.className = 'text-content';
    this.#scroller.append(this.#content);
    this.#place = new ScrollPlace(this.#scroller, this.#content);
    this.#mounts = new Mounts({
      content: this.#content,
      texts: { prompt: this.prompt, completion: this.completion },
      rows: this.#rows,
      place: this.#place,
      onTogglePrompt: () => options.onTogglePrompt(),
      onFold: (fold, folded) => this.folder.set(fold, folded),
      onFirst: (at) => this.reveal('completion', at.start, at.end),
    });
    this.#anchor = new Anchor(this.#rows, this.#mounts, this.#place);
    this.selection = new TextSelection(this.#content, this);
    this.folder = new Folder({
      content: this.#content,
      ...{ rows: this.#rows, mounts: this.#mounts, place: this.#place, selection: this.selection },
      anchor: this.#anchor,
      render: () => {
        this.#render(FRAME_BUDGET);
      },
      onChange: () => options.onFolds?.(),
    });
    this.#scroller.addEventListener('scroll', this.#onScroll, { passive: true });
    this.#resize = new ResizeObserver(this.#onResize);
    this.#resize.observe(this.#scroller);
    document.fonts.addEventListener('loadingdone', this.#onFonts);
    prepareTypesetting();
  }

  dispose(): void {
    this.#resize.disconnect();
    document.fonts.removeEventListener('loadingdone', this.#onFonts);
    this.#scroller.removeEventListener('scroll', this.#onScroll);
    this.#mounts.marks.clear();
    this.#mounts.tokenMarks.clear();
    this.selection.dispose();
    cancelAnimationFrame(this.#frame);
    this.#content.remove();
  }

  get promptOpen(): boolean {
    return this.#mounts.head.open;
  }

  /** More text; the view stays where it is, or at the end when it was there. */
  append(name: 'prompt' | 'completion', more: string, whole?: string): void {
    if (more === '') return;
    const isFirst = this.#rows.items.length === 0;
    if (!isFirst && this.#following) this.#place.read();
    const follow = this.#following && !isFirst && this.#place.atEnd;
    const first = this[name].append(more, whole);
    if (this.#width === 0) this.#remeasureFont();
    this.selection.keep(() => {
      if (name === 'completion') this.#mounts.reindex(this.#rows.extend(first));
      else this.#rebuild();
      if (follow) this.toEnd();
      else this.#render(0);
    });
  }

  /** Whether the view goes along when text grows at the end and the reader is there. */
  follow(on: boolean): void {
    this.#following = on;
  }

  setPrompt(open: boolean, title: string): void {
    if (open === this.promptOpen && title === this.#mounts.head.title) return;
    const isSame = open === this.promptOpen;
    this.#mounts.head = { title, open };
    const head = this.#rows.items[0];
    if (head?.kind !== 'head') return;
    this.selection.keep(() => {
      this.#mounts.remove(head);
      if (!isSame) this.#rebuild();
      this.#render(0);
    });
  }

  /** Builds again only those blocks in view over which something else lies now. */
  setOverlays(overlays: readonly Overlay[]): void {
    if (this.#mounts.setOverlays(overlays)) this.#schedule();
  }

  setTokens(tokens: Positions | null): void {
    this.#mounts.setTokens(tokens);
  }

  /** Lines under the tokens, by how sure the model was of them; null: none. */
  setTokenMarks(table: TokenTable | null, mark: TokenMark | null): void {
    if (this.#mounts.tokenMarks.set(table, mark)) this.#mounts.draw();
  }

  /** Hides labels by CSS alone: nothing moves, nothing is built again. */
  setHidden(labels: readonly Label[]): void {
    for (const label of this.#hidden) this.#content.classList.remove(`hide-${label}`);
    this.#hidden = new Set(labels);
    for (const label of this.#hidden) this.#content.classList.add(`hide-${label}`);
  }

  setRaw(raw: boolean): void {
    if (raw === this.#rows.raw) return;
    this.#place.read();
    this.#relay(() => {
      this.#rows.raw = raw;
      this.#content.classList.toggle('raw', raw);
      this.#mounts.clear();
      return 1;
    });
  }

  /** Marks what a search found; `current` is the place of the hit that the reader is at. */
  setHits(hits: Hits, current: TextPosition | null): void {
    this.#mounts.marks.set(hits, current);
    this.#mounts.draw();
  }

  /**
   * Brings a place into view. Opens the prompt where that is needed, and unfolds what hides it, unless folds are to be kept. `target`:
   * outlines it until the next call.
   */
  reveal(
    name: 'prompt' | 'completion',
    start: number,
    end: number,
    options: { align?: 'third' | 'start' | 'nearest'; target?: boolean; keepFolds?: boolean } = {},
  ): void {
    if (name === 'prompt' && !this.promptOpen) this.#options.onTogglePrompt();
    if (name === 'completion' && !options.keepFolds) this.folder.uncover(start, end);
    const { items, heights } = this.#rows;
    const index = this.#rows.indexOf(name, start);
    if (index < 0) return;
    this.#place.read();
    this.#rows.heights.top(items.length);
    const { height } = this.#place;
    const offset = options.align === 'start' ? 4 : height / 3;
    const item = items[index]!;
    this.#anchor.hold(item);
    // Again: the first look mounts and measures what is there, the next lands on the line.
    for (let pass = 0; pass < 3; pass += 1) {
      const mounted = this.#mounts.all.get(item);
      const rect = mounted ? rectOf(mounted.body, name, start, end) : null;
      const { top } = this.#place;
      const y = rect ? rect.top - this.#scroller.getBoundingClientRect().top + top : heights.top(index);
      if (options.align === 'nearest' && rect && y > top + 40 && y < top + height - 60) break;
      if (rect && Math.abs(Math.max(0, y - offset) - top) < 1) break;
      this.#place.go(y - offset);
      this.#render(0);
    }
    this.#anchor.holdAt(item, { in: name, offset: start });
    if (options.target !== false) {
      this.#mounts.marks.target({ in: name, start, end });
      this.#mounts.draw();
    }
  }

  toStart(): void {
    this.#anchor.hold(null);
    this.#place.read();
    this.#place.go(0);
    this.#render(FRAME_BUDGET);
  }

  toEnd(): void {
    this.#anchor.hold(null);
    for (let pass = 0; pass < 3; pass += 1) {
      const { top } = this.#place;
      this.#place.resize(this.#rows.heights.total);
      this.#place.go(Infinity);
      if (pass > 0 && this.#place.top === top) break;
      this.#render(0);
    }
  }

  /** Forgets all text: another trace comes. */
  clear(): void {
    this.#mounts.clear();
    this.#mounts.setOverlays([]);
    this.prompt.clear();
    this.completion.clear();
    this.#rows.clear();
    this.#rows.folding.clear();
    this.#anchor.hold(null);
    this.#mounts.marks.set({ prompt: [], completion: [] }, null);
    this.#mounts.marks.target(null);
    this.selection.clear();
    this.#place.resize(0);
    this.#place.go(0);
  }

  // ---- rows --------------------------------------------------------------------------------------------------------

  #rebuild(): void {
    this.#rows.rebuild(this.promptOpen);
    this.#mounts.reindex(0);
  }

  #remeasureFont(): void {
    this.#rows.metrics.measure(this.#content);
    this.#width = this.#scroller.clientWidth;
  }

  // ---- the window --------------------------------------------------------------------------------------------------

  #onScroll = (): void => {
    if (this.#place.read()) this.#anchor.hold(null);
    this.#render(FRAME_BUDGET);
  };

  #onResize = (): void => {
    if (this.#width === 0 || this.#scroller.clientWidth === this.#width) return this.#render(FRAME_BUDGET);
    this.#place.read();
    const before = this.#width;
    this.#relay(() => before / Math.max(1, this.#scroller.clientWidth));
  };

  /** After `change` no height is what it was; it returns by about how much. What the reader looks at stays where it is. */
  #relay(change: () => number): void {
    const { items, heights } = this.#rows;
    const anchor = items.length > 0 ? this.#anchor.find() : null;
    this.selection.keep(() => {
      const scale = change();
      this.#remeasureFont();
      this.#rows.forget(anchor?.index ?? 0, scale);
      this.#mounts.measure(this.#mounts.all.keys());
      this.#place.resize(heights.total);
      if (anchor) this.#anchor.hold(items[anchor.index]!);
      this.#anchor.keep(anchor);
      this.#render(FRAME_BUDGET, anchor);
    });
  }

  /** The fonts of formulas are read when the first one is shown: what is on the page may be higher or lower now. */
  #onFonts = (): void => {
    this.#fontsCame = true;
    this.#schedule();
  };

  /** The rows between the view's edges, and `beyond` pixels further. */
  #range(beyond: number): [number, number] {
    const { heights } = this.#rows;
    const { top, height } = this.#place;
    return [heights.at(Math.max(0, top - beyond)), heights.at(top + height + beyond)];
  }

  /** Mounts what is in view, measures it, and holds what the reader sees where it is, or was. */
  #render(budget: number, was: Anchored | null = null): void {
    this.#place.read();
    if (this.#rows.items.length === 0 || this.#place.height === 0) return;
    this.#renderedAt = document.timeline.currentTime;
    const deadline = performance.now() + budget;
    const anchor = was ?? this.#anchor.find();
    this.#place.resize(this.#rows.heights.total);
    let room = VIEW_ELEMENTS;
    const filled = performance.now() + FILL_BUDGET;
    for (let pass = 0; pass < 4 || performance.now() < filled; pass += 1) {
      const [first, last] = this.#range(0);
      const fresh: TextItem[] = [];
      for (let index = first; index <= last; index += 1) {
        const item = this.#rows.items[index]!;
        if (item.folded || this.#mounts.all.has(item)) continue;
        room -= this.#mounts.add(item, index, deadline, room);
        fresh.push(item);
      }
      if (fresh.length === 0) break;
      this.#mounts.measure(fresh);
      this.#anchor.keep(anchor);
    }
    const [first, last] = this.#range(OVERSCAN);
    for (const [item, { index, element }] of this.#mounts.all)
      if ((index < first || index > last) && !this.selection.holds(element)) this.#mounts.remove(item);
    this.#settle();
  }

  /** What a frame can do of what may wait; asks for another frame when there is more. */
  #work = (): void => {
    this.#frame = 0;
    // A frame that has mounted what a scroll brought has done enough.
    if (this.#renderedAt === document.timeline.currentTime) return this.#schedule();
    if (this.#place.read()) this.#anchor.hold(null);
    if (this.#rows.items.length === 0 || this.#place.height === 0) return;
    const deadline = performance.now() + FRAME_BUDGET;
    const follow = this.#following && this.#place.atEnd;
    this.selection.keep(() => {
      const anchor = this.#anchor.find();
      const changed = new Set<TextItem>(this.#fontsCame ? this.#mounts.all.keys() : []);
      this.#fontsCame = false;
      const [first, last] = this.#range(0);
      const isOut = ({ index }: Mounted) => index < first || index > last;
      const waiting = [...this.#mounts.all].filter(([, mounted]) => isWaiting(mounted, isOut(mounted)));
      waiting.sort(([, a], [, b]) => Number(isOut(a)) - Number(isOut(b)) || a.index - b.index);
      let room = FRAME_ELEMENTS;
      for (const [item, mounted] of waiting) {
        if (performance.now() > deadline || room <= 0) break;
        changed.add(item);
        if (mounted.stale) room -= this.#mounts.renew(item, deadline, room);
        else room -= this.#mounts.setFormulas(mounted, deadline, room);
      }
      const [from, to] = this.#range(OVERSCAN);
      let units = FRAME_UNITS;
      for (let index = from; index <= to && units > 0 && room > 0 && performance.now() <= deadline; index += 1) {
        const item = this.#rows.items[index]!;
        if (item.folded || this.#mounts.all.has(item)) continue;
        room -= this.#mounts.add(item, index, deadline, room);
        changed.add(item);
        units -= item.block.end - item.block.start;
      }
      this.#mounts.measure(changed);
      if (performance.now() <= deadline) this.#rows.refine(deadline);
      this.#anchor.keep(anchor);
      this.#settle();
    });
    if (follow) this.toEnd();
  };

  /** Puts everything at its place, says what is in view, and sees to what is still to do. */
  #settle(): void {
    this.#place.resize(this.#rows.heights.total);
    this.#mounts.place();
    this.#mounts.draw();
    this.selection.mounted();
    // Another width may come at any time, and lays out anew before it says so: what must not move then is known before.
    if (this.#anchor.isInTallRow) this.#anchor.find();
    this.#options.onWindow(this.#windowNow());
    const [first, last] = this.#range(OVERSCAN);
    const [firstIn, lastIn] = this.#range(0);
    let isLeft = this.#rows.isRough || this.#fontsCame;
    for (let index = first; !isLeft && index <= last; index += 1) {
      const item = this.#rows.items[index]!;
      const mounted = this.#mounts.all.get(item);
      isLeft = mounted ? isWaiting(mounted, index < firstIn || index > lastIn) : !item.folded;
    }
    if (isLeft) this.#schedule();
    else this.#warm();
  }

  #schedule(): void {
    this.#frame ||= requestAnimationFrame(this.#work);
  }

  /** What of the completion is in view. */
  window(): TextWindow {
    this.#place.read();
    return this.#windowNow();
  }

  #windowNow(): TextWindow {
    const { items, heights } = this.#rows;
    const { top, height, atEnd } = this.#place;
    if (items.length === 0) return { start: 0, end: 0, atEnd: true };
    const part = (y: number) => {
      const index = heights.at(y);
      const item = items[index];
      if (!item || item.kind === 'head' || item.part === 'prompt') return 0;
      const share = (y - heights.top(index)) / (heights.height(index) || 1);
      return Math.round(item.block.start + Math.max(0, Math.min(1, share)) * (item.block.end - item.block.start));
    };
    return { start: part(top), end: part(top + height), atEnd };
  }

  /** Sets the formulas of the next screens while nothing else is to do, so that scrolling finds them ready. */
  #warm(): void {
    const { items, heights, raw } = this.#rows;
    if (raw || items.length === 0) return;
    const from = heights.at(this.#place.top);
    const ahead = items
      .slice(from, from + 60)
      .filter(({ kind, block, folded }) => kind !== 'head' && block.kind !== 'code' && !folded);
    typesetWhenIdle(
      ahead.map(({ part, block }) => ({ text: this[part].text, regions: this[part].formulas(block.start, block.end) })),
    );
  }
}

/** Whether something of a block is still to be built. */
const isWaiting = ({ stale, crowded, pending }: Mounted, isOut: boolean): boolean =>
  pending.length > 0 || (stale && !(crowded && isOut));
