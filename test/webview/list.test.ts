import assert from 'node:assert/strict';
import { describe, it } from 'mocha';
import type { ReadingSettings } from '../../core/protocol/webview.ts';
import { until } from '../support/service.ts';
import { axe } from './axe.ts';
import { FakeHost } from './fake-host.ts';
import { shot } from './page.ts';
import { suitePages } from './suite.ts';
import { themeKinds } from './themes.ts';

import { field, lastQuery, made, sets, summary, view, write, type InspectorView } from './made-list.ts';

describe('list of traces', () => {
  const { open, close } = suitePages({}, 8000);

  it('is asked in the query language, keeps the last right query while a wrong one is typed, and says what is wrong', async () => {
    const host = new FakeHost({ traces: made(210), sets }, view);
    const page = await open(host);
    await summary(page, '210 traces');
    await page.keyboard.press('Q');
    assert.ok(await field(page).evaluate((input) => input === document.activeElement));
    await page.keyboard.type('verdict:wrong tokens:>8000');
    const right = host.traces.filter(({ detail }) => detail.verdict === 'wrong' && detail.tokens! > 8000).length;
    await summary(page, `${right} traces of 210`);
    await page.keyboard.type(' verdct:right');
    const error = page.locator('.query-error');
    await error.waitFor();
    assert.match(await error.innerText(), /verdct/);
    assert.equal(
      await page
        .locator('.q-wrong')
        .allInnerTexts()
        .then((all) => all.join('')),
      'verdct',
    );
    assert.equal(await field(page).getAttribute('aria-invalid'), 'true');
    assert.equal(lastQuery(host), 'verdict:wrong tokens:>8000');
    assert.match(await page.locator('.summary').innerText(), / of 210/);
    await error.getByRole('button').click();
    await error.waitFor({ state: 'detached' });
    assert.equal(await field(page).inputValue(), 'verdict:wrong tokens:>8000 verdict:right');
    await page.getByRole('heading', { name: 'No trace fits the query' }).waitFor();
    await page.getByText('Clear the query').click();
    await summary(page, '210 traces');
    assert.equal(await field(page).inputValue(), '');
  });

  it('loses nothing of what is typed faster than it is drawn', async () => {
    const page = await open(new FakeHost({ traces: made(210), sets }, view));
    await summary(page, '210 traces');
    await field(page).focus();
    const typed = 'tokens:>1000 verdict:wrong step:40';
    await page.evaluate(async (text) => {
      const { port1, port2 } = new MessageChannel();
      port2.start();
      // A task a key: the page draws what they change, and no frame comes between them.
      for (const sign of text) {
        document.execCommand('insertText', false, sign);
        await new Promise((resolve) => {
          port2.addEventListener('message', resolve, { once: true });
          port1.postMessage(null);
        });
      }
    }, typed);
    assert.equal(await field(page).inputValue(), typed);
    await summary(page, /^\d+ traces? of 210/);
  });

  it('completes fields and values by the keys, and undo takes a completion back', async () => {
    const page = await open(new FakeHost({ traces: made(60), sets }, view));
    await summary(page, '60 traces');
    await field(page).focus();
    await page.keyboard.press('Control+Space');
    const options = page.getByRole('option');
    await options.first().waitFor();
    assert.equal(await field(page).getAttribute('aria-expanded'), 'true');
    await page.keyboard.type('sta');
    await options.filter({ hasText: 'stage:' }).waitFor();
    await page.keyboard.press('Tab');
    assert.equal(await field(page).inputValue(), 'stage:');
    await options.filter({ hasText: 'sft' }).waitFor();
    await page.keyboard.press('ArrowDown');
    const active = await field(page).getAttribute('aria-activedescendant');
    assert.equal(await page.locator(`[id="${active}"]`).getAttribute('aria-selected'), 'true');
    await page.keyboard.press('Enter');
    assert.match(await field(page).inputValue(), /^stage:(grpo|sft)$/);
    await summary(page, '30 traces');
    assert.equal(await options.count(), 0);
    await page.keyboard.press('Control+z');
    assert.equal(await field(page).inputValue(), 'stage:');
    await page.keyboard.press('Control+Space');
    await options.first().waitFor();
    await page.keyboard.press('Escape');
    await options.first().waitFor({ state: 'detached' });
    assert.ok(await field(page).evaluate((input) => input === document.activeElement));
  });

  it('shows the query as chips: the usual ones a click away, every term with a button that takes it out', async () => {
    const host = new FakeHost({ traces: made(210), sets }, { ...view, filter: { ...view.filter, stage: 'grpo' } });
    const page = await open(host);
    await summary(page, '105 traces');
    const chips = page.getByRole('group', { name: 'Terms of the query' });
    await chips.getByRole('button', { name: 'wrong', exact: true }).click();
    assert.equal(await field(page).inputValue(), 'verdict:wrong');
    await chips.getByRole('button', { name: 'right', exact: true }).click();
    assert.equal(await field(page).inputValue(), 'verdict:wrong,right');
    await chips.getByRole('button', { name: 'truncated' }).click();
    assert.equal(await field(page).inputValue(), 'verdict:wrong,right is:truncated');
    assert.equal(await chips.getByRole('button', { name: 'truncated' }).getAttribute('aria-pressed'), 'true');
    await summary(page, '15 traces');
    await chips.getByRole('button', { name: 'wrong', exact: true }).click();
    assert.equal(await field(page).inputValue(), 'verdict:right is:truncated');
    await field(page).fill('verdict:right is:truncated tokens:>2000');
    await chips.getByRole('button', { name: 'Take out tokens:>2000' }).click();
    assert.equal(await field(page).inputValue(), 'verdict:right is:truncated');
    await chips.getByRole('button', { name: 'Take out stage:grpo' }).click();
    await summary(page, '20 traces');
    await chips.getByRole('button', { name: 'step' }).click();
    assert.equal(await field(page).inputValue(), 'verdict:right is:truncated step:');
    await page.getByRole('option', { name: '80' }).waitFor();
  });

  it('saves a view, opens it elsewhere, renames and deletes it, all by the keyboard', async () => {
    const host = new FakeHost({ traces: made(210), sets }, { ...view, sort: { key: 'tokens', descending: true } });
    const page = await open(host);
    await write(page, 'verdict:wrong');
    await summary(page, / of 210/);
    const button = page.getByRole('button', { name: 'Saved views' });
    await button.focus();
    await page.keyboard.press('Enter');
    await page.getByRole('dialog', { name: 'Saved views' }).waitFor();
    await page.keyboard.type('Long and wrong');
    await page.keyboard.press('Enter');
    await page.locator('.saved-open', { hasText: 'Long and wrong' }).waitFor();
    assert.deepEqual(host.savedViews, [
      { name: 'Long and wrong', query: 'verdict:wrong', sort: { key: 'tokens', descending: true } },
    ]);
    await page.keyboard.press('Escape');
    await write(page, 'verdict:right');
    await summary(page, '140 traces');
    await page.getByRole('columnheader', { name: 'Problem' }).getByRole('button').click();
    await button.focus();
    await page.keyboard.press('Enter');
    await page.locator('.saved-open').waitFor();
    await page.locator('.saved-open').focus();
    await shot(page, 'list-views');
    await page.keyboard.press('F2');
    await page.keyboard.type('Wrong');
    await page.keyboard.press('Enter');
    await page.locator('.saved-open', { hasText: /^Wrong/ }).waitFor();
    assert.equal(host.savedViews[0]!.name, 'Wrong');
    await page.waitForFunction(() => document.activeElement?.classList.contains('saved-open'));
    await page.keyboard.press('Enter');
    await summary(page, '70 traces');
    assert.equal(await field(page).inputValue(), 'verdict:wrong');
    await page.getByRole('columnheader', { name: 'Tokens' }).and(page.locator('[aria-sort=descending]')).waitFor();
    await page.keyboard.press('Enter');
    await page.locator('.saved-open').waitFor();
    await page.locator('.saved-open').focus();
    await page.keyboard.press('Delete');
    await page.locator('.saved-open').waitFor({ state: 'detached' });
    assert.deepEqual(host.savedViews, []);
    await page.keyboard.press('Escape');
    assert.equal(await page.getByRole('dialog').count(), 0);
  });

  it('has its columns chosen, ordered and widened by the keys, and keeps them', async () => {
    const host = new FakeHost({ traces: made(60) }, view);
    const page = await open(host);
    await summary(page, '60 traces');
    await page.getByRole('button', { name: 'Columns' }).click();
    const box = (name: string) => page.getByRole('checkbox', { name: new RegExp(`^${name}`) });
    await box('Reward').check();
    await box('Length').uncheck();
    await box('Reward').focus();
    await page.keyboard.press('Alt+ArrowUp');
    await page.waitForFunction(() => (document.activeElement as HTMLElement).id === 'column-reward');
    await page.keyboard.press('Alt+ArrowUp');
    await page.keyboard.press('Escape');
    const titles = () => page.getByRole('columnheader').allInnerTexts();
    const order = (await titles()).map((title) => title.replace(/ .*/, ''));
    assert.ok(order.indexOf('Reward') < order.indexOf('Tokens'), order.join());
    assert.ok(!order.includes('Length'));
    const head = page.getByRole('columnheader', { name: 'Reward' });
    const before = (await head.boundingBox())!.width;
    await head.getByRole('button').focus();
    await page.keyboard.press('Alt+ArrowRight');
    await page.waitForFunction((width) => {
      const heads = [...document.querySelectorAll('[role=columnheader]')];
      return heads.find((one) => one.textContent?.startsWith('Reward'))!.getBoundingClientRect().width > width + 6;
    }, before);
    const kept = host.calls.filter(({ method }) => method === 'host/settings').at(-1)!
      .params as Partial<ReadingSettings>;
    assert.ok(kept.listColumns?.shown?.includes('reward'));
    assert.ok(kept.listColumns?.widths?.['reward']);
    await page.keyboard.press('Enter');
    await head.and(page.locator('[aria-sort=ascending]')).waitFor();
  });

  it('jumps to the end of 50,000 traces without the pages between, and holds few of them', async () => {
    const host = new FakeHost({ traces: made(50_000) }, view);
    const page = await open(host);
    await summary(page, '50,000 traces');
    await page.locator('.grid').focus();
    const before = host.count('traces/page');
    await page.keyboard.press('End');
    await page.locator('#trace-49999[aria-selected=true]').waitFor();
    await page.locator('.crumbs', { hasText: 'aime24/49' }).waitFor();
    assert.ok(host.count('traces/page') - before <= 3, `${host.count('traces/page') - before} pages`);
    assert.ok((await page.locator('.grid-row').count()) < 80);
    // The scrollbar: anywhere.
    await page.locator('.grid').evaluate((element) => (element.scrollTop = 25_000 * 22));
    await page.locator('#trace-25003').waitFor();
    await page.locator('#trace-25003', { hasText: 'aime24/73' }).waitFor();
    assert.ok(host.count('traces/page') - before <= 8);
    // The selected row is far away, and the keys go on from it.
    await page.keyboard.press('ArrowUp');
    await page.locator('#trace-49998[aria-selected=true]').waitFor();
  });

  it('keeps the selected trace in a list that still holds it, and in view', async () => {
    const host = new FakeHost({ traces: made(5000) }, { ...view, trace: made(3001).at(-1)!.detail.trace });
    const page = await open(host);
    const selected = page.locator('[role=row][aria-selected=true]');
    await selected.waitFor();
    assert.equal(await selected.getAttribute('id'), 'trace-3000');
    assert.ok(await selected.isVisible());
    await write(page, 'verdict:wrong');
    await summary(page, /of 5,000/);
    await page.locator('#trace-1000[aria-selected=true]').waitFor();
    const seen = await selected.evaluate((row) => {
      const [box, grid] = [row.getBoundingClientRect(), row.closest('.grid')!.getBoundingClientRect()];
      return box.top >= grid.top && box.bottom <= grid.bottom;
    });
    assert.ok(seen);
    await write(page, 'verdict:right');
    await summary(page, /of 5,000/);
    await page.locator('#trace-0').waitFor();
    assert.equal(await selected.count(), 0);
    assert.equal(await page.locator('.grid').evaluate((element) => element.scrollTop), 0);
  });

  it('is as it was after a reload: the query, the sort, the trace', async () => {
    const host = new FakeHost({ traces: made(210) }, view);
    const page = await open(host);
    await write(page, 'verdict:wrong');
    await summary(page, / of 210/);
    await page.getByRole('columnheader', { name: 'Tokens' }).getByRole('button').click();
    await page.locator('#trace-4').click();
    await page.waitForFunction(
      () => JSON.parse(sessionStorage.getItem('state') ?? '{}').view?.query === 'verdict:wrong',
    );
    await page.waitForTimeout(300);
    const told = host.calls.filter(({ method }) => method === 'host/viewChanged').at(-1)!.params as {
      view: InspectorView;
    };
    assert.equal(told.view.query, 'verdict:wrong');
    assert.deepEqual(told.view.sort, { key: 'tokens', descending: false });
    host.init = { ...host.init, view: told.view };
    await close();
    const again = await open(host);
    await summary(again, / of 210/);
    assert.equal(await field(again).inputValue(), 'verdict:wrong');
    await again.locator('#trace-4[aria-selected=true]').waitFor();
  });

  it('comes back to a query that is not finished, in every mode with the one that is in force on the screen', async () => {
    const host = new FakeHost({ traces: made(210) }, view);
    const page = await open(host);
    await write(page, 'verdict:wrong');
    await summary(page, / of 210/);
    await page.keyboard.type(' tokens:>many');
    await page.locator('.query-error').waitFor();
    await page.waitForTimeout(300);
    await page.reload();
    await summary(page, / of 210/);
    assert.equal(await field(page).inputValue(), 'verdict:wrong tokens:>many');
    assert.match(await page.locator('.query-error').innerText(), /many/);
    assert.equal(lastQuery(host), 'verdict:wrong');
    for (const [mode, method] of [
      ['Audit', 'audit/queue'],
      ['Re-score', 'audit/rescore'],
    ] as const) {
      await page.getByRole('tab', { name: mode }).click();
      await until(() => host.count(method) > 0, method);
      const asked = host.calls.findLast((call) => call.method === method)!.params as { query?: string };
      assert.equal(asked.query, 'verdict:wrong');
      assert.equal(await field(page).inputValue(), 'verdict:wrong tokens:>many');
    }
    await page.getByRole('tab', { name: 'Traces' }).click();
    await summary(page, / of 210/);
    assert.equal(await field(page).inputValue(), 'verdict:wrong tokens:>many');
    await write(page, 'verdict:right');
    await summary(page, '140 traces');
    await page.reload();
    await summary(page, '140 traces');
    assert.equal(await field(page).inputValue(), 'verdict:right');
  });

  it('leaves words out of an audit where the reader says so: they are looked for in the list', async () => {
    const host = new FakeHost({ traces: made(210) }, view);
    const page = await open(host);
    await write(page, 'verdict:wrong "so x"');
    await until(() => host.count('traces/search') > 0, 'the search');
    await page.getByRole('tab', { name: 'Audit' }).click();
    await page.getByText('Words are looked for in the list of traces only').waitFor();
    assert.equal(host.count('audit/queue'), 0);
    await page.getByRole('button', { name: 'Leave the words out' }).click();
    await until(() => host.count('audit/queue') > 0, 'the queue');
    assert.equal(await field(page).inputValue(), 'verdict:wrong');
  });

  it('shows another order with one question, and finds where the selected trace lies behind it', async () => {
    const host = new FakeHost({ traces: made(1000) }, view);
    const page = await open(host);
    await page.locator('#trace-1').click();
    await page.waitForTimeout(300);
    const pages = () => host.calls.filter(({ method }) => method === 'traces/page').map(({ params }) => params);
    const before = pages().length;
    await page.getByRole('columnheader', { name: 'Tokens' }).getByRole('button').click();
    // Its row is not read, but its place is known.
    await page.locator('.grid[aria-activedescendant=trace-528]').waitFor();
    const asked = pages().slice(before) as { around?: string }[];
    assert.equal(asked[0]!.around, undefined);
    assert.equal(asked.length, 2);
    assert.equal(await page.locator('.grid').evaluate((grid) => grid.scrollTop), 0);
    const reads = pages().length;
    await page.locator('.grid').focus();
    await page.keyboard.press('End');
    await page.locator('#trace-999[aria-selected=true]').waitFor();
    assert.equal(pages().length, reads + 1);
  });

  it('has a column for each behaviour, the set, the epoch and the length, and sorts by them', async () => {
    const traces = made(60);
    traces.forEach(({ detail }, i) => {
      Object.assign(detail, { set: i % 2 === 0 ? 'aime24' : 'math', epoch: i / 100 });
      if (i % 3 === 0) detail.behaviours = { verification: i };
    });
    const shown = ['problem', 'sample', 'set', 'epoch', 'length', 'behaviour.verification'];
    const settings = { hiddenLabels: [], raw: false, factsOpen: true, listOpen: true, fontSize: null };
    const host = new FakeHost({ traces }, view, {
      settings: { ...settings, listColumns: { shown } },
    });
    const page = await open(host);
    await page.locator('.grid-row').first().waitFor();
    const cells = () => page.locator('#trace-0 [role=gridcell]').allInnerTexts();
    assert.deepEqual((await cells()).slice(2, 4), ['aime24', '0.00']);
    for (const [name, key] of [
      ['Verification', 'behaviour.verification'],
      ['Set', 'set'],
      ['Epoch', 'epoch'],
      ['Characters', 'length'],
      ['#', 'sample'],
    ] as const) {
      const head = page.getByRole('columnheader', { name }).getByRole('button');
      await head.click();
      await head.click();
      await page.waitForFunction(
        (wanted) => JSON.parse(sessionStorage.getItem('state') ?? '{}').view?.sort?.key === wanted,
        key,
      );
      await page.getByRole('columnheader', { name }).and(page.locator('[aria-sort=descending]')).waitFor();
      if (key === 'behaviour.verification') {
        await page.waitForFunction(() => document.querySelector('#trace-0')?.textContent?.endsWith('57'));
        assert.equal((await cells()).at(-1), '57');
      }
    }
  });

  it('is clean for axe in all four themes, with completions, an error, menus and hits', async () => {
    for (const theme of themeKinds) {
      const page = await open(new FakeHost({ traces: made(210), sets }, view), { theme });
      await page.locator('.grid-row').first().waitFor();
      assert.deepEqual(await axe(page), [], theme);
      await write(page, 'verdict:wrong -tokens:<2000 "let me" /on.e/i ste');
      await page.getByRole('option').first().waitFor();
      assert.deepEqual(await axe(page), [], `${theme}, completions`);
      await shot(page, `list-completion-${theme}`);
      await write(page, 'verdict:wrong tokns:>2000');
      await page.keyboard.press('Escape');
      await page.locator('.query-error').waitFor();
      assert.deepEqual(await axe(page), [], `${theme}, error`);
      await shot(page, `list-error-${theme}`);
      await write(page, 'let me check');
      await page.locator('mark.hit').first().waitFor();
      assert.deepEqual(await axe(page), [], `${theme}, hits`);
      await shot(page, `list-hits-${theme}`);
      await page.getByRole('button', { name: 'Columns' }).click();
      assert.deepEqual(await axe(page), [], `${theme}, columns`);
      await shot(page, `list-columns-${theme}`);
      if (theme !== themeKinds.at(-1)) await close();
    }
  }).timeout(120_000);
});
