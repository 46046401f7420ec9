import assert from 'node:assert/strict';
import { describe, it, type Context } from 'mocha';
import { LonghandError } from '../../core/protocol/errors.ts';
import type { View } from '../../core/protocol/webview.ts';
import { axe } from './axe.ts';
import { FakeHost } from './fake-host.ts';
import { madeRows, reportData, STAGE } from './made-report.ts';
import { RUN } from './made-run.ts';
import { rejectData, sftData } from './made-stages.ts';
import { setTheme, shot } from './page.ts';
import { suitePages } from './suite.ts';
import { themeKinds } from './themes.ts';

const view: View = { page: 'report', run: RUN, stage: STAGE };
const lastCall = (host: FakeHost, method: string) =>
  host.calls.findLast((call) => call.method === method)?.params as Record<string, unknown> | undefined;

describe('rows of a report', () => {
  const { open } = suitePages({ bundle: 'report', width: 1400, height: 900 }, 10_000);

  it('are sorted by a click on a head, the other way by a second, and as written by a third; by keys as well', async () => {
    const host = new FakeHost(reportData(300), view);
    const page = await open(host);
    const first = () => page.locator('.dock .grid-row').first().innerText();
    await page.locator('.dock .grid-row').nth(2).waitFor();
    const written = await first();
    const head = page.getByRole('columnheader', { name: 'Tokens' }).getByRole('button');
    await head.click();
    await page.locator('[aria-sort="ascending"]').waitFor();
    const tokens = madeRows(300).map(({ cells }) => Number(cells['tokens']));
    await page.waitForFunction(
      (least) => document.querySelector('.dock .grid-row')?.textContent?.includes(least),
      String(Math.min(...tokens)),
    );
    assert.deepEqual(lastCall(host, 'stages/rows')?.['sort'], { key: 'tokens', descending: false });
    // The head keeps the focus, so that Enter goes on.
    await page.keyboard.press('Enter');
    await page.locator('[aria-sort="descending"]').waitFor();
    await page.keyboard.press('ArrowRight');
    assert.equal(await page.evaluate(() => document.activeElement?.textContent), 'Samples');
    await page.keyboard.press('ArrowLeft');
    await page.keyboard.press('Enter');
    await page.waitForFunction(() => !document.querySelector('[aria-sort]'));
    // The rows come a moment after the head says how they are sorted.
    await page.waitForFunction(
      (said) => document.querySelector<HTMLElement>('.dock .grid-row')?.innerText === said,
      written,
    );
  });

  it('stay until those of a filter or of another order are here', async () => {
    const page = await open(new FakeHost(reportData(200), view));
    await page.locator('.dock .grid-row').nth(2).waitFor();
    await page.evaluate(() => {
      const seen = { least: Infinity };
      Object.assign(window, { seen });
      new MutationObserver(() => {
        seen.least = Math.min(seen.least, document.querySelectorAll('.dock .grid-row').length);
      }).observe(document.querySelector('.dock')!, { childList: true, subtree: true });
    });
    await page.locator('.funnel-reasons button').first().click();
    await page.locator('.dock-count', { hasText: /^40 rows$/ }).waitFor();
    await page.getByRole('columnheader', { name: 'Tokens' }).getByRole('button').click();
    await page.locator('[aria-sort="ascending"]').waitFor();
    await page.waitForTimeout(300);
    const least = await page.evaluate(() => (window as unknown as { seen: { least: number } }).seen.least);
    assert.ok(least > 0 && least < Infinity, `${least} rows at the least`);
  });

  it('open the row that stands there, wherever it was written', async () => {
    const page = await open(
      new FakeHost(reportData(120), { ...view, rows: { table: 'rows', sort: { key: 'problem', descending: true } } }),
    );
    const row = page.locator('.dock .grid-row').nth(3);
    const problem = (await row.innerText()).split('\n')[0]!.trim();
    await row.click();
    await page.locator('.lane .block').first().waitFor();
    assert.ok((await page.locator('.row-cells').innerText()).includes(problem));
  });

  it('are found by words in their cells, inside a filter, and what is not found is said', async () => {
    const host = new FakeHost(reportData(400), view);
    const page = await open(host);
    await page.locator('.funnel-reasons button').first().click();
    const field = page.locator('.dock-search input');
    await field.fill('sums/12');
    const wanted = madeRows(400).filter(
      ({ cells }) => cells['dropped'] === 'short' && JSON.stringify(cells['problem']).includes('sums/12'),
    );
    await page.locator('.dock-count', { hasText: new RegExp(`^${wanted.length} rows$`) }).waitFor();
    await page.getByRole('button', { name: /^Filter .*: remove$/ }).click();
    await page.waitForFunction(() => !document.querySelector('.filter-chip'));
    assert.equal(lastCall(host, 'stages/rows')?.['text'], 'sums/12');
    await field.fill('nowhere at all');
    await page.getByText('No row has “nowhere at all” in a cell.').waitFor();
    assert.equal(await field.inputValue(), 'nowhere at all');
    await field.fill('');
    await page.locator('.dock-count', { hasText: /^400 rows$/ }).waitFor();
  });
});

