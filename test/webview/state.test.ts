/** What a page keeps: the reader comes back to where it was after the page was hidden, moved or reloaded. */
import assert from 'node:assert/strict';
import { describe, it } from 'mocha';
import type { Page } from 'playwright-core';
import type { View } from '../../core/protocol/webview.ts';
import { FakeHost, fakeTrace } from './fake-host.ts';
import { longCompletion } from './made-trace.ts';
import { suitePages } from './suite.ts';

const view: View = { page: 'inspector', title: 'two-stage', filter: { run: 'run-00000000' } };

function host(): FakeHost {
  const traces = [0, 1, 2].map((n) =>
    fakeTrace(n, { completion: longCompletion(60_000 + 1000 * n, 100), gold: n === 1 ? '41' : '42' }),
  );
  return new FakeHost({ traces }, view);
}

const footer = (page: Page) => page.locator('.pane-place').innerText();
const steps = (page: Page) => page.locator('.pane-steps').innerText();
const top = (page: Page) =>
  page.locator('.pane .scroller').evaluate((scroller) => {
    const { top: from } = scroller.getBoundingClientRect();
    const blocks = [...scroller.querySelectorAll('.block')].map((block) => block.getBoundingClientRect());
    const text = [...scroller.querySelectorAll('.block')][blocks.findIndex(({ bottom }) => bottom > from + 6)];
    return text?.textContent.slice(0, 60) ?? '';
  });

describe('the state of the inspector', () => {
  const { open } = suitePages();

  /** Opens the second trace by a query, its outline, and scrolls to its middle. */
  async function read(made: FakeHost): Promise<Page> {
    const page = await open(made);
    const query = page.getByRole('combobox', { name: 'Query of the list' });
    await query.fill('verdict:wrong');
    await page.locator('.grid-row').first().click();
    await page.locator('.pane .block').first().waitFor();
    await page.locator('.pane .scroller').focus();
    await page.keyboard.press('Shift+L');
    await page.locator('.outline').waitFor();
    await page.waitForFunction(() => !document.querySelector('.pane-foot')?.textContent?.includes('reading'));
    await page.locator('.pane .scroller').evaluate((scroller) => (scroller.scrollTop = scroller.scrollHeight * 0.6));
    await page.waitForTimeout(600);
    return page;
  }

  it('comes back to query, trace, place and outline, again and again', async () => {
    const made = host();
    const page = await read(made);
    const [place, text] = [await steps(page), await top(page)];
    assert.match(await footer(page), /\((5|6)\d %\)/);
    for (let life = 0; life < 3; life += 1) {
      // The host gives the view that a custom editor begins with: it knows no more after its window was reloaded.
      await page.reload();
      await page.locator('.pane-steps', { hasText: place }).waitFor();
      await page.waitForTimeout(400);
      assert.equal(await top(page), text);
      assert.equal(await page.getByRole('combobox', { name: 'Query of the list' }).inputValue(), 'verdict:wrong');
      assert.equal(await page.locator('.outline').count(), 1);
      assert.equal(await page.locator('.grid-row[aria-selected=true]').count(), 1);
    }
    // And tells the host, which has the title and the keys by it.
    const said = made.calls.findLast(({ method }) => method === 'host/viewChanged')?.params as { view: View };
    assert.equal(said.view.page === 'inspector' && said.view.query, 'verdict:wrong');
  });

  it('comes back to the find bar: its words, its options, its hit and the place', async () => {
    const made = host();
    const page = await read(made);
    await page.keyboard.press('Control+f');
    const bar = page.getByRole('search', { name: 'Find in trace' });
    await page.keyboard.type('(Let|so)');
    await page.keyboard.press('Alt+r');
    await bar.getByText(/^\d.* of [1-9]/).waitFor();
    await page.keyboard.press('Enter');
    await page.keyboard.press('Enter');
    await page.waitForTimeout(600);
    const count = await bar.locator('.find-count').innerText();
    const text = await top(page);
    for (let life = 0; life < 2; life += 1) {
      await page.reload();
      await bar.getByText(count, { exact: true }).waitFor();
      await page.waitForTimeout(400);
      assert.equal(await page.getByRole('textbox', { name: 'Find' }).inputValue(), '(Let|so)');
      assert.equal(await bar.getByRole('button', { name: 'Regular expression' }).getAttribute('aria-pressed'), 'true');
      assert.equal(await top(page), text);
      assert.equal(await bar.evaluate((element) => element.contains(document.activeElement)), false);
    }
    await page.getByRole('textbox', { name: 'Find' }).press('Escape');
    await page.reload();
    await page.locator('.pane .block').first().waitFor();
    assert.equal(await bar.count(), 0);
  });

  it('leaves the text free of the outline in panes of every width', async () => {
    const page = await read(host());
    for (const width of [1600, 1200, 1000, 900, 700, 500]) {
      await page.setViewportSize({ width, height: 800 });
      await page.waitForTimeout(150);
      const [text, outline] = await page.evaluate(() =>
        ['.pane-main', '.outline'].map((name) => {
          const { left, right, top: from, bottom } = document.querySelector(name)!.getBoundingClientRect();
          return { left, right, from, bottom };
        }),
      );
      assert.ok(
        text!.right <= outline!.left + 1 || text!.bottom <= outline!.from + 1,
        JSON.stringify([width, text, outline]),
      );
      assert.ok(text!.right - text!.left > 240 && text!.bottom - text!.from > 240, JSON.stringify([width, text]));
    }
  });

  it('shows what was asked for while it was hidden, not what it had kept', async () => {
    const made = host();
    const page = await read(made);
    made.init = { ...made.init, view: { ...view, trace: made.traces[2]!.detail.trace }, asked: true };
    await page.reload();
    await page.locator('.pane .block').first().waitFor();
    await page.waitForTimeout(500);
    assert.match(await footer(page), /^tok ~1–/);
    assert.equal(await page.getByRole('combobox', { name: 'Query of the list' }).inputValue(), '');
  });

  it('keeps what the host shows, for a reload after it', async () => {
    const made = host();
    const page = await open(made);
    await page.locator('.pane .block').first().waitFor();
    const trace = made.traces[2]!.detail.trace;
    await made.notify('host/view', { view: { ...view, trace, query: 'verdict:right' } });
    await page.waitForTimeout(300);
    const saved = await page.evaluate(() => JSON.parse(sessionStorage.getItem('state') ?? '{}') as { view: View });
    assert.ok(saved.view.page === 'inspector');
    assert.equal(saved.view.trace, trace);
    assert.equal(saved.view.query, 'verdict:right');
  });

  it('does not take the place of one trace for that of another', async () => {
    const made = host();
    const page = await read(made);
    await page.keyboard.press('Escape');
    await page.getByRole('combobox', { name: 'Query of the list' }).fill('');
    await page.locator('.grid-row').nth(2).click();
    await page.waitForTimeout(500);
    await page.reload();
    await page.locator('.pane .block').first().waitFor();
    await page.waitForTimeout(500);
    assert.equal(await page.locator('.pane .scroller').evaluate((scroller) => scroller.scrollTop), 0);
  });
});
