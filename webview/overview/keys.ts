/** The keys of the overview, for its sheet. Pure. */
import { chartKeyLines, menuKeyLines, pageKeyLines } from '../ui/chart-keys.ts';
import type { SheetLine } from '../ui/help.tsx';

const matrix: readonly SheetLine[] = [
  {
    keys: ['→', '←'],
    words: 'Next, previous checkpoint; before the first: the problem',
    group: 'Problems by checkpoint',
  },
  { keys: ['↓', '↑'], words: 'Next, previous problem', group: 'Problems by checkpoint' },
  { keys: ['PgDn', 'PgUp'], words: 'A page of problems on, back', group: 'Problems by checkpoint' },
  { keys: ['Home', 'End'], words: 'The problem, the last checkpoint', group: 'Problems by checkpoint' },
  { keys: ['Ctrl+Home', 'Ctrl+End'], words: 'First cell, last cell', group: 'Problems by checkpoint' },
  { keys: ['Enter'], words: 'Open the traces of the cell; the problem over time', group: 'Problems by checkpoint' },
];
const others: readonly SheetLine[] = [
  { keys: ['Enter', 'Space'], words: 'List the problems behind a bar', group: 'Difficulty' },
  { keys: ['Escape'], words: 'Forget the chosen part, in its fields', group: 'Length and reward' },
];

export const overviewKeyLines = [...pageKeyLines, ...matrix, ...chartKeyLines, ...others, ...menuKeyLines];