describe('page of a rejection stage', () => {
  const { open } = suitePages({ bundle: 'report', width: 1300, height: 1100 }, 10_000);

  it('asks what other rounds and rules would have kept, beside what the stage kept, clean for axe', async function (this: Context) {
    this.timeout(120_000);
    const host = new FakeHost(rejectData(), view);
    const page = await open(host);
    const table = page.locator('.what-if-table');
    await table.waitFor();
    const cells = async (row: number) => (await table.locator('tbody tr').nth(row).innerText()).split(/\s*\t\s*/);
    assert.deepEqual(await cells(1), ['Problems solved, of 40', '40', '40', '0']);
    const rounds = page.locator('.what-if-field input').first();
    await rounds.fill('2');
    await page.waitForFunction(() => document.querySelector('.what-if-table')?.textContent?.includes('−26'));
    assert.deepEqual(await cells(1), ['Problems solved, of 40', '40', '14', '−26']);
    assert.deepEqual(await cells(0), ['Samples drawn', '184', '80', '−104']);
    for (const theme of themeKinds) {
      await setTheme(page, theme);
      await page.waitForTimeout(100);
      assert.deepEqual(await axe(page), [], theme);
      await shot(page, `what-if-${theme}`);
    }
    await rounds.fill('2, 100');
    await page.getByText(/Of 26 problems more would be drawn than is stored/).waitFor();
    await rounds.fill('2, none');
    assert.match(await page.getByRole('alert').innerText(), /whole numbers above 0/);
    await page.getByText('As in the stage').click();
    await page.waitForFunction(() => !document.querySelector('.what-if [role="alert"]'));
    assert.equal(await rounds.inputValue(), '2, 4');
  });

  it('says why it cannot be asked', async () => {
    const host = new FakeHost(rejectData(), view);
    host.failing.set('stages/whatIf', new LonghandError('corrupt', 'the row at byte 9: it is no sample.'));
    const page = await open(host);
    await page.getByText('the row at byte 9').waitFor();
  });
});

describe('page of an SFT stage', () => {
  const { open } = suitePages({ bundle: 'report', width: 1300, height: 1100 }, 10_000);
  const sft: View = { page: 'report', run: RUN, stage: 'sft' };

  it('shows evaluations by epoch, loss by segment with epoch ticks, and what of a row is trained, clean for axe', async function (this: Context) {
    this.timeout(120_000);
    const host = new FakeHost(sftData(), sft);
    const page = await open(host);
    const evaluation = page.getByRole('region', { name: 'Evaluation by epoch' });
    await evaluation.locator('.chart').nth(1).waitFor();
    const training = page.getByRole('region', { name: 'Training by step' });
    assert.match(await training.innerText(), /a tick at the end of each/);
    for (const title of ['Loss', 'Loss by segment', 'Loss by source'])
      await training.locator('.chart-title', { hasText: new RegExp(`^${title}$`) }).waitFor();
    assert.deepEqual(lastCall(host, 'metrics/snapshot'), { run: RUN, stages: ['sft'] });
    await evaluation.getByRole('button', { name: 'Accuracy as a table' }).click();
    assert.match(await evaluation.getByRole('region', { name: 'Accuracy, values' }).innerText(), /base[\s\S]*e1/);
    await evaluation.locator('.chart').nth(1).focus();
    await page.keyboard.press('End');
    await page.keyboard.press('Enter');
    await page.waitForTimeout(50);
    assert.equal(host.calls.at(-1)!.method, 'host/open');
    await page.locator('.dock .grid-row').first().click();
    await page.locator('.lane-trained .block').waitFor();
    assert.match(await page.locator('.lane-masked').innerText(), /masked/);
    const color = (lane: string) =>
      page
        .locator(`${lane} .body`)
        .first()
        .evaluate((body) => getComputedStyle(body).color);
    assert.notEqual(await color('.lane-masked'), await color('.lane-trained'));
    for (const theme of themeKinds) {
      await setTheme(page, theme);
      await page.waitForTimeout(100);
      assert.deepEqual(await axe(page), [], theme);
      await shot(page, `sft-${theme}`);
    }
  });

  it('reads on while it trains', async () => {
    const host = new FakeHost(sftData(), sft);
    const page = await open(host);
    await page.locator('.training .chart').first().waitFor();
    const before = host.count('metrics/snapshot');
    const event = { v: 1 as const, seq: 1, t: 0, type: 'metrics' as const, step: 1, epoch: 0.1, values: { loss: 1 } };
    await host.notify('events/batch', { stream: `${RUN}/sft/1`, events: [event] });
    await page.waitForTimeout(700);
    assert.equal(host.count('metrics/snapshot'), before + 1);
    await host.notify('events/batch', { stream: `${RUN}/grpo/1`, events: [event] });
    await page.waitForTimeout(700);
    assert.equal(host.count('metrics/snapshot'), before + 1);
  });
});
