/** Pages in their states, for what is to hold everywhere: names, contrast, zoom, the keyboard. */
import type { Page } from 'playwright-core';
import type { Advisory } from '../../core/metrics/advisories.ts';
import { fromEnds } from '../../core/metrics/token-position.ts';
import type { View } from '../../core/protocol/webview.ts';
import { FakeHost, fakeTrace, type FakeTrace } from './fake-host.ts';
import { madeAttempts } from './made-attempts.ts';
import { groupsData, reportData, STAGE } from './made-report.ts';
import { madeMetrics, madePairs, madeRun, madeTable, RUN } from './made-run.ts';
import { longCompletion } from './made-trace.ts';
import { madeWhy } from './made-why.ts';
import type { PageOptions } from './page.ts';

export interface PageState {
  name: string;
  bundle: NonNullable<PageOptions['bundle']>;
  host: () => FakeHost;
  /** Waits for the page and brings it into the state. */
  reach: (page: Page) => Promise<void>;
  /** False where Tab is not what goes around: what is open closes when the focus leaves it. */
  walked?: boolean;
}

type InspectorView = Extract<View, { page: 'inspector' }>;
const inspector: InspectorView = { page: 'inspector', title: 'two-stage', filter: { run: 'run-00000000' } };

/** Six attempts of a group, the first with what was recorded of its tokens; then others. */
function traces(): FakeTrace[] {
  const group = Array.from({ length: 6 }, (_, sample) => {
    const completion = longCompletion(6000 + 3000 * sample, 20).replace('{42}', sample % 2 ? '{41}' : '{42}');
    const facts = { entropy: 0.412, logprob: -0.731 };
    const wish = { sample, group: 'g', reward: sample % 2 ? 0 : 1, advantage: sample % 2 ? -1 : 1, facts };
    return fakeTrace(sample, { completion, gold: '42', problem: 'p', problemLabel: 'aime24/63', ...wish });
  });
  const first = group[0]!;
  const ends = Int32Array.from([...first.completion.matchAll(/\s?[^\s]{1,6}|\s/g)], ({ index, 0: one }) => index + one.length); // prettier-ignore
  const logprobs = Float32Array.from(ends, (_, i) => (i % 7 === 3 ? -3.5 : -0.01));
  const entropies = Float32Array.from(ends, (_, i) => (i % 7 === 3 ? 2 : i % 5 === 2 ? 0.7 : 0.05));
  first.tokens = { positions: fromEnds(ends), scores: { logprobs, entropies, top: 0 } };
  Object.assign(first.detail, { tokens: ends.length, tokensExact: true });
  const others = Array.from({ length: 40 }, (_, i) => {
    const finish = i % 6 === 5 ? ('length' as const) : ('stop' as const);
    const answer = i % 3 === 0 ? '3' : '4';
    return fakeTrace(6 + i, {
      completion: `So $a = ${answer}$. Let me check that. The answer is \\boxed{${answer}}.`,
      ...{ gold: '3', problemLabel: `aime25/${i}`, finish },
    });
  });
  return [...group, ...others];
}

const advisories: Advisory[] = (['truncated', 'loops'] as const).map((kind, i) => ({
  ...{ kind, level: i === 0 ? ('alarm' as const) : ('advice' as const), stage: 'grpo', set: null, from: 25, to: 30 },
  threshold: 0.03,
  evidence: [{ name: 'completions cut at the maximum length', value: 0.412, n: 384, unit: 'share' as const }],
}));

const read = (page: Page) => page.locator('.path-facts').waitFor();
const writeQuery = async (page: Page, text: string) => {
  await page.getByRole('combobox', { name: 'Query of the list' }).fill(text);
};
const press = async (page: Page, ...keys: string[]) => {
  for (const key of keys) await page.keyboard.press(key);
};

const inspected = (name: string, reach: (page: Page) => Promise<void>): PageState => ({
  ...{ name: `inspector, ${name}`, bundle: 'inspector' },
  host: () => new FakeHost({ traces: traces() }, inspector),
  async reach(page) {
    await read(page);
    await reach(page);
  },
});

