/** Folding in a pane: what can be folded is looked for when the text is there, and the reader's choice is kept. */
import type { ComponentChildren } from 'preact';
import { useEffect, useLayoutEffect, useMemo, useRef, useState } from 'preact/hooks';
import type { Annotations } from '../../core/protocol/traces.ts';
import { foldKinds, foldsInSlices, type Fold, type FoldKind } from '../../core/traces/folds.ts';
import { count, plural } from '../ui/format.ts';
import { useSaid } from '../ui/say.ts';
import type { TextView, TextWindow } from './text-view.ts';

/** The kinds that are folded, as the reader chose, and who hears of another choice. */
export interface FoldChoice {
  kinds: readonly FoldKind[];
  onKinds: (kinds: readonly FoldKind[]) => void;
}

interface FoldParts {
  view: TextView | null;
  trace: string | null;
  annotations: Annotations | null;
  text: { readonly completion: string };
  /** All of a text that has ended is here. */
  complete: boolean;
  live: boolean;
  /** Absent: nothing is folded in this pane. */
  choice: FoldChoice | undefined;
  at: TextWindow;
  /** The place that the reader went to last, or −1. */
  here: () => number;
}

/** What the keys of the page do with folds. */
export interface FoldHandle {
  /** Unfolds all when something is folded, and folds all otherwise. */
  foldAll(): void;
  /** Folds or unfolds the passage where the reader is. */
  foldHere(): void;
}

export interface Folds {
  handle: FoldHandle;
  /** What is folded now. */
  closed: readonly Fold[];
  /** To hear of folds from a view. */
  onFolds: (view: TextView) => void;
  /** What can be folded, by kind, with a switch each. */
  foot: ComponentChildren;
}

/** UTF-16 units. In a longer text nothing is looked for. */
const LONGEST = 4_000_000;
/** Milliseconds of a task that may go into looking. */
const AT_ONCE = 5;
const nothing: readonly never[] = [];

const names: Record<FoldKind, string> = { check: 'checks', repeat: 'repeats', code: 'code' };
const titles: Record<FoldKind, string> = {
  check: 'checks that hold',
  repeat: 'passages that were said before',
  code: 'blocks of code',
};

