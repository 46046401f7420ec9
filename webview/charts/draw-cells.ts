/** Problems by checkpoints: the share as fill, the counts as text. Pure. */
import { cut } from './draw-bars.ts';
import type { Box } from './frame.ts';
import type { CellsModel } from './model.ts';
import type { Palette } from './palette.ts';
import type { Pen } from './pen.ts';

/** Rows of a drawing. */
export const MOST_DRAWN = 200;
const ROW = 16;
const NAMES = 190;
const HEADS = 26;

export function cellsHeight({ rows }: CellsModel): number {
  return HEADS + ROW * Math.min(MOST_DRAWN, rows.length) + 8;
}

export function drawCells({ columns, rows, rowName }: CellsModel, pen: Pen, palette: Palette, box: Box): void {
  const left = box.left + NAMES;
  const width = (box.right - 16 - left) / Math.max(1, columns.length);
  const letters = Math.max(2, Math.floor(width / 6));
  pen.text(left - 8, box.top + 14, rowName, { color: palette.muted, anchor: 'end' });
  let free = -Infinity;
  for (const [c, name] of columns.entries()) {
    const middle = left + (c + 0.5) * width;
    const text = cut(name, Math.max(6, letters));
    if (middle - 3.1 * text.length < free) continue;
    pen.text(middle, box.top + 14, text, { color: palette.muted, anchor: 'middle' });
    free = middle + 3.1 * text.length + 4;
  }
  for (const [r, { label, cells }] of rows.slice(0, MOST_DRAWN).entries()) {
    const y = box.top + HEADS + r * ROW;
    pen.text(left - 8, y + 11.5, cut(label, 30), { color: palette.text, size: 10.5, anchor: 'end' });
    for (const [c, cell] of cells.entries()) {
      if (!cell) continue;
      const x = left + c * width;
      const share = cell[1] === 0 ? null : cell[0] / cell[1];
      pen.rect(x + 0.5, y + 0.5, width - 1, ROW - 1, palette.grid, 0.5);
      if (share !== null) pen.rect(x + 0.5, y + 0.5, (width - 1) * share, ROW - 1, palette.color('--lh-right'), 0.45);
      const text = share === null ? '?' : `${cell[0]}/${cell[1]}`;
      if (width >= 6 * text.length)
        pen.text(x + width / 2, y + 11.5, text, { color: palette.text, size: 9.5, anchor: 'middle' });
    }
  }
}
