/** Two beside each other: the comparison of two stages, and two attempts. */
import { LonghandError } from '../../../core/protocol/errors.ts';
import type { TraceSet } from '../../../core/protocol/comparison.ts';
import type { WebviewInit } from '../../../core/protocol/webview.ts';
import { FakeHost } from '../fake-host.ts';
import { madeAttempts } from '../made-attempts.ts';
import { madePairs, RUN } from '../made-run.ts';
import { madeBehaviours } from '../made-stages.ts';
import { gone, press, seen, type PageState } from './state.ts';
import type { FakeData } from '../fake-data.ts';

const sets: TraceSet[] = [
  { run: RUN, stage: 'sft', step: 250, label: 'sft 250', traces: 160 },
  { run: RUN, stage: 'grpo', step: 30, label: 'grpo 30', traces: 160 },
];

const compared = (data: Partial<FakeData> = {}): FakeHost => {
  const { traces, pairs } = madePairs(40);
  return new FakeHost(
    { traces, pairs: { pairs, onlyBefore: 2, onlyAfter: 0 }, behaviours: madeBehaviours(), sets, ...data },
    {
      ...{ page: 'compare', title: 'sft → grpo' },
      before: { run: RUN, stage: 'sft', step: 250 },
      after: { run: RUN, stage: 'grpo', step: 30 },
    },
  );
};

const attempts = (init: Partial<WebviewInit> = {}, branches?: 'text'): FakeHost =>
  new FakeHost(
    { traces: madeAttempts() },
    {
      ...{ page: 'sides', title: 'aime24/63', ...(branches && { branches }) },
      ...{ left: 'run-00000000/grpo/1/0', right: 'run-00000000/grpo/1/2' },
    },
    init,
  );

export const pairStates: readonly PageState[] = [
  { name: 'comparison', bundle: 'inspector', host: () => compared(), reach: seen('.side .pill') },
  {
    ...{ name: 'comparison, its figures', bundle: 'inspector', host: () => compared() },
    async reach(page) {
      await page.locator('.side .pill').first().waitFor();
      await page.getByRole('button', { name: 'Figures' }).click();
      await page.locator('.behaviours').waitFor();
    },
  },
  {
    ...{ name: 'comparison, no problem on both sides', bundle: 'inspector' },
    host: () => compared({ pairs: { pairs: [], onlyBefore: 4, onlyAfter: 2 } }),
    reach: seen('.list-column .state'),
  },
  {
    ...{ name: 'comparison, that cannot be shown', bundle: 'inspector' },
    host: () => {
      const host = compared();
      Object.assign(host.init, gone);
      for (const method of ['traces/pairs', 'metrics/paired'])
        host.failing.set(method, new LonghandError('disconnected', 'The backend went away.'));
      return host;
    },
    reach: seen('.list-column [role=alert]', '.text-column [role=alert]', '.banner'),
  },
  { name: 'sides', bundle: 'sides', host: () => attempts(), reach: seen('.parting') },
  {
    ...{ name: 'sides, with the branches of the group', bundle: 'sides', host: () => attempts({}, 'text') },
    async reach(page) {
      await page.locator('.parting').waitFor();
      await page.getByRole('treeitem').first().waitFor();
      await press(page, 'n');
    },
  },
  {
    ...{ name: 'sides, with one text gone', bundle: 'sides' },
    host: () => {
      const host = attempts(gone);
      host.failing.set('traces/slice', new LonghandError('not_found', 'The files of this attempt are gone.'));
      return host;
    },
    reach: seen('.banner', '.side [role=alert]'),
  },
];
