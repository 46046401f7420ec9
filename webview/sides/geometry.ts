/** Where places of a text lie on the screen, by the blocks and leaves that are mounted now. Reads the layout, changes nothing. */
import { extentOf } from '../text/positions.ts';

interface BlockBox {
  element: HTMLElement;
  start: number;
  end: number;
  top: number;
  bottom: number;
}

/** The mounted blocks of a completion, from the top; in pixels of the window. */
export function blockBoxes(scroller: HTMLElement): BlockBox[] {
  const found: BlockBox[] = [];
  for (const element of scroller.querySelectorAll<HTMLElement>('.block')) {
    const extent = extentOf(element);
    if (extent?.in !== 'completion') continue;
    const { top, bottom } = element.getBoundingClientRect();
    found.push({ element, start: extent.start, end: extent.end, top, bottom });
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

/** The height of a place; null: it is not mounted. */
export function heightOf(boxes: readonly BlockBox[], offset: number): number | null {
  const box = boxes.find(({ start, end }) => offset >= start && offset < end);
  if (!box) {
    const last = boxes.at(-1);
    return last && offset === last.end ? last.bottom : null;
  }
  return box.top + ((offset - box.start) / (box.end - box.start || 1)) * (box.bottom - box.top);
}

export interface StepBox {
  step: number;
  top: number;
  bottom: number;
  ranges: (Range | HTMLElement)[];
}

/** Each of the steps that is mounted, with the lines it takes; in pixels of the window. */
export function stepBoxes(
  boxes: readonly BlockBox[],
  steps: readonly { start: number; end: number }[],
  [from, to]: readonly [number, number],
): StepBox[] {
  const found = new Map<number, StepBox>();
  for (const { element, start, end } of boxes) {
    const leaves = leavesOf(element);
    for (let step = from; step < to; step += 1) {
      const its = steps[step]!;
      if (its.end <= start) continue;
      if (its.start >= end) break;
      const ranges = rangesIn(leaves, its.start, its.end);
      const first = ranges[0]?.getClientRects()[0];
      const rects = ranges.at(-1)?.getClientRects();
      const last = rects?.[rects.length - 1];
      if (!first || !last) continue;
      const known = found.get(step);
      if (known) {
        known.bottom = Math.max(known.bottom, last.bottom);
        known.ranges.push(...ranges);
      } else found.set(step, { step, top: first.top, bottom: Math.max(first.bottom, last.bottom), ranges });
    }
  }
  return [...found.values()];
}

interface Leaf {
  node: Text | HTMLElement;
  start: number;
  end: number;
}

/** The text nodes and formulas of a block, gone through once for all of its steps; what is inside a formula is nobody's text. */
function leavesOf(block: Node, found: Leaf[] = []): Leaf[] {
  for (let node = block.firstChild; node; node = node.nextSibling) {
    const isLeaf = node instanceof Text || (node instanceof HTMLElement && node.classList.contains('math'));
    const extent = isLeaf ? extentOf(node) : null;
    if (!extent) leavesOf(node, found);
    else if (extent.in === 'completion')
      found.push({ node: node as Text | HTMLElement, start: extent.start, end: extent.end });
  }
  return found;
}

/** What of the leaves shows a part of `start…end`: ranges in texts, formulas whole. */
function rangesIn(leaves: readonly Leaf[], start: number, end: number): (Range | HTMLElement)[] {
  const found: (Range | HTMLElement)[] = [];
  for (const leaf of leaves) {
    if (leaf.end <= start || leaf.start >= end) continue;
    if (!(leaf.node instanceof Text)) {
      found.push(leaf.node);
      continue;
    }
    const range = document.createRange();
    range.setStart(leaf.node, Math.max(0, start - leaf.start));
    range.setEnd(leaf.node, Math.min(leaf.node.length, end - leaf.start));
    found.push(range);
  }
  return found;
}
