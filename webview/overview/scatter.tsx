/** Length against reward, or against verdict where there is no reward: a point opens its trace, a rectangle the traces within. */
import { useEffect, useLayoutEffect, useMemo, useRef, useState } from 'preact/hooks';
import type { Scatter as ScatterAnswer } from '../../core/protocol/overview.ts';
import type { TraceFilter } from '../../core/protocol/traces.ts';
import type { Host } from '../host.ts';
import { useWidth } from '../report/use-width.ts';
import { count, plural, short, tokens } from '../ui/format.ts';
import { onThemeChange } from '../ui/theme.ts';
import { seriesFilter, seriesRef, tracesView, type Place } from './open.ts';
import { isNumberOrNull, useKept } from './kept.ts';
import { Panel, Wait } from './panel.tsx';
import { DENSE, drawScatter } from './scatter-draw.ts';
import {
  brushOf,
  inside,
  lanes,
  nearest,
  pointsModel,
  pointsOf,
  queryOf,
  scaleOf,
  type Area,
  type Brush,
  type Points,
} from './scatter-model.ts';
import { useAnswer } from './use-answer.ts';

const HEIGHT = 330;

interface ScatterProps {
  host: Host;
  place: Place;
  version: number;
}

export function Scatter({ host, place, version }: ScatterProps) {
  const [firstStep, setFirstStep] = useKept<number | null>('steps.from', null, isNumberOrNull);
  const [lastStep, setLastStep] = useKept<number | null>('steps.to', null, isNumberOrNull);
  const steps = { from: firstStep, to: lastStep };
  const answer = useAnswer(
    host,
    'overview/scatter',
    {
      ...seriesRef(place),
      ...(steps.from !== null && { stepFrom: steps.from }),
      ...(steps.to !== null && { stepTo: steps.to }),
    },
    version,
  );
  const points = useMemo(() => answer.value && pointsOf(answer.value), [answer.value]);
  const known = place.checkpoints.flatMap(({ stepFrom, stepTo }) => [stepFrom, stepTo].filter((one) => one !== null));
  const filter: TraceFilter = {
    ...seriesFilter(place),
    ...(steps.from !== null && { stepFrom: steps.from }),
    ...(steps.to !== null && { stepTo: steps.to }),
  };
  const title = points?.byReward === false ? 'Length and verdict' : 'Length and reward';
  const field = (end: 'from' | 'to') => (
    <input
      type="number"
      class="number-field"
      aria-label={end === 'from' ? 'First step' : 'Last step'}
      placeholder={String(end === 'from' ? Math.min(...known) : Math.max(...known))}
      value={steps[end] ?? ''}
      min={0}
      onChange={(event) => {
        const text = event.currentTarget.value;
        (end === 'from' ? setFirstStep : setLastStep)(text === '' ? null : Math.max(0, Math.round(Number(text))));
      }}
    />
  );
  return (
    <Panel
      wide
      title={title}
      note={answer.value && wordsOf(answer.value)}
      tools={
        new Set(known).size > 1 && (
          <span class="steps-field" role="group" aria-label="Steps">
            <span class="muted">steps</span> {field('from')} <span class="muted">to</span> {field('to')}
          </span>
        )
      }
      model={
        points && answer.value
          ? () => pointsModel(points, title, [`${place.name}, ${place.set ?? place.stage}. ${wordsOf(answer.value!)}.`])
          : null
      }
    >
      <Wait answer={answer} what={title} height={HEIGHT + 60}>
        {(scatter) =>
          points && (
            <Plot
              key={`${place.set}/${place.stage}`}
              host={host}
              place={place}
              scatter={scatter}
              points={points}
              filter={filter}
            />
          )
        }
      </Wait>
    </Panel>
  );
}

function wordsOf({ total, leftOut, unknownLength, unrewarded, tokensExact, tokens: shown }: ScatterAnswer): string {
  return [
    plural(total, 'trace'),
    leftOut > 0 && `${count(shown.length)} of them drawn, evenly chosen`,
    unknownLength > 0 && `${count(unknownLength)} of unknown length left out`,
    unrewarded > 0 && `${count(unrewarded)} without a reward left out`,
    !tokensExact && 'some lengths are estimates',
  ]
    .filter(Boolean)
    .join(', ');
}

interface PlotProps {
  host: Host;
  place: Place;
  scatter: ScatterAnswer;
  points: Points;
  filter: TraceFilter;
}

