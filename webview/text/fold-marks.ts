/** What stands in the place of a folded passage, and what folds one, beside its first line. Decoration: never copied. */
import type { Positions } from '../../core/metrics/token-position.ts';
import type { Fold } from '../../core/traces/folds.ts';
import { foldWords, type Folding } from './folding.ts';
import { rangesOf } from './positions.ts';

interface FoldMarksOptions {
  folding: Folding;
  completion: { readonly text: string };
  onFold: (fold: Fold, folded: boolean) => void;
  /** To where a repeated passage was said first. */
  onFirst: (place: { start: number; end: number }) => void;
}

export class FoldMarks {
  readonly #options: FoldMarksOptions;
  #tokens: Positions | null = null;

  constructor(options: FoldMarksOptions) {
    this.#options = options;
  }

  /** Says again how long what is folded under `root` is. */
  setTokens(tokens: Positions | null, root: HTMLElement): void {
    this.#tokens = tokens;
    const { folding } = this.#options;
    for (const pill of root.querySelectorAll<HTMLElement>('.fold-open')) {
      const fold = folding.closed.find(({ start }) => String(start) === pill.dataset['fold']);
      if (fold) pill.querySelector('.fold-words')!.textContent = this.#words(fold);
    }
  }

  /** What stands for a folded passage. */
  pill(fold: Fold): HTMLElement {
    const { onFold, onFirst, completion } = this.#options;
    const element = document.createElement('span');
    element.className = 'fold-pill';
    const open = button('fold-open', fold, 'chevron-right');
    open.setAttribute('aria-expanded', 'false');
    open.title = 'Unfold';
    const words = document.createElement('span');
    words.className = 'fold-words';
    words.textContent = this.#words(fold);
    open.append(words);
    open.addEventListener('click', () => onFold(fold, false));
    element.append(open);
    if (fold.first !== undefined) {
      const said = completion.text.slice(fold.first, fold.first + 80).replace(/\s+/g, ' ');
      open.title = `Unfold; said first${this.#place(fold.first)}: “${said}…”`;
      const first = button('fold-first', fold, 'arrow-up');
      first.setAttribute('aria-label', `To where it was said first${this.#place(fold.first)}`);
      first.title = first.getAttribute('aria-label')!;
      const { start, end } = fold;
      const from = fold.first;
      first.addEventListener('click', () => onFirst({ start: from, end: Math.min(start, from + end - start) }));
      element.append(first);
    }
    return element;
  }

  /** Where the controls of a laid-out block belong that fold what begins in it: reads the layout. Returns what writes them. */
  place(element: HTMLElement, body: HTMLElement, extent: { start: number; end: number } | null): () => void {
    const { folding, onFold } = this.#options;
    const { start, end } = extent ?? { start: 0, end: 0 };
    const folds = extent
      ? folding.foldable(start, end).filter((fold) => fold.start >= start && !folding.isClosed(fold))
      : [];
    const old = element.querySelectorAll<HTMLElement>(':scope > .fold-close');
    if (folds.length === 0 && old.length === 0) return () => undefined;
    const { top } = element.getBoundingClientRect();
    const places = folds.flatMap((fold) => {
      const rect = rangesOf(body, 'completion', fold.start, fold.start + 1)[0]?.getClientRects()[0];
      return rect ? [{ fold, y: rect.top + rect.height / 2 - top }] : [];
    });
    return () => {
      const known = new Map([...old].map((one) => [one.dataset['fold'], one]));
      for (const { fold, y } of places) {
        const id = String(fold.start);
        let control = known.get(id);
        known.delete(id);
        if (!control) {
          control = button('fold-close', fold, 'chevron-down');
          control.setAttribute('aria-expanded', 'true');
          control.addEventListener('click', () => onFold(folding.byStart(fold.start) ?? fold, true));
          element.insertBefore(control, body);
        }
        const words = `Fold: ${this.#words(fold)}`;
        control.setAttribute('aria-label', words);
        control.title = words;
        control.style.top = `${Math.round(y)}px`;
      }
      for (const gone of known.values()) gone.remove();
    };
  }

  #words(fold: Fold): string {
    return foldWords(fold, this.#options.completion.text, this.#tokens);
  }

  #place(unit: number): string {
    const tokens = this.#tokens;
    return tokens ? ` at token ${tokens.exact ? '' : '~'}${(tokens.at(unit) + 1).toLocaleString('en')}` : '';
  }
}

function button(name: string, fold: Fold, icon: string): HTMLButtonElement {
  const element = document.createElement('button');
  element.className = name;
  element.dataset['fold'] = String(fold.start);
  const sign = document.createElement('span');
  sign.className = `codicon codicon-${icon}`;
  sign.setAttribute('aria-hidden', 'true');
  element.append(sign);
  return element;
}

/** Runs `work`, which may put other elements in the place of those of a fold, and gives the focus to what stands there then. */
export function keepFoldFocus(root: HTMLElement, work: () => void): void {
  const active = document.activeElement;
  const id = active instanceof HTMLElement && root.contains(active) ? active.dataset['fold'] : undefined;
  const isFirst = active?.classList.contains('fold-first');
  work();
  if (id === undefined || active!.isConnected) return;
  const there = root.querySelector<HTMLElement>(
    isFirst ? `.fold-first[data-fold="${id}"]` : `:is(.fold-open, .fold-close)[data-fold="${id}"]`,
  );
  there?.focus({ preventScroll: true });
}
