/**
 * Marks beside and under the steps of one text: a bar in the gutter by what became of the step, a tint under what only this side has.
 * The bars lie in the text's own layer and scroll with it; the tint is the browser's highlight and, on formulas, a class. A block is
 * looked at once: where its steps lie in it is known until it is laid out anew.
 */
import type { RowKind } from '../../core/traces/align.ts';
import { blockBoxes, stepParts, type BlockBox } from './geometry.ts';
import type { PlaceMap, SideName } from './place-map.ts';

/** What stands in a bar: the second channel beside its colour and shape. */
const signs: Partial<Record<RowKind, string>> = { onlyLeft: '−', onlyRight: '+', moved: '⇅' };

/** A step that is mounted, with the lines it takes; in pixels of the window. */
export interface StepBox {
  step: number;
  top: number;
  bottom: number;
}

interface Bar {
  step: number;
  kind: RowKind;
  top: number;
  height: number;
}

interface KnownBlock {
  width: number;
  height: number;
  steps: ReturnType<typeof stepParts>;
  /** What of it is tinted. */
  tinted: readonly (StaticRange | HTMLElement)[];
}

export class StepMarks {
  readonly #side: SideName;
  readonly #scroller: HTMLElement;
  readonly #layer = document.createElement('div');
  readonly #highlight: Highlight;
  readonly #blocks = new Map<HTMLElement, KnownBlock>();
  /** By the first of the steps that share it. */
  readonly #bars = new Map<number, { element: HTMLElement; kind: RowKind; top: number; height: number }>();
  #map: PlaceMap | null = null;

  constructor(side: SideName, scroller: HTMLElement) {
    this.#side = side;
    this.#scroller = scroller;
    this.#layer.className = 'step-marks';
    this.#layer.setAttribute('aria-hidden', 'true');
    const name = `lh-only-${side}`;
    const known = CSS.highlights.get(name);
    this.#highlight = known ?? new Highlight();
    // What was found, and what is selected, stands over it.
    this.#highlight.priority = -1;
    if (!known) CSS.highlights.set(name, this.#highlight);
  }

  /** Something else stands in a block now, as where a formula was set. */
  forget(block: HTMLElement): void {
    const known = this.#blocks.get(block);
    if (known) this.#untint(known);
    this.#blocks.delete(block);
  }

  /** Looks where the steps lie that are mounted now, in pixels of the window; the second value draws them. All looks come before the first drawing. */
  look(map: PlaceMap | null): readonly [StepBox[], () => void] {
    const content = this.#scroller.querySelector('.text-content');
    const blocks = map && content ? blockBoxes(this.#scroller) : [];
    if (!map || !content || blocks.length === 0) return [[], () => this.#wipe()];
    if (map !== this.#map) for (const block of [...this.#blocks.keys()]) this.forget(block);
    this.#map = map;
    const fresh: KnownBlock[] = [];
    const boxes = new Map<number, StepBox>();
    for (const block of blocks)
      for (const { step, top, bottom } of this.#known(block, map, fresh).steps) {
        const before = boxes.get(step);
        if (before) before.bottom = Math.max(before.bottom, block.top + bottom);
        else boxes.set(step, { step, top: block.top + top, bottom: block.top + bottom });
      }
    const mounted = new Set(blocks.map(({ element }) => element));
    const { top } = content.getBoundingClientRect();
    const bars = Array.from(boxes.values(), ({ step, top: y, bottom }) => ({
      step,
      kind: map.row(this.#side, step).kind,
      top: Math.round(y - top),
      height: Math.max(4, Math.round(bottom - y)),
    }));
    return [
      [...boxes.values()],
      () => {
        for (const block of [...this.#blocks.keys()]) if (!mounted.has(block)) this.forget(block);
        for (const { tinted } of fresh) this.#tint(tinted);
        if (this.#layer.parentElement !== content) content.append(this.#layer);
        this.#show(join(bars));
      },
    ];
  }

  dispose(): void {
    this.#wipe();
    this.#layer.remove();
  }

  /** What is known of a block; looked at where it is new, or has another size. */
  #known(block: BlockBox, map: PlaceMap, fresh: KnownBlock[]): KnownBlock {
    const { element, width, height } = block;
    const before = this.#blocks.get(element);
    if (before?.width === width && before.height === height) return before;
    this.forget(element);
    const steps = stepParts(block, map.alignment[this.#side], map.stepsWithin(this.#side, block.start, block.end));
    const only = this.#side === 'left' ? 'onlyLeft' : 'onlyRight';
    const tinted = steps.flatMap(({ step, parts }) => (map.row(this.#side, step).kind === only ? parts : []));
    const known = { width, height, steps, tinted };
    this.#blocks.set(element, known);
    fresh.push(known);
    return known;
  }

  #wipe(): void {
    for (const block of [...this.#blocks.keys()]) this.forget(block);
    this.#show([]);
  }

  /** Bars that stand where they stood are left alone: making them anew in each frame costs more than all the rest. */
  #show(bars: readonly Bar[]): void {
    const shown = new Set(bars.map(({ step }) => step));
    for (const [step, { element }] of this.#bars) {
      if (shown.has(step)) continue;
      element.remove();
      this.#bars.delete(step);
    }
    for (const { step, kind, top, height } of bars) {
      let bar = this.#bars.get(step);
      if (!bar) {
        bar = { element: document.createElement('div'), top: NaN, height: NaN, kind: 'same' };
        this.#bars.set(step, bar);
        this.#layer.append(bar.element);
      } else if (bar.kind === kind && bar.top === top && bar.height === height) continue;
      const { element } = bar;
      const look = `step-mark row-${kind}`;
      if (element.className !== look) {
        element.className = look;
        element.textContent = signs[kind] ?? '';
      }
      if (bar.top !== top) element.style.top = `${top}px`;
      if (bar.height !== height) element.style.height = `${height}px`;
      Object.assign(bar, { kind, top, height });
    }
  }

  #tint(parts: readonly (StaticRange | HTMLElement)[]): void {
    for (const part of parts)
      if (part instanceof HTMLElement) part.classList.add('only-here');
      else this.#highlight.add(part);
  }

  #untint({ tinted }: KnownBlock): void {
    for (const part of tinted)
      if (part instanceof HTMLElement) part.classList.remove('only-here');
      else this.#highlight.delete(part);
  }
}

/** Bars of one kind that overlap, as those of sentences in one line do, as one. */
function join(bars: readonly Bar[]): Bar[] {
  const found: Bar[] = [];
  for (const bar of bars) {
    const last = found.at(-1);
    if (last?.kind === bar.kind && bar.top < last.top + last.height) {
      const top = Math.min(last.top, bar.top);
      last.height = Math.max(last.top + last.height, bar.top + bar.height) - top;
      last.top = top;
    } else found.push({ ...bar });
  }
  return found;
}