function Plot({ host, place, scatter, points, filter }: PlotProps) {
  const [box, width] = useWidth(800);
  const canvas = useRef<HTMLCanvasElement>(null);
  const [at, setAt] = useState(-1);
  const [from, setFrom] = useState<readonly [number, number] | null>(null);
  const [brush, setBrush] = useState<Brush | null>(null);
  const area: Area = {
    width,
    height: HEIGHT,
    left: points.byReward ? 46 : 92,
    right: width - 10,
    top: 18,
    bottom: HEIGHT - 36,
  };
  const scale = useMemo(() => scaleOf(points, area), [points, width]);
  useLayoutEffect(() => {
    const draw = () => {
      const element = canvas.current!;
      const [w, h] = [Math.round(width * devicePixelRatio), Math.round(HEIGHT * devicePixelRatio)];
      if (element.width !== w) element.width = w;
      if (element.height !== h) element.height = h;
      const began = performance.now();
      drawScatter(element.getContext('2d')!, points, area, scale);
      element.dataset.drawn = (performance.now() - began).toFixed(1);
    };
    draw();
    return onThemeChange(draw);
  }, [points, scale, width]);
  useEffect(() => setAt(-1), [points]);

  const chosen = useMemo(() => brush && inside(points, brush), [points, brush]);
  const open = () => {
    if (!brush) return;
    const words = `${short(brush.tokens[0])}–${short(brush.tokens[1])} tokens`;
    const view = tracesView(place, words, filter, queryOf(brush, points.byReward));
    void host.ask('host/open', { view });
  };
  const openOne = (i: number) => {
    const view = tracesView(place, place.set ?? place.stage ?? 'traces', filter);
    if (view.page === 'inspector')
      void host.ask('host/open', { view: { ...view, trace: traceOf(scatter, place.run, i) } });
  };
  const pointer = (event: PointerEvent): [number, number] => {
    const { left, top } = canvas.current!.getBoundingClientRect();
    return [event.clientX - left, event.clientY - top];
  };
  const onPointerMove = (event: PointerEvent) => {
    const now = pointer(event);
    if (from && Math.hypot(now[0] - from[0], now[1] - from[1]) > 4) setBrush(brushOf(scale, points, from, now));
    else if (!from) setAt(nearest(points, scale, ...now));
  };
  const onPointerUp = (event: PointerEvent) => {
    if (!from) return;
    const now = pointer(event);
    setFrom(null);
    if (Math.hypot(now[0] - from[0], now[1] - from[1]) > 4) return;
    const near = nearest(points, scale, ...now);
    if (near >= 0) openOne(near);
    else setBrush(null);
  };
  const rectangle = brush && {
    left: scale.atX(brush.tokens[0]),
    right: scale.atX(brush.tokens[1]),
    top: scale.atY(brush.y[1] + (points.byReward ? 0 : 0.45)),
    bottom: scale.atY(brush.y[0] - (points.byReward ? 0 : 0.45)),
  };
  if (points.n === 0) return <p class="muted">No trace here has a length yet.</p>;
  return (
    <>
      <div class="chart-keys">
        {lanes.map(({ name, sign, color }, lane) =>
          points.counts[lane] === 0 ? null : (
            <span key={name} class="key" style={{ '--c': `var(${color})` }}>
              <span class="key-sign">{sign}</span> {name} <span class="num muted">{count(points.counts[lane])}</span>
            </span>
          ),
        )}
        {points.cutCount > 0 && (
          <span class="key">
            <span class="key-sign">{points.n > DENSE ? '□' : '×'}</span> cut at the limit{' '}
            <span class="num muted">{count(points.cutCount)}</span>
          </span>
        )}
        {points.n > DENSE && <span class="muted">darker: more of them</span>}
        <span class="grow" />
        <span class="num">{at >= 0 && at < points.n ? pointWords(scatter, points, at) : ''}</span>
      </div>
      <div ref={box} class="scatter">
        <canvas
          ref={canvas}
          class={at >= 0 ? 'over-point' : ''}
          style={{ width: `${width}px`, height: `${HEIGHT}px` }}
          role="img"
          aria-label={`${plural(points.n, 'trace')} by length and ${points.byReward ? 'reward' : 'verdict'}. The fields below choose a part of it.`}
          onPointerDown={(event) => {
            if (event.button !== 0) return;
            canvas.current!.setPointerCapture(event.pointerId);
            setFrom(pointer(event));
          }}
          onPointerMove={onPointerMove}
          onPointerUp={onPointerUp}
          onPointerCancel={() => setFrom(null)}
          onPointerLeave={() => setAt(-1)}
        />
        {rectangle && (
          <div
            class="brush"
            style={{
              left: `${rectangle.left}px`,
              top: `${rectangle.top}px`,
              width: `${Math.max(1, rectangle.right - rectangle.left)}px`,
              height: `${Math.max(1, rectangle.bottom - rectangle.top)}px`,
            }}
          />
        )}
      </div>
      <BrushFields
        points={points}
        brush={brush}
        chosen={chosen}
        sampled={scatter.leftOut > 0}
        onBrush={setBrush}
        onOpen={open}
      />
    </>
  );
}

