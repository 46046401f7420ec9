/**
 * The rulers of all completions of a group below each other, on a common scale of tokens: eight to sixty-four attempts at one glance. Hover
 * reads, the arrow keys move, Enter and click open the trace there.
 */
import { useEffect, useLayoutEffect, useMemo, useRef, useState } from 'preact/hooks';
import type { Label } from '../../core/behaviours/spans.ts';
import { shownSpans, type ShownLayers } from '../../core/labels/shown.ts';
import { proportional } from '../../core/metrics/token-position.ts';
import type { TraceRow } from '../../core/protocol/traces.ts';
import type { Host } from '../host.ts';
import { drawPicture, sizedContext, type RulerLayout } from '../text/ruler-draw.ts';
import { laneLabels, pictureOf, underPointer, unitOf, type RulerPicture } from '../text/ruler-picture.ts';
import { toneOf } from '../text/overlay.ts';
import { count, decimal, plural, short, tokens } from '../ui/format.ts';
import { Icon } from '../ui/icon.tsx';
import { isCommand, take } from '../ui/keys.ts';
import { lookOf } from '../ui/labels.ts';
import { Said, useProgress } from '../ui/say.ts';
import { Empty } from '../ui/states.tsx';
import { useStore } from '../ui/store.ts';
import { useCanvasBox } from '../ui/use-canvas.ts';
import { describe, verdictText, verdictWords } from './columns.ts';
import {
  MOST_STRIPS,
  sortStrips,
  tokenScale,
  type StripData,
  type StripsModel,
  type StripSort,
} from './strips-model.ts';

interface StripsProps {
  host: Host;
  model: StripsModel;
  group: readonly TraceRow[];
  /** The trace that is open. */
  trace: string | null;
  shown: ShownLayers;
  hidden: readonly Label[];
  budgets: readonly number[];
  onOpen: (trace: string, at: { in: 'completion'; start: number; end: number } | null) => void;
  onClose: () => void;
}

interface Cursor {
  trace: string;
  /** UTF-16 units of the completion. */
  unit: number;
  /** It was moved along its strip by a key: what is there is said. */
  byKey?: boolean;
}

const sorts: readonly { by: StripSort; words: string }[] = [
  { by: 'sample', words: 'sample' },
  { by: 'length', words: 'length' },
  { by: 'verdict', words: 'verdict' },
  { by: 'reward', words: 'reward' },
];
/** Pixels of the readings beside a strip, and at the right edge. */
const LEFT = 190;
const RIGHT = 14;
const TALLEST = 44;
const LOWEST = 20;

