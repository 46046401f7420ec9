/**
 * What a search found, marked in what is mounted: by the browser's highlights over text nodes, so that no element is built
 * for a hit, and by a class on formulas.
 */
import { lowerBound } from '../../core/traces/lower-bound.ts';
import { extentOf, leavesOf, partsOf, type Leaf, type TextPosition } from './positions.ts';

type Hits = Record<'prompt' | 'completion', readonly { start: number; end: number }[]>;
type Place = { in: 'prompt' | 'completion'; start: number; end: number };

interface Drawn {
  ranges: { name: string; range: StaticRange }[];
  dressed: HTMLElement[];
}

/** Most hits that are marked in one block: 4,000 of one letter tell no more. All of them are counted and can be gone to. */
const MARK_LIMIT = 600;

/** One highlight of a name for all views of the page. */
function highlight(name: string): Highlight {
  let known = CSS.highlights.get(name);
  if (!known) CSS.highlights.set(name, (known = new Highlight()));
  return known;
}

export class FindMarks {
  #hits: Hits = { prompt: [], completion: [] };
  #current: TextPosition | null = null;
  #target: Place | null = null;
  readonly #drawn = new Map<HTMLElement, Drawn>();

  set(hits: Hits, current: TextPosition | null): void {
    this.clear();
    this.#hits = hits;
    this.#current = current;
  }

  /** A place to outline, or none. */
  target(place: Place | null): void {
    this.clear();
    this.#target = place;
  }

  clear(): void {
    for (const body of [...this.#drawn.keys()]) this.forget(body);
  }

  /** A block has gone, or is another inside. */
  forget(body: HTMLElement): void {
    const drawn = this.#drawn.get(body);
    if (!drawn) return;
    this.#drawn.delete(body);
    for (const { name, range } of drawn.ranges) highlight(name).delete(range);
    for (const element of drawn.dressed) element.classList.remove('lh-find', 'lh-find-current', 'lh-target');
  }

  /** Marks the hits in those of these elements in which they are not marked. */
  draw(bodies: Iterable<HTMLElement>): void {
    if (this.#target === null && this.#hits.prompt.length + this.#hits.completion.length === 0) return;
    for (const body of bodies) {
      const extent = this.#drawn.has(body) || !body.parentElement ? null : extentOf(body.parentElement);
      if (!extent) continue;
      const drawn: Drawn = { ranges: [], dressed: [] };
      this.#drawn.set(body, drawn);
      const hits = this.#hits[extent.in];
      const leaves = leavesOf(body);
      const first = lowerBound(hits.length, (k) => hits[k]!.end > extent.start);
      for (let i = first; i < hits.length; i += 1) {
        const hit = hits[i]!;
        if (hit.start >= extent.end) break;
        const isCurrent = this.#current?.in === extent.in && this.#current.offset === hit.start;
        if (i - first >= MARK_LIMIT && !isCurrent) continue;
        mark(drawn, isCurrent ? 'lh-find-current' : 'lh-find', leaves, { in: extent.in, ...hit });
      }
      const target = this.#target;
      if (target && target.in === extent.in && target.end > extent.start && target.start < extent.end)
        mark(drawn, 'lh-target', leaves, target);
    }
  }
}

function mark(drawn: Drawn, name: string, leaves: readonly Leaf[], place: Place): void {
  for (const part of partsOf(leaves, place.in, place.start, place.end)) {
    if (part instanceof HTMLElement) {
      part.classList.add(name);
      drawn.dressed.push(part);
    } else {
      const { node, from, to } = part;
      const range = new StaticRange({ startContainer: node, startOffset: from, endContainer: node, endOffset: to });
      highlight(name).add(range);
      drawn.ranges.push({ name, range });
    }
  }
}
