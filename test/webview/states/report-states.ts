/** The page of a stage: what each kind of stage reports. */
import type { FakeData } from '../fake-data.ts';
import { FakeHost } from '../fake-host.ts';
import { groupsData, reportData, runWith, STAGE } from '../made-report.ts';
import { RUN } from '../made-run.ts';
import { classesData, rejectData, sftData } from '../made-stages.ts';
import { madeWhy } from '../made-why.ts';
import type { View } from '../../../core/protocol/webview.ts';
import { gone, seen, type PageState } from './state.ts';

type ReportView = Extract<View, { page: 'report' }>;

const reported = (
  name: string,
  data: () => FakeData,
  reach: PageState['reach'],
  view: Partial<ReportView> = {},
): PageState => ({
  ...{ name: `report, ${name}`, bundle: 'report', reach },
  host: () => new FakeHost(data(), { page: 'report', run: RUN, stage: STAGE, ...view }),
});

export const reportStates: readonly PageState[] = [
  reported('of a synthesis', () => reportData(60), seen('.dock .grid-row', '.sankey svg, .sankey canvas')),
  reported(
    'its drawings as tables',
    () => reportData(60),
    async (page) => {
      await page.locator('.sankey').waitFor();
      const tables = page.getByRole('button', { name: / as a table$/ });
      for (let i = 0; i < (await tables.count()); i += 1) await tables.nth(i).click();
      await page.locator('.chart-table').first().waitFor();
    },
  ),
  reported('a row', () => reportData(60), seen('.lane .block'), { row: 2 }),
  reported(
    'filtered rows',
    () => reportData(60),
    async (page) => {
      await page.locator('.funnel-reasons button').first().click();
      await page.locator('.dock-search input').fill('nowhere at all');
      await page.getByText('No row has').waitFor();
    },
  ),
  reported('behaviours by class', classesData, async (page) => {
    await page.getByRole('row', { name: /^Backtracking/ }).waitFor();
  }),
  reported('of a rejection, with a question', rejectData, async (page) => {
    await page.locator('.what-if-table').waitFor();
    await page.locator('.what-if-field input').first().fill('2, none');
    await page.getByRole('alert').waitFor();
  }),
  reported('of SFT', sftData, seen('.training .chart canvas', '.dock .grid-row'), { stage: 'sft' }),
  reported(
    'of GRPO',
    () => groupsData(40, 4),
    async (page) => {
      await page.locator('.group-table tbody tr').nth(7).waitFor();
      await page.locator('.charts canvas').first().waitFor();
    },
    { stage: 'grpo' },
  ),
  reported(
    'why the reward changed',
    () => ({ ...groupsData(6, 4), rewardChange: madeWhy }),
    async (page) => {
      const why = page.getByRole('region', { name: 'Why the reward changed' });
      await why.getByText('True accuracy').waitFor();
      await why.locator('canvas').waitFor();
    },
    { stage: 'grpo', why: {} },
  ),
  reported('nothing reported', () => ({ traces: [], run: runWith({ state: 'running', traces: 4 }) }), seen('.state')),
  {
    ...{ name: 'report, the connection lost', bundle: 'report' },
    host: () => new FakeHost(reportData(60), { page: 'report', run: RUN, stage: STAGE }, gone),
    reach: seen('.banner', '.dock .grid-row'),
  },
  reported('a run that cannot be read', () => ({ traces: [] }), seen('[role=alert]')),
];