interface FieldsProps {
  points: Points;
  brush: Brush | null;
  chosen: number | null;
  /** More traces than points: as many of the others lie there. */
  sampled: boolean;
  onBrush: (brush: Brush | null) => void;
  onOpen: () => void;
}

/** The ends of the chosen part, to be typed. */
function BrushFields({ points, brush, chosen, sampled, onBrush, onOpen }: FieldsProps) {
  const whole: Brush = {
    tokens: [Math.floor(points.xRange[0]), Math.ceil(points.xRange[1])],
    y: points.byReward
      ? [Math.floor(points.yRange[0] * 1000) / 1000, Math.ceil(points.yRange[1] * 1000) / 1000]
      : [0, lanes.length - 1],
  };
  const now = brush ?? whole;
  const input = (axis: 'tokens' | 'y', end: 0 | 1, label: string) => (
    <input
      type="number"
      step={axis === 'y' ? 'any' : 1}
      class="number-field"
      aria-label={label}
      value={brush ? now[axis][end] : ''}
      placeholder={String(whole[axis][end])}
      onChange={(event) => {
        const value = Number(event.currentTarget.value);
        if (event.currentTarget.value === '' || !Number.isFinite(value)) return;
        const ends: [number, number] = [...now[axis]];
        ends[end] = value;
        onBrush({ ...now, [axis]: ends });
      }}
      onKeyDown={(event) => {
        if (event.key === 'Escape') onBrush(null);
      }}
    />
  );
  return (
    <div class="brush-fields" role="group" aria-label="Chosen part">
      {input('tokens', 0, 'Fewest tokens')} <span class="muted">to</span> {input('tokens', 1, 'Most tokens')}{' '}
      <span class="muted">tokens,</span>
      {points.byReward ? (
        <>
          <span class="muted">reward</span> {input('y', 0, 'Least reward')} <span class="muted">to</span>{' '}
          {input('y', 1, 'Most reward')}
        </>
      ) : (
        <LaneChoice brush={now} onBrush={onBrush} points={points} />
      )}
      <button class="chip" disabled={!brush || chosen === 0} onClick={onOpen}>
        {brush && chosen !== null
          ? sampled
            ? `Open the traces of ${plural(chosen, 'point')}, and those between`
            : `Open ${plural(chosen, 'trace')}`
          : 'Open traces'}
      </button>
      {brush ? (
        <button class="chip" onClick={() => onBrush(null)}>
          Clear
        </button>
      ) : (
        <span class="muted">Drag a rectangle, or type its ends</span>
      )}
    </div>
  );
}

function LaneChoice({ points, brush, onBrush }: { points: Points; brush: Brush; onBrush: (brush: Brush) => void }) {
  return (
    <>
      {lanes.map(({ name, sign }, lane) =>
        points.counts[lane] === 0 ? null : (
          <button
            key={name}
            class="chip"
            aria-pressed={brush.y[0] === lane && brush.y[1] === lane}
            onClick={() => onBrush({ ...brush, y: [lane, lane] })}
          >
            {sign} {name}
          </button>
        ),
      )}
    </>
  );
}

function pointWords({ steps, tokensExact }: ScatterAnswer, { x, y, lane, cut, byReward }: Points, i: number): string {
  return [
    `${tokens(x[i], tokensExact)} tokens`,
    byReward && `reward ${short(Number(y[i]!.toPrecision(4)))}`,
    lanes[lane[i]!]!.name,
    cut[i] === 1 && 'cut',
    steps[i] != null && `step ${count(steps[i])}`,
  ]
    .filter(Boolean)
    .join(' · ');
}

function traceOf({ attempts, numbers }: ScatterAnswer, run: string, i: number): string {
  const { stage, attempt } = attempts.findLast(({ from }) => from <= i)!;
  return `${run}/${stage}/${attempt}/${numbers[i]}`;
}
