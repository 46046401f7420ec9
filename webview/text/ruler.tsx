/**
 * The whole trace at a glance: a lane for each behaviour, one for answers, budgets as dashed lines, the window. Click and drag
 * scroll; hover shows what stands there. It is drawn by place in the text, so that it never moves while heights are learnt.
 */
import { useEffect, useRef, useState } from 'preact/hooks';
import type { Label } from '../../core/behaviours/spans.ts';
import { count, short } from '../ui/format.ts';
import { lookOf } from '../ui/labels.ts';
import { cssColor, onThemeChange } from '../ui/theme.ts';
import type { Overlay } from './overlay.ts';
import type { TextWindow } from './text-view.ts';

interface RulerProps {
  /** UTF-16 units of the completion. */
  length: number;
  window: TextWindow;
  overlays: readonly Overlay[];
  hidden: readonly Label[];
  /** Tokens a unit, or null. */
  rate: number | null;
  budgets: readonly number[];
  text: { completion: string };
  /** What a reader has reviewed of it. */
  reviewed: readonly (readonly [start: number, end: number])[];
  onSeek: (offset: number) => void;
}

const lanes: readonly Label[] = ['verification', 'backtracking', 'subgoal', 'backward_reasoning', 'uncertainty'];
const WIDTH = 60;
const HEAD = 16;
const LANE = 8;
const FIRST = 5;
/** Shortest mark, in pixels. */
const MARK = 3;

