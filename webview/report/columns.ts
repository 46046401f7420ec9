/** The columns of a report's table: those that the report names, or those that its rows have; and which of them there is room for. */
import type { TableRow } from '../../core/protocol/report.ts';
import type { BlockOf } from './block.tsx';

export type Column = BlockOf<'table'>['columns'][number];
export type Cell = TableRow['cells'][string];
type Lengths = Extract<Cell, { values: number[] }>;

export function isLengths(cell: Cell | undefined): cell is Lengths {
  return typeof cell === 'object' && cell !== null;
}

/** Of a table that no block describes: its cells in the order of the first row. */
export function columnsOf(cells: TableRow['cells'] | undefined): Column[] {
  return Object.entries(cells ?? {}).map(([key, value]) => ({
    key,
    label: key.replaceAll('_', ' '),
    kind: typeof value === 'number' ? 'number' : isLengths(value) ? 'lengths' : 'text',
  }));
}

/** Pixels that a column needs at least: a number its digits and its name, a text a few words. */
function least({ kind, label }: Column): number {
  if (kind === 'text') return 90;
  // With room for the arrow of the order.
  return Math.max(kind === 'lengths' ? 150 : 52, Math.min(126, Math.ceil(label.length * 6.4) + 12));
}

/** Characters that the texts of a column have in the mean, by its key: what its share of the width goes by. */
export function meanLengths(columns: readonly Column[], rows: readonly TableRow['cells'][]): Record<string, number> {
  const text = (cell: Cell | undefined) => (typeof cell === 'string' ? Math.min(80, cell.length) : 3);
  return Object.fromEntries(
    columns.map(({ key }) => [key, rows.reduce((sum, cells) => sum + text(cells[key]), 0) / Math.max(1, rows.length)]),
  );
}

/** As many of the columns as fit into `width` pixels, from the left, at least one; and the widths of these. */
export function fitting(
  columns: readonly Column[],
  width: number,
  lengths: Record<string, number>,
): { shown: Column[]; template: string } {
  let left = width - 20;
  const shown = columns.filter((column, i) => {
    left -= least(column) + 8;
    return i === 0 || left >= 0;
  });
  const template = shown.map((column) => {
    const share = Math.max(1, Math.min(8, (lengths[column.key] ?? 8) / 8)).toFixed(2);
    if (column.kind === 'text') return `minmax(80px, ${share}fr)`;
    return column.kind === 'lengths' ? `minmax(${least(column)}px, 1.5fr)` : `${least(column)}px`;
  });
  return { shown, template: template.join(' ') };
}
