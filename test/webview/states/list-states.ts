/** The inspector's list: its query, its tools, its audit and its re-score. */
import type { Page } from 'playwright-core';
import type { AuditItem, AuditQueue, RescorePreview } from '../../../core/protocol/audit.ts';
import { LonghandError } from '../../../core/protocol/errors.ts';
import { FakeHost, type FakeTrace } from '../fake-host.ts';
import { write } from '../made-list.ts';
import { inspected, inspector, traces } from './inspector-states.ts';
import { gone, press, seen, type PageState } from './state.ts';

export const listStates: readonly PageState[] = [
  inspected('a query with an error', async (page) => {
    await write(page, 'verdict:wrong tokns:>2000');
    await press(page, 'Escape');
    await page.locator('.query-error').waitFor();
  }),
  inspected('completions of a query', async (page) => {
    await write(page, 'verdict:wrong ste');
    await page.getByRole('option').first().waitFor();
  }),
  inspected('chips of a query', async (page) => {
    await write(page, 'verdict:wrong,undecided -truncated tokens:>10 aime');
    await press(page, 'Enter');
    await page.locator('.list-column .chip').nth(2).waitFor();
  }),
  inspected(
    'saved lists',
    async (page) => {
      await opened(page, /^Saved/);
      await page.locator('.popover').getByRole('textbox').fill('wrong and long');
    },
    withSaved,
  ),
  inspected('columns', (page) => opened(page, 'Columns')),
  inspected('results of a search', async (page) => {
    await write(page, '"let me check"');
    await page.locator('mark.hit').first().waitFor();
  }),
  inspected('no trace that fits', async (page) => {
    await write(page, 'tokens:>900k');
    await page.getByRole('button', { name: 'Clear the query' }).waitFor();
  }),
  inspected('no traces yet', seen('.list-column .state', '.text-column .state'), () => {
    return new FakeHost({ traces: [] }, inspector);
  }),
  inspected('a list that cannot be shown', seen('.banner', '.list-column [role=alert]', '.text-column .state'), () => {
    const host = new FakeHost({ traces: [] }, inspector, gone);
    host.failing.set('traces/page', new LonghandError('disconnected', 'The backend went away.'));
    return host;
  }),
  inspected(
    'the audit',
    async (page) => {
      await page.getByRole('grid', { name: 'Audit' }).waitFor();
      await page.locator('.fold-head', { hasText: 'Candidates' }).click();
      await page.locator('.audit-candidate').first().waitFor();
      await press(page, '=');
    },
    () => new FakeHost(audited(), { ...inspector, mode: 'audit' }),
  ),
  inspected('an audit of nothing', seen('.list-audit .state'), () => {
    const audit = { ...audited().audit, items: [], total: 0, looked: 0 };
    return new FakeHost({ traces: traces(), audit }, { ...inspector, mode: 'audit' });
  }),
  inspected('a re-score', seen('.rescore-sets'), () => {
    return new FakeHost(audited(), { ...inspector, mode: 'rescore' });
  }),
];

/** Opens the small panel of a button. */
async function opened(page: Page, name: string | RegExp): Promise<void> {
  await page.locator('.list-column').getByRole('button', { name }).first().click();
  await page.locator('.popover').waitFor();
}

function withSaved(): FakeHost {
  const host = new FakeHost({ traces: traces() }, inspector);
  host.savedViews = [
    { name: 'Wrong and long', query: 'verdict:wrong tokens:>8000', sort: { key: 'tokens', descending: true } },
    { name: 'Checks', query: 'behaviour.verification:>=3', sort: { key: 'order', descending: false } },
  ];
  return host;
}

/** Twenty suspects of three kinds, and a re-score that changes two of them. */
function audited(): { audit: AuditQueue; rescore: () => RescorePreview; traces: FakeTrace[] } {
  const all = traces();
  const detail = 'Math-Verify says wrong, the quick check right.';
  const items = all.slice(0, 20).map(({ detail: row }, i): AuditItem => ({
    ...{ row, suspect: (['false_negative', 'false_positive', 'unclear'] as const)[i % 3]! },
    reasons: [{ reason: 'checkers_differ', detail }],
  }));
  const estimate = (mean: number) => ({ mean, ci95: [mean - 0.02, mean + 0.02] as [number, number] });
  const preview: RescorePreview = {
    ...{ checker: 'quick', version: '2', policy: 'default', done: 4000, waiting: 0, beyond: 0 },
    ...{ moves: [{ from: 'wrong', to: 'right', n: 2 }], kept: { undecided: 7, reader: 2 }, moreSets: 0, total: 2 },
    sets: [
      {
        ...{ stage: 'eval', of: 'sft', step: 40, set: 'math-500', marker: null, problems: 500, n: 4000 },
        ...{ before: estimate(0.612), after: estimate(0.63), difference: estimate(0.018) },
      },
    ],
    changes: all.slice(1, 3).map(({ detail: row }) => {
      return { row, from: 'wrong', to: 'right', gold: '42', reason: 'the same value' };
    }),
  };
  return {
    traces: all,
    rescore: () => preview,
    audit: {
      ...{ items, total: 20, reasons: { checkers_differ: 20 } },
      ...{ looked: 46, done: 2, waiting: 0, unreadable: 0, cut: 1, beyond: 0 },
    },
  };
}
