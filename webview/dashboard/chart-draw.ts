/** How uPlot draws a chart: its options, and what is drawn over it. */
import type uPlot from 'uplot';
import type { ChartLine } from '../charts/model.ts';
import { short } from '../ui/format.ts';
import { cssColor } from '../ui/theme.ts';
import type { ChartProps } from './chart.tsx';

export const HEIGHT = 172;

export function dataOf({ x, lines }: ChartProps): uPlot.AlignedData {
  const data: (number | null)[][] = [];
  for (const { values, low, high } of lines) {
    data.push(values);
    if (low && high) data.push(low, high);
  }
  return [x, ...data] as uPlot.AlignedData;
}

type Latest = { current: ChartProps };

export function optionsOf(latest: Latest, width: number, setAt: (index: number | null) => void): uPlot.Options {
  const { lines, names, format = short, range } = latest.current;
  const muted = cssColor('--lh-muted');
  const grid = { stroke: cssColor('--lh-grid'), width: 1 };
  const font = '11px system-ui, sans-serif';
  const series: uPlot.Series[] = [{}];
  const bands: uPlot.Band[] = [];
  for (const line of lines) {
    const stroke = cssColor(line.color);
    series.push({
      label: line.name,
      stroke,
      width: 1.4,
      ...(line.dash ? { dash: line.dash } : {}),
      points: { show: line.points ?? latest.current.x.length < 2, size: 6, stroke, fill: cssColor('--lh-bg') },
      spanGaps: true,
    });
    if (line.low && line.high) {
      const edge: uPlot.Series = { stroke: 'transparent', width: 0, points: { show: false }, spanGaps: true };
      series.push(edge, { ...edge });
      bands.push({
        series: [series.length - 1, series.length - 2],
        fill: `color-mix(in srgb, ${stroke} 16%, transparent)`,
      });
    }
  }
  const labelled = lines.some((line) => labelOf(line, lines) !== '');
  return {
    width,
    height: HEIGHT,
    series,
    bands,
    legend: { show: false },
    padding: [latest.current.marks?.length ? 16 : 8, labelled ? 84 : 12, 0, 0],
    cursor: {
      y: false,
      points: { size: 6 },
      drag: { x: false, y: false },
    },
    scales: {
      x: { time: false, ...(names ? { range: (_u, min, max) => [min - 0.35, max + 0.35] as [number, number] } : {}) },
      y: range ? { range } : { range: (_u, min, max) => padded(min, max) },
    },
    axes: [
      {
        stroke: muted,
        font,
        size: names ? 6 + 17 * Math.max(2, ...names.map((name) => name.split(' ').length)) : 30,
        grid: { show: false },
        ticks: grid,
        ...(names
          ? {
              splits: () => latest.current.x,
              values: (u: uPlot, splits: number[]) =>
                thinned(u, splits, (split) => latest.current.names?.[latest.current.x.indexOf(split)] ?? ''),
            }
          : latest.current.splits
            ? {
                splits: () => latest.current.splits ?? [],
                values: (_u: uPlot, splits: number[]) => splits.map(latest.current.xText ?? short),
              }
            : {
                values: (_u: uPlot, splits: number[]) =>
                  splits.map((split) => (Number.isInteger(split) ? short(split) : '')),
              }),
      },
      {
        stroke: muted,
        font,
        size: 46,
        grid,
        ticks: { show: false },
        values: (_u, splits) => splits.map((split) => format(split)),
      },
    ],
    hooks: {
      setCursor: [(u) => setAt(u.cursor.left !== undefined && u.cursor.left >= 0 ? (u.cursor.idx ?? null) : null)],
      drawClear: [(u) => drawMarks(u, latest.current, muted)],
      draw: [(u) => drawWhiskers(u, latest.current), (u) => drawLabels(u, latest.current)],
    },
  };
}

/** Names of places on the axis, a word a line; those that would touch the next are left out, the first and the last never. */
function thinned(u: uPlot, splits: readonly number[], name: (split: number) => string): string[] {
  const words = splits.map((split) => name(split).replaceAll(' ', '\n'));
  const halfOf = (i: number) => Math.max(...(words[i] ?? '').split('\n').map((line) => line.length)) * 3.4;
  const first = splits.length > 0 ? u.valToPos(splits[0]!, 'x') + halfOf(0) + 5 : 0;
  let free = Infinity;
  for (let i = splits.length - 1; i > 0; i -= 1) {
    const half = halfOf(i);
    const at = u.valToPos(splits[i]!, 'x');
    if (at + half > free || at - half < first) words[i] = '';
    else free = at - half - 5;
  }
  return words;
}

