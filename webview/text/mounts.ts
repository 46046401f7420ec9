/** The blocks of a windowed text that are elements now: built, measured, and with everything that lies over them. */
import type { Positions } from '../../core/metrics/token-position.ts';
import type { Fold } from '../../core/traces/folds.ts';
import { buildBlock, type BlockOutput } from './block-view.ts';
import { FindMarks } from './find-marks.ts';
import { buildPromptHead, placeLetters, writePosition } from './gutter.ts';
import { FoldMarks, keepFoldFocus } from './fold-marks.ts';
import type { TextItem } from './items.ts';
import { sameOverlays, type Overlay } from './overlay.ts';
import type { TextPart } from './part.ts';
import { SpanIndex } from './pieces.ts';
import type { TextRows } from './rows.ts';
import type { ScrollPlace } from './scroll-place.ts';
import { TokenMarks } from './token-marks.ts';

export interface Mounted extends BlockOutput {
  index: number;
  overlays: readonly Overlay[];
  /** What of it can be folded, and what is. */
  folds: string;
  /** Other spans lie over it now than were built. */
  stale: boolean;
  /** So many that they are built when it is in view. */
  crowded: boolean;
}

interface MountsOptions {
  content: HTMLElement;
  texts: Record<'prompt' | 'completion', TextPart>;
  rows: TextRows;
  place: ScrollPlace;
  onTogglePrompt: () => void;
  onFold: (fold: Fold, folded: boolean) => void;
  /** To where a repeated passage was said first. */
  onFirst: (place: { start: number; end: number }) => void;
}

/** Most elements of formulas on the page: text so dense that it would need more has its last formulas as text. */
const ELEMENT_LIMIT = 2_000;
/** A block with more spans has them in a frame of its own, once it is in view. */
const CROWDED = 300;

