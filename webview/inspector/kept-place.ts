/** The place in the text that the reader comes back to when the page was hidden, moved or reloaded. */
import { useEffect, useRef } from 'preact/hooks';
import type { RefObject } from 'preact';
import type { PaneHandle } from '../text/text-pane.tsx';
import type { OpenTrace } from './open-trace.ts';
import type { Page } from './page.ts';

interface KeptPlaceParts {
  page: Page;
  open: OpenTrace;
  pane: RefObject<PaneHandle | null>;
  /** Holds the text, which scrolls. */
  root: RefObject<HTMLElement | null>;
  /** The trace that is shown. */
  trace: string | undefined;
  /** The view asks for this place of it. */
  waiting: RefObject<unknown>;
}

/** Milliseconds without scrolling before a place is kept. */
const KEEP_AFTER = 150;
/** Units that the top of the view may be off where it was put: it lies between lines, and heights are still learnt. */
const NEAR = 40;

/** Keeps the place while the reader scrolls, and goes to it once when the page begins: where its text is, before anything else. */
export function useKeptPlace({ page, open, pane, root, trace, waiting }: KeptPlaceParts): void {
  const { host } = page;
  const back = useRef(host.saved()?.place ?? null);
  /** Where the top of the view came to lie: a place that was come back to is kept as it was until the reader scrolls on. */
  const landed = useRef(-Infinity);
  const began = useRef(false);

  useEffect(() => {
    if (back.current && back.current.trace === trace) waiting.current = null;
    else {
      back.current = null;
      landed.current = -Infinity;
      if (began.current && trace !== undefined) page.keep({ place: undefined });
    }
    began.current = true;
  }, [trace]);

  useEffect(
    () =>
      open.watch(({ loaded, trace: shown }) => {
        const place = back.current;
        if (!place || !pane.current || shown !== place.trace || loaded.completion === 0) return;
        if (loaded.completion <= place.start && loaded.completion < loaded.length) return;
        back.current = null;
        const { view } = pane.current;
        view.reveal('completion', place.start, place.start, { align: 'start', target: false });
        landed.current = view.window().start;
      }),
    [open],
  );

  useEffect(() => {
    let timer: ReturnType<typeof setTimeout> | undefined;
    const keep = () => {
      const { trace: shown, loaded } = open.value;
      if (back.current || shown === null || loaded.completion === 0 || !pane.current) return;
      const { start } = pane.current.view.window();
      if (Math.abs(start - landed.current) <= NEAR) return;
      landed.current = -Infinity;
      page.keep({ place: start > 0 ? { trace: shown, start } : undefined });
    };
    const onScroll = ({ target }: Event) => {
      if (!(target instanceof Element) || !target.matches('.pane .scroller')) return;
      clearTimeout(timer);
      timer = setTimeout(keep, KEEP_AFTER);
    };
    const element = root.current!;
    element.addEventListener('scroll', onScroll, { capture: true, passive: true });
    return () => {
      clearTimeout(timer);
      element.removeEventListener('scroll', onScroll, { capture: true });
    };
  }, [page, open]);
}
