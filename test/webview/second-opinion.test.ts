import assert from 'node:assert/strict';
import { describe, it } from 'mocha';
import type { Page } from 'playwright-core';
import type { View } from '../../core/protocol/webview.ts';
import { axe } from './axe.ts';
import type { JudgeRule } from './fake-judge.ts';
import { FakeHost, fakeTrace } from './fake-host.ts';
import { shot } from './page.ts';
import { suitePages } from './suite.ts';
import { themeKinds } from './themes.ts';

const view: View = { page: 'inspector', title: 'two-stage', filter: { run: 'run-00000000' } };
const text =
  '<think>\nFirst, I need to find a.\n\nSo a is 3. Let me check this: 3 + 4 = 7. Yes, that matches.\n\n' +
  'Wait, that is wrong. So it is 5.\n\n\\[ a = 5 \\]\n\nPutting 5 back: 5 + 4 = 9.\n\n</think>\nThe answer is \\boxed{5}.';
/** Finds the check without a cue word, and no plan and no doubt. */
const rule: JudgeRule = (step) => [
  ...(/check this/.test(step) ? (['verification_start', 'verification'] as const) : []),
  ...(/that matches|Putting/.test(step) ? (['verification'] as const) : []),
  ...(/wrong|So it is|a = 5/.test(step) ? (['backtracking'] as const) : []),
  ...(step.includes('boxed') ? (['answer_commitment'] as const) : []),
  // What no detector says.
  ...(step.startsWith('So a is 3') ? (['case_split'] as const) : []),
];
const some = () => [
  fakeTrace(0, { completion: text, gold: '5', problemLabel: 'aime/1' }),
  fakeTrace(1, { completion: `${text} Let me verify: 5 + 4 = 9.`, gold: '5', problemLabel: 'aime/2' }),
];

const switchOf = (page: Page) => page.getByRole('group', { name: 'Whose spans are shown' });
const opinionOf = (page: Page) => page.getByRole('region', { name: 'Second opinion' });

describe('second opinion', () => {
  const { open, close } = suitePages();

  it('is not there where no judge was asked', async () => {
    const page = await open(new FakeHost({ traces: some() }, view));
    await page.locator('.span.label-verification').first().waitFor();
    assert.equal(await switchOf(page).count(), 0);
    assert.equal(await opinionOf(page).count(), 0);
  });

  it('stands over the line, the detector’s spans under it; either can be shown alone', async () => {
    const page = await open(new FakeHost({ traces: some(), judge: rule }, view));
    await page.locator('.span.label-verification').first().waitFor();
    assert.equal(await page.locator('.scroller .by-judge').count(), 0, 'the detector’s alone, until it is chosen');
    await switchOf(page).getByRole('button', { name: 'Judge' }).click();
    await page.locator('.scroller .by-judge').first().waitFor();
    const lines = (at: string) =>
      page
        .locator(at)
        .first()
        .evaluate((element) => {
          const { borderTopWidth, borderBottomWidth } = getComputedStyle(element);
          return [borderTopWidth, borderBottomWidth].map((width) => width !== '0px');
        });
    assert.deepEqual(await lines('.scroller .span.label-verification.by-judge'), [true, false]);
    assert.deepEqual(await lines('.scroller .span.label-verification:not(.by-judge)'), [false, true]);
    assert.ok((await page.locator('.letter.by-judge').count()) > 0);
    const title = await page.locator('.scroller .label-verification.by-judge').first().getAttribute('title');
    assert.equal(title, 'Verification (the judge judge-1, questions version 1)');
    await page.locator('.scroller .by-judge', { hasText: 'Putting 5 back' }).waitFor();
    await switchOf(page).getByRole('button', { name: 'Detector' }).click();
    await page.waitForFunction(() => !document.querySelector('.scroller .span.label-subgoal'));
    assert.equal(
      await page.locator('.scroller .span:not(.by-judge, .label-marker, .label-answer_commitment)').count(),
      0,
    );
  });

  it('gives the agreement by label for the trace and the run, and opens the places where they differ', async () => {
    const page = await open(new FakeHost({ traces: some(), judge: rule }, view));
    await switchOf(page).getByRole('button', { name: 'Judge' }).click();
    const opinion = opinionOf(page);
    await opinion.getByText('judge-1 (questions version 1), over').waitFor();
    const row = opinion.locator('tr', { hasText: 'Verification' });
    const figures = async () => (await row.locator('td.num').allInnerTexts()).map((cell) => cell.trim());
    const [n, precision, recall, f1, kappa] = await figures();
    assert.equal(n, '3');
    for (const figure of [precision, recall, f1, kappa]) assert.match(figure!, /^-?\d\.\d\d$/);
    assert.match(await opinion.locator('tr', { hasText: 'Subgoal' }).locator('td.num').nth(1).innerText(), /^0\.00$/);
    const note = () => opinion.locator('.edit-note').first().innerText();
    assert.match(await note(), /of 1 trace\. The judge’s own quality is not known\.$/);
    await opinion.getByRole('button', { name: 'Run', exact: true }).click();
    await opinion.getByText('of 2 traces').waitFor();
    assert.equal((await figures())[0], '6');
    await opinion.getByRole('button', { name: 'Spans' }).click();
    assert.equal((await figures())[4], '', 'κ is of steps alone');
    const places = opinion.getByRole('list', { name: 'Where they differ' }).getByRole('button');
    await opinion.getByTitle('Case split: only the judge has it here', { exact: true }).click();
    await page.locator('.scroller .by-judge.label-case_split', { hasText: 'So a is 3' }).waitFor();
    for (let i = 0; i < 5 && (await places.filter({ hasText: 'Let me verify' }).count()) === 0; i += 1)
      await opinion.getByRole('button', { name: 'Next', exact: true }).click();
    await places.filter({ hasText: 'Let me verify' }).first().click();
    await page.locator('.head', { hasText: 'aime/2' }).waitFor();
    await page.locator('.scroller', { hasText: 'Let me verify' }).waitFor();
  });

  it('is clean for axe in all four themes, wide and narrow', async () => {
    for (const theme of themeKinds) {
      for (const width of [1500, 900]) {
        const page = await open(new FakeHost({ traces: some(), judge: rule }, view), { theme, width });
        await switchOf(page).getByRole('button', { name: 'Judge' }).click();
        await opinionOf(page).getByText('over').first().waitFor();
        assert.deepEqual(await axe(page), [], `${theme} ${width}`);
        await shot(page, `second-opinion-${theme}-${width}`);
        await close();
      }
    }
  });
});
