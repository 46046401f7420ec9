import assert from 'node:assert/strict';
import { describe, it, type Context } from 'mocha';
import type { Page } from 'playwright-core';
import { LonghandError } from '../../core/protocol/errors.ts';
import type { View } from '../../core/protocol/webview.ts';
import { colorsOf } from '../../webview/report/colors.ts';
import { layout } from '../../webview/report/sankey-layout.ts';
import { axe } from './axe.ts';
import { FakeHost } from './fake-host.ts';
import { madeReport, madeRows, reportData, runWith, STAGE } from './made-report.ts';
import { RUN } from './made-run.ts';
import { setTheme, shot } from './page.ts';
import { suitePages } from './suite.ts';
import { themeKinds } from './themes.ts';

const view: View = { page: 'report', run: RUN, stage: STAGE };

describe('layout of a Sankey diagram', () => {
  const flow = (from: string, to: string, n: number) => ({ from, to, n });

  it('gives each node the height of what goes through it, in columns, inside the given room', () => {
    const { nodes, flows } = layout(
      [flow('a', 'c', 30), flow('b', 'c', 10), flow('c', 'd', 25), flow('a', 'd', 5)],
      400,
      200,
    );
    const at = new Map(nodes.map((node) => [node.name, node]));
    assert.deepEqual(
      ['a', 'b', 'c', 'd'].map((name) => [at.get(name)!.column, at.get(name)!.n]),
      [
        [0, 35],
        [0, 10],
        [1, 40],
        [2, 30],
      ],
    );
    for (const { y, height, x } of nodes) assert.ok(y >= -1e-9 && y + height <= 200 + 1e-9 && x >= 0 && x <= 392);
    assert.ok(Math.abs(at.get('c')!.height / at.get('b')!.height - 4) < 1e-9);
    assert.equal(flows.length, 4);
    for (const {
      width,
      flow: { n },
    } of flows)
      assert.ok(Math.abs(width / n - flows[0]!.width / 30) < 1e-9);
  });

  it('leaves out what leads back and what carries nothing, and ends', () => {
    const { nodes, flows } = layout(
      [flow('a', 'b', 3), flow('b', 'a', 2), flow('b', 'b', 1), flow('b', 'c', 0)],
      100,
      50,
    );
    assert.deepEqual(
      flows.map(({ flow: { from, to } }) => `${from}${to}`),
      ['ab'],
    );
    assert.equal(nodes.length, 2);
    assert.deepEqual(layout([], 100, 50), { nodes: [], flows: [] });
  });

  it('has one colour a label', () => {
    const colors = colorsOf(['RR', 'right', 'RW', 'RR', 'Dropped']);
    assert.deepEqual([...colors.keys()], ['RR', 'right', 'RW', 'Dropped']);
    assert.equal(colors.get('right'), '--lh-right');
    assert.notEqual(colors.get('RR'), colors.get('RW'));
  });
});

