/**
 * The whole trace at a glance: a lane for each behaviour, one for the answers on the way by verdict, one for loops, one for entropy where
 * there is one; budgets as dashed lines, the first right answer and what comes after it, the end of the reasoning, the window. Click and drag
 * scroll; hover shows what stands there. It is drawn by place in the text, so that it never moves while heights are learnt; the spans
 * are drawn when they change, and nothing is drawn when the window moves.
 */
import { useEffect, useMemo, useRef, useState } from 'preact/hooks';
import type { Label } from '../../core/behaviours/spans.ts';
import type { Positions } from '../../core/metrics/token-position.ts';
import type { TraceFiguresAnswer } from '../../core/protocol/figures.ts';
import type { Section } from '../../core/traces/sections.ts';
import { count, short } from '../ui/format.ts';
import { isCommand, take } from '../ui/keys.ts';
import { lookOf } from '../ui/labels.ts';
import { useCanvasBox } from '../ui/use-canvas.ts';
import type { Overlay } from './overlay.ts';
import { drawFolded, drawPicture, sizedContext, type RulerLayout } from './ruler-draw.ts';
import { densityOf, laneLabels, pictureOf, pixelOf, underPointer, unitOf } from './ruler-picture.ts';
import type { TextWindow } from './text-view.ts';

interface RulerProps {
  /** UTF-16 units of the completion. */
  length: number;
  window: TextWindow;
  overlays: readonly Overlay[];
  hidden: readonly Label[];
  /** Where the tokens are, or null: unknown. */
  positions: Positions | null;
  budgets: readonly number[];
  text: { completion: string };
  figures: TraceFiguresAnswer | null;
  sections: readonly Section[];
  /** What a reader has reviewed of it. */
  reviewed: readonly (readonly [start: number, end: number])[];
  /** What a search found in the completion. */
  hits: readonly { start: number; end: number }[];
  /** What of the completion is folded. */
  folded: readonly { start: number; end: number }[];
  /** Entropy or the like over stretches of the completion, drawn as shares of its largest mean; null: there is none. */
  density: readonly { start: number; end: number; value: number }[] | null;
  /** Id of the element that it scrolls. */
  controls: string;
  /** `start`: the place comes to the upper edge of the view. */
  onSeek: (offset: number, align: 'third' | 'start') => void;
  /** To the next landmark, or the one before. */
  onMark: (by: 1 | -1) => void;
}

/** Pixels of a letter's row over the lanes, and after the end. */
const HEAD = 16;
const TAIL = 6;
/** A ruler that is narrower than this has no letters and no lane of entropy. */
const NARROW = 50;
/** Pixels that a pointer may be off a mark. */
const SLACK = 3;