const ofInspector: readonly PageState[] = [
  inspected('a trace', async () => undefined),
  inspected('keys', async (page) => {
    await press(page, '?');
    await page.locator('dialog[open]').waitFor();
  }),
  inspected('a query with an error', async (page) => {
    await writeQuery(page, 'verdict:wrong tokns:>2000');
    await press(page, 'Escape');
    await page.locator('.query-error').waitFor();
  }),
  inspected('completions', async (page) => {
    await writeQuery(page, 'verdict:wrong ste');
    await page.getByRole('option').first().waitFor();
  }),
  inspected('rulers of the group', async (page) => {
    await press(page, 'R');
    await page.locator('.strips-state', { hasText: /^$/ }).waitFor({ state: 'attached' });
  }),
  inspected('outline and the field for places', async (page) => {
    await press(page, 'L');
    await page.locator('.outline-row').first().waitFor();
    await press(page, ':');
    await page.locator('.go-to').waitFor();
  }),
  inspected('find with hits', async (page) => {
    await press(page, '/');
    await page.locator('.find-field').fill('the');
    await page.locator('.find-count', { hasText: ' of ' }).waitFor();
  }),
  inspected('lines under tokens', async (page) => {
    await press(page, 'H');
    await page.locator('.token-key').waitFor();
  }),
];

const pairs = () => {
  const made = madePairs(40);
  return new FakeHost(
    { traces: made.traces, pairs: { pairs: made.pairs, onlyBefore: 2, onlyAfter: 0 } },
    {
      ...{ page: 'compare', title: 'sft → grpo' },
      before: { run: RUN, stage: 'sft', step: 250 },
      after: { run: RUN, stage: 'grpo', step: 30 },
    },
  );
};

const others: readonly PageState[] = [
  {
    ...{ name: 'comparison', bundle: 'inspector', host: pairs },
    async reach(page) {
      await page.locator('.side .pill').first().waitFor();
    },
  },
  {
    ...{ name: 'sides, with the tree', bundle: 'sides' },
    host: () =>
      new FakeHost(
        { traces: madeAttempts() },
        {
          ...{ page: 'sides', title: 'aime24/63', branches: 'text' },
          ...{ left: 'run-00000000/grpo/1/0', right: 'run-00000000/grpo/1/2' },
        },
      ),
    async reach(page) {
      await page.locator('.parting').waitFor();
      await page.getByRole('treeitem').first().waitFor();
    },
  },
  {
    ...{ name: 'dashboard, with alarms', bundle: 'dashboard' },
    host: () => {
      const [run, metrics, rows] = [madeRun(), madeMetrics(), madeTable()];
      return new FakeHost(
        { traces: [], run, metrics, table: rows, advisories: { advisories, read: 9, n: 12 } },
        { page: 'dashboard', run: RUN },
      );
    },
    async reach(page) {
      await page.locator('.advisory').nth(1).waitFor();
      await page.locator('.chart canvas').nth(3).waitFor();
    },
  },
  {
    ...{ name: 'report', bundle: 'report' },
    host: () => new FakeHost(reportData(60), { page: 'report', run: RUN, stage: STAGE }),
    async reach(page) {
      await page.locator('.dock .grid-row').nth(2).waitFor();
    },
  },
  {
    ...{ name: 'report, a row', bundle: 'report' },
    host: () => new FakeHost(reportData(60), { page: 'report', run: RUN, stage: STAGE, row: 2 }),
    async reach(page) {
      await page.locator('.lane .block').first().waitFor();
    },
  },
  {
    ...{ name: 'report of GRPO', bundle: 'report' },
    host: () => new FakeHost(groupsData(40, 4), { page: 'report', run: RUN, stage: 'grpo' }),
    async reach(page) {
      await page.locator('.group-table tbody tr').nth(7).waitFor();
      await page.locator('.charts canvas').first().waitFor();
    },
  },
  {
    ...{ name: 'report, why the reward changed', bundle: 'report' },
    host: () =>
      new FakeHost(
        { ...groupsData(6, 4), rewardChange: madeWhy },
        { page: 'report', run: RUN, stage: 'grpo', why: {} },
      ),
    async reach(page) {
      const why = page.getByRole('region', { name: 'Why the reward changed' });
      await why.getByText('True accuracy').waitFor();
      await why.locator('canvas').waitFor();
    },
  },
];

export const pageStates: readonly PageState[] = [...ofInspector, ...others];
