/** The order of rows that are all here, as the backend sorts lists: what is not known comes last, equals stay as they were. Pure. */
import type { Label } from '../../core/behaviours/spans.ts';
import type { TraceRow, TraceSort } from '../../core/protocol/traces.ts';

const verdicts = ['right', 'wrong', 'undecided', 'none'];
const finishes = ['stop', 'length', 'error'];

function valueOf(row: TraceRow, key: TraceSort['key']): string | number | null {
  switch (key) {
    case 'order':
      return 0;
    case 'problem':
      return row.problemLabel;
    case 'problemTokens':
      return row.tokens === null ? null : `${row.problemLabel}\u0001${String(row.tokens).padStart(12, '0')}`;
    case 'verdict':
      return row.verdict && verdicts.indexOf(row.verdict);
    case 'finish':
      return row.finish && finishes.indexOf(row.finish);
    case 'after':
    case 'flips':
    case 'lost':
      return row.figures?.[key] ?? null;
    case 'behaviour':
      return row.behaviours ? Object.values(row.behaviours).reduce((sum, n) => sum + n, 0) : null;
    default: {
      if (key.startsWith('behaviour.'))
        return row.behaviours ? (row.behaviours[key.slice('behaviour.'.length) as Label] ?? 0) : null;
      const value = (row as unknown as Record<string, unknown>)[key];
      return typeof value === 'number' || typeof value === 'string' ? value : null;
    }
  }
}

export function sortRows<T extends { row: TraceRow }>(rows: readonly T[], { key, descending }: TraceSort): T[] {
  if (key === 'order') return descending ? rows.toReversed() : [...rows];
  const sign = descending ? -1 : 1;
  const valued = rows.map((one) => ({ one, value: valueOf(one.row, key) }));
  return valued
    .sort(({ value: x }, { value: y }) =>
      x === null || y === null ? (x === y ? 0 : x === null ? 1 : -1) : x < y ? -sign : x > y ? sign : 0,
    )
    .map(({ one }) => one);
}