export function Strips({ host, model, group, trace, shown, hidden, budgets, onOpen, onClose }: StripsProps) {
  const { rows, more, data, waiting } = useStore(model);
  const [sort, setSort] = useState<StripSort>('sample');
  const [cursor, setCursor] = useState<Cursor | null>(null);
  const [top, setTop] = useState(0);
  const list = useRef<HTMLDivElement>(null);
  useEffect(() => model.show(group), [model, group]);
  const { css, ...size } = useCanvasBox(list);
  useLayoutEffect(() => list.current!.focus(), []);

  const sorted = useMemo(() => sortStrips(rows, sort), [rows, sort]);
  const scale = useMemo(() => tokenScale(rows), [rows]);
  const room = Math.max(40, size.width - LEFT - RIGHT);
  const height = Math.max(LOWEST, Math.min(TALLEST, Math.floor(size.height / Math.max(1, rows.length))));
  const index = cursor ? sorted.findIndex((row) => row.trace === cursor.trace) : -1;
  const current = sorted[index] ?? null;
  const isNear = (i: number) => (i + 3) * height > top && (i - 2) * height < top + size.height;
  const read = rows.filter((row) => data.has(row.trace)).length;

  const open = (row: TraceRow, unit: number) =>
    onOpen(row.trace, row.length > 0 ? { in: 'completion', start: unit, end: unit } : null);
  const move = (to: number) => {
    const row = sorted[Math.max(0, Math.min(sorted.length - 1, to))];
    if (!row) return;
    // The same number of tokens in the next strip, which is what lies straight below.
    const at = current && cursor ? (cursor.unit / Math.max(1, current.length)) * scale.of(current) : 0;
    const unit = Math.min(row.length - 1, Math.round((at / Math.max(1, scale.of(row))) * row.length));
    setCursor({ trace: row.trace, unit: Math.max(0, unit) });
    list.current?.querySelector(`#strip-${sorted.indexOf(row)}`)?.scrollIntoView({ block: 'nearest' });
  };
  const onKeyDown = (event: KeyboardEvent) => {
    if (isCommand(event)) return;
    const along = { ArrowRight: 1, ArrowLeft: -1 }[event.key];
    const by = { ArrowDown: 1, ArrowUp: -1, PageDown: 10, PageUp: -10 }[event.key];
    if (event.key === 'Escape') onClose();
    else if (event.key === 'Enter' && current && cursor) open(current, cursor.unit);
    else if (event.key === 'Home') move(0);
    else if (event.key === 'End') move(sorted.length - 1);
    else if (by !== undefined) move(index < 0 ? sorted.findIndex((row) => row.trace === trace) : index + by);
    else if (along !== undefined && current && cursor) {
      const step = (scale.longest / scale.of(current)) * current.length * (event.shiftKey ? 0.1 : 0.01);
      const unit = Math.max(0, Math.min(current.length - 1, Math.round(cursor.unit + along * step)));
      setCursor({ ...cursor, unit, byKey: true });
    } else return;
    take(event);
  };
  useProgress('strips', waiting > 0 ? `${count(read)} of ${count(rows.length)} read` : '');
  const shownBudgets = budgets.filter((budget) => budget < scale.longest);
  return (
    <section class="strips" aria-label="Rulers of the group">
      <header class="strips-head">
        <h2>
          {plural(rows.length, 'attempt')} at {rows[0]?.problemLabel.slice(0, 60) ?? 'this problem'}
        </h2>
        <div class="strips-sorts" role="group" aria-label="Sort by">
          {sorts.map(({ by, words }) => (
            <button key={by} class="chip" aria-pressed={sort === by} onClick={() => setSort(by)}>
              {words}
            </button>
          ))}
        </div>
        <span class="muted strips-state">
          {waiting > 0 ? `${count(read)} of ${count(rows.length)} read` : ''}
          {more > 0 ? `the first ${MOST_STRIPS} of ${count(rows.length + more)}; the list has the others` : ''}
        </span>
        <button class="tool" aria-label="Close (Escape)" title="Close (Escape)" onClick={onClose}>
          <Icon name="close" />
        </button>
      </header>
      <div class="strips-legend" aria-hidden="true">
        {laneLabels.map((label) => (
          <span key={label} class={hidden.includes(label) ? 'muted' : `label-${label}`}>
            <b>{lookOf(label).letter}</b> {(lookOf(label).short ?? lookOf(label).name).toLowerCase()}
          </span>
        ))}
        <span class="right">● right</span>
        <span class="wrong">✗ wrong</span>
        <span>○ undecided</span>
        <span class="label-loop">⊔ loop</span>
        <span class="strips-scale">0 – {tokens(scale.longest, true)} tokens</span>
      </div>
      <div class="strips-axis" aria-hidden="true">
        <div class="strip-facts">
          <b class="num">#</b>
          <b />
          <b class="num">Tokens</b>
          <b class="num">Reward</b>
        </div>
        {shownBudgets.map((budget) => (
          <span key={budget} style={{ left: `${LEFT + (budget / scale.longest) * room}px` }}>
            {short(budget)}
          </span>
        ))}
      </div>
      <div
        ref={list}
        class="strips-list"
        role="listbox"
        tabIndex={0}
        aria-label="Attempts, one ruler each. Arrow keys move, Enter opens the trace there"
        aria-activedescendant={index >= 0 ? `strip-${index}` : undefined}
        onKeyDown={onKeyDown}
        onPointerLeave={() => setCursor(null)}
        onScroll={(event) => setTop(event.currentTarget.scrollTop)}
      >
        {rows.length === 0 && <Empty icon="versions" title="This trace has no group" />}
        {size.width > 0 &&
          sorted.map((row, i) => (
            <Strip
              key={row.trace}
              {...{ row, height, hidden, shown, css }}
              id={`strip-${i}`}
              data={data.get(row.trace) ?? null}
              width={Math.max(2, (scale.of(row) / scale.longest) * room)}
              room={room}
              isOpen={row.trace === trace}
              isNear={isNear(i)}
              cursor={cursor?.trace === row.trace ? cursor.unit : null}
              onCursor={(unit) => setCursor({ trace: row.trace, unit })}
              onOpen={(unit) => open(row, unit)}
            />
          ))}
        {shownBudgets.map((budget) => (
          <div
            key={budget}
            class="strips-budget"
            style={{ left: `${LEFT + (budget / scale.longest) * room}px`, height: `${sorted.length * height}px` }}
          />
        ))}
      </div>
      <Reading
        {...{ host, row: current, cursor, shown, hidden }}
        data={current ? (data.get(current.trace) ?? null) : null}
      />
    </section>
  );
}

interface StripProps {
  row: TraceRow;
  data: StripData | null;
  id: string;
  /** Pixels. */
  width: number;
  room: number;
  height: number;
  hidden: readonly Label[];
  shown: ShownLayers;
  css: (name: string) => string;
  isOpen: boolean;
  /** In view, or nearly so: what is not is drawn when it comes. */
  isNear: boolean;
  cursor: number | null;
  onCursor: (unit: number) => void;
  onOpen: (unit: number) => void;
}

