/** The keys of a stage's report, for its sheet. Pure. */
import { chartKeyLines, menuKeyLines, pageKeyLines } from '../ui/chart-keys.ts';
import type { SheetLine } from '../ui/help.tsx';

const rows: readonly SheetLine[] = [
  { keys: ['↓', '↑'], words: 'Next, previous row', group: 'Tables of rows' },
  { keys: ['PgDn', 'PgUp'], words: 'A page of rows on, back', group: 'Tables of rows' },
  { keys: ['Home', 'End'], words: 'First row, last row read', group: 'Tables of rows' },
  { keys: ['Enter'], words: 'Into the row; on the head of a column: sort', group: 'Tables of rows' },
  { keys: ['→', '←'], words: 'Next, previous table or column, on their heads', group: 'Tables of rows' },
];
const row: readonly SheetLine[] = [
  { keys: ['Alt+↓', 'Alt+↑'], words: 'Next, previous row', group: 'An open row' },
  { keys: ['Escape'], words: 'Close it', group: 'An open row' },
];

export const reportKeyLines = [...pageKeyLines, ...rows, ...row, ...chartKeyLines, ...menuKeyLines];
