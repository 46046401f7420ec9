/**
 * What a search found, marked in what is mounted: by the browser's highlights over text nodes, so that no element is built
 * for a hit, and by a class on formulas.
 */
import { lowerBound } from './part.ts';
import { extentOf, rangesOf, type TextPosition } from './positions.ts';

type Hits = Record<'prompt' | 'completion', { start: number; end: number }[]>;

/** One highlight of a name for all views of the page. */
function highlight(name: string): Highlight {
  let known = CSS.highlights.get(name);
  if (!known) CSS.highlights.set(name, (known = new Highlight()));
  return known;
}

export class FindMarks {
  #hits: Hits = { prompt: [], completion: [] };
  #current: TextPosition | null = null;
  #target: { in: 'prompt' | 'completion'; start: number; end: number } | null = null;
  #drawn: { name: string; range: Range }[] = [];
  #dressed: HTMLElement[] = [];

  set(hits: Hits, current: TextPosition | null): void {
    this.#hits = hits;
    this.#current = current;
  }

  /** A place to outline, or none. */
  target(place: { in: 'prompt' | 'completion'; start: number; end: number } | null): void {
    this.#target = place;
  }

  clear(): void {
    for (const { name, range } of this.#drawn) highlight(name).delete(range);
    for (const element of this.#dressed) element.classList.remove('lh-find', 'lh-find-current', 'lh-target');
    this.#drawn = [];
    this.#dressed = [];
  }

  /** Marks again all hits in these elements; called whenever something is mounted. */
  draw(bodies: readonly HTMLElement[]): void {
    this.clear();
    if (this.#target === null && this.#hits.prompt.length + this.#hits.completion.length === 0) return;
    for (const body of bodies) {
      const extent = body.parentElement ? extentOf(body.parentElement) : null;
      if (!extent) continue;
      const hits = this.#hits[extent.in];
      for (let i = lowerBound(hits.length, (k) => hits[k]!.end > extent.start); i < hits.length; i += 1) {
        const hit = hits[i]!;
        if (hit.start >= extent.end) break;
        const isCurrent = this.#current?.in === extent.in && this.#current.offset === hit.start;
        this.#mark(isCurrent ? 'lh-find-current' : 'lh-find', rangesOf(body, extent.in, hit.start, hit.end));
      }
      const target = this.#target;
      if (target && target.in === extent.in && target.end > extent.start && target.start < extent.end) {
        this.#mark('lh-target', rangesOf(body, extent.in, target.start, target.end));
      }
    }
  }

  #mark(name: string, places: readonly (Range | HTMLElement)[]): void {
    for (const place of places) {
      if (place instanceof Range) {
        highlight(name).add(place);
        this.#drawn.push({ name, range: place });
      } else {
        place.classList.add(name);
        this.#dressed.push(place);
      }
    }
  }
}
