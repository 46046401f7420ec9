/**
 * Marks beside and under the steps of one text: a bar in the gutter by what became of the step, a tint under what only this side has.
 * The bars lie in the text's own layer and scroll with it; the tint is the browser's highlight and, on formulas, a class.
 */
import type { RowKind } from '../../core/traces/align.ts';
import { blockBoxes, stepBoxes, type StepBox } from './geometry.ts';
import type { PlaceMap, SideName } from './place-map.ts';

/** What stands in a bar: the second channel beside its colour and shape. */
const signs: Partial<Record<RowKind, string>> = { onlyLeft: '−', onlyRight: '+', moved: '⇅' };

export class StepMarks {
  readonly #side: SideName;
  readonly #scroller: HTMLElement;
  readonly #layer = document.createElement('div');
  readonly #highlight: Highlight;
  #ranges: Range[] = [];
  #dressed: HTMLElement[] = [];
  #drawn = '';

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

  /** Looks where the steps lie that are mounted now, in pixels of the window; the second value draws them. All looks come before the first drawing. */
  look(map: PlaceMap | null): readonly [StepBox[], () => void] {
    const content = this.#scroller.querySelector('.text-content');
    const blocks = map && content ? blockBoxes(this.#scroller) : [];
    const first = blocks[0];
    if (!map || !content || !first) return [[], () => this.#wipe()];
    const steps = map.stepsWithin(this.#side, first.start, blocks.at(-1)!.end);
    const boxes = stepBoxes(blocks, map.alignment[this.#side], steps);
    const top = content.getBoundingClientRect().top;
    const bars = boxes.map(({ step, top: y, bottom }) => ({
      kind: map.row(this.#side, step).kind,
      top: Math.round(y - top),
      height: Math.max(4, Math.round(bottom - y)),
    }));
    return [boxes, () => this.#draw(content, boxes, bars)];
  }

  #wipe(): void {
    this.#clear();
    this.#layer.replaceChildren();
    this.#drawn = '';
  }

  #draw(content: Element, boxes: readonly StepBox[], bars: { kind: RowKind; top: number; height: number }[]): void {
    if (this.#layer.parentElement !== content) content.append(this.#layer);
    this.#clear();
    for (const [n, { ranges }] of boxes.entries())
      if (bars[n]!.kind === `only${this.#side === 'left' ? 'Left' : 'Right'}`) this.#tint(ranges);
    const key = JSON.stringify(bars);
    if (key !== this.#drawn) {
      this.#drawn = key;
      const joined = join(bars);
      // Those that are tied first: what only this side has lies over them where two sentences share a line.
      joined.sort((a, b) => Number(a.kind in signs) - Number(b.kind in signs));
      this.#show(joined);
    }
  }

  /** Bars that are there already are moved: making them anew in each frame costs more than all the rest. */
  #show(bars: readonly { kind: RowKind; top: number; height: number }[]): void {
    const layer = this.#layer;
    while (layer.childElementCount > bars.length) layer.lastElementChild!.remove();
    for (const [n, { kind, top, height }] of bars.entries()) {
      const known = layer.children[n] as HTMLElement | undefined;
      const bar = known ?? document.createElement('div');
      const [look, y, tall] = [`step-mark row-${kind}`, `${top}px`, `${height}px`];
      if (bar.className !== look) {
        bar.className = look;
        bar.textContent = signs[kind] ?? '';
      }
      if (bar.style.top !== y) bar.style.top = y;
      if (bar.style.height !== tall) bar.style.height = tall;
      if (!known) layer.append(bar);
    }
  }

  dispose(): void {
    this.#clear();
    this.#layer.remove();
  }

  #tint(ranges: readonly (Range | HTMLElement)[]): void {
    for (const range of ranges)
      if (range instanceof Range) {
        this.#highlight.add(range);
        this.#ranges.push(range);
      } else {
        range.classList.add('only-here');
        this.#dressed.push(range);
      }
  }

  #clear(): void {
    for (const range of this.#ranges) this.#highlight.delete(range);
    for (const element of this.#dressed) element.classList.remove('only-here');
    this.#ranges = [];
    this.#dressed = [];
  }
}

/** Bars of one kind that overlap, as those of sentences in one line do, as one. */
function join<B extends { kind: RowKind; top: number; height: number }>(bars: readonly B[]): B[] {
  const found: B[] = [];
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
