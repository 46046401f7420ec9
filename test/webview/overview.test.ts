import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, it } from 'mocha';
import type { Page } from 'playwright-core';
import { rightAt } from '../../core/metrics/accuracy.ts';
import type { SavedFile, View } from '../../core/protocol/webview.ts';
import { openStore } from '../../server/store/client.ts';
import type { TraceStore } from '../../server/store/trace-store.ts';
import { axe } from './axe.ts';
import type { FakeHost } from './fake-host.ts';
import { fillRun, overviewHost, PROBLEMS, STEPS, type Made } from './made-overview.ts';
import { setTheme, shot } from './page.ts';
import { suitePages } from './suite.ts';
import { themeKinds } from './themes.ts';

const panel = (page: Page, name: string) => page.getByRole('region', { name, exact: true });

/** The view that the page asked to be opened last. */
function opened(host: FakeHost): View {
  const call = host.calls.findLast(({ method }) => method === 'host/open')!;
  return (call.params as { view: View }).view;
}

describe('the overview', () => {
  const { open, close } = suitePages({ bundle: 'overview', width: 1200, height: 1000 }, 20_000);
  let root = '';
  let store: TraceStore;
  let made: Made[] = [];
  before(async () => {
    root = mkdtempSync(join(tmpdir(), 'longhand-test-'));
    made = fillRun(root);
    store = await openStore({ root });
    await store.catchUp();
  });
  after(async () => {
    await store.close();
    rmSync(root, { recursive: true, force: true });
  });

  it('draws points, and opens the traces of a rectangle, of typed ends, and of a point', async () => {
    const { host } = overviewHost(store, 'run', { stage: 'grpo' });
    const page = await open(host);
    const scatter = panel(page, 'Length and reward');
    const canvas = scatter.getByRole('img');
    await canvas.waitFor();
    assert.match((await canvas.getAttribute('aria-label'))!, /^400 traces by length and reward/);
    const box = (await canvas.boundingBox())!;
    await page.mouse.move(box.x + 200, box.y + 60);
    await page.mouse.down();
    await page.mouse.move(box.x + 700, box.y + 200, { steps: 4 });
    await page.mouse.up();
    const button = scatter.getByRole('button', { name: /^Open \d+ traces$/ });
    await button.waitFor();
    const [least, most] = [
      await scatter.getByLabel('Fewest tokens').inputValue(),
      await scatter.getByLabel('Most tokens').inputValue(),
    ];
    assert.ok(Number(least) > 200 && Number(most) < 6400 && Number(least) < Number(most));
    // By the keyboard.
    await scatter.getByLabel('Fewest tokens').fill('1000');
    await scatter.getByLabel('Most tokens').fill('3000');
    await scatter.getByLabel('Least reward').fill('0.25');
    await scatter.getByLabel('Most reward').fill('0.75');
    await scatter.getByLabel('Most reward').press('Tab');
    const said = Number(/\d+/.exec((await button.textContent())!)![0]);
    const data = await store.sliced('overview/scatter', { run: 'run', stage: 'grpo' });
    const within = data.tokens.filter(
      (tokens, i) => tokens >= 1000 && tokens <= 3000 && data.rewards![i]! >= 0.25 && data.rewards![i]! <= 0.75,
    );
    assert.equal(said, within.length);
    await button.press('Enter');
    const view = opened(host);
    assert.ok(view.page === 'inspector');
    assert.deepEqual([view.filter, view.query], [{ run: 'run', stage: 'grpo' }, 'tokens:1000..3000 reward:0.25..0.75']);
    // The service finds as many by that query.
    const { total } = await store.read('traces/page', { filter: view.filter, query: view.query! });
    assert.equal(total, said);
    await scatter.getByRole('button', { name: 'Clear' }).click();
    const { n, x, y } = await page.evaluate(() => {
      const element = document.querySelector('canvas')!;
      const context = element.getContext('2d')!;
      const { data: pixels } = context.getImageData(0, 0, element.width, element.height);
      // A green or red pixel in the middle of the plot.
      for (let row = 100; row < element.height - 60; row += 1)
        for (let column = 300; column < element.width - 200; column += 1) {
          const at = 4 * (row * element.width + column);
          const [r, g, a] = [pixels[at]!, pixels[at + 1]!, pixels[at + 3]!];
          if (a > 150 && Math.abs(r - g) > 60) return { n: 1, x: column, y: row };
        }
      return { n: 0, x: 0, y: 0 };
    });
    assert.equal(n, 1);
    const now = (await canvas.boundingBox())!;
    await page.mouse.move(now.x + x, now.y + y);
    await scatter.getByText(/tokens · reward/).waitFor();
    await page.mouse.click(now.x + x, now.y + y);
    await page.waitForTimeout(50);
    const one = opened(host);
    assert.ok(one.page === 'inspector' && /^run\/grpo\/1\/\d+$/.test(one.trace ?? ''));
  });

  it('narrows the points to steps', async () => {
    const { host } = overviewHost(store, 'run', { stage: 'grpo' });
    const page = await open(host);
    await page.getByLabel('First step').fill('5');
    await page.getByLabel('Last step').fill('6');
    await page.getByLabel('Last step').press('Tab');
    await page.getByRole('img', { name: /^40 traces/ }).waitFor();
    const verdicts = page.getByRole('region', { name: 'Length and reward' });
    assert.match((await verdicts.textContent())!, /40 traces/);
  });

  it('keeps over a reload what was chosen in its panels', async () => {
    const { host } = overviewHost(store, 'run', { set: 'sums' });
    const page = await open(host);
    const matrix = panel(page, 'Problems by checkpoint');
    await matrix.getByRole('grid').waitFor();
    await matrix.getByLabel('Order').evaluate((element: HTMLSelectElement) => {
      element.value = 'problem-';
      element.dispatchEvent(new Event('change'));
    });
    await page.getByRole('button', { name: 'Mean tokens spent' }).click();
    await page.getByLabel('Last step').fill('10');
    await page.getByLabel('Last step').press('Tab');
    const first = page.locator('#cell-0-0', { hasText: /^p0$/ });
    await first.waitFor();
    await page.reload();
    await first.waitFor();
    assert.equal(await page.getByLabel('Last step').inputValue(), '10');
    assert.equal(await page.getByRole('button', { name: 'Mean tokens spent' }).getAttribute('aria-pressed'), 'true');
  });

  it('leaves the problems where they are while others are asked for', async () => {
    const { host } = overviewHost(store, 'run', { set: 'sums' });
    const page = await open(host);
    const matrix = panel(page, 'Problems by checkpoint');
    await matrix.getByRole('grid').waitFor();
    await page.evaluate(() => {
      const watched = document.querySelector('.matrix')!;
      const seen = { gone: 0, dimmed: 0 };
      (window as unknown as { seen: typeof seen }).seen = seen;
      new MutationObserver(() => {
        if (!watched.isConnected) seen.gone += 1;
        if (watched.classList.contains('asking')) seen.dimmed += 1;
      }).observe(document.body, { childList: true, subtree: true, attributes: true });
    });
    await matrix.getByRole('textbox').fill('p1');
    await matrix.getByText(/^\d+ problems?, right of judged/).waitFor();
    await page.waitForFunction(
      (all) => document.querySelector('.matrix')!.getAttribute('aria-rowcount') !== all,
      String(PROBLEMS + 1),
    );
    const { gone, dimmed } = await page.evaluate(
      () => (window as unknown as { seen: { gone: number; dimmed: number } }).seen,
    );
    assert.deepEqual([gone, dimmed > 0], [0, true]);
  });

  it('has a grid of problems by checkpoints that keys go through', async () => {
    const { host } = overviewHost(store, 'run', { set: 'sums' });
    const page = await open(host);
    const grid = page.getByRole('grid');
    await grid.waitFor();
    assert.equal(await grid.getAttribute('aria-rowcount'), String(PROBLEMS + 1));
    assert.equal(await grid.getAttribute('aria-colcount'), String(STEPS.length + 1));
    await page.getByLabel('Order').evaluate((element: HTMLSelectElement) => {
      element.value = 'problem-';
      element.dispatchEvent(new Event('change'));
    });
    await page.locator('#cell-0-0', { hasText: /^p0$/ }).waitFor();
    await grid.focus();
    for (const key of ['ArrowDown', 'ArrowDown', 'ArrowRight']) await grid.press(key);
    assert.equal(await grid.getAttribute('aria-activedescendant'), 'cell-2-2');
    const own = made.filter(({ problem, step }) => problem === 'p2' && step === 10);
    const right = own.filter((one) => rightAt(one, Infinity)).length;
    assert.equal(await page.locator('#cell-2-2').getAttribute('aria-label'), `10: ${right}/${own.length} right`);
    await grid.press('Enter');
    await page.waitForTimeout(50);
    const view = opened(host);
    const p2 = await store.read('traces/page', { filter: { run: 'run', stage: 'eval', text: 'p2' }, limit: 1 });
    assert.deepEqual(view.page === 'inspector' && view.filter, {
      ...{ run: 'run', set: 'sums', stage: 'eval', of: 'grpo', step: 10 },
      problem: p2.rows[0]!.problem,
    });
    // The far end, in a window that has to be fetched; then the problem over time.
    await grid.press('Control+End');
    assert.equal(await grid.getAttribute('aria-activedescendant'), `cell-${PROBLEMS - 1}-${STEPS.length}`);
    await page.locator(`#cell-${PROBLEMS - 1}-0`, { hasText: `p${PROBLEMS - 1}` }).waitFor();
    await grid.press('Home');
    await grid.press('Enter');
    const chart = page.getByRole('figure', { name: `p${PROBLEMS - 1} over time` });
    await chart.waitFor();
    await chart.press('Enter');
    await page.waitForTimeout(50);
    const last = opened(host);
    assert.ok(last.page === 'inspector' && last.filter.step === 20);
  });

  it('lists the problems of a quadrant, of a bar and of a point of the curve', async () => {
    const { host } = overviewHost(store, 'run', { set: 'sums' });
    const page = await open(host);
    const solved = (problem: string, step: number) =>
      2 * made.filter((one) => one.problem === problem && one.step === step && rightAt(one, Infinity)).length >= 4;
    const names = [...new Set(made.map(({ problem }) => problem))];
    const quadrants = panel(page, 'Solved before and after');
    const newly = names.filter((problem) => !solved(problem, 0) && solved(problem, 20));
    const field = quadrants.getByRole('button', { name: /^\d+ .*newly solved/ });
    await field.click();
    assert.match((await field.textContent())!, new RegExp(`^${newly.length}\\D`));
    await quadrants.getByText(`${newly.length} problems`).waitFor();
    await quadrants.locator('tbody tr').last().getByRole('button').last().click();
    await page.waitForTimeout(50);
    assert.equal(opened(host).page, 'compare');

    const buckets = panel(page, 'Problems by pass rate');
    const always = names.filter(
      (problem) =>
        made.filter((one) => one.problem === problem && one.step === 20 && rightAt(one, Infinity)).length === 4,
    );
    await buckets
      .getByRole('button', { name: new RegExp(`^20, always right: ${always.length} problem`) })
      .press('Enter');
    await buckets
      .locator('.problem-list-head')
      .filter({ hasText: `${always.length} problem` })
      .waitFor();
    await buckets.getByText('Always right at 20').waitFor();

    const curve = panel(page, 'Accuracy at a token budget');
    const chart = curve.getByRole('figure');
    await chart.focus();
    for (const key of ['Home', 'ArrowRight', 'ArrowRight', 'ArrowRight', 'ArrowDown', 'Enter']) await chart.press(key);
    const title = curve.getByRole('heading', { level: 3 });
    await title.waitFor();
    const [, budget, below] = /within ([\d,]+) tokens than within ([\d,]+)/
      .exec((await title.textContent())!)!
      .map((text) => Number(text.replaceAll(',', '')));
    const count = (problem: string, most: number) =>
      made.filter((one) => one.problem === problem && one.step === 0 && rightAt(one, most)).length;
    const gained = names.filter((problem) => count(problem, budget!) > count(problem, below!));
    await curve
      .locator('.problem-list-head')
      .filter({ hasText: `${gained.length} problem` })
      .waitFor();
    // Each number opens as many traces as it counts.
    const found = async () => {
      await page.waitForTimeout(50);
      const view = opened(host);
      assert.ok(view.page === 'inspector');
      const { total } = await store.read('traces/page', { filter: view.filter, query: view.query! });
      return total;
    };
    const cells = curve.locator('tbody tr').filter({ hasText: /^p\d/ });
    for (const row of (await cells.all()).slice(0, 4)) {
      const name = (await row.getByRole('rowheader').textContent())!;
      await row.getByRole('button').last().click();
      assert.equal(await found(), count(name, budget!));
      if (count(name, below!) === 0) assert.equal(await row.getByRole('button').count(), 1);
      else {
        await row.getByRole('button').first().click();
        assert.equal(await found(), count(name, below!));
      }
    }
    await curve.getByRole('button', { name: 'Open their traces' }).click();
    assert.equal(
      await found(),
      names.reduce((sum, name) => sum + count(name, budget!) - count(name, below!), 0),
    );
    await curve.getByRole('button', { name: 'Mean tokens spent' }).click();
    await chart.waitFor();
  });

  it('shows behaviours by verdict, and opens those of a point', async () => {
    const { host } = overviewHost(store, 'run', { set: 'sums' });
    const page = await open(host);
    const chart = page.getByRole('figure', { name: /^Verification by verdict/ });
    await chart.waitFor();
    await chart.focus();
    for (const key of ['End', 'ArrowDown', 'ArrowDown', 'Enter']) await chart.press(key);
    await page.waitForTimeout(50);
    const view = opened(host);
    assert.deepEqual(view.page === 'inspector' && view.filter, {
      ...{ run: 'run', set: 'sums', stage: 'eval', of: 'grpo', step: 20 },
      ...{ behaviour: 'verification', verdict: ['wrong'] },
    });
  });

  it('saves drawings, pictures and tables, on white or in the colours of the theme', async () => {
    const { host, saved } = overviewHost(store, 'run', { set: 'sums' });
    const page = await open(host);
    await page.getByRole('figure', { name: /^Right within/ }).waitFor();
    const save = async (name: string, kind: 'SVG' | 'PNG' | 'CSV'): Promise<SavedFile> => {
      const n = saved.length;
      await page.getByRole('button', { name: `Save ${name}`, exact: true }).click();
      await page.getByRole('menuitem', { name: new RegExp(kind) }).click();
      for (let i = 0; i < 100 && saved.length === n; i += 1) await page.waitForTimeout(20);
      return saved.at(-1)!;
    };
    const drawing = await save('Right within the budget', 'SVG');
    assert.equal(drawing.name, 'right-within-the-budget.svg');
    const parsed = await page.evaluate((text) => {
      const { documentElement } = new DOMParser().parseFromString(text, 'image/svg+xml');
      return {
        root: documentElement.tagName,
        background: documentElement.querySelector('rect')!.getAttribute('fill'),
        texts: [...documentElement.querySelectorAll('text')].map(({ textContent }) => textContent),
        paths: documentElement.querySelectorAll('path').length,
      };
    }, drawing.content);
    assert.deepEqual([parsed.root, parsed.background], ['svg', '#ffffff']);
    assert.ok(parsed.paths > 5 && parsed.texts.includes('Right within the budget') && parsed.texts.includes('budget'));
    assert.ok(parsed.texts.some((text) => text.includes('95 % bootstrap over problems')));

    const table = await save('Right within the budget', 'CSV');
    const [head, ...rows] = table.content.trim().split('\r\n');
    assert.match(head!, /^budget,base \(%\),base \(%\) 95 % low/);
    const { budgets } = await store.sliced('overview/budgets', { run: 'run', set: 'sums' });
    assert.equal(rows.length, budgets.length);

    const matrix = await save('Problems by checkpoint', 'CSV');
    assert.equal(matrix.content.trim().split('\r\n').length, PROBLEMS + 1);
    const picture = await save('Length and verdict', 'PNG');
    const bytes = Buffer.from(picture.content, 'base64');
    assert.equal(bytes.subarray(1, 4).toString(), 'PNG');
    assert.equal(bytes.readUInt32BE(16), 2 * 760);
    for (const name of ['Problems by pass rate', 'Solved before and after', 'Problems by checkpoint']) {
      const file = await save(name, 'SVG');
      const root = await page.evaluate(
        (text) => new DOMParser().parseFromString(text, 'image/svg+xml').documentElement.tagName,
        file.content,
      );
      assert.equal(root, 'svg', name);
    }
    // In the theme's colours.
    const button = page.getByRole('button', { name: 'Save Length and verdict' });
    await button.press('Enter');
    await page.keyboard.press('End');
    await page.keyboard.press('Enter');
    assert.equal(await page.getByRole('menuitemcheckbox').getAttribute('aria-checked'), 'false');
    await page.keyboard.press('Home');
    await page.keyboard.press('Enter');
    for (let i = 0; i < 100 && saved.at(-1)!.name !== 'length-and-verdict.svg'; i += 1) await page.waitForTimeout(20);
    assert.doesNotMatch(saved.at(-1)!.content.slice(0, 600), /#ffffff/);
  });

  it('is clean for axe in four themes, and stays where it is when it is read again', async () => {
    const { host } = overviewHost(store, 'run', { set: 'sums' });
    const page = await open(host, { height: 1900 });
    await page.getByRole('figure', { name: /^Verification by verdict/ }).waitFor();
    const tops = () =>
      page.evaluate(() => [...document.querySelectorAll('.panel')].map((one) => one.getBoundingClientRect().top));
    const was = await tops();
    await host.notify('events/batch', {
      stream: 'run/eval/1',
      events: [{ v: 1, seq: 9, t: 0, type: 'trace_end', trace: 1, facts: {} }],
    });
    await page.getByRole('button', { name: 'New traces: read again' }).click();
    await page.waitForTimeout(400);
    assert.deepEqual(await tops(), was);
    for (const theme of themeKinds) {
      await setTheme(page, theme);
      await page.waitForTimeout(60);
      assert.deepEqual(await axe(page), [], theme);
      await shot(page, `overview-${theme}`);
    }
  });

  it('says what there is not, and what failed', async () => {
    const { host } = overviewHost(store, 'run', { set: 'sums' });
    host.data.service = (method, params) =>
      method === 'overview/series' ? Promise.resolve({ series: [], more: 0 } as never) : store.sliced(method, params);
    let page = await open(host);
    await page.getByText('No traces yet').waitFor();
    await close();
    const other = overviewHost(store, 'run', { set: 'sums' }).host;
    other.data.service = (method, params) =>
      method === 'overview/budgets' ? Promise.reject(new Error('No.')) : store.sliced(method, params);
    page = await open(other);
    await page.getByText('Accuracy at a token budget cannot be shown').waitFor();
    await page.getByRole('grid').waitFor();
  });
});
