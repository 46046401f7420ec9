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

const narrow = { text: 110, number: 66, verdict: 60, lengths: 96 };
const wide = { text: 'minmax(80px, 2fr)', number: '66px', verdict: '60px', lengths: 'minmax(96px, 1fr)' };

/** As many of the columns as fit into `width` pixels, from the left, at least one; and the widths of these. */
export function fitting(columns: readonly Column[], width: number): { shown: Column[]; template: string } {
  let left = width - 20;
  const shown = columns.filter(({ kind }, i) => {
    left -= narrow[kind] + 8;
    return i === 0 || left >= 0;
  });
  return { shown, template: shown.map(({ kind }) => wide[kind]).join(' ') };
}
