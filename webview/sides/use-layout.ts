/** Draws the marks and bands of two panes, keeps them scrolled together, and says what is in view: once a frame, when something moved. */
import { useCallback, useEffect, useMemo, useRef } from 'preact/hooks';
import type { PaneHandle } from '../text/text-pane.tsx';
import { Store } from '../ui/store.ts';
import { cssColor, onThemeChange } from '../ui/theme.ts';
import { drawBands, type BandColors } from './bands.ts';
import type { PlaceMap, SideName } from './place-map.ts';
import { follow, put, type SyncedPane } from './scroll-sync.ts';
import { StepMarks } from './step-marks.ts';

export type Windows = Record<SideName, readonly [start: number, end: number]>;

export interface Layout {
  /** Of each pane, once it is there. */
  panes: Record<SideName, SyncedPane | null>;
  /** What is in view of each completion, in UTF-16 units. */
  windows: Store<Windows>;
  /** Called by the panes. */
  attach: (side: SideName, root: HTMLElement | null, handle: PaneHandle | null) => void;
  /** The side that the reader moves; the other follows. */
  lead: (side: SideName) => void;
  leader: () => SideName;
  /** Puts both sides to their places, the reading line a third down. */
  show: (places: Partial<Record<SideName, number>>) => void;
}

export function useLayout(
  map: PlaceMap | null,
  synced: boolean,
  canvas: { current: HTMLCanvasElement | null },
): Layout {
  const panes = useRef<Layout['panes']>({ left: null, right: null });
  const marks = useRef<Record<SideName, StepMarks | null>>({ left: null, right: null });
  const stops = useRef<Record<SideName, () => void>>({ left: () => undefined, right: () => undefined });
  const leader = useRef<SideName>('left');
  const frame = useRef(0);
  const late = useRef(false);
  const windows = useMemo(() => new Store<Windows>({ left: [0, 0], right: [0, 0] }), []);
  // Asked for once: a style that is read after marks were drawn makes the browser lay out the page within the frame.
  const colors = useRef<BandColors | null>(null);
  const now = useRef({ map, synced });
  now.current = { map, synced };

  const draw = () => {
    frame.current = 0;
    const { left, right } = panes.current;
    const { map: shown, synced: together } = now.current;
    if (!left || !right) return;
    const isFar = shown !== null && together && follow(leader.current, { left, right }, shown);
    // A frame that has shown other text on both sides has done enough: its marks come in the next.
    if (isFar && !late.current) {
      late.current = true;
      schedule();
      return;
    }
    late.current = false;
    // The layout is read once, then written.
    const looks = { left: marks.current.left?.look(shown), right: marks.current.right?.look(shown) };
    const box = canvas.current?.getBoundingClientRect();
    const [a, b] = [left.handle.view.window(), right.handle.view.window()];
    colors.current ??= { tied: cssColor('--lh-tied'), moved: cssColor('--lh-moved') };
    looks.left?.[1]();
    looks.right?.[1]();
    if (canvas.current && box)
      drawBands(
        canvas.current,
        box,
        shown,
        { left: looks.left?.[0] ?? [], right: looks.right?.[0] ?? [] },
        colors.current,
      );
    const old = windows.value;
    if (old.left[0] !== a.start || old.left[1] !== a.end || old.right[0] !== b.start || old.right[1] !== b.end)
      windows.set({ left: [a.start, a.end], right: [b.start, b.end] });
  };
  const latest = useRef(draw);
  latest.current = draw;
  const schedule = useCallback(() => {
    frame.current ||= requestAnimationFrame(() => latest.current());
  }, []);
  useEffect(schedule, [map, synced]);
  useEffect(() => {
    const stop = onThemeChange(() => {
      colors.current = null;
      schedule();
    });
    return () => {
      stop();
      cancelAnimationFrame(frame.current);
      for (const side of ['left', 'right'] as const) {
        stops.current[side]();
        marks.current[side]?.dispose();
      }
    };
  }, []);

  const attach = useCallback((side: SideName, root: HTMLElement | null, handle: PaneHandle | null) => {
    const scroller = root?.querySelector<HTMLElement>('.scroller') ?? null;
    if (!scroller || !handle) {
      panes.current[side] = null;
      return;
    }
    const known = panes.current[side];
    panes.current[side] = { scroller, handle };
    schedule();
    if (known?.scroller === scroller) return;
    stops.current[side]();
    marks.current[side]?.dispose();
    marks.current[side] = new StepMarks(side, scroller);
    scroller.addEventListener('scroll', schedule, { passive: true });
    const resized = new ResizeObserver(schedule);
    resized.observe(scroller);
    // Blocks come, go and move when their heights are learnt. Our own marks are no news.
    const changed = new MutationObserver((records) => {
      for (const { type, target } of records) {
        if (!(target instanceof Element) || target.closest('.step-marks')) continue;
        schedule();
        const block = type === 'childList' && target.closest('.body')?.closest<HTMLElement>('.block');
        if (block) marks.current[side]?.forget(block);
      }
    });
    const content = scroller.querySelector('.text-content');
    if (content)
      changed.observe(content, { childList: true, subtree: true, attributes: true, attributeFilter: ['style'] });
    stops.current[side] = () => {
      scroller.removeEventListener('scroll', schedule);
      resized.disconnect();
      changed.disconnect();
    };
  }, []);

  return {
    panes: panes.current,
    windows,
    attach,
    lead: (side) => (leader.current = side),
    leader: () => leader.current,
    show: (places) => {
      for (const side of ['left', 'right'] as const) {
        const [pane, offset] = [panes.current[side], places[side]];
        if (pane && offset !== undefined) put(pane, offset, pane.scroller.clientHeight / 3);
      }
      schedule();
    },
  };
}