export function Ruler(props: RulerProps) {
  const { length, window: shown, overlays, hidden, positions, budgets, text, figures, sections, reviewed } = props;
  const { hits, folded, density, controls, onSeek, onMark } = props;
  const base = useRef<HTMLCanvasElement>(null);
  const over = useRef<HTMLCanvasElement>(null);
  const box = useRef<HTMLDivElement>(null);
  const grab = useRef<number | null>(null);
  const [hover, setHover] = useState<{ x: number; y: number } | null>(null);

  const { width, height, css } = useCanvasBox(box);
  const layout = useMemo(() => layoutOf(width, height, length), [width, height, length]);
  const { scale, head } = layout;
  const y = (offset: number) => head + pixelOf(scale, offset);
  const picture = useMemo(
    () => pictureOf({ length, overlays, hidden, figures, sections, reviewed }),
    [length, overlays, hidden, figures, sections, reviewed],
  );

  useEffect(() => {
    const context = sizedContext(base.current!, width, height);
    if (!context) return;
    drawPicture(context, picture, layout, css);
    context.font = '10px system-ui, sans-serif';
    context.textAlign = 'center';
    if (width >= NARROW) {
      const letter = (words: string, { at, size: wide }: { at: number; size: number }, muted: boolean) => {
        context.fillStyle = css(muted ? '--lh-muted' : '--lh-fg');
        context.fillText(words, at + wide / 2, 11);
      };
      for (const [i, label] of laneLabels.entries()) {
        context.fillStyle = css(picture.lanes[i] ? `--lh-${label}` : '--lh-muted');
        context.fillText(lookOf(label).letter, layout.lanes[i]!.at + layout.lanes[i]!.size / 2, 11);
      }
      letter('A', layout.answers, true);
      if (picture.loops.length > 0) letter('L', layout.loops, true);
      if (density) letter('E', layout.density, true);
    }
    const bars = density && width >= NARROW ? densityOf(density, scale) : null;
    context.fillStyle = css('--lh-muted');
    bars?.forEach((share, at) => context.fillRect(layout.density.at, head + at, share * layout.density.size, 1));
    drawBudgets(context, css, layout, budgetMarks(budgets, positions, layout), width);
  }, [picture, positions, budgets, density, layout, css]);

  useEffect(() => {
    const context = sizedContext(over.current!, width, height);
    if (!context) return;
    drawFolded(context, folded, layout, css);
    context.fillStyle = css('--lh-found');
    let last = -2;
    for (const hit of hits) {
      const at = Math.round(y(hit.start));
      if (at - last < 2) continue;
      last = at;
      context.fillRect(width - 12, at - 1, 12, 2);
    }
  }, [hits, folded, layout, css]);

  const pointer = (event: PointerEvent) => {
    const { left, top } = box.current!.getBoundingClientRect();
    return { x: event.clientX - left, y: event.clientY - top };
  };
  const offsetAt = (at: number) => unitOf(scale, at - head);
  const slack = (SLACK * length) / Math.max(1, scale.size);
  const page = shown.end - shown.start || 2000;
  const top = y(shown.start);
  const windowHeight = Math.max(8, y(Math.min(shown.end, length)) - top);
  const seek = (offset: number, align: 'third' | 'start' = 'third') =>
    onSeek(Math.max(0, Math.min(length - 1, Math.round(offset))), align);
  const place = (offset: number) =>
    positions
      ? `tok ${positions.exact ? '' : '~'}${count(Math.min(positions.at(offset) + 1, positions.tokens))}`
      : `character ${count(offset + 1)}`;
  const under = hover && length > 0 ? underPointer(picture, layout, hover.x, offsetAt(hover.y), slack) : null;
  const hoverOffset = hover ? (under?.target?.start ?? offsetAt(hover.y)) : 0;
  const budget = hover
    ? budgetMarks(budgets, positions, layout).find(({ at }) => Math.abs(at - hover.y) <= SLACK)
    : undefined;
  const found = under ? [...under.words, ...(budget ? [`┄ budget of ${count(budget.tokens)} tokens`] : [])] : [];
  return (
    <div
      class="ruler"
      ref={box}
      role="slider"
      aria-orientation="vertical"
      aria-label="Ruler of the trace"
      aria-controls={controls}
      aria-valuemin={0}
      aria-valuemax={100}
      aria-valuenow={length > 0 ? Math.round((100 * shown.start) / length) : 0}
      aria-valuetext={`${place(shown.start)} to ${place(Math.max(0, shown.end - 1))}`}
      aria-keyshortcuts="ArrowUp ArrowDown PageUp PageDown Home End ArrowLeft ArrowRight"
      tabIndex={0}
      onKeyDown={(event) => {
        if (isCommand(event)) return;
        const by = { ArrowDown: page / 4, ArrowUp: -page / 4, PageDown: page, PageUp: -page }[event.key];
        if (event.key === 'ArrowRight' || event.key === 'ArrowLeft') onMark(event.key === 'ArrowRight' ? 1 : -1);
        else if (event.key === 'Home') seek(0, 'start');
        else if (event.key === 'End') seek(length - 1);
        else if (by !== undefined) seek(shown.start + by, 'start');
        else return;
        take(event);
      }}
      onPointerDown={(event) => {
        if (event.button !== 0) return;
        event.currentTarget.setPointerCapture(event.pointerId);
        const at = pointer(event);
        const { target } = underPointer(picture, layout, at.x, offsetAt(at.y), slack);
        // Taken inside the window, the window goes along with the pointer; a mark is gone to exactly.
        grab.current = !target && at.y >= top && at.y <= top + windowHeight ? at.y - top : null;
        if (target) seek(target.start);
        else if (grab.current === null) seek(offsetAt(at.y));
      }}
      onPointerMove={(event) => {
        const at = pointer(event);
        setHover(at);
        if (!(event.buttons & 1)) return;
        if (grab.current === null) seek(offsetAt(at.y));
        else seek(offsetAt(at.y - grab.current), 'start');
      }}
      onPointerLeave={() => setHover(null)}
    >
      <canvas ref={base} aria-hidden="true" />
      <canvas ref={over} aria-hidden="true" />
      {length > 0 && (
        <div
          class={`ruler-window${shown.start <= 0 && shown.end >= length ? ' whole' : ''}`}
          style={{ transform: `translateY(${Math.round(top)}px)`, height: `${windowHeight}px` }}
        />
      )}
      {hover && length > 0 && (
        <div class="ruler-preview" style={{ top: `${Math.max(0, Math.min(height - 130, hover.y - 20))}px` }}>
          <div class="muted num-left">
            {place(hoverOffset)} · {Math.round((100 * hoverOffset) / length)} %{sectionAt(sections, hoverOffset)}
          </div>
          {found.slice(0, 5).map((words) => (
            <div key={words} class="ruler-under">
              {words}
            </div>
          ))}
          {found.length > 5 && <div class="muted">… {count(found.length - 5)} more</div>}
          <div class="ruler-text">{previewOf(text.completion, hoverOffset, under?.target !== null)}</div>
        </div>
      )}
    </div>
  );
}

