/** From a place in the page to a place in the raw text: what copying, selecting and finding stand on. */
import { lowerBound } from '../../core/traces/lower-bound.ts';

export interface TextPosition {
  in: 'prompt' | 'completion';
  offset: number;
}

interface Extent {
  in: 'prompt' | 'completion';
  start: number;
  end: number;
}

const extents = new WeakMap<Node, Extent>();

/** Says that `node` (a text node, a formula, a block) shows `start…end` of a text. */
export function mark(node: Node, name: Extent['in'], start: number, end: number): void {
  extents.set(node, { in: name, start, end });
}

export function extentOf(node: Node): Extent | null {
  return extents.get(node) ?? null;
}

/**
 * The raw position of a DOM boundary point. Inside a formula it is the formula's beginning or end, by `side`; beside text
 * that belongs to nobody (gutter, pills) it is the nearest text before or after.
 */
export function positionOf(root: Node, container: Node, offset: number, side: 'start' | 'end'): TextPosition | null {
  if (container instanceof Text) {
    const extent = extents.get(container);
    if (extent) return { in: extent.in, offset: Math.min(extent.start + offset, extent.end) };
  }
  for (let node: Node | null = container; node && node !== root; node = node.parentNode) {
    if (node instanceof HTMLElement && node.classList.contains('math')) {
      const extent = extents.get(node);
      if (extent) return { in: extent.in, offset: side === 'start' ? extent.start : extent.end };
    }
  }
  if (!root.contains(container)) return null;
  const walker = document.createTreeWalker(root, NodeFilter.SHOW_ALL, (node) =>
    isLeaf(node) ? NodeFilter.FILTER_ACCEPT : NodeFilter.FILTER_SKIP,
  );
  const at = container.childNodes[offset] ?? null;
  if (side === 'start') {
    // The first leaf at or after the point.
    if (at && isLeaf(at)) return edge(at, 'start');
    walker.currentNode = at ?? lastInside(container);
    const next = at && at.firstChild ? walker.nextNode() : walker.nextNode();
    return next ? edge(next, 'start') : lastLeaf(root);
  }
  walker.currentNode = at ?? container;
  if (!at) {
    const last = lastInside(container);
    if (isLeaf(last)) return edge(last, 'end');
    walker.currentNode = last;
  }
  const previous = walker.previousNode();
  return previous ? edge(previous, 'end') : firstLeaf(root);
}

function isLeaf(node: Node): boolean {
  return (
    extents.has(node) && (node instanceof Text || (node instanceof HTMLElement && node.classList.contains('math')))
  );
}

function edge(node: Node, side: 'start' | 'end'): TextPosition {
  const extent = extents.get(node)!;
  return { in: extent.in, offset: side === 'start' ? extent.start : extent.end };
}

function lastInside(node: Node): Node {
  let last = node;
  while (last.lastChild && !isLeaf(last)) last = last.lastChild;
  return last;
}

function firstLeaf(root: Node): TextPosition | null {
  const walker = document.createTreeWalker(root, NodeFilter.SHOW_ALL);
  for (let node = walker.nextNode(); node; node = walker.nextNode()) if (isLeaf(node)) return edge(node, 'start');
  return null;
}

function lastLeaf(root: Node): TextPosition | null {
  let found: Node | null = null;
  const walker = document.createTreeWalker(root, NodeFilter.SHOW_ALL);
  for (let node = walker.nextNode(); node; node = walker.nextNode()) if (isLeaf(node)) found = node;
  return found ? edge(found, 'end') : null;
}

/** A leaf, with what it shows. */
export interface Leaf extends Extent {
  node: Node;
}

/** The leaves under `root` (text nodes, formulas whole), in the order of the text that they show. */
export function leavesOf(root: Node): Leaf[] {
  const found: Leaf[] = [];
  const walker = document.createTreeWalker(root, NodeFilter.SHOW_ALL);
  for (let node = walker.nextNode(); node; node = walker.nextNode())
    if (isLeaf(node)) found.push({ node, ...extents.get(node)! });
  return found;
}

/** Of leaves of one block, those that show a part of `start…end`: text nodes with that part in node offsets, formulas whole. */
export function partsOf(
  leaves: readonly Leaf[],
  name: Extent['in'],
  start: number,
  end: number,
): ({ node: Text; from: number; to: number } | HTMLElement)[] {
  const found: ({ node: Text; from: number; to: number } | HTMLElement)[] = [];
  for (let i = lowerBound(leaves.length, (k) => leaves[k]!.end > start); i < leaves.length; i += 1) {
    const leaf = leaves[i]!;
    if (leaf.start >= end) break;
    if (leaf.in !== name) continue;
    const { node } = leaf;
    if (node instanceof Text) {
      found.push({ node, from: Math.max(0, start - leaf.start), to: Math.min(node.length, end - leaf.start) });
    } else found.push(node as HTMLElement);
  }
  return found;
}

/** {@link partsOf}, as ranges that can be asked where they are. */
export function rangesOf(root: Node, name: Extent['in'], start: number, end: number): (Range | HTMLElement)[] {
  return partsOf(leavesOf(root), name, start, end).map((part) => {
    if (part instanceof HTMLElement) return part;
    const range = document.createRange();
    range.setStart(part.node, part.from);
    range.setEnd(part.node, part.to);
    return range;
  });
}

/** A DOM point for a raw position under `root`, if it is mounted. */
export function domPoint(root: Node, position: TextPosition): { node: Node; offset: number } | null {
  const walker = document.createTreeWalker(root, NodeFilter.SHOW_ALL);
  for (let node = walker.nextNode(); node; node = walker.nextNode()) {
    if (!isLeaf(node)) continue;
    const extent = extents.get(node)!;
    if (extent.in !== position.in || extent.start > position.offset || extent.end < position.offset) continue;
    if (node instanceof Text) return { node, offset: position.offset - extent.start };
    const parent = node.parentNode!;
    const index = [...parent.childNodes].indexOf(node as ChildNode);
    return { node: parent, offset: position.offset >= extent.end ? index + 1 : index };
  }
  return null;
}