function Strip(props: StripProps) {
  const { row, data, id, width, room, height, hidden, shown, css, isOpen, isNear, cursor, onCursor, onOpen } = props;
  const canvas = useRef<HTMLCanvasElement>(null);
  const picture = usePicture(row, data, shown, hidden);
  const layout = useMemo(() => layoutOf(width, height, row.length), [width, height, row.length]);
  useLayoutEffect(() => {
    const context = isNear ? sizedContext(canvas.current!, Math.ceil(width), height) : null;
    if (context) drawPicture(context, picture, layout, css);
  }, [picture, layout, css, isNear]);
  const unitAt = (event: PointerEvent | MouseEvent) => {
    const { left } = canvas.current!.getBoundingClientRect();
    return unitOf(layout.scale, event.clientX - left);
  };
  return (
    <div
      id={id}
      class={`strip-row${isOpen ? ' open' : ''}`}
      role="option"
      aria-selected={cursor !== null}
      style={{ height: `${height}px` }}
      onPointerMove={(event) => onCursor(unitAt(event))}
      onClick={(event) => onOpen(unitAt(event))}
    >
      <span class="hidden-text">{describe(row).replaceAll('\n', ', ')}</span>
      <span class="strip-facts" title={describe(row)} aria-hidden="true">
        <span class="num">{row.sample + 1}</span>
        <span class={row.live ? '' : toneOf(row)} title={verdictWords(row)}>
          {verdictText(row)}
        </span>
        <span class="num">{tokens(row.tokens, row.tokensExact)}</span>
        <span class="num">{row.reward === null ? '' : decimal(row.reward)}</span>
      </span>
      <span class={`strip-track${data === null ? ' waiting' : ''}`} style={{ width: `${room}px` }}>
        <canvas ref={canvas} aria-hidden="true" />
        {data?.error ? <span class="muted strip-error">cannot be read</span> : null}
        {cursor !== null && (
          <span class="strip-cursor" style={{ left: `${(cursor / Math.max(1, row.length)) * width}px` }} />
        )}
      </span>
    </div>
  );
}

function usePicture(
  row: TraceRow | null,
  data: StripData | null,
  shown: ShownLayers,
  hidden: readonly Label[],
): RulerPicture {
  return useMemo(
    () =>
      pictureOf({
        length: row?.length ?? 0,
        overlays: shownSpans(data?.annotations ?? null, shown),
        hidden,
        figures: data?.figures ?? null,
        sections: data?.annotations?.sections ?? [],
      }),
    [row?.length, data, shown, hidden],
  );
}

function layoutOf(width: number, height: number, length: number): RulerLayout {
  const answers = Math.min(9, Math.max(6, Math.floor(height / 3.2)));
  const pitch = (height - answers - 4) / laneLabels.length;
  const lane = (i: number) => Math.round(1 + i * pitch);
  return {
    upright: false,
    scale: { length, size: Math.max(1, Math.floor(width)) },
    head: 0,
    across: height - 2,
    lanes: laneLabels.map((_, i) => ({ at: lane(i), size: Math.max(1, lane(i + 1) - lane(i) - (pitch >= 3 ? 1 : 0)) })),
    answers: { at: height - answers - 2, size: answers },
    loops: { at: height - 6, size: 4 },
    rest: { at: 0, size: 1 },
    reviewed: { at: height - 1, size: 0 },
  };
}

interface ReadingProps {
  host: Host;
  row: TraceRow | null;
  data: StripData | null;
  cursor: Cursor | null;
  shown: ShownLayers;
  hidden: readonly Label[];
}

/** What stands at the cursor: the words of the text there, and what lies over it. It has its room whether there is a cursor or not. */
function Reading({ host, row, data, cursor, shown, hidden }: ReadingProps) {
  const [text, setText] = useState<{ key: string; words: string } | null>(null);
  const picture = usePicture(row, data, shown, hidden);
  const key = cursor ? `${cursor.trace} ${cursor.unit}` : '';
  useEffect(() => {
    if (!cursor) return undefined;
    const timer = setTimeout(() => {
      const start = Math.max(0, cursor.unit - 80);
      host.call('traces/slice', { trace: cursor.trace, in: 'completion', start, end: cursor.unit + 260 }).then(
        ({ text: found }) => setText({ key, words: found.replace(/\s+/g, ' ') }),
        () => undefined,
      );
    }, 60);
    return () => clearTimeout(timer);
  }, [key]);
  if (!row || !cursor) {
    return (
      <footer class="strips-reading muted">
        Arrow keys or the pointer read a strip; Enter or a click opens the trace there.
      </footer>
    );
  }
  const positions = row.tokens ? proportional(row.tokens, row.length) : null;
  const middle = { lanes: [], answers: { at: -9, size: 0 }, loops: { at: -9, size: 0 } };
  const { words } = underPointer(picture, middle, 0, cursor.unit, row.length / 200);
  const place = positions
    ? `tok ~${count(positions.at(cursor.unit) + 1)} of ${tokens(row.tokens, row.tokensExact)}`
    : '';
  const said = `${place}, ${Math.round((100 * cursor.unit) / Math.max(1, row.length))} %, ${words.slice(0, 6).join(', ')}`;
  return (
    <footer class="strips-reading">
      <Said topic="value" words={cursor.byKey ? said : ''} />
      <div class="num-left">
        sample {row.sample + 1} · {place} · {Math.round((100 * cursor.unit) / Math.max(1, row.length))} %
        <span class="muted"> {words.slice(0, 6).join(' · ')}</span>
      </div>
      <div class="muted strips-text">{text?.key === key ? text.words : ' '}</div>
    </footer>
  );
}
