/** Draws points on a canvas: each by itself, or where there are very many how many lie in each small square. */
import { octaves, ticks } from '../charts/frame.ts';
import { short } from '../ui/format.ts';
import { cssColor } from '../ui/theme.ts';
import { lanes, type Area, type Points, type Scale } from './scatter-model.ts';

/** From so many points on squares are drawn. */
export const DENSE = 20_000;
/** Side of a square, pixels. */
const SQUARE = 4;

export function drawScatter(context: CanvasRenderingContext2D, points: Points, area: Area, scale: Scale): void {
  const { width, height } = area;
  const ratio = devicePixelRatio;
  context.setTransform(ratio, 0, 0, ratio, 0, 0);
  context.clearRect(0, 0, width, height);
  drawAxes(context, points, area, scale);
  if (points.n > DENSE) drawSquares(context, points, area, scale);
  else drawEach(context, points, scale);
}

function drawAxes(context: CanvasRenderingContext2D, points: Points, area: Area, { atX, atY }: Scale): void {
  const { left, right, top, bottom } = area;
  const [muted, grid] = [cssColor('--lh-faint'), cssColor('--lh-grid')];
  context.font = '11px system-ui, sans-serif';
  context.lineWidth = 1;
  context.strokeStyle = grid;
  context.fillStyle = cssColor('--lh-fg');
  context.globalAlpha = 1;
  const line = (x0: number, y0: number, x1: number, y1: number) => {
    context.beginPath();
    context.moveTo(Math.round(x0) + 0.5, Math.round(y0) + 0.5);
    context.lineTo(Math.round(x1) + 0.5, Math.round(y1) + 0.5);
    context.stroke();
  };
  context.textAlign = 'right';
  context.textBaseline = 'middle';
  if (points.byReward)
    for (const value of ticks(points.yRange[0], points.yRange[1], 6)) {
      line(left, atY(value), right, atY(value));
      context.fillText(short(value), left - 6, atY(value));
    }
  else
    for (const [lane, { name, sign }] of lanes.entries()) {
      if (points.counts[lane] === 0) continue;
      line(left, atY(lane - 0.5), right, atY(lane - 0.5));
      context.fillText(`${sign} ${name}`, left - 6, atY(lane));
    }
  context.textAlign = 'center';
  context.textBaseline = 'top';
  for (const value of octaves(points.xRange[0], points.xRange[1])) {
    context.strokeStyle = muted;
    line(atX(value), bottom, atX(value), bottom + 4);
    context.fillText(short(value), atX(value), bottom + 7);
  }
  context.strokeStyle = grid;
  line(left, bottom, right, bottom);
  context.textAlign = 'right';
  context.fillText('tokens', right, bottom + 20);
  if (points.byReward) {
    context.textAlign = 'left';
    context.textBaseline = 'bottom';
    context.fillText('reward', left, top - 3);
  }
}

function drawEach(context: CanvasRenderingContext2D, points: Points, { atX, atY }: Scale): void {
  context.globalAlpha = points.n > 4000 ? 0.45 : 0.75;
  // A few would be lost in the room of thousands.
  const size = points.n > 2000 ? 3 : points.n > 200 ? 4 : 6;
  const reach = size > 4 ? 4 : 3;
  context.lineWidth = size > 4 ? 1.6 : 1.2;
  for (const [lane, { color }] of lanes.entries()) {
    if (points.counts[lane] === 0) continue;
    context.fillStyle = context.strokeStyle = cssColor(color);
    context.beginPath();
    for (let i = 0; i < points.n; i += 1) {
      if (points.lane[i] !== lane) continue;
      const [x, y] = [atX(points.x[i]!), atY(points.y[i]!)];
      if (points.cut[i] === 0) context.fillRect(x - size / 2, y - size / 2, size, size);
      else {
        context.moveTo(x - reach, y - reach);
        context.lineTo(x + reach, y + reach);
        context.moveTo(x + reach, y - reach);
        context.lineTo(x - reach, y + reach);
      }
    }
    context.stroke();
  }
  context.globalAlpha = 1;
}

/** The colour of the most in each square, stronger for more; hollow where most of them were cut. */
function drawSquares(context: CanvasRenderingContext2D, points: Points, area: Area, { atX, atY }: Scale): void {
  const columns = Math.ceil((area.right - area.left) / SQUARE) + 1;
  const rows = Math.ceil((area.bottom - area.top) / SQUARE) + 1;
  const counts = lanes.map(() => new Uint32Array(columns * rows));
  const all = new Uint32Array(columns * rows);
  const cut = new Uint32Array(columns * rows);
  for (let i = 0; i < points.n; i += 1) {
    const column = Math.floor((atX(points.x[i]!) - area.left) / SQUARE);
    const row = Math.floor((atY(points.y[i]!) - area.top) / SQUARE);
    if (column < 0 || row < 0 || column >= columns || row >= rows) continue;
    const at = row * columns + column;
    counts[points.lane[i]!]![at]! += 1;
    all[at]! += 1;
    cut[at]! += points.cut[i]!;
  }
  let most = 1;
  for (const n of all) most = Math.max(most, n);
  const colors = lanes.map(({ color }) => cssColor(color));
  for (let at = 0; at < cut.length; at += 1) {
    const sum = all[at]!;
    if (sum === 0) continue;
    let lane = 0;
    for (let i = 1; i < counts.length; i += 1) if (counts[i]![at]! > counts[lane]![at]!) lane = i;
    context.globalAlpha = 0.2 + 0.8 * (Math.log1p(sum) / Math.log1p(most));
    const x = area.left + (at % columns) * SQUARE;
    const y = area.top + Math.floor(at / columns) * SQUARE;
    if (2 * cut[at]! > sum) {
      context.strokeStyle = colors[lane]!;
      context.lineWidth = 1;
      context.strokeRect(x + 0.5, y + 0.5, SQUARE - 1.5, SQUARE - 1.5);
    } else {
      context.fillStyle = colors[lane]!;
      context.fillRect(x, y, SQUARE - 0.5, SQUARE - 0.5);
    }
  }
  context.globalAlpha = 1;
}
