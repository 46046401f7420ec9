/** Where the axes of a drawing lie, and what stands at their ticks. Pure. */
import type { LinesModel, PointsModel } from './model.ts';
import type { Palette } from './palette.ts';
import type { Pen } from './pen.ts';

export interface Box {
  left: number;
  top: number;
  right: number;
  bottom: number;
}

export interface Frame extends Box {
  atX: (value: number) => number;
  atY: (value: number) => number;
  xTicks: number[];
  yTicks: number[];
}

export function frameOf(box: Box, model: LinesModel | PointsModel): Frame {
  const inner = { left: box.left + 64, top: box.top + 14, right: box.right - 110, bottom: box.bottom - 42 };
  if (model.kind === 'lines') {
    const { x, lines, names, range } = model;
    const values = lines.flatMap(({ values: own, low = [], high = [] }) => [...own, ...low, ...high]);
    const [low, high] = range ?? padded(...extent(values));
    const [first, last] = extent(x);
    const side = names ? 0.35 : 0;
    return scaled(inner, [first - side, last + side], [low, high], false, null);
  }
  const [first, last] = extent(model.x.values);
  const ends: [number, number] = model.y.names ? [-0.5, model.y.names.length - 0.5] : padded(...extent(model.y.values));
  const places = model.y.names ? [...model.y.names.keys()] : null;
  return scaled(inner, model.x.log ? [Math.max(1, first) / 1.05, last * 1.05] : [0, last], ends, model.x.log, places);
}

function scaled(inner: Box, x: [number, number], y: [number, number], log: boolean, yPlaces: number[] | null): Frame {
  const to = (value: number) => (log ? Math.log2(Math.max(1e-9, value)) : value);
  const [x0, x1] = [to(x[0]), to(x[1])];
  return {
    ...inner,
    atX: (value) => inner.left + ((to(value) - x0) / (x1 - x0 || 1)) * (inner.right - inner.left),
    atY: (value) => inner.bottom - ((value - y[0]) / (y[1] - y[0] || 1)) * (inner.bottom - inner.top),
    xTicks: log ? octaves(x[0], x[1]) : ticks(x[0], x[1], 8),
    yTicks: yPlaces ?? ticks(y[0], y[1], 6),
  };
}

export function yAxis(pen: Pen, palette: Palette, frame: Frame, text: (value: number) => string): void {
  for (const value of frame.yTicks) {
    const y = frame.atY(value);
    pen.line(
      [
        [frame.left, y],
        [frame.right, y],
      ],
      { color: palette.grid },
    );
    pen.text(frame.left - 8, y + 4, text(value), { color: palette.muted, anchor: 'end' });
  }
}

/** Least and most of the finite values; 0 and 1 where there are none. */
export function extent(values: ArrayLike<number | null>): [number, number] {
  let [low, high] = [Infinity, -Infinity];
  for (let i = 0; i < values.length; i += 1) {
    const value = values[i];
    if (value == null || !Number.isFinite(value)) continue;
    low = Math.min(low, value);
    high = Math.max(high, value);
  }
  return low > high ? [0, 1] : [low, high];
}

function padded(low: number, high: number): [number, number] {
  const room = low === high ? Math.abs(low) * 0.1 || 1 : (high - low) * 0.06;
  return [low >= 0 && low - room < 0 ? 0 : low - room, high + room];
}

/** Round numbers between two ends, at most `most`. */
export function ticks(low: number, high: number, most: number): number[] {
  const span = high - low;
  if (!(span > 0)) return [low];
  const rough = span / most;
  const size = 10 ** Math.floor(Math.log10(rough));
  const step = size * ([1, 2, 5, 10].find((n) => n * size >= rough) ?? 10);
  const found: number[] = [];
  for (let n = Math.ceil(low / step - 1e-9); n * step <= high + step * 1e-9; n += 1)
    found.push(Number((n * step).toPrecision(12)));
  return found;
}

/** 1,000 · 2ⁿ between two ends: the budgets that people speak of. */
export function octaves(low: number, high: number): number[] {
  const found: number[] = [];
  for (let k = Math.ceil(Math.log2(low / 1000) - 1e-9); 1000 * 2 ** k <= high * 1.000001; k += 1)
    found.push(Math.round(1000 * 2 ** k));
  if (found.length < 2) return ticks(low, high, 5).filter(Number.isInteger);
  const every = Math.ceil(found.length / 9);
  return found.filter((_, i) => (found.length - 1 - i) % every === 0);
}