export class Mounts {
  readonly all = new Map<TextItem, Mounted>();
  readonly marks = new FindMarks();
  readonly tokenMarks = new TokenMarks();
  /** What the prompt's head says. */
  head = { title: 'Prompt', open: false };
  readonly #options: MountsOptions;
  readonly #folds: FoldMarks;
  #overlays: Record<'prompt' | 'completion', SpanIndex<Overlay>> = {
    prompt: new SpanIndex([]),
    completion: new SpanIndex([]),
  };
  /** Where the tokens of the completion are, or null: unknown. */
  #tokens: Positions | null = null;

  constructor(options: MountsOptions) {
    this.#options = options;
    const { rows, texts, onFold, onFirst } = options;
    this.#folds = new FoldMarks({ folding: rows.folding, completion: texts.completion, onFold, onFirst });
  }

  /** Marks those blocks as stale over which something else lies now. Returns whether there is one. */
  setOverlays(overlays: readonly Overlay[]): boolean {
    this.#overlays = {
      prompt: new SpanIndex(overlays.filter((span) => span.in === 'prompt')),
      completion: new SpanIndex(overlays.filter((span) => span.in === 'completion')),
    };
    let isStale = false;
    for (const [item, mounted] of this.all) {
      const overlays = this.#over(item);
      mounted.stale = item.kind !== 'head' && !sameOverlays(mounted.overlays, overlays);
      mounted.crowded = overlays.length > CROWDED;
      isStale ||= mounted.stale;
    }
    return isStale;
  }

  setTokens(tokens: Positions | null): void {
    if (tokens === this.#tokens) return;
    this.#tokens = tokens;
    for (const [item, mounted] of this.all) this.#number(item, mounted);
    this.#folds.setTokens(tokens, this.#options.content);
  }

  /** Draws what a search found, and the lines under tokens, in what is mounted. */
  draw(): void {
    const bodies = [...this.all.values()].map(({ body }) => body);
    this.marks.draw(bodies);
    this.tokenMarks.draw(bodies);
  }

  /** Returns how many elements its spans and formulas take so far: those of formulas at most about `room`, the others are `pending`. */
  add(item: TextItem, index: number, deadline: number, room: number): number {
    return this.#mount(item, index, true, deadline, room);
  }

  /** `spansMayWait`: a crowded block is built without its spans, which are to come. */
  #mount(item: TextItem, index: number, spansMayWait: boolean, deadline: number, room: number): number {
    const { content, place, rows } = this.#options;
    const over = this.#over(item);
    const crowded = over.length > CROWDED;
    const stale = crowded && spansMayWait;
    const overlays = stale ? [] : over;
    const mounted: Mounted = {
      ...this.#build(item, overlays, deadline, room),
      index,
      overlays,
      folds: this.#foldsOf(item),
      stale,
      crowded,
    };
    let before: Mounted | null = null;
    for (const other of this.all.values()) {
      if (other.index > index && (!before || other.index < before.index)) before = other;
    }
    mounted.element.style.top = `${place.inElement(rows.heights.top(index))}px`;
    content.insertBefore(mounted.element, before?.element ?? null);
    this.all.set(item, mounted);
    return mounted.elements + mounted.spanElements;
  }

  remove(item: TextItem): void {
    const mounted = this.all.get(item);
    if (!mounted) return;
    this.#forget(mounted);
    mounted.element.remove();
    this.all.delete(item);
  }

  /** Builds a block again, as what lies over it is now, with the formulas that it had. Returns what {@link add} does. */
  renew(item: TextItem, deadline: number, room: number): number {
    const { index, elements } = this.all.get(item)!;
    let made = 0;
    keepFoldFocus(this.#options.content, () => {
      this.remove(item);
      made = this.#mount(item, index, false, deadline, Math.max(room, elements));
    });
    return made;
  }

  clear(): void {
    for (const item of [...this.all.keys()]) this.remove(item);
  }

  /**
   * Sets formulas of a block that stand as text, until `deadline`, until they have `most` elements, and as many as the page has
   * room for. Returns how many elements that are.
   */
  setFormulas(mounted: Mounted, deadline: number, most: number): number {
    this.#forget(mounted);
    const room = this.#room(mounted);
    let made = 0;
    while (mounted.pending.length > 0 && made < most && performance.now() <= deadline && mounted.elements < room) {
      const elements = mounted.pending.shift()!.set();
      mounted.elements += elements;
      made += elements;
    }
    // No room: they stay text, which is whole and can be read, until others have left the page.
    if (mounted.elements >= room) mounted.pending.length = 0;
    return made;
  }

  /** Heights of blocks, in one layout; then the letters of what starts in them, beside the line where it does. */
  measure(items: Iterable<TextItem>): void {
    const { rows } = this.#options;
    const writes: (() => void)[] = [];
    for (const item of items) {
      const mounted = this.all.get(item)!;
      const box = mounted.element.getBoundingClientRect();
      rows.measured(mounted.index, box.height);
      writes.push(placeLetters(mounted, box.top, rows.metrics.lineHeight));
      writes.push(this.#folds.place(mounted.element, mounted.body, item.part === 'prompt' ? null : item.block));
    }
    for (const write of writes) write();
  }

  /** Those in which something else is folded now than when they were built. */
  refolded(): TextItem[] {
    return [...this.all].filter(([item, { folds }]) => this.#foldsOf(item) !== folds).map(([item]) => item);
  }

  /** Puts every block where its row is. */
  place(): void {
    const { place, rows } = this.#options;
    for (const { element, index } of this.all.values()) {
      const top = `${place.inElement(rows.heights.top(index))}px`;
      if (element.style.top !== top) element.style.top = top;
    }
  }

  /** Rows from `from` on may be others, or have another index: those that are gone are removed. */
  reindex(from: number): void {
    const { items } = this.#options.rows;
    const gone = new Set([...this.all].filter(([, { index }]) => index >= from).map(([item]) => item));
    for (let index = from; gone.size > 0 && index < items.length; index += 1) {
      const item = items[index]!;
      if (gone.delete(item)) this.all.get(item)!.index = index;
    }
    for (const item of gone) this.remove(item);
  }

  #foldsOf({ part, block }: TextItem): string {
    const folds = part === 'prompt' ? [] : this.#options.rows.folding.over(block.start, block.end);
    return folds.map(({ start, end }) => `${start} ${end}`).join();
  }

  #over(item: TextItem): readonly Overlay[] {
    return item.kind === 'head' ? [] : this.#overlays[item.part].within(item.block.start, item.block.end);
  }

  /** Elements of formulas that the page has room for beside those of all blocks but one. */
  #room(but: Mounted | null): number {
    let room = ELEMENT_LIMIT;
    for (const other of this.all.values()) if (other !== but) room -= other.elements;
    return room;
  }

  #forget({ body }: Mounted): void {
    this.marks.forget(body);
    this.tokenMarks.forget(body);
  }

  #build(item: TextItem, overlays: readonly Overlay[], deadline: number, room: number): BlockOutput {
    const { texts, rows, onTogglePrompt } = this.#options;
    if (item.kind === 'head') return buildPromptHead(this.head.title, this.head.open, onTogglePrompt);
    const part = texts[item.part];
    const { block } = item;
    const isPlain = rows.raw || block.kind === 'code';
    const built = buildBlock({
      in: item.part,
      text: part.text,
      block,
      formulas: isPlain ? [] : part.formulas(block.start, block.end),
      codes: isPlain ? [] : part.codes(block.start, block.end),
      overlays,
      folds: item.part === 'prompt' ? [] : rows.folding.over(block.start, block.end),
      foldMark: (fold) => this.#folds.pill(fold),
      raw: rows.raw,
      deadline,
      room: Math.min(room, this.#room(null)),
    });
    if (item.part === 'prompt') built.element.classList.add('in-prompt');
    if (item.folded) built.element.classList.add('folded-row');
    this.#number(item, built);
    return built;
  }

  #number(item: TextItem, built: BlockOutput): void {
    if (item.kind === 'head' || item.part === 'prompt' || this.#tokens === null) return;
    // The number of the first token that begins in the block, from 1.
    const position = Math.min(this.#tokens.at(item.block.start) + 1, this.#tokens.tokens);
    writePosition(built.element, position, this.#tokens.exact);
  }
}
