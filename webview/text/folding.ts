/** What of a completion can be folded, and what is: by kind as the reader chose, and single passages otherwise. Pure: no DOM. */
import type { Positions } from '../../core/metrics/token-position.ts';
import { foldKinds, type Fold, type FoldKind } from '../../core/traces/folds.ts';
import { lowerBound } from '../../core/traces/lower-bound.ts';
import { plural } from '../ui/format.ts';

export class Folding {
  /** What can be folded, in order, none over another. */
  all: readonly Fold[] = [];
  /** What is folded now, in order. */
  closed: readonly Fold[] = [];
  #kinds: ReadonlySet<FoldKind> = new Set();
  /** Passages that the reader folded or unfolded by themselves, by where they begin. `end`: as far as was folded. */
  readonly #own = new Map<number, { folded: boolean; end: number }>();
  /** False for a text that came to the reader while it was written: what is chosen by kind folds there only when it is chosen anew. */
  #isByKind: boolean | null = null;
  #live = false;
  /** A place that was gone to before it was known what can be folded: it is seen. */
  #wanted: { start: number; end: number } | null = null;

  /** Another text. */
  clear(): void {
    this.all = this.closed = [];
    this.#own.clear();
    this.#isByKind = this.#wanted = null;
  }

  /** What can be folded now. `live`: the text is being written, and nothing of it folds by itself. */
  put(all: readonly Fold[], live: boolean): void {
    this.#isByKind ??= !live;
    this.#live = live;
    this.all = all;
    this.#close();
    if (!this.#wanted) return;
    for (const fold of this.hiding(this.#wanted.start, this.#wanted.end))
      this.#own.set(fold.start, { folded: false, end: fold.end });
    this.#wanted = null;
    this.#close();
  }

  /** Folds these kinds and no others, whatever single passages were. */
  choose(kinds: readonly FoldKind[]): void {
    this.#kinds = new Set(kinds);
    this.#own.clear();
    if (this.#live)
      for (const { start, end, kind } of this.all) this.#own.set(start, { folded: this.#kinds.has(kind), end });
    else if (this.#isByKind !== null) this.#isByKind = true;
    this.#close();
  }

  set({ start, end }: Fold, folded: boolean): void {
    this.#own.set(start, { folded, end });
    this.#close();
  }

  isClosed({ start }: Fold): boolean {
    return this.closed[lowerBound(this.closed.length, (i) => this.closed[i]!.start >= start)]?.start === start;
  }

  /** What is folded of `start…end`. */
  over(start: number, end: number): Fold[] {
    return within(this.closed, start, end);
  }

  /** What can be folded of `start…end`, folded or not. */
  foldable(start: number, end: number): Fold[] {
    return within(this.all, start, end);
  }

  byStart(start: number): Fold | null {
    const found = this.all[lowerBound(this.all.length, (i) => this.all[i]!.start >= start)];
    return found?.start === start ? found : null;
  }

  /** What has to be unfolded for a stretch to be seen: what its beginning lies in, and what it ends in the middle of. */
  hiding(start: number, end: number): Fold[] {
    return this.over(start, Math.max(end, start + 1)).filter((fold) => fold.start <= start || fold.end > end);
  }

  /** Keeps a stretch open that was gone to, where it is not known yet what can be folded. */
  want(start: number, end: number): void {
    if (this.#isByKind === null) this.#wanted = { start, end };
  }

  /** How many there are of each kind, and how many of them are folded. */
  counts(): Record<FoldKind, { all: number; closed: number }> {
    const counts = Object.fromEntries(foldKinds.map((kind) => [kind, { all: 0, closed: 0 }])) as ReturnType<
      Folding['counts']
    >;
    for (const { kind } of this.all) counts[kind].all += 1;
    for (const { kind } of this.closed) counts[kind].closed += 1;
    return counts;
  }

  #close(): void {
    this.closed = this.all.flatMap((fold) => {
      const own = this.#own.get(fold.start);
      if (!(own?.folded ?? (this.#isByKind === true && this.#kinds.has(fold.kind)))) return [];
      // A passage that goes on being written is folded as far as the reader folded it.
      return own && own.end < fold.end && this.#isByKind === false ? [{ ...fold, end: own.end }] : [fold];
    });
  }
}

function within(folds: readonly Fold[], start: number, end: number): Fold[] {
  const found: Fold[] = [];
  for (let i = lowerBound(folds.length, (k) => folds[k]!.end > start); i < folds.length; i += 1) {
    if (folds[i]!.start >= end) break;
    found.push(folds[i]!);
  }
  return found;
}

/** What a folded passage says in its place: "check holds · 312 tokens". */
export function foldWords(fold: Fold, text: string, tokens: Positions | null): string {
  const { start, end, kind } = fold;
  if (kind === 'repeat') return `said before · ${plural(end - start, 'character')}`;
  if (kind === 'code') return `code · ${plural(linesOf(text, start, end), 'line')}`;
  if (!tokens) return `check holds · ${plural(end - start, 'character')}`;
  return `check holds · ${tokens.exact ? '' : '~'}${plural(tokens.at(end) - tokens.at(start), 'token')}`;
}

/** Lines of code, the fence that ends it apart. */
function linesOf(text: string, start: number, end: number): number {
  let lines = 1;
  let last = start;
  for (let at = text.indexOf('\n', start); at >= 0 && at < end - 1; at = text.indexOf('\n', at + 1)) {
    lines += 1;
    last = at + 1;
  }
  return last > start && /^\s*(?:`{3,}|~{3,})\s*$/.test(text.slice(last, Math.min(end, last + 200)))
    ? lines - 1
    : lines;
}
