/** Bars: beside each other, on top of each other, a histogram, or to both sides of nothing. Pure. */
import { short } from '../ui/format.ts';
import { extent, ticks, type Box } from './frame.ts';
import type { BarsModel } from './model.ts';
import type { Palette } from './palette.ts';
import type { Pen, Point } from './pen.ts';

const ROW = 24;
/** Pixels for the names of rows, and for the names of series at the right. */
const NAMES = 190;
const LEGEND = 130;

export function drawBars(model: BarsModel, pen: Pen, palette: Palette, box: Box): void {
  if (model.style === 'stacked' || model.style === 'signed') drawRows(model, pen, palette, box);
  else drawColumns(model, pen, palette, box);
  for (const [i, { name, color }] of model.series.entries()) {
    if (model.series.length < 2) break;
    const y = box.top + 14 + 16 * i;
    pen.rect(box.right - LEGEND + 8, y - 8, 9, 9, palette.color(color));
    pen.text(box.right - LEGEND + 22, y, cut(name, 17), { color: palette.text });
  }
}

function drawColumns(
  { categories, series, style, xName, yName }: BarsModel,
  pen: Pen,
  palette: Palette,
  box: Box,
): void {
  const [left, right, top, bottom] = [box.left + 64, box.right - LEGEND, box.top + 14, box.bottom - 42];
  const [, most] = extent(series.flatMap(({ values, high = [] }) => [...values, ...high]));
  const y = (value: number) => bottom - (value / (most * 1.05 || 1)) * (bottom - top);
  for (const value of ticks(0, most, 6)) {
    pen.line(
      [
        [left, y(value)],
        [right, y(value)],
      ],
      { color: palette.grid },
    );
    pen.text(left - 8, y(value) + 4, short(value), { color: palette.muted, anchor: 'end' });
  }
  pen.text(left, top - 4, yName, { color: palette.muted });
  const width = (right - left) / Math.max(1, categories.length);
  const isHistogram = style === 'histogram';
  const inner = isHistogram ? width : width * 0.78;
  let free = -Infinity;
  for (const [i, category] of categories.entries()) {
    const x = left + i * width + (width - inner) / 2;
    for (const [s, { values, color }] of series.entries()) {
      const value = values[i] ?? 0;
      if (isHistogram && s < series.length - 1) continue;
      const own = isHistogram ? inner - 1 : inner / series.length;
      const at = isHistogram ? x + 0.5 : x + s * own;
      pen.rect(
        at,
        y(value),
        own - (isHistogram ? 0 : 1),
        bottom - y(value),
        palette.color(color),
        isHistogram ? 0.5 : 0.85,
      );
      if (!isHistogram && value > 0 && own > 12)
        pen.text(at + own / 2, y(value) - 4, short(value), { color: palette.muted, size: 10, anchor: 'middle' });
    }
    const middle = left + (i + 0.5) * width;
    const half = 3.1 * category.length;
    if (middle - half < free) continue;
    pen.text(middle, bottom + 17, category, { color: palette.muted, anchor: 'middle' });
    free = middle + half + 6;
  }
  if (isHistogram)
    for (const { values, color } of series.slice(0, -1)) {
      const path: Point[] = [[left, bottom]];
      for (const [i, value] of values.entries())
        path.push([left + i * width, y(value ?? 0)], [left + (i + 1) * width, y(value ?? 0)]);
      path.push([left + values.length * width, bottom]);
      pen.line(path, { color: palette.color(color), width: 1.4 });
    }
  pen.text((left + right) / 2, bottom + 33, xName, { color: palette.muted, anchor: 'middle' });
}

function drawRows({ categories, series, style, yName }: BarsModel, pen: Pen, palette: Palette, box: Box): void {
  const [left, right] = [box.left + NAMES, box.right - (series.length > 1 ? LEGEND : 60)];
  const sums = categories.map((_, i) => series.reduce((sum, { values }) => sum + Math.max(0, values[i] ?? 0), 0));
  const all = series.flatMap(({ values, low = [], high = [] }) => [...values, ...low, ...high]);
  const [low, high] = style === 'signed' ? extent([0, ...all]) : [0, Math.max(...sums, 0)];
  const x = (value: number) => left + ((value - low) / (high - low || 1)) * (right - left);
  pen.text(left, box.top + 10, yName, { color: palette.muted });
  for (const [i, category] of categories.entries()) {
    const y = box.top + 20 + i * ROW;
    pen.text(left - 8, y + 14, cut(category, 30), { color: palette.text, anchor: 'end' });
    let from = 0;
    for (const { values, color, low: lows, high: highs } of series) {
      const value = values[i] ?? 0;
      const [a, b] = style === 'signed' ? [Math.min(0, value), Math.max(0, value)] : [from, from + Math.max(0, value)];
      pen.rect(x(a), y + 3, Math.max(0.5, x(b) - x(a)), ROW - 9, palette.color(color), 0.85);
      if (style === 'signed' && lows?.[i] != null && highs?.[i] != null)
        pen.line(
          [
            [x(lows[i]), y + ROW / 2 - 2],
            [x(highs[i]), y + ROW / 2 - 2],
          ],
          { color: palette.text, width: 1.2 },
        );
      from = b;
    }
    const total = style === 'signed' ? (series[0]?.values[i] ?? 0) : sums[i]!;
    const end = style === 'signed' ? x(Math.max(0, total, series[0]?.high?.[i] ?? 0)) : x(total);
    pen.text(end + 6, y + 14, short(total), { color: palette.muted });
  }
  if (style === 'signed')
    pen.line(
      [
        [x(0), box.top + 18],
        [x(0), box.top + 20 + ROW * categories.length],
      ],
      { color: palette.muted },
    );
}

export function cut(text: string, letters: number): string {
  return text.length > letters ? `${text.slice(0, letters - 1)}…` : text;
}
