import assert from 'node:assert/strict';
import { describe, it, type Context } from 'mocha';
import type { Page } from 'playwright-core';
import { mixSentence } from '../../core/metrics/reward-words.ts';
import { LonghandError } from '../../core/protocol/errors.ts';
import type { Params } from '../../core/protocol/methods.ts';
import type { View } from '../../core/protocol/webview.ts';
import { moved } from '../../webview/report/why-model.ts';
import { quantityOf, windowFilter } from '../../webview/report/why-words.ts';
import { axe } from './axe.ts';
import { FakeHost } from './fake-host.ts';
import { groupsData } from './made-report.ts';
import { RUN } from './made-run.ts';
import { madeWhy } from './made-why.ts';
import { setTheme, shot } from './page.ts';
import { suitePages } from './suite.ts';
import { themeKinds } from './themes.ts';

const whyView: View = { page: 'report', run: RUN, stage: 'grpo', why: {} };

function host(view: View = whyView): FakeHost {
  return new FakeHost({ ...groupsData(20, 4), rewardChange: madeWhy }, view);
}

describe('a change of reward in words', () => {
  it('moves the end of a window that is nearest to a step', () => {
    const [before, after] = [
      { from: 1, to: 6 },
      { from: 25, to: 30 },
    ];
    assert.deepEqual(moved(before, after, 9), { before: { from: 1, to: 9 }, after });
    assert.deepEqual(moved(before, after, 2), { before: { from: 2, to: 6 }, after });
    assert.deepEqual(moved(before, after, 20), { before, after: { from: 20, to: 30 } });
    assert.deepEqual(moved(before, after, 29), { before, after: { from: 25, to: 29 } });
  });

  it('has shares of what each part is about, and the traces that they count', () => {
    const found = madeWhy({});
    const accuracy = quantityOf('accuracy', found)!;
    const { states } = found.before;
    assert.equal(accuracy.before, `${((100 * states.right) / (states.right + states.wrong)).toFixed(1)} %`);
    assert.equal(quantityOf('length', found)!.before, '226');
    assert.deepEqual(windowFilter({ run: 'r', stage: 's' }, { from: 2, to: 3 }, 'unanswered'), {
      ...{ run: 'r', stage: 's', stepFrom: 2, stepTo: 3 },
      ...{ verdict: ['wrong'], finish: ['stop', 'error'], answered: false },
    });
    assert.match(mixSentence({ problem: 0, difficulty: 0, unknown: 9 }), /no problem in common/);
    assert.equal(
      mixSentence({ problem: 50, difficulty: 25, unknown: 25 }),
      'Mix of problems: 50.0 % of the completions are of problems in both windows, 25.0 % of problems whose difficulty is known from outside of the windows, of 25.0 % nothing is known.',
    );
  });
});