export function labelOf(line: ChartLine, lines: readonly ChartLine[]): string {
  return line.label ?? (lines.length > 1 ? line.name : '');
}

function padded(min: number | null, max: number | null): [number, number] {
  if (min === null || max === null) return [0, 1];
  const room = max === min ? Math.abs(max) * 0.1 || 1 : (max - min) * 0.08;
  return [min >= 0 && min - room < 0 ? 0 : min - room, max + room];
}

/** Where an epoch or a stage ends: a faint line with its name at the top. */
function drawMarks(u: uPlot, { marks = [] }: ChartProps, color: string): void {
  const { ctx, bbox } = u;
  ctx.save();
  ctx.strokeStyle = ctx.fillStyle = color;
  ctx.globalAlpha = 0.55;
  ctx.lineWidth = devicePixelRatio;
  ctx.font = `${10 * devicePixelRatio}px system-ui, sans-serif`;
  ctx.setLineDash([2 * devicePixelRatio, 3 * devicePixelRatio]);
  let free = -Infinity;
  for (const { x, text } of marks) {
    const at = Math.round(u.valToPos(x, 'x', true));
    if (at < bbox.left || at > bbox.left + bbox.width) continue;
    ctx.globalAlpha = 0.22;
    ctx.beginPath();
    ctx.moveTo(at, bbox.top + bbox.height);
    ctx.lineTo(at, bbox.top);
    ctx.stroke();
    ctx.globalAlpha = 0.8;
    const half = ctx.measureText(text).width / 2;
    if (at - half > free) {
      ctx.textAlign = 'center';
      ctx.fillText(text, at, bbox.top - 4 * devicePixelRatio);
      free = at + half + 6 * devicePixelRatio;
    }
  }
  ctx.restore();
}

/** The interval of each point where x is a place in an order: a point that stands alone has no band. */
function drawWhiskers(u: uPlot, { lines, names, x }: ChartProps): void {
  if (!names) return;
  const { ctx } = u;
  ctx.save();
  ctx.lineWidth = 1.4 * devicePixelRatio;
  const half = 3 * devicePixelRatio;
  for (const { low, high, color } of lines) {
    ctx.strokeStyle = cssColor(color);
    for (const [i, place] of x.entries()) {
      if (low?.[i] == null || high?.[i] == null) continue;
      const at = u.valToPos(place, 'x', true);
      const [bottom, top] = [u.valToPos(low[i], 'y', true), u.valToPos(high[i], 'y', true)];
      ctx.beginPath();
      for (const end of [bottom, top]) {
        ctx.moveTo(at - half, end);
        ctx.lineTo(at + half, end);
      }
      ctx.moveTo(at, bottom);
      ctx.lineTo(at, top);
      ctx.stroke();
    }
  }
  ctx.restore();
}

/** The name of each line at its end, moved apart where they would overlap. */
function drawLabels(u: uPlot, { lines }: ChartProps): void {
  const { ctx, bbox } = u;
  const size = 11 * devicePixelRatio;
  const labels: { text: string; y: number; color: string }[] = [];
  let index = 1;
  for (const line of lines) {
    const values = u.data[index]!;
    index += line.low && line.high ? 3 : 1;
    const text = labelOf(line, lines);
    let last = values.length - 1;
    while (last >= 0 && (values[last] === null || values[last] === undefined)) last -= 1;
    if (text === '' || last < 0) continue;
    labels.push({ text, y: u.valToPos(values[last]!, 'y', true), color: cssColor(line.color) });
  }
  labels.sort((a, b) => a.y - b.y);
  for (let i = 1; i < labels.length; i += 1) labels[i]!.y = Math.max(labels[i]!.y, labels[i - 1]!.y + size);
  // Down as far as they have to, then up as far as there is room.
  let lowest = bbox.top + bbox.height;
  for (const label of labels.toReversed()) {
    label.y = Math.min(label.y, lowest);
    lowest = label.y - size;
  }
  ctx.save();
  ctx.font = `${size}px system-ui, sans-serif`;
  ctx.textAlign = 'left';
  ctx.textBaseline = 'middle';
  for (const { text, y, color } of labels) {
    ctx.fillStyle = color;
    ctx.fillText(text, bbox.left + bbox.width + 6 * devicePixelRatio, y, 76 * devicePixelRatio);
  }
  ctx.restore();
}
