/**
 * What lists filter and sort by that is found in texts, as columns of the traces: a list over them is then as quick as any other. Kept
 * together with the rows of `behaviours` and `figures`, in one transaction.
 */
import { labels, type SpanCounts } from '../../core/behaviours/spans.ts';
import { FIGURES_VERSION } from '../../core/metrics/trace-figures.ts';
import { BEHAVIOURS_KEY } from './detector-key.ts';
import type { IndexFile } from './index-file.ts';
import { spansColumn } from './schema.ts';

const spansColumns = [spansColumn(null), ...labels.map(spansColumn)];
const figureColumns = ['figured_verdict', 'after', 'flips', 'lost'];

/** A trace whose text was read for behaviours, whatever was found; and for figures, with the verdict that counts now. */
export const IS_COUNTED = 't.counted IS NOT NULL';
export const IS_FIGURED = '(t.figured IS NOT NULL AND t.figured_verdict IS t.verdict)';

const SET_COUNTS = `UPDATE traces SET counted = 1, ${spansColumns.map((name) => `${name} = ?`).join(', ')} WHERE id = ?`;

/** Within the transaction. `counts` null: the text is gone. */
export function keepCounts(index: IndexFile, id: number, counts: SpanCounts | null): void {
  const each = labels.map((label) => (counts ? (counts[label] ?? 0) : null));
  const all = counts && each.reduce<number>((sum, n) => sum + (n ?? 0), 0);
  index.run(SET_COUNTS, all, ...each, id);
}

/** Within the transaction; null, all of them: the text is gone. `verdict`: with which they were found. */
export function keepFigures(
  index: IndexFile,
  { id, verdict }: { id: number; verdict: number | null },
  { after, flips, lost }: { after: number | null; flips: number | null; lost: number | null },
): void {
  index.run(
    'UPDATE traces SET figured = 1, figured_verdict = ?, after = ?, flips = ?, lost = ? WHERE id = ?',
    verdict,
    after,
    flips,
    lost,
    id,
  );
}

/** Forgets what other versions found in texts, when the index is opened. */
export function forgetOtherVersions(index: IndexFile): void {
  forgetOf(index, 'counted', BEHAVIOURS_KEY, spansColumns);
  forgetOf(index, 'figured', FIGURES_VERSION, figureColumns);
}

function forgetOf(index: IndexFile, flag: string, version: string, columns: readonly string[]): void {
  const known = index.get<{ value: string }>('SELECT value FROM meta WHERE key = ?', flag)?.value;
  if (known === version) return;
  index.transaction(() => {
    if (known !== undefined) {
      const none = [flag, ...columns].map((name) => `${name} = NULL`).join(', ');
      index.run(`UPDATE traces SET ${none} WHERE ${flag} IS NOT NULL`);
    }
    index.run('INSERT OR REPLACE INTO meta VALUES (?, ?)', flag, version);
  });
}
