/** Where the reader is in a trace, and the ways to go to another place of it: the field, the landmarks, the line of position. */
import { flushSync } from 'preact/compat';
import type { ComponentChildren } from 'preact';
import { useEffect, useMemo, useRef, useState } from 'preact/hooks';
import type { Positions } from '../../core/metrics/token-position.ts';
import type { TraceFiguresAnswer } from '../../core/protocol/figures.ts';
import type { Annotations, TraceDetail } from '../../core/protocol/traces.ts';
import { landmarksOf } from '../../core/traces/landmarks.ts';
import { lowerBound } from '../../core/traces/lower-bound.ts';
import { findPlace, type FoundPlace, type PlaceKnown } from '../../core/traces/places.ts';
import type { Section } from '../../core/traces/sections.ts';
import { count, plural } from '../ui/format.ts';
import { say } from '../ui/say.ts';
import { GoTo } from './go-to.tsx';
import type { TextView, TextWindow } from './text-view.ts';

interface PlacesParts {
  view: TextView | null;
  trace: string | null;
  detail: TraceDetail | null;
  annotations: Annotations | null;
  figures: TraceFiguresAnswer | null;
  length: number;
  /** Units of the completion that are here. */
  loaded: number;
  positions: Positions | null;
  budgets: readonly number[];
  at: TextWindow;
  onFocusText: () => void;
}

/** What the keys of the page do with places. */
export interface PlaceHandle {
  openGoTo(): void;
  /** To the next landmark or budget, or the one before; false: there is none. */
  mark(by: 1 | -1): boolean;
  /** What a link from here names: what is selected, otherwise the step at the top of the view; null: there is no text. */
  linked(): { in: 'prompt' | 'completion'; start: number; end: number } | null;
}

export interface Places {
  sections: readonly Section[];
  /** Where steps start, ascending. */
  steps: readonly number[];
  /** The quick field, while it is asked for. */
  field: ComponentChildren;
  /** Where the reader is, in words; a click asks for the field. */
  position: ComponentChildren;
  handle: PlaceHandle;
}

const nothing: readonly never[] = [];

export function usePlaces(parts: PlacesParts): Places {
  const { view, trace, detail, annotations, figures, length, loaded, positions, budgets, at, onFocusText } = parts;
  const [asked, setAsked] = useState(0);
  const before = useRef(0);
  const here = useRef(-1);
  const coming = useRef<FoundPlace | null>(null);
  const sections = annotations?.sections ?? nothing;
  const steps = annotations?.steps ?? nothing;
  const answer = detail?.answerFound ?? null;
  const landmarks = useMemo(() => landmarksOf({ sections, figures, answer }), [sections, figures, answer]);
  const known = (): PlaceKnown => {
    // What was gone to is where the reader is as long as it is in view.
    const isHere = here.current >= at.start && here.current < at.end;
    return { length, positions, steps, landmarks, budgets, at: isHere ? here.current : at.start };
  };
  const show = (place: FoundPlace) => {
    const { start, end } = place;
    here.current = start;
    // The text of a long trace comes in slices: a place that is not here yet is shown when it is.
    coming.current = start >= loaded ? place : null;
    if (!coming.current) view?.reveal('completion', start, end, { target: end > start });
  };
  useEffect(() => {
    if (coming.current && coming.current.start < loaded) show(coming.current);
  }, [loaded]);
  const mark = (by: 1 | -1): boolean => {
    const found = findPlace({ kind: 'mark', by }, known());
    say('place', 'error' in found ? found.error : found.words);
    if ('error' in found) return false;
    show(found);
    return true;
  };
  const openGoTo = () => {
    if (asked === 0) before.current = at.start;
    // At once: the next key is meant for the field.
    flushSync(() => setAsked((n) => n + 1));
  };
  const linked = () => {
    const selected = view?.selection.stretch();
    return selected ?? (length === 0 ? null : stepInView(steps, at, length));
  };
  // What the handle does follows the window; the handle itself stays, so that nobody is told of each scroll.
  const latest = useRef({ openGoTo, mark, linked });
  latest.current = { openGoTo, mark, linked };
  const handle = useMemo<PlaceHandle>(
    () => ({
      openGoTo: () => latest.current.openGoTo(),
      mark: (by) => latest.current.mark(by),
      linked: () => latest.current.linked(),
    }),
    [],
  );
  useEffect(() => {
    here.current = -1;
    coming.current = null;
    setAsked(0);
  }, [trace]);
  const close = () => {
    setAsked(0);
    onFocusText();
  };
  return {
    sections,
    steps,
    handle,
    field: asked > 0 && view && (
      <GoTo
        known={{ ...known(), at: before.current }}
        asked={asked}
        onLook={show}
        onGo={(place) => {
          show(place);
          close();
        }}
        onCancel={() => {
          coming.current = null;
          if (before.current === 0) view.toStart();
          else view.reveal('completion', before.current, before.current, { align: 'start', target: false });
          close();
        }}
      />
    ),
    position: length > 0 && (
      <button class="pane-place" title="Go to a token, a step, a percentage, a landmark (:)" onClick={openGoTo}>
        <span class="num">{tokensIn(at, positions, detail, length)}</span>
        <span class="num pane-steps">{stepsIn(at, steps, sections)}</span>
      </button>
    ),
  };
}

/** The step that begins in view; where one long step fills it, that one. */
function stepInView(steps: readonly number[], at: TextWindow, length: number): ReturnType<PlaceHandle['linked']> {
  const i = stepAt(steps, at.start);
  const next = steps[i + 1];
  const start = i >= 0 && steps[i]! < at.start && next !== undefined && next < at.end ? next : (steps[i] ?? at.start);
  const after = steps[stepAt(steps, start) + 1] ?? length;
  return { in: 'completion', start, end: Math.max(start, after) };
}

/** The step that holds a place, or −1: none begins before it. */
export function stepAt(steps: readonly number[], offset: number): number {
  return lowerBound(steps.length, (i) => steps[i]! > offset) - 1;
}

function tokensIn(at: TextWindow, positions: Positions | null, detail: TraceDetail | null, length: number): string {
  if (!positions) return `${plural(length, 'character')}${detail?.live ? ' so far' : ''}`;
  const from = Math.min(positions.at(at.start) + 1, positions.tokens);
  const all = `${detail?.tokensExact ? '' : '~'}${count(positions.tokens)}`;
  const share = Math.round((100 * at.end) / length);
  return `tok ${positions.exact ? '' : '~'}${count(from)}–${count(positions.at(at.end))} of ${all} (${share} %)`;
}

function stepsIn(at: TextWindow, steps: readonly number[], sections: readonly Section[]): string {
  if (steps.length === 0) return '';
  const from = Math.max(0, stepAt(steps, at.start));
  const to = Math.max(from, stepAt(steps, Math.max(at.start, at.end - 1)));
  const range = from === to ? `step ${count(from + 1)}` : `steps ${count(from + 1)}–${count(to + 1)}`;
  const section = sections.length > 1 ? sections.findLast(({ start }) => start <= at.start)?.kind : undefined;
  return `${range} of ${count(steps.length)}${section ? ` · ${section}` : ''}`;
}