describe('report', () => {
  const { open, close } = suitePages({ bundle: 'report', width: 1400, height: 1000 }, 10_000);
  const elements = (page: Page) => page.evaluate(() => document.querySelectorAll('*').length);
  const grid = (page: Page) => page.getByRole('grid', { name: 'Documents' });
  const lastView = (host: FakeHost) => (lastCall(host, 'host/viewChanged') as { view: View }).view;

  it('draws every kind of block, with 10,000 rows in few elements, clean for axe in all four themes', async function (this: Context) {
    // axe looks at 1,400 elements four times.
    this.timeout(180_000);
    const page = await open(new FakeHost(reportData(10_000), view));
    await page.locator('.dock .grid-row').nth(5).waitFor();
    for (const title of ['Two turns', 'Filters', 'Length of the second answer', 'Balance', 'Classes', 'Choice'])
      await page.getByRole('region', { name: title, exact: true }).waitFor();
    assert.match(await page.locator('.dock-count').innerText(), /^10,000 rows$/);
    assert.match(await page.getByRole('region', { name: 'Two turns' }).innerText(), /61\.2 % 58\.4–63\.9/);
    assert.ok((await elements(page)) <= 1500, `${await elements(page)} elements`);
    await page.locator('.dock .grid-row').nth(2).click();
    await page.locator('.lane .block').first().waitFor();
    await page.waitForTimeout(300);
    assert.ok((await elements(page)) <= 1500, `${await elements(page)} elements with a row open`);
    for (const theme of themeKinds) {
      await setTheme(page, theme);
      await page.waitForTimeout(100);
      assert.deepEqual(await axe(page), [], theme);
      await shot(page, `report-${theme}`);
    }
    await grid(page).evaluate((element) => {
      element.scrollTop = 60 * 22;
    });
    await page.getByText('sums/70', { exact: true }).waitFor();
    assert.ok((await elements(page)) <= 1500, `${await elements(page)} elements after scrolling`);
  });

  it('shows the rows behind a number, a bar, a flow; the filter is a chip that can be removed', async () => {
    const host = new FakeHost(reportData(200), view);
    const page = await open(host);
    await page.locator('.dock .grid-row').first().waitFor();
    await page
      .getByRole('region', { name: 'Filters' })
      .getByRole('button', { name: /^−40 short/ })
      .click();
    await page.locator('.filter-chip', { hasText: 'at least 20 characters: short' }).waitFor();
    await page.locator('.dock-count', { hasText: '40 rows' }).waitFor();
    assert.deepEqual(lastCall(host, 'stages/rows'), {
      run: RUN,
      stage: STAGE,
      attempt: 1,
      table: 'rows',
      where: { dropped: 'short' },
      limit: 100,
      parts: false,
    });
    // By keys: a flow of the diagram.
    const flow = page.getByRole('button', { name: /^first wrong to WR/ });
    await flow.focus();
    await page.keyboard.press('Enter');
    await page.locator('.filter-chip', { hasText: 'first wrong → WR' }).waitFor();
    await page.locator('.dock-count', { hasText: /^50 rows$/ }).waitFor();
    await page.waitForTimeout(200);
    assert.deepEqual(lastView(host), {
      ...view,
      rows: { table: 'rows', where: { class: 'WR' }, label: 'first wrong → WR' },
    });
    await page.locator('.filter-chip').click();
    await page.locator('.dock-count', { hasText: /200 rows/ }).waitFor();
    assert.equal(await page.locator('.filter-chip').count(), 0);
    await page
      .getByRole('region', { name: 'Balance', exact: true })
      .getByRole('button', { name: /^sampled: RR/ })
      .click();
    await page.locator('.filter-chip', { hasText: 'sampled: RR' }).waitFor();
    // The chip is there before the rows are; until then it is still the count of all.
    await page.locator('.dock-count', { hasText: /^(?!200 )\d+ rows$/ }).waitFor();
    await page.getByRole('tab', { name: /Balance table/ }).click();
    await page.getByText('No rows yet.').waitFor();
  });

  it('opens a row with its lanes by keys, reads long texts in pieces, steps and closes', async () => {
    const host = new FakeHost(reportData(200), view);
    const page = await open(host);
    await page.locator('.dock .grid-row').first().waitFor();
    await grid(page).focus();
    await page.keyboard.press('ArrowDown');
    await page.keyboard.press('ArrowDown');
    const pane = page.getByRole('complementary', { name: 'Row 2' });
    await pane.waitFor();
    await pane.locator('.lane').nth(3).waitFor();
    assert.equal(await pane.locator('.lane').count(), 4);
    const masked = pane.getByRole('article', { name: 'answer 1' });
    assert.match(await masked.locator('.lane-head').innerText(), /answer 1[\s\S]*masked[\s\S]*3[\s\S]*41 tok/);
    await masked.locator('.katex').first().waitFor();
    const prompt = masked.locator('pre');
    assert.equal(await prompt.isVisible(), false);
    await masked.getByText('Prompt').click();
    assert.match(await prompt.innerText(), /What is 1 \+ 2 modulo 7/);
    // The text of the second answer lies in a part file and came in two pieces.
    await pane.getByRole('article', { name: 'answer 2' }).locator('.block').first().waitFor();
    for (let i = 0; i < 50 && host.count('stages/text') < 2; i += 1) await page.waitForTimeout(100);
    assert.ok(host.count('stages/text') >= 2);
    assert.deepEqual(await pane.locator('.lane').evaluateAll((lanes) => lanes.map((lane) => lane.classList.item(1))), [
      'lane-masked',
      'lane-trained',
      'lane-trained',
      'lane-trained',
    ]);
    assert.deepEqual(
      await pane.locator('.lane').evaluateAll((lanes) => lanes.map((lane) => getComputedStyle(lane).borderLeftStyle)),
      ['dotted', 'solid', 'solid', 'solid'],
    );
    await grid(page).focus();
    await page.keyboard.press('Enter');
    await page.waitForFunction(() => document.activeElement?.classList.contains('row-pane'));
    await page.keyboard.press('Alt+ArrowDown');
    await page.getByRole('complementary', { name: 'Row 3' }).waitFor();
    await page.waitForTimeout(200);
    assert.equal((lastView(host) as { row?: number }).row, 2);
    await page.getByRole('complementary', { name: 'Row 3' }).focus();
    await page.keyboard.press('Escape');
    await page.waitForFunction(() => document.activeElement?.getAttribute('role') === 'grid');
    assert.equal(await page.locator('.row-pane').count(), 0);
  });

  it('goes from a row and from a part to the trace behind it', async () => {
    const host = new FakeHost(reportData(20), { ...view, row: 4 });
    const page = await open(host);
    await page.getByRole('button', { name: 'Open the trace of answer 1' }).click();
    await page.getByRole('button', { name: 'Open trace', exact: true }).click();
    await page.waitForTimeout(50);
    const opens = host.calls.filter(({ method }) => method === 'host/open').map(({ params }) => params);
    const inspector = {
      view: {
        page: 'inspector',
        title: `${STAGE} · two-stage-tiny`,
        filter: { run: RUN, stage: STAGE },
        trace: `${RUN}/${STAGE}/1/8`,
      },
    };
    assert.deepEqual(opens, [inspector, inspector]);
  });

  it('grows in place, with at most two pulls a second', async () => {
    const host = new FakeHost({ ...reportData(60), run: runWith({ state: 'running' }) }, { ...view, row: 30 });
    const page = await open(host);
    await page.getByRole('complementary', { name: 'Row 31' }).locator('.lane .block').first().waitFor();
    await page.waitForTimeout(600);
    const scrolled = await grid(page).evaluate((element) => element.scrollTop);
    assert.ok(scrolled > 100);
    const before = host.count('stages/report');
    const started = Date.now();
    for (let i = 0; i < 50; i += 1) {
      const rows = madeRows(61 + i);
      host.data.tables = { rows, balance: [] };
      host.data.report = madeReport(rows);
      await host.notify('events/batch', {
        stream: `${RUN}/${STAGE}/1`,
        events: [{ v: 1, seq: i, t: 0, type: 'progress', done: i, total: 200, unit: 'problems' }],
      });
      await page.waitForTimeout(25);
    }
    const pulls = host.count('stages/report') - before;
    const most = Math.ceil((Date.now() - started) / 500) + 1;
    assert.ok(pulls >= 2 && pulls <= most, `${pulls} pulls, at most ${most}`);
    await page.locator('.dock-count', { hasText: '110 rows' }).waitFor();
    await page.locator('.report-funnel', { hasText: '110' }).waitFor();
    assert.equal(await grid(page).evaluate((element) => element.scrollTop), scrolled);
    assert.equal(await page.locator('.row-pane').getAttribute('aria-label'), 'Row 31');
    // Another stage's events are nobody's business here.
    const quiet = await host.settled('stages/report');
    await host.notify('events/batch', {
      stream: `${RUN}/sft/1`,
      events: [{ v: 1, seq: 1, t: 0, type: 'progress', done: 1, total: 2, unit: 'x' }],
    });
    await page.waitForTimeout(700);
    assert.equal(host.count('stages/report'), quiet);
  });

  it('reads the bins of a histogram by keys', async () => {
    const page = await open(new FakeHost(reportData(100), view));
    const histogram = page.locator('.histogram');
    await histogram.focus();
    await page.keyboard.press('End');
    await page.keyboard.press('ArrowLeft');
    assert.match(
      await page.getByRole('region', { name: 'Length of the second answer' }).locator('.keys').innerText(),
      /900–950: before \d+ · after \d+/,
    );
  });

  it('says what is not there: no report yet, none at all, an error, a row that cannot be read', async () => {
    const host = new FakeHost({ traces: [], run: runWith({ state: 'running' }) }, view);
    const page = await open(host);
    await page.getByRole('heading', { name: 'Nothing reported yet' }).waitFor();
    assert.deepEqual(await axe(page), []);
    host.data.run = runWith({});
    await host.notify('events/batch', {
      stream: `${RUN}/${STAGE}/1`,
      events: [{ v: 1, seq: 0, t: 0, type: 'end', complete: true, step: null, max_steps: null, outputs: {} }],
    });
    await page.getByRole('heading', { name: 'This stage left no report' }).waitFor();
    await page.getByText('Open traces').click();
    await page.waitForTimeout(50);
    assert.equal(host.calls.at(-1)!.method, 'host/open');
    await close();

    const failing = new FakeHost(reportData(20), view);
    failing.failing.set('stages/report', new LonghandError('corrupt', 'report.json of r: it is not JSON.'));
    const second = await open(failing);
    assert.match(await second.getByRole('alert').innerText(), /The report cannot be shown[\s\S]*it is not JSON/);
    failing.failing.clear();
    await second.getByText('Try again').click();
    await second.locator('.dock .grid-row').first().waitFor();
    failing.failing.set('stages/rows', new LonghandError('corrupt', 'the row at byte 7: it is not JSON.'));
    await second.locator('.dock .grid-row').first().click();
    await second.getByText('the row at byte 7').waitFor();
  });

  it('keeps what hostile rows hold as text, and shows what a text hides', async () => {
    const data = reportData(3);
    const evil = '<img src=x onerror=alert(1)>\u202e\u0000';
    data.tables!['rows']![0] = {
      cells: { problem: evil, class: evil, lengths: { values: [], chosen: null } },
      parts: [{ label: evil, text: `${evil} $\\href{javascript:alert(1)}{x}$`, answer: evil, prompt: evil }],
    };
    const page = await open(new FakeHost(data, { ...view, row: 0 }));
    await page.locator('.lane .block').first().waitFor();
    assert.equal(await page.locator('img, a[href]').count(), 0);
    assert.match(await page.locator('.lane-answer').innerText(), /⇄␀/);
  });

  it('fits a narrow editor: the open row covers the figures', async () => {
    const page = await open(new FakeHost(reportData(50), { ...view, row: 1 }), { width: 560, height: 760 });
    await page.locator('.lane .block').first().waitFor();
    const box = (await page.locator('.row-pane').boundingBox())!;
    assert.ok(box.width > 540);
    await shot(page, 'report-narrow-row');
    await page.getByRole('button', { name: 'Close the row' }).click();
    const wide = await page.evaluate(() => document.documentElement.scrollWidth);
    assert.ok(wide <= 560, `${wide} pixels wide`);
    assert.deepEqual(await axe(page), []);
    await shot(page, 'report-narrow');
  });

  it('is a click away from the dashboard', async () => {
    const host = new FakeHost(
      { ...reportData(1), metrics: { run: RUN, series: [], evaluations: [], epochSteps: {} } },
      {
        page: 'dashboard',
        run: RUN,
      },
    );
    const page = await open(host, { bundle: 'dashboard', width: 1500, height: 900 });
    await page.getByRole('button', { name: `Report of ${STAGE}` }).click();
    await page.waitForTimeout(50);
    assert.deepEqual(lastCall(host, 'host/open'), { view });
  });
});

function lastCall(host: FakeHost, method: string): unknown {
  return host.calls.findLast((call) => call.method === method)?.params;
}
