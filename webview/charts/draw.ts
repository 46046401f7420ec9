/** Draws the model of a chart with a pen: title, axes, marks, direct labels, and the notes below. Pure. */
import { short } from '../ui/format.ts';
import { drawBars } from './draw-bars.ts';
import { drawCells, cellsHeight, MOST_DRAWN } from './draw-cells.ts';
import { drawFlows } from './draw-flows.ts';
import { frameOf, yAxis, type Frame } from './frame.ts';
import type { ChartLine, ChartModel, LinesModel, PointsModel } from './model.ts';
import type { Palette } from './palette.ts';
import type { Pen, Point } from './pen.ts';

const WIDTH = 760;
const HEIGHT = 420;
const HEAD = 44;
const NOTE = 15;
/** Letters of a line of notes. */
const NOTE_LENGTH = 120;

export interface Size {
  width: number;
  height: number;
}

export function sizeOf(model: ChartModel): Size {
  const notes = noteLines(model).length;
  const body =
    model.kind === 'cells'
      ? cellsHeight(model)
      : model.kind === 'bars' && (model.style === 'stacked' || model.style === 'signed')
        ? 40 + 24 * model.categories.length
        : HEIGHT - HEAD;
  const width = model.kind === 'cells' ? Math.max(WIDTH, 220 + 46 * model.columns.length) : WIDTH;
  return { width, height: HEAD + body + NOTE * notes + (notes > 0 ? 14 : 6) };
}

export function drawChart(model: ChartModel, pen: Pen, palette: Palette): void {
  const size = sizeOf(model);
  pen.text(16, 26, model.title, { color: palette.text, size: 14, bold: true });
  if (model.unit) pen.text(16 + 9 * model.title.length + 8, 26, model.unit, { color: palette.muted, size: 12 });
  const notes = noteLines(model);
  const bottom = size.height - NOTE * notes.length - (notes.length > 0 ? 14 : 6);
  const box = { left: 0, top: HEAD, right: size.width, bottom };
  if (model.kind === 'lines') drawLines(model, pen, palette, frameOf(box, model));
  else if (model.kind === 'points') drawPoints(model, pen, palette, frameOf(box, model));
  else if (model.kind === 'bars') drawBars(model, pen, palette, box);
  else if (model.kind === 'cells') drawCells(model, pen, palette, box);
  else drawFlows(model, pen, palette, box);
  for (const [i, note] of notes.entries())
    pen.text(16, size.height - 10 - NOTE * (notes.length - 1 - i), note, { color: palette.muted, size: 10.5 });
}

function noteLines(model: ChartModel): string[] {
  const own = [...(model.notes ?? [])];
  if (model.kind === 'cells' && model.rows.length > MOST_DRAWN)
    own.push(`The first ${MOST_DRAWN} of ${model.rows.length} rows; the CSV has all of them.`);
  return own.flatMap((note) => wrapped(note));
}

function wrapped(note: string): string[] {
  const lines = [''];
  for (const word of note.split(/\s+/)) {
    const line = lines.at(-1)!;
    if (line !== '' && line.length + word.length > NOTE_LENGTH) lines.push(word);
    else lines[lines.length - 1] = line === '' ? word : `${line} ${word}`;
  }
  return lines.filter(Boolean);
}

