import assert from 'node:assert/strict';
import { describe, it, type Context } from 'mocha';
import type { Page } from 'playwright-core';
import type { View } from '../../core/protocol/webview.ts';
import { axe } from './axe.ts';
import { FakeHost, fakeTrace } from './fake-host.ts';
import { groupsData } from './made-report.ts';
import { RUN } from './made-run.ts';
import { setTheme, shot } from './page.ts';
import { suitePages } from './suite.ts';
import { themeKinds } from './themes.ts';

const grpoView: View = { page: 'report', run: RUN, stage: 'grpo' };

describe('groups of GRPO', () => {
  const { open } = suitePages({ bundle: 'report', width: 1400, height: 1000 }, 10_000);
  const elements = (page: Page) => page.evaluate(() => document.querySelectorAll('*').length);
  const lastView = (host: FakeHost) => (lastCall(host, 'host/viewChanged') as { view: View }).view;

  const group = (page: Page) => page.getByRole('region', { name: 'Group', exact: true });

  it('shows health, problems and the newest group, clean for axe in all four themes', async function (this: Context) {
    // axe looks at 1,400 elements four times.
    this.timeout(180_000);
    const page = await open(new FakeHost(groupsData(300, 4), grpoView), { height: 1150 });
    await page.locator('.group-table tbody tr').nth(7).waitFor();
    await page.locator('.charts canvas').nth(5).waitFor();
    assert.match(await page.locator('.step-words').innerText(), /step 16: 8 of 8 right, mean/);
    const third = page.locator('.group-table tbody tr').nth(3);
    assert.match(await third.innerText(), /≠/);
    assert.equal(await page.locator('.group-table .differs').count(), 1);
    assert.match(await page.locator('.group-figures').innerText(), /1 advantage differs from the logged/);
    assert.ok((await elements(page)) <= 1500, `${await elements(page)} elements`);
    for (const theme of themeKinds) {
      await setTheme(page, theme);
      await page.waitForTimeout(100);
      assert.deepEqual(await axe(page), [], theme);
      await shot(page, `groups-${theme}`);
    }
  });

  it('slides over the steps of a problem, and finds another problem', async () => {
    const host = new FakeHost(groupsData(300, 4), grpoView);
    const page = await open(host, { height: 1150 });
    const slider = page.getByRole('slider', { name: 'Step' });
    await slider.focus();
    await page.keyboard.press('Home');
    await page.locator('.step-words', { hasText: 'step 1:' }).waitFor();
    await page.keyboard.press('ArrowRight');
    await page.locator('.step-words', { hasText: 'step 6:' }).waitFor();
    await page.getByText('1 advantage differs').waitFor({ state: 'detached' });
    await page.waitForTimeout(250);
    assert.deepEqual(lastView(host), { ...grpoView, problem: 'p0', step: 6 });
    // A problem beyond the first page, found by words; the step stays as near as can be.
    await page.locator('.group-problems input').fill('sums/28');
    await page.locator('.group-problems .grid-row', { hasText: 'sums/288' }).click();
    await page.locator('.step-words', { hasText: 'step 4:' }).waitFor();
    assert.match(await page.locator('.groups-count').innerText(), /^11 problems$/);
    // A group that teaches nothing says so.
    await page.locator('.group-problems input').fill('sums/1');
    await page.locator('.groups-count', { hasText: '100 of 111 problems' }).waitFor();
    await page.locator('.group-problems .grid-row').first().click();
    await page.getByText('nothing is learned from this group').waitFor();
  });

  it('goes from a step to a group of that step, also of another problem', async () => {
    const data = groupsData(6, 3);
    const other = fakeTrace(7, { completion: 'So 7.', run: RUN, stage: 'grpo', step: 3, problem: 'p2' });
    const host = new FakeHost({ ...data, traces: [other] }, grpoView);
    const page = await open(host);
    await page.locator('.step-words', { hasText: 'step 11:' }).waitFor();
    const chart = page.getByRole('figure', { name: /^Cut completions/ });
    await chart.focus();
    await page.keyboard.press('Home');
    await page.keyboard.press('ArrowRight');
    await page.keyboard.press('ArrowRight');
    await page.keyboard.press('Enter');
    await page.locator('.step-words', { hasText: 'step 3:' }).waitFor();
    await page.waitForTimeout(250);
    assert.deepEqual(lastView(host), { ...grpoView, problem: 'p2', step: 3 });
  });

  it('opens the trace of a completion', async () => {
    const host = new FakeHost(groupsData(3, 2), grpoView);
    const page = await open(host);
    await group(page).getByRole('button', { name: '4', exact: true }).click();
    await page.waitForTimeout(50);
    const { method, params } = host.calls.findLast((call) => call.method === 'host/open')!;
    assert.equal(method, 'host/open');
    assert.match((params as { view: { trace: string } }).view.trace, new RegExp(`^${RUN}/grpo/1/11$`));
  });

  it('opens a completion beside one that ended the other way', async () => {
    const host = new FakeHost(groupsData(3, 2), grpoView);
    const page = await open(host);
    const button = group(page)
      .getByRole('button', { name: /^Side by side with sample/ })
      .first();
    const mate = Number(/\d+/.exec((await button.getAttribute('aria-label'))!)![0]) - 1;
    await button.click();
    await page.waitForTimeout(50);
    const opened = host.calls.filter(({ method }) => method === 'host/open');
    assert.equal(opened.length, 1, 'the trace itself is not opened as well');
    const { view } = opened[0]!.params as { view: { page: string; left: string; right: string } };
    assert.equal(view.page, 'sides');
    const members = Object.values(host.data.groups!.details).flatMap((one) => one.members.map(({ row }) => row));
    const [left, right] = [view.left, view.right].map((id) => members.find((row) => row.trace === id)!);
    assert.equal(right!.sample, mate);
    assert.deepEqual(new Set([left!.verdict, right!.verdict]), new Set(['right', 'wrong']));
  });

  it('reads on from the last steps while it trains', async () => {
    const host = new FakeHost(groupsData(4, 3), { ...grpoView, problem: 'p1', step: 7 });
    const page = await open(host);
    await page.locator('.step-words', { hasText: 'step 7:' }).waitFor();
    host.data.groups!.health.push({ ...host.data.groups!.health.at(-1)!, step: 16 });
    await host.notify('events/batch', {
      stream: `${RUN}/grpo/1`,
      events: [{ v: 1, seq: 1, t: 0, type: 'trace_facts', trace: 1, facts: {} }],
    });
    await page.waitForTimeout(800);
    assert.equal((lastCall(host, 'metrics/groups') as { stepFrom: number }).stepFrom, 14);
    await page.getByRole('figure', { name: /^Cut completions/ }).focus();
    await page.keyboard.press('End');
    assert.match(
      await page
        .getByRole('figure', { name: /^Cut completions/ })
        .locator('.chart-value')
        .innerText(),
      /step 16/,
    );
    // Enter goes to the group of that problem nearest to the step.
    await page.keyboard.press('Enter');
    await page.locator('.step-words', { hasText: 'step 12:' }).waitFor();
  });

  it('says that there is no group yet', async () => {
    const page = await open(new FakeHost({ ...groupsData(0, 0) }, grpoView));
    await page.getByRole('heading', { name: 'No groups yet' }).waitFor();
    assert.deepEqual(await axe(page), []);
  });
});

function lastCall(host: FakeHost, method: string): unknown {
  return host.calls.findLast((call) => call.method === method)?.params;
}
