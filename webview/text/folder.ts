/** Folds and unfolds passages of a windowed text so that the row that the reader looks at stays where it is. */
import type { Fold, FoldKind } from '../../core/traces/folds.ts';
import type { Anchor } from './anchor.ts';
import { keepFoldFocus } from './fold-marks.ts';
import type { Folding } from './folding.ts';
import type { Mounts } from './mounts.ts';
import type { TextRows } from './rows.ts';
import type { ScrollPlace } from './scroll-place.ts';
import type { TextSelection } from './selection.ts';

interface FolderOptions {
  content: HTMLElement;
  rows: TextRows;
  mounts: Mounts;
  place: ScrollPlace;
  selection: TextSelection;
  anchor: Anchor;
  /** Fills the view. */
  render: () => void;
  onChange: () => void;
}

export class Folder {
  readonly #options: FolderOptions;

  constructor(options: FolderOptions) {
    this.#options = options;
  }

  get folding(): Folding {
    return this.#options.rows.folding;
  }

  /** What can be folded of the text that is shown. */
  put(folds: readonly Fold[], live: boolean): void {
    this.#change(null, () => this.folding.put(folds, live));
  }

  /** Folds these kinds and no others. */
  choose(kinds: readonly FoldKind[]): void {
    this.#change(null, () => this.folding.choose(kinds));
  }

  set(fold: Fold, folded: boolean): void {
    this.#change(fold, () => this.folding.set(fold, folded));
  }

  /** Unfolds what hides a stretch of the completion. */
  uncover(start: number, end: number): void {
    this.folding.want(start, end);
    const hiding = this.folding.hiding(start, end);
    if (hiding.length > 0) this.#change(null, () => hiding.forEach((fold) => this.folding.set(fold, false)));
  }

  #change(fold: Fold | null, change: () => void): void {
    const { content, rows, mounts, place, selection, anchor, render, onChange } = this.#options;
    const { closed } = this.folding;
    place.read();
    const before = rows.items.length > 0 && place.height > 0 ? this.#seen(fold) : [];
    // Where it is shown that it is folded.
    if (fold && before[0]) anchor.holdAt(rows.items[before[0].index]!, { in: 'completion', offset: fold.start });
    change();
    const isSame =
      closed.length === this.folding.closed.length &&
      closed.every(({ start, end }, i) => {
        const now = this.folding.closed[i]!;
        return start === now.start && end === now.end;
      });
    if (isSame) {
      // Other passages can be folded, perhaps: their controls are written.
      // A page that is hidden has nothing to measure: it builds its rows again when it is shown.
      if (place.height > 0) mounts.measure(mounts.all.keys());
      else mounts.clear();
      return onChange();
    }
    selection.keep(() =>
      keepFoldFocus(content, () => {
        rows.refold(0);
        for (const item of mounts.refolded()) {
          const { element, index } = mounts.all.get(item)!;
          const isHeld = selection.holds(element);
          mounts.remove(item);
          // What is selected begins or ends in it.
          if (isHeld && item.folded) mounts.add(item, index, 0, 0);
        }
        const held = before.find(({ index }) => !rows.items[index]!.folded) ?? shownOf(before[0], rows);
        if (held) {
          place.resize(rows.heights.total);
          place.go(place.top + rows.heights.top(held.index) - held.y - place.edge);
        }
        anchor.hold(held ? rows.items[held.index]! : null);
        render();
      }),
    );
    onChange();
  }

  /** Rows that the reader may look at, the likeliest first, and how far below the view's upper edge each begins. */
  #seen(fold: Fold | null): { index: number; y: number }[] {
    const { rows, place, anchor } = this.#options;
    const { items, heights } = rows;
    const { top, edge, height } = place;
    const isHeld = ({ index }: { index: number }) => items[index] === anchor.item;
    const from = heights.at(Math.max(0, edge));
    const to = heights.at(edge + height);
    const seen: { index: number; y: number }[] = [];
    for (let index = from; index <= to; index += 1)
      if (!items[index]!.folded) seen.push({ index, y: heights.top(index) - edge });
    const isOf = ({ index }: { index: number }) => {
      const { part, block } = items[index]!;
      return fold !== null && part === 'completion' && block.start <= fold.start && block.end > fold.start;
    };
    if (top <= 0 && !seen.some((row) => isOf(row) || isHeld(row))) return [];
    // The row in which the passage begins; otherwise what was gone to; otherwise the first that begins in view.
    return seen.sort(
      (a, b) =>
        Number(isOf(b)) - Number(isOf(a)) ||
        Number(isHeld(b)) - Number(isHeld(a)) ||
        Number(a.y < 0) - Number(b.y < 0) ||
        a.index - b.index,
    );
  }
}

/** The row into which all that was in view is folded, at the view's upper edge. */
function shownOf(row: { index: number } | undefined, rows: TextRows): { index: number; y: number } | null {
  return row ? { index: rows.shown(row.index), y: 0 } : null;
}
