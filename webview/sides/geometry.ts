/** Where places of a text lie on the screen, by the blocks and leaves that are mounted now. Reads the layout, changes nothing. */
import { extentOf, leavesOf, partsOf, type Leaf } from '../text/positions.ts';

export interface BlockBox {
  element: HTMLElement;
  start: number;
  end: number;
  top: number;
  bottom: number;
  width: number;
  height: number;
}

/** The mounted blocks of a completion, from the top; in pixels of the window. */
export function blockBoxes(scroller: HTMLElement): BlockBox[] {
  const found: BlockBox[] = [];
  for (const element of scroller.querySelectorAll<HTMLElement>('.block')) {
    const extent = extentOf(element);
    if (extent?.in !== 'completion') continue;
    const { top, bottom, width, height } = element.getBoundingClientRect();
    found.push({ element, start: extent.start, end: extent.end, top, bottom, width, height });
  }
  return found;
}

/** The place at a height, by the share of its block; null: nothing of the completion is mounted. */
export function offsetAt(boxes: readonly BlockBox[], y: number): number | null {
  const box = boxes.find(({ bottom }) => bottom > y) ?? boxes.at(-1);
  if (!box) return null;
  const share = Math.max(0, Math.min(1, (y - box.top) / (box.bottom - box.top || 1)));
  return box.start + share * (box.end - box.start);
}

/** The height of a place; what is folded away lies where it would begin. Null: it is not mounted. */
export function heightOf(boxes: readonly BlockBox[], offset: number): number | null {
  const at = boxes.findLastIndex(({ start }) => start <= offset);
  const box = boxes[at];
  if (!box) return null;
  if (offset < box.end) return box.top + ((offset - box.start) / (box.end - box.start || 1)) * (box.bottom - box.top);
  return offset === box.end || at + 1 < boxes.length ? box.bottom : null;
}

/** A step in a block: the lines that it takes there, in pixels from the block's upper edge, and what shows it. */
interface StepPart {
  step: number;
  top: number;
  bottom: number;
  parts: readonly (StaticRange | HTMLElement)[];
}

/** The steps of a block, `begin` up to but not with `stop`. Looks at every line: what it says holds until the block is laid out anew. */
export function stepParts(
  { element, start, end, top: origin }: BlockBox,
  steps: readonly { start: number; end: number }[],
  [begin, stop]: readonly [number, number],
): StepPart[] {
  const found: StepPart[] = [];
  // Gone through once for all steps of the block.
  const leaves = leavesOf(element);
  const look = document.createRange();
  for (let step = begin; step < stop; step += 1) {
    const its = steps[step]!;
    if (its.end <= start) continue;
    if (its.start >= end) break;
    const parts = partsIn(leaves, its.start, its.end);
    // What is folded of it has no lines.
    const isShown = (part: (typeof parts)[number]) => rectsOf(part, look).length > 0;
    const [from, to] = [parts.find(isShown), parts.findLast(isShown)];
    const first = from && rectsOf(from, look)[0];
    const rects = to && rectsOf(to, look);
    const last = rects?.[rects.length - 1];
    if (first && last)
      found.push({ step, top: first.top - origin, bottom: Math.max(first.bottom, last.bottom) - origin, parts });
  }
  return found;
}

function rectsOf(part: StaticRange | HTMLElement, look: Range): DOMRectList {
  if (part instanceof HTMLElement) return part.getClientRects();
  look.setStart(part.startContainer, part.startOffset);
  look.setEnd(part.endContainer, part.endOffset);
  return look.getClientRects();
}

/** `partsOf` of a completion, as what can be tinted. */
function partsIn(leaves: readonly Leaf[], start: number, end: number): (StaticRange | HTMLElement)[] {
  return partsOf(leaves, 'completion', start, end).map((part) => {
    if (part instanceof HTMLElement) return part;
    // A range that lives would be kept up to date by the browser whenever a block comes or goes.
    const { node, from, to } = part;
    return new StaticRange({ startContainer: node, startOffset: from, endContainer: node, endOffset: to });
  });
}
