import assert from 'node:assert/strict';
import { describe, it } from 'mocha';
import { LonghandError } from '../../core/protocol/errors.ts';
import type { View } from '../../core/protocol/webview.ts';
import { axe } from './axe.ts';
import { FakeHost } from './fake-host.ts';
import { STAGE } from './made-report.ts';
import { RUN } from './made-run.ts';
import { classesData } from './made-stages.ts';
import { setTheme, shot } from './page.ts';
import { suitePages } from './suite.ts';
import { themeKinds } from './themes.ts';

const view: View = { page: 'report', run: RUN, stage: STAGE };
describe('behaviours by class', () => {
  const { open } = suitePages({ bundle: 'report', width: 1400, height: 1000 }, 10_000);

  it('shows the rates of each class and turn, and opens the documents behind a number', async () => {
    const data = classesData();
    const { behaviours: whole } = data;
    const fake = new FakeHost({ ...data, behaviours: { ...whole, waiting: 5 } }, view);
    const page = await open(fake);
    const block = page.getByRole('region', { name: 'Behaviours by class' });
    await block.getByText('5 completions are still to be read').waitFor();
    fake.data.behaviours = whole;
    await block.getByRole('row', { name: /^Backtracking/ }).waitFor();
    const rows = async () => (await block.locator('tr').allInnerTexts()).map((row) => row.replace(/\s+/g, ' ').trim());
    assert.deepEqual(await rows(), [
      'Figure RR WR',
      'Documents 1 2',
      'Mean tokens 50.0 50.0',
      'Backtracking 2.00 [1.50, 2.50] 4.00 [3.50, 4.50]',
    ]);
    await block.getByRole('button', { name: '4.00' }).click();
    await page.getByRole('button', { name: /^Filter / }).waitFor();
    await page.waitForFunction(() => document.querySelectorAll('.dock .grid-row').length === 2);
    await block.locator('vscode-dropdown').click();
    await block.locator('vscode-option', { hasText: 'Answer 2' }).click();
    await block.getByText('3.00').waitFor();
    assert.equal((await rows())[1], 'Completions 1 2');
  });

  it('says what went wrong and tries again', async () => {
    const fake = new FakeHost(classesData(), view);
    fake.failing.set('metrics/behaviours', new LonghandError('corrupt', 'The table is no table.'));
    const page = await open(fake);
    await page.getByText('The table is no table.').waitFor();
    fake.failing.clear();
    await page.getByRole('button', { name: 'Try again' }).click();
    await page.getByRole('region', { name: 'Behaviours by class' }).waitFor();
  });

  it('is clean for axe in all four themes', async () => {
    const page = await open(new FakeHost(classesData(), view));
    await page.getByRole('row', { name: /^Backtracking/ }).waitFor();
    for (const theme of themeKinds) {
      await setTheme(page, theme);
      await page.waitForTimeout(100);
      assert.deepEqual(await axe(page), [], theme);
      await shot(page, `classes-${theme}`);
    }
  });
});