describe('why the reward changed', () => {
  const { open } = suitePages({ bundle: 'report', width: 1300, height: 1000 }, 10_000);
  const section = (page: Page) => page.getByRole('region', { name: 'Why the reward changed' });
  const lastView = (fake: FakeHost) => (lastCall(fake, 'host/viewChanged') as { view: View & { page: 'report' } }).view;
  const lastAsked = (fake: FakeHost) => {
    const { before, after } = lastCall(fake, 'metrics/rewardChange') as Params<'metrics/rewardChange'>;
    return { before, after };
  };

  it('shows parts that sum to the change, clean for axe in all four themes and in narrow editors', async function (this: Context) {
    this.timeout(180_000);
    const page = await open(host());
    const why = section(page);
    await why.getByText('True accuracy').waitFor();
    await why.locator('canvas').waitFor();
    const number = (text: string) => Number(text.replace('−', '-').split(' ')[0]);
    const parts = (await why.locator('.why-number strong').allInnerTexts()).map(number);
    const total = number(await why.locator('.why-total strong').innerText());
    const found = madeWhy({});
    assert.ok(Math.abs(total - found.change) < 5e-4);
    assert.ok(
      Math.abs(parts.reduce((sum, part) => sum + part, 0) - total) < 5e-4 * (parts.length + 1),
      parts.join(' '),
    );
    assert.ok(parts.some((part) => part < 0) && parts.some((part) => part > 0));
    await why.getByRole('button', { name: /Truncation/ }).click();
    await why.getByText('Those that moved it most').waitFor();
    for (const theme of themeKinds) {
      await setTheme(page, theme);
      await page.waitForTimeout(100);
      assert.deepEqual(await axe(page), [], theme);
      await shot(page, `why-${theme}`);
    }
    for (const width of [420, 760]) {
      await page.setViewportSize({ width, height: 1000 });
      await page.waitForTimeout(100);
      const over = await page.evaluate(
        () => document.documentElement.scrollWidth > document.documentElement.clientWidth,
      );
      assert.equal(over, false, `${width} px wide`);
      await shot(page, `why-${width}`);
    }
  });

  it('opens a part by keyboard, and from it the traces that moved it and those that its numbers count', async () => {
    const fake = host();
    const page = await open(fake);
    const why = section(page);
    const part = why.getByRole('button', { name: /True accuracy/ });
    await part.focus();
    await page.keyboard.press('Enter');
    await why.locator('.why-exemplars tbody tr').first().waitFor();
    assert.equal(await part.getAttribute('aria-expanded'), 'true');
    const found = madeWhy({});
    const accuracy = found.parts.find(({ kind }) => kind === 'accuracy')!;
    assert.equal(await why.locator('.why-exemplars tbody tr').count(), accuracy.exemplars.length);
    await why.locator('.why-exemplars tbody button').first().click();
    await page.waitForTimeout(50);
    const first = accuracy.exemplars[0]!;
    const { from, to } = found[first.side];
    assert.deepEqual((lastCall(fake, 'host/open') as { view: unknown }).view, {
      page: 'inspector',
      title: `grpo · steps ${from}–${to}`,
      filter: { run: RUN, stage: 'grpo', stepFrom: from, stepTo: to },
      trace: first.row.trace,
    });
    await why.getByTitle('Show the completions after').last().click();
    await page.waitForTimeout(50);
    assert.deepEqual((lastCall(fake, 'host/open') as { view: { filter: unknown } }).view.filter, {
      ...{ run: RUN, stage: 'grpo', stepFrom: 25, stepTo: 30, verdict: ['right'] },
    });
  });

  it('takes other windows by field and by the chart, keeps them for a reload, and goes back to the fifths', async () => {
    const fake = host();
    const page = await open(fake);
    const why = section(page);
    const last = why.getByRole('spinbutton', { name: 'Before: last step' });
    await last.waitFor();
    assert.deepEqual(lastAsked(fake), { before: undefined, after: undefined });
    await last.fill('9');
    // The page is drawn again while a field is typed into.
    await fake.notify('events/batch', {
      stream: `${RUN}/grpo/1`,
      events: [{ v: 1, seq: 900, t: 0, type: 'metrics', step: 31, epoch: null, values: {} }],
    });
    await why.getByRole('button', { name: 'New steps: read again' }).waitFor();
    await page.keyboard.press('Tab');
    const windows = { before: { from: 1, to: 9 }, after: { from: 25, to: 30 } };
    await why.getByText('steps 1–9').waitFor();
    assert.deepEqual(lastAsked(fake), windows);
    await page.waitForTimeout(250);
    assert.deepEqual(lastView(fake).why, windows);
    // The other end gives way.
    await why.getByRole('spinbutton', { name: 'After: first step' }).fill('31');
    await page.keyboard.press('Tab');
    await page.waitForTimeout(400);
    assert.deepEqual(lastAsked(fake).after, { from: 31, to: 31 });
    const chart = why.getByRole('figure', { name: /^Reward/ });
    await chart.focus();
    await page.keyboard.press('Home');
    for (let i = 0; i < 11; i += 1) await page.keyboard.press('ArrowRight');
    await page.keyboard.press('Enter');
    await page.waitForTimeout(400);
    assert.deepEqual(lastAsked(fake).before, { from: 1, to: 12 });
    await why.getByRole('button', { name: 'First and last fifth' }).click();
    await page.waitForTimeout(400);
    assert.deepEqual(lastAsked(fake), { before: undefined, after: undefined });
  });

  it('says what is wrong with windows, keeps the fields, and says when there is nothing to compare', async () => {
    const fake = host();
    const page = await open(fake);
    const why = section(page);
    await why.getByText('True accuracy').waitFor();
    fake.failing.set(
      'metrics/rewardChange',
      new LonghandError('invalid_params', 'The two windows overlap: choose other steps.'),
    );
    await why.getByRole('spinbutton', { name: 'After: first step' }).fill('3');
    await page.keyboard.press('Tab');
    await why.getByText('The two windows overlap').waitFor();
    assert.equal(await why.getByRole('spinbutton').count(), 4);
    fake.failing.delete('metrics/rewardChange');
    fake.data.rewardChange = () => null;
    await why.getByRole('button', { name: 'First and last fifth' }).click();
    await why.getByRole('heading', { name: 'Fewer than two steps have rewards' }).waitFor();
  });

  it('is opened from the groups, and closed', async () => {
    const fake = host({ page: 'report', run: RUN, stage: 'grpo' });
    const page = await open(fake);
    await page.getByRole('button', { name: 'Why did the reward change?' }).click();
    await section(page).getByText('True accuracy').waitFor();
    await page.waitForTimeout(250);
    assert.deepEqual(lastView(fake).why, {});
    await page.getByRole('button', { name: 'Close: why the reward changed' }).click();
    await section(page).waitFor({ state: 'detached' });
    await page.waitForTimeout(250);
    assert.equal(lastView(fake).why, undefined);
  });
});

function lastCall(fake: FakeHost, method: string): unknown {
  return fake.calls.findLast((call) => call.method === method)?.params;
}
