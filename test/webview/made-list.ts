/** Traces for tests of the list, and its query field. */
import type { Page } from 'playwright-core';
import type { View } from '../../core/protocol/webview.ts';
import { type FakeHost, fakeTrace, type FakeTrace } from './fake-host.ts';

export type InspectorView = Extract<View, { page: 'inspector' }>;
export const view: InspectorView = { page: 'inspector', title: 'two-stage', filter: { run: 'run-00000000' } };
export const sets = [40, 80].flatMap((step) =>
  ['grpo', 'sft'].map((stage) => ({ run: 'run-00000000', stage, step, label: `${stage} ${step}`, traces: 100 })),
);

/** Traces of two stages; every third is wrong, every seventh is cut, every fifth has something to find. */
export function made(n: number): FakeTrace[] {
  return Array.from({ length: n }, (_, i) =>
    fakeTrace(i, {
      completion:
        i % 5 === 0
          ? `First, a thought.\n\nWait, let me check this again. Trace ${i}.\n\nLet me check once more. So \\boxed{${i % 3 === 0 ? 4 : 3}}`
          : `Trace ${i}: so \\boxed{${i % 3 === 0 ? 4 : 3}}`,
      gold: '3',
      problemLabel: `aime24/${i % 90}`,
      sample: i % 4,
      stage: i % 2 === 0 ? 'grpo' : 'sft',
      step: i % 4 < 2 ? 40 : 80,
      tokens: 1000 + ((i * 7919) % 15_000),
      finish: i % 7 === 0 ? 'length' : 'stop',
      reward: (i % 11) / 10,
      advantage: ((i % 9) - 4) / 4,
    }),
  );
}

export const field = (page: Page) => page.getByRole('combobox', { name: 'Query of the list' });
export const summary = (page: Page, words: string | RegExp) => page.locator('.summary', { hasText: words }).waitFor();
export const write = async (page: Page, text: string) => {
  await field(page).fill('');
  await page.keyboard.insertText(text);
};
export const lastQuery = (host: FakeHost, method = 'traces/page') =>
  (host.calls.filter((call) => call.method === method).at(-1)?.params as { query?: string } | undefined)?.query;