interface OwnLayout extends RulerLayout {
  density: { at: number; size: number };
}

function layoutOf(width: number, height: number, length: number): OwnLayout {
  const wide = width >= NARROW;
  const head = wide ? HEAD : TAIL;
  const [first, pitch, size] = wide ? [6, 7, 5] : [4, 4, 3];
  const after = first + laneLabels.length * pitch;
  const answers = wide ? 8 : 6;
  return {
    upright: true,
    scale: { length, size: Math.max(1, height - head - TAIL) },
    head,
    across: width,
    lanes: laneLabels.map((_, i) => ({ at: first + i * pitch, size })),
    answers: { at: after + 1, size: answers },
    loops: { at: after + answers + 2, size: 4 },
    density: { at: after + answers + 8, size: Math.max(0, width - after - answers - 9) },
    rest: { at: wide ? 3 : 2, size: 1 },
    reviewed: { at: 0, size: 2 },
  };
}

/** Where budgets end, each in pixels of the ruler. */
function budgetMarks(budgets: readonly number[], positions: Positions | null, { scale, head }: RulerLayout) {
  if (!positions) return [];
  return budgets
    .filter((tokens) => tokens < positions.tokens)
    .map((tokens) => ({ tokens, at: Math.round(head + pixelOf(scale, positions.unitOf(tokens))) }));
}

function drawBudgets(
  context: CanvasRenderingContext2D,
  css: (name: string) => string,
  { head }: RulerLayout,
  marks: readonly { tokens: number; at: number }[],
  width: number,
): void {
  context.textAlign = 'left';
  context.lineWidth = 1;
  let free = head;
  for (const { tokens, at } of marks) {
    context.strokeStyle = css('--lh-muted');
    context.setLineDash([3, 2]);
    context.beginPath();
    context.moveTo(0, at + 0.5);
    context.lineTo(width, at + 0.5);
    context.stroke();
    context.setLineDash([]);
    // A label that would lie on the one before is left to the tooltip.
    if (at - 11 < free || width < NARROW) continue;
    const words = short(tokens);
    context.fillStyle = css('--lh-bg');
    context.fillRect(0, at - 11, context.measureText(words).width + 3, 10);
    context.fillStyle = css('--lh-muted');
    context.fillText(words, 1, at - 2);
    free = at;
  }
}

function sectionAt(sections: readonly Section[], offset: number): string {
  const found = sections.length > 1 && sections.find(({ start, end }) => start <= offset && offset < end);
  return found ? ` · ${found.kind}` : '';
}

/** The text at a place; from a mark on, otherwise with some of what stands before. */
function previewOf(text: string, offset: number, isMark: boolean): string {
  return text.slice(Math.max(0, offset - (isMark ? 0 : 60)), offset + (isMark ? 220 : 160)).replace(/\s+/g, ' ');
}