export function Ruler(props: RulerProps) {
  const { length, window: shown, overlays, hidden, rate, budgets, text, reviewed, onSeek } = props;
  const canvas = useRef<HTMLCanvasElement>(null);
  const box = useRef<HTMLDivElement>(null);
  const [height, setHeight] = useState(0);
  const [hover, setHover] = useState<{ y: number; offset: number } | null>(null);
  const [theme, setTheme] = useState(0);

  useEffect(() => {
    const observer = new ResizeObserver(([entry]) => setHeight(Math.round(entry!.contentRect.height)));
    observer.observe(box.current!);
    const stop = onThemeChange(() => setTheme((n) => n + 1));
    return () => {
      observer.disconnect();
      stop();
    };
  }, []);

  const inner = Math.max(1, height - HEAD - 6);
  const yOf = (offset: number) => HEAD + (offset / Math.max(1, length)) * inner;
  const offsetOf = (y: number) => Math.max(0, Math.min(length - 1, Math.round(((y - HEAD) / inner) * length)));

  useEffect(() => {
    const context = sized(canvas.current!, height);
    if (!context || height === 0) return;
    const colour = new Map<string, string>();
    const css = (name: string) => colour.get(name) ?? (colour.set(name, cssColor(name)), colour.get(name)!);
    context.font = '10px system-ui, sans-serif';
    context.textAlign = 'center';
    for (const [i, label] of lanes.entries()) {
      const x = FIRST + i * LANE;
      context.fillStyle = css('--lh-track');
      context.fillRect(x, HEAD, LANE - 2, inner);
      context.fillStyle = css(hidden.includes(label) ? '--lh-muted' : `--lh-${label}`);
      context.fillText(lookOf(label).letter, x + LANE / 2 - 1, 11);
    }
    context.fillStyle = css('--lh-fg');
    for (const [start, end] of reviewed)
      context.fillRect(1, yOf(start), 2, Math.max(MARK, yOf(Math.min(end, length)) - yOf(start)));
    const answers = FIRST + lanes.length * LANE + 1;
    context.fillStyle = css('--lh-muted');
    context.fillText('A', answers + 3, 11);
    for (const span of overlays) {
      if (span.in !== 'completion' || hidden.includes(span.label)) continue;
      const lane = lanes.indexOf(span.label);
      const y = yOf(span.start);
      const size = Math.max(MARK, yOf(span.end) - y);
      if (lane >= 0) {
        context.fillStyle = css(`--lh-${span.label}`);
        context.fillRect(FIRST + lane * LANE, y, LANE - 2, size);
      } else if (span.label === 'answer_commitment') {
        const tone = span.answer ?? (span.pill?.tone === 'right' ? 'right' : null);
        context.fillStyle = css(tone && tone !== 'neutral' ? `--lh-${tone}` : '--lh-grey');
        context.fillRect(answers, Math.min(y, HEAD + inner - 4), tone ? 7 : 5, tone ? 5 : 3);
      } else if (span.label === 'loop') {
        context.fillStyle = css('--lh-loop');
        context.fillRect(answers + 5, y, 2, size);
      }
    }
    if (rate) {
      context.strokeStyle = css('--lh-muted');
      context.fillStyle = css('--lh-muted');
      context.setLineDash([3, 2]);
      context.textAlign = 'left';
      for (const budget of budgets) {
        const offset = budget / rate;
        if (offset >= length) continue;
        const y = Math.round(yOf(offset)) + 0.5;
        context.beginPath();
        context.moveTo(0, y);
        context.lineTo(WIDTH, y);
        context.stroke();
        const words = short(budget);
        context.fillStyle = css('--lh-bg');
        context.fillRect(0, y - 11, context.measureText(words).width + 3, 10);
        context.fillStyle = css('--lh-muted');
        context.fillText(words, 1, y - 2);
      }
      context.setLineDash([]);
    }
  }, [length, overlays, hidden, rate, budgets, reviewed, height, theme]);

  const seek = (event: PointerEvent) => {
    const { top } = box.current!.getBoundingClientRect();
    onSeek(offsetOf(event.clientY - top));
  };
  const token = (offset: number) => (rate ? `tok ~${count(offset * rate + 1)}` : `character ${count(offset)}`);
  const there =
    hover &&
    overlays.filter(
      (span) =>
        span.in === 'completion' &&
        span.start <= hover.offset + length / inner &&
        span.end >= hover.offset - length / inner &&
        span.label !== 'marker' &&
        !span.answer,
    );
  const top = yOf(shown.start);
  return (
    <div
      class="ruler"
      ref={box}
      role="scrollbar"
      aria-orientation="vertical"
      aria-label="Ruler of the trace"
      aria-controls="app"
      aria-valuemin={0}
      aria-valuemax={100}
      aria-valuenow={length > 0 ? Math.round((100 * shown.start) / length) : 0}
      aria-valuetext={rate ? `token about ${count(shown.start * rate + 1)}` : `character ${count(shown.start)}`}
      tabIndex={0}
      onKeyDown={(event) => {
        const page = shown.end - shown.start || 2000;
        const by = { ArrowDown: page / 4, ArrowUp: -page / 4, PageDown: page, PageUp: -page }[event.key];
        const to =
          event.key === 'Home'
            ? 0
            : event.key === 'End'
              ? length - 1
              : by === undefined
                ? null
                : shown.start + by + page / 3;
        if (to === null) return;
        event.preventDefault();
        event.stopPropagation();
        onSeek(Math.max(0, Math.min(length - 1, Math.round(to))));
      }}
      onPointerDown={(event) => {
        event.currentTarget.setPointerCapture(event.pointerId);
        seek(event);
      }}
      onPointerMove={(event) => {
        const { top: boxTop } = box.current!.getBoundingClientRect();
        const y = event.clientY - boxTop;
        setHover({ y, offset: offsetOf(y) });
        if (event.buttons & 1) seek(event);
      }}
      onPointerLeave={() => setHover(null)}
    >
      <canvas ref={canvas} aria-hidden="true" />
      {length > 0 && (
        <div
          class="ruler-window"
          style={{ top: `${top}px`, height: `${Math.max(8, yOf(Math.min(shown.end, length)) - top)}px` }}
        />
      )}
      {hover && length > 0 && (
        <div class="ruler-preview" style={{ top: `${Math.max(0, Math.min(height - 90, hover.y - 20))}px` }}>
          <div class="muted num-left">
            {token(hover.offset)}
            {there &&
              there.length > 0 &&
              ` · ${[...new Set(there.map((span) => lookOf(span.label).name))].slice(0, 3).join(', ')}`}
          </div>
          <div>{text.completion.slice(Math.max(0, hover.offset - 60), hover.offset + 160).replace(/\s+/g, ' ')}</div>
        </div>
      )}
    </div>
  );
}

/** The canvas at the size of its box and the screen's resolution, cleared. */
function sized(canvas: HTMLCanvasElement, height: number): CanvasRenderingContext2D | null {
  const scale = devicePixelRatio || 1;
  canvas.width = WIDTH * scale;
  canvas.height = height * scale;
  canvas.style.width = `${WIDTH}px`;
  canvas.style.height = `${height}px`;
  const context = canvas.getContext('2d');
  context?.scale(scale, scale);
  return context;
}