export function useFolds(parts: FoldParts): Folds {
  const { view, trace, annotations, text, complete, live, choice, at, here } = parts;
  const [closed, setClosed] = useState<readonly Fold[]>(nothing);
  const [counts, setCounts] = useState<ReturnType<TextView['folder']['folding']['counts']> | null>(null);
  const [said, setSaid] = useState('');
  const isOn = choice !== undefined;
  const chosen = useRef('');
  const isReady = isOn && annotations !== null && (complete || live);

  const onFolds = (from: TextView) => {
    const { folding } = from.folder;
    setClosed(folding.closed);
    setCounts(folding.all.length > 0 ? folding.counts() : null);
  };
  useEffect(() => {
    setClosed(nothing);
    setCounts(null);
    setSaid('');
  }, [trace]);
  useEffect(() => {
    if (said === '') return undefined;
    const timer = setTimeout(() => setSaid(''), 2500);
    return () => clearTimeout(timer);
  }, [said]);
  useSaid('folds', said);
  const kinds = choice?.kinds ?? nothing;
  const key = kinds.join();
  useLayoutEffect(() => {
    if (!view || key === chosen.current) return;
    chosen.current = key;
    view.folder.choose(kinds);
  }, [view, key]);
  useEffect(() => {
    if (!view || !isReady || annotations.length > LONGEST) return undefined;
    const read = text.completion.slice(0, annotations.length);
    const work = foldsInSlices(read, {
      steps: annotations.steps.filter((step) => step < read.length),
      checks: annotations.spans.filter(
        (span) => span.label === 'verification' && span.outcome === 'holds' && span.in === 'completion',
      ),
      code: view.completion.codes(0, read.length).filter(({ fence }) => fence),
    });
    const goOn = (): void => {
      const stop = performance.now() + AT_ONCE;
      do {
        const { done, value } = work.next();
        if (done) return view.folder.put(value, live);
      } while (performance.now() < stop);
      timer = setTimeout(goOn);
    };
    let timer = setTimeout(goOn);
    return () => clearTimeout(timer);
  }, [view, annotations, isReady, live]);

  const choose = (next: readonly FoldKind[]) => {
    if (!view || !choice) return;
    chosen.current = next.join();
    view.folder.choose(next);
    choice.onKinds(next);
    const now = view.folder.folding.closed.length;
    setSaid(now === 0 ? 'Nothing is folded' : `${plural(now, 'passage')} folded`);
  };
  const foldAll = () => {
    if (!view || !choice) return;
    const { folding } = view.folder;
    if (folding.all.length === 0) setSaid('There is nothing to fold');
    else choose(folding.closed.length > 0 ? [] : foldKinds);
  };
  const foldHere = () => {
    const fold = view && choice ? placeOf(view, at, here()) : null;
    if (!view || !fold) return setSaid('There is nothing to fold here');
    const isClosed = view.folder.folding.isClosed(fold);
    view.folder.set(fold, !isClosed);
    setSaid(isClosed ? 'Unfolded' : 'Folded');
  };
  const latest = useRef({ foldAll, foldHere });
  latest.current = { foldAll, foldHere };
  const handle = useMemo<FoldHandle>(
    () => ({ foldAll: () => latest.current.foldAll(), foldHere: () => latest.current.foldHere() }),
    [],
  );

  const there = counts && isOn ? foldKinds.filter((kind) => counts[kind].all > 0) : nothing;
  return {
    handle,
    closed,
    onFolds,
    foot: isOn && (
      <>
        {there.length > 0 && (
          <span class="fold-kinds" role="group" aria-label="Folded passages">
            {there.map((kind) => {
              const { all, closed: folded } = counts![kind];
              const isAll = folded === all;
              return (
                <button
                  key={kind}
                  class="fold-kind"
                  aria-pressed={isAll ? 'true' : folded > 0 ? 'mixed' : 'false'}
                  title={`${folded > 0 ? 'Unfold' : 'Fold'} ${titles[kind]}: ${count(folded)} of ${count(all)} folded (all: F)`}
                  onClick={() => choose(foldKinds.filter((one) => (one === kind ? folded === 0 : isKept(one))))}
                >
                  <span class={`codicon codicon-chevron-${folded > 0 ? 'right' : 'down'}`} aria-hidden="true" />
                  <span class="fold-name">{names[kind]}</span>{' '}
                  <span class="num">{folded > 0 && !isAll ? `${count(folded)}/${count(all)}` : count(all)}</span>
                </button>
              );
            })}
          </span>
        )}
        <span class="fold-said">{said}</span>
      </>
    ),
  };

  /** A choice for one kind leaves the others: folded are those of which something is. */
  function isKept(kind: FoldKind): boolean {
    return counts !== null && counts[kind].closed > 0;
  }
}

/** The passage that the reader means: that of the focus, of the selection, of where they went, or the one nearest in view. */
function placeOf(view: TextView, at: TextWindow, here: number): Fold | null {
  const { folding } = view.folder;
  const focused = document.activeElement instanceof HTMLElement ? document.activeElement.dataset['fold'] : undefined;
  if (focused !== undefined) return folding.byStart(Number(focused));
  const selected = view.selection.stretch();
  const place = selected?.in === 'completion' ? selected.start : here >= at.start && here < at.end ? here : null;
  const over = place === null ? null : folding.foldable(place, place + 1)[0];
  if (over) return over;
  const middle = place ?? at.start + (at.end - at.start) / 3;
  const away = ({ start, end }: Fold) =>
    start <= middle && end > middle ? 0 : Math.min(Math.abs(start - middle), Math.abs(end - middle));
  return folding
    .foldable(at.start, Math.max(at.end, at.start + 1))
    .reduce<Fold | null>((best, fold) => (best === null || away(fold) < away(best) ? fold : best), null);
}
