/** The pages of a run: its dashboard, and the overview of its traces with every panel. */
import type { Advisory } from '../../../core/metrics/advisories.ts';
import { LonghandError } from '../../../core/protocol/errors.ts';
import { FakeHost } from '../fake-host.ts';
import { overviewHost } from '../made-overview.ts';
import { madeMetrics, madeRun, madeTable, RUN } from '../made-run.ts';
import { gone, seen, type PageState } from './state.ts';

const advisories: Advisory[] = (['truncated', 'loops'] as const).map((kind, i) => ({
  ...{ kind, level: i === 0 ? ('alarm' as const) : ('advice' as const), stage: 'grpo', from: 25, to: 30 },
  ...{ of: null, set: null, marker: null },
  threshold: 0.03,
  evidence: [{ name: 'completions cut at the maximum length', value: 0.412, n: 384, unit: 'share' as const }],
}));
const dashboard = { page: 'dashboard', run: RUN } as const;

const unreadable = (host: FakeHost, method: string): FakeHost => {
  host.failing.set(method, new LonghandError('corrupt', 'The index of this run is damaged.'));
  return host;
};

export const runStates: readonly PageState[] = [
  {
    ...{ name: 'dashboard, with alarms', bundle: 'dashboard' },
    host: () => {
      const [run, metrics, table] = [madeRun(), madeMetrics(), madeTable()];
      return new FakeHost(
        { traces: [], run, metrics, table, advisories: { advisories, read: 9, n: 12, unread: [] } },
        dashboard,
      );
    },
    async reach(page) {
      await page.locator('.advisory').nth(1).waitFor();
      await page.locator('.chart canvas').nth(3).waitFor();
      await page.getByRole('button', { name: 'Accuracy as a table' }).first().click();
    },
  },
  {
    ...{ name: 'dashboard, nothing measured yet', bundle: 'dashboard' },
    host: () => new FakeHost({ traces: [], run: { ...madeRun(), stages: [] } }, dashboard),
    reach: seen('.dashboard-empty'),
  },
  {
    ...{ name: 'dashboard, the connection lost', bundle: 'dashboard' },
    host: () => {
      const [run, metrics, table] = [madeRun(), madeMetrics(), madeTable()];
      return new FakeHost({ traces: [], run, metrics, table }, dashboard, gone);
    },
    reach: seen('.banner', '.chart canvas'),
  },
  {
    ...{ name: 'dashboard, a run that cannot be read', bundle: 'dashboard' },
    host: () => unreadable(new FakeHost({ traces: [] }, dashboard), 'runs/get'),
    reach: seen('[role=alert]'),
  },
  {
    ...{ name: 'overview, every panel with what is chosen in it', bundle: 'overview' },
    host: (store) => overviewHost(store, 'run', { set: 'sums' }).host,
    async reach(page) {
      await page.getByRole('figure', { name: /^Verification by verdict/ }).waitFor();
      await page.locator('.matrix-cell').first().waitFor();
      await page.locator('.matrix-name').nth(2).click();
      await page.locator('.over-time canvas').waitFor();
      await page.locator('.quadrant').first().click();
      await page.locator('.bucket').first().click();
    },
  },
  {
    ...{ name: 'overview, length and reward', bundle: 'overview' },
    host: (store) => overviewHost(store, 'run', { stage: 'grpo' }).host,
    async reach(page) {
      await page.getByLabel('Fewest tokens').fill('1000');
      await page.getByLabel('Most tokens').fill('3000');
      await page.getByLabel('Most tokens').press('Tab');
      await page.getByRole('button', { name: /^Open \d+ traces$/ }).waitFor();
    },
  },
  {
    ...{ name: 'overview, its drawings as tables', bundle: 'overview' },
    host: (store) => overviewHost(store, 'run', { set: 'sums' }).host,
    async reach(page) {
      await page.getByRole('figure', { name: /^Verification by verdict/ }).waitFor();
      const tables = page.getByRole('button', { name: / as a table$/ });
      for (let i = 0; i < (await tables.count()); i += 1) await tables.nth(i).click();
      await page.getByRole('region', { name: 'Length and verdict, values' }).waitFor();
    },
  },
  {
    ...{ name: 'overview, no traces yet', bundle: 'overview' },
    host: () => {
      const service = async (): Promise<never> => ({ series: [], more: 0 }) as never;
      return new FakeHost({ traces: [], run: madeRun(), service }, { page: 'overview', run: RUN });
    },
    reach: seen('.state'),
  },
  {
    ...{ name: 'overview, traces that cannot be read', bundle: 'overview' },
    host: (store) => unreadable(overviewHost(store, 'run').host, 'overview/series'),
    reach: seen('[role=alert]'),
  },
];
