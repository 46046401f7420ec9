/**
 * What of a windowed text must not move while heights are learnt: what was asked for, or else the first row that begins in view; where
 * one row fills the view, its first line there.
 */
import type { TextItem } from './items.ts';
import type { Mounts } from './mounts.ts';
import { positionOf, rangesOf, type TextPosition } from './positions.ts';
import type { TextRows } from './rows.ts';
import type { ScrollPlace } from './scroll-place.ts';

interface Held {
  item: TextItem;
  /** The place in it that was asked for, or is the first in view; null: the row. */
  at: TextPosition | null;
  /** Pixels from the top of the row down to that place, when last looked at. */
  line: number;
}

/** A row, or a line of it, at a distance from the view's upper edge. */
export interface Anchored {
  index: number;
  held: Held | null;
  /** Pixels. */
  y: number;
}

export class Anchor {
  readonly #rows: TextRows;
  readonly #mounts: Mounts;
  readonly #place: ScrollPlace;
  #held: Held | null = null;
  /** What was kept last: a view scrolls by whole pixels, and what is left over would add up from frame to frame. */
  #kept: { item: TextItem; y: number; top: number } | null = null;

  constructor(rows: TextRows, mounts: Mounts, place: ScrollPlace) {
    this.#rows = rows;
    this.#mounts = mounts;
    this.#place = place;
  }

  /** The row that is held, or null. */
  get item(): TextItem | null {
    return this.#held?.item ?? null;
  }

  /** Holds a row, and the place in it that is held already. Null: none. */
  hold(item: TextItem | null): void {
    if (item !== this.item) this.#held = item && { item, at: null, line: 0 };
  }

  /** Holds the line of a laid-out row where a place is; the row, where that is folded away. */
  holdAt(item: TextItem, at: TextPosition): void {
    const line = this.#lineOf({ item, at, line: NaN });
    this.#held = Number.isNaN(line) ? { item, at: null, line: 0 } : { item, at, line };
  }

  /** What must not move now, where the view is as it was last read. Null: the beginning of the text is in view, and stays. */
  find(): Anchored | null {
    const { items, heights } = this.#rows;
    const { top, edge, height } = this.#place;
    const middle = edge + height / 2;
    const bottom = edge + height;
    const held = this.#held;
    if (held) {
      const index = this.#rows.indexOf(held.item.part, held.item.block.start);
      const y = heights.top(index) + held.line;
      const isShown = y > edge - this.#rows.metrics.lineHeight && y < bottom;
      if (items[index] === held.item && isShown) return this.#exactly(index, held);
    }
    if (top <= 0) return null;
    const first = heights.at(Math.max(0, edge));
    if (this.isInTallRow && this.#holdFirstLine(first)) return this.#exactly(first, this.#held);
    let index = heights.top(first) < edge && heights.top(first + 1) < middle ? first + 1 : first;
    while (index < items.length && !items[index]!.measured && heights.top(index) < bottom) index += 1;
    if (index >= items.length || !items[index]!.measured) index = first;
    return this.#exactly(index, null);
  }

  /** Whether one row begins above the view and goes down to its middle: only what is laid out says where a line of it is. */
  get isInTallRow(): boolean {
    const { items, heights } = this.#rows;
    const { edge, top, height } = this.#place;
    if (items.length === 0 || top <= 0) return false;
    const first = heights.at(Math.max(0, edge));
    return heights.top(first) < edge && heights.top(first + 1) >= edge + height / 2;
  }

  /** Holds the first line in view of a row that begins above it. False: the row is not laid out. */
  #holdFirstLine(index: number): boolean {
    const item = this.#rows.items[index]!;
    const mounted = this.#mounts.all.get(item);
    if (!mounted || !item.measured) return false;
    const { edge, height } = this.#place;
    const { lineHeight } = this.#rows.metrics;
    const upper = mounted.element.getBoundingClientRect().top + edge - this.#rows.heights.top(index);
    const { left } = mounted.body.getBoundingClientRect();
    this.hold(item);
    // The first line that is whole; one of those below it where nothing of the text is in that, or something lies over it.
    for (let y = lineHeight - 1; y < height / 2 && !this.#held?.at; y += lineHeight) {
      const point = document.caretRangeFromPoint(left + 1, upper + y);
      if (!point || !mounted.body.contains(point.startContainer)) continue;
      const at = positionOf(mounted.body, point.startContainer, point.startOffset, 'start');
      if (at) this.holdAt(item, at);
    }
    return true;
  }

  #exactly(index: number, held: Held | null): Anchored {
    const { items, heights } = this.#rows;
    const { top } = this.#place;
    const y = heights.top(index) + (held?.line ?? 0) - top;
    const kept = this.#kept;
    if (kept && kept.item === items[index] && kept.top === top && Math.abs(kept.y - y) < 1)
      return { index, held, y: kept.y };
    return { index, held, y };
  }

  /** Scrolls to where `anchor` is as far from the view's upper edge as it was. */
  keep(anchor: Anchored | null): void {
    if (!anchor) return;
    const { index, held, y } = anchor;
    if (held) held.line = this.#lineOf(held);
    const wanted = this.#rows.heights.top(index) + (held?.line ?? 0) - y;
    if (Math.abs(wanted - this.#place.top) > 0.5) {
      this.#place.resize(this.#rows.heights.total);
      this.#place.go(wanted);
    }
    this.#kept = { item: this.#rows.items[index]!, y, top: this.#place.top };
  }

  #lineOf({ item, at, line }: Held): number {
    const mounted = at && this.#mounts.all.get(item);
    const rect = mounted && rectOf(mounted.body, at.in, at.offset, at.offset);
    return rect ? rect.top - mounted.element.getBoundingClientRect().top : line;
  }
}

/** Where a stretch of a text begins on the screen, if it is in `body`. */
export function rectOf(body: HTMLElement, name: TextPosition['in'], start: number, end: number): DOMRect | null {
  return rangesOf(body, name, start, Math.max(end, start + 1))[0]?.getClientRects()[0] ?? null;
}
