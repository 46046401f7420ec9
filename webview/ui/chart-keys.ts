/** Keys of what several pages have: charts, their menus, what scrolls. Pure. */
import type { SheetLine } from './help.tsx';

export const chartKeyLines: readonly SheetLine[] = [
  { keys: ['→', '←'], words: 'Next, previous value', group: 'Charts' },
  { keys: ['Home', 'End'], words: 'First, last value', group: 'Charts' },
  { keys: ['↓', '↑'], words: 'Next, previous line, where there are several', group: 'Charts' },
  { keys: ['Enter'], words: 'Open the traces behind the value, where it has some', group: 'Charts' },
];

export const menuKeyLines: readonly SheetLine[] = [
  { keys: ['↓', '↑'], words: 'Next, previous entry', group: 'Menus' },
  { keys: ['Enter'], words: 'Choose it', group: 'Menus' },
  { keys: ['Escape'], words: 'Close the menu', group: 'Menus' },
];

export const pageKeyLines: readonly SheetLine[] = [
  { keys: ['Tab', 'Shift+Tab'], words: 'Next, previous control, chart or list', group: 'Page' },
  { keys: ['PgDn', 'PgUp'], words: 'Scroll', group: 'Page' },
  { keys: ['?'], words: 'These keys', group: 'Page' },
];