function drawLines(model: LinesModel, pen: Pen, palette: Palette, frame: Frame): void {
  const { x, lines, names, format, marks = [], xText = short } = model;
  yAxis(pen, palette, frame, format);
  const { left, right, top, bottom, atX, atY } = frame;
  const ticks = names ? x : (model.splits ?? frame.xTicks);
  let free = -Infinity;
  for (const value of ticks) {
    const text = names ? (names[x.indexOf(value)] ?? '') : xText(value);
    const half = 3.2 * text.length;
    const px = atX(value);
    if (px < left - 1 || px > right + 1) continue;
    pen.line(
      [
        [px, bottom],
        [px, bottom + 4],
      ],
      { color: palette.grid },
    );
    if (px - half < free) continue;
    pen.text(px, bottom + 17, text, { color: palette.muted, anchor: 'middle' });
    free = px + half + 6;
  }
  pen.text((left + right) / 2, bottom + 33, model.xName, { color: palette.muted, anchor: 'middle' });
  for (const { x: value, text } of marks) {
    const px = atX(value);
    if (px < left || px > right) continue;
    pen.line(
      [
        [px, bottom],
        [px, top],
      ],
      { color: palette.muted, dash: [2, 3], alpha: 0.4 },
    );
    pen.text(px, top - 4, text, { color: palette.muted, size: 10, anchor: 'middle' });
  }
  for (const { low, high, color } of lines) {
    if (!low || !high) continue;
    const there = [...x.keys()].filter((i) => low[i] != null && high[i] != null);
    if (there.length > 1 && !names)
      pen.area(
        [
          ...there.map((i): Point => [atX(x[i]!), atY(high[i]!)]),
          ...there.toReversed().map((i): Point => [atX(x[i]!), atY(low[i]!)]),
        ],
        palette.color(color),
        0.16,
      );
    else for (const i of there) whisker(pen, palette.color(color), atX(x[i]!), atY(low[i]!), atY(high[i]!));
  }
  for (const line of lines) {
    const points = x.flatMap((value, i): Point[] =>
      line.values[i] == null ? [] : [[atX(value), atY(line.values[i])]],
    );
    pen.line(points, { color: palette.color(line.color), width: 1.5, ...(line.dash && { dash: line.dash }) });
    if (line.points || points.length === 1) pen.marks(points, palette.color(line.color), { radius: 2.8 });
  }
  endLabels(lines, x, pen, palette, frame);
}

export function whisker(pen: Pen, color: string, x: number, low: number, high: number): void {
  pen.line(
    [
      [x, low],
      [x, high],
    ],
    { color, width: 1.2 },
  );
  for (const y of [low, high])
    pen.line(
      [
        [x - 3, y],
        [x + 3, y],
      ],
      { color, width: 1.2 },
    );
}

/** The name of each line at its end, moved apart where they would overlap. */
function endLabels(
  lines: readonly ChartLine[],
  x: readonly number[],
  pen: Pen,
  palette: Palette,
  { right, atY, bottom }: Frame,
): void {
  const labels = lines.flatMap((line) => {
    const text = line.label ?? (lines.length > 1 ? line.name : '');
    const last = [...x.keys()].findLast((i) => line.values[i] != null);
    return text === '' || last === undefined ? [] : [{ text, y: atY(line.values[last]!), color: line.color }];
  });
  labels.sort((a, b) => a.y - b.y);
  for (let i = 1; i < labels.length; i += 1) labels[i]!.y = Math.max(labels[i]!.y, labels[i - 1]!.y + 12);
  let lowest = bottom;
  for (const label of labels.toReversed()) {
    label.y = Math.min(label.y, lowest);
    lowest = label.y - 12;
  }
  for (const { text, y, color } of labels) pen.text(right + 8, y + 4, text, { color: palette.color(color) });
}

function drawPoints(model: PointsModel, pen: Pen, palette: Palette, frame: Frame): void {
  const { x, y, group, groups } = model;
  yAxis(pen, palette, frame, (value) => y.names?.[value] ?? short(value));
  const { left, right, bottom, atX, atY } = frame;
  for (const value of frame.xTicks) {
    const px = atX(value);
    pen.line(
      [
        [px, bottom],
        [px, bottom + 4],
      ],
      { color: palette.grid },
    );
    pen.text(px, bottom + 17, short(value), { color: palette.muted, anchor: 'middle' });
  }
  pen.text((left + right) / 2, bottom + 33, `${x.name}${x.log ? ', logarithmic' : ''}`, {
    color: palette.muted,
    anchor: 'middle',
  });
  pen.text(left, frame.top - 6, y.name, { color: palette.muted });
  const alpha = x.values.length > 20_000 ? 0.25 : x.values.length > 2000 ? 0.5 : 0.8;
  // A few would be lost in the room of thousands.
  const size = x.values.length > 2000 ? 1 : x.values.length > 200 ? 1.3 : 1.8;
  let legend = 0;
  for (const [g, { name, color, cross }] of groups.entries()) {
    const own: Point[] = [];
    for (let i = 0; i < x.values.length; i += 1) if (group[i] === g) own.push([atX(x.values[i]!), atY(y.values[i]!)]);
    if (own.length === 0) continue;
    pen.marks(own, palette.color(color), { radius: size * (cross ? 2.6 : 1.8), cross, alpha });
    const row = frame.top + 10 + 15 * legend;
    pen.marks([[right + 12, row - 3]], palette.color(color), { radius: 3, cross });
    pen.text(right + 20, row, `${name} ${short(own.length)}`, { color: palette.color(color) });
    legend += 1;
  }
}
