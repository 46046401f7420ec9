import assert from 'node:assert/strict';
import { describe, it } from 'mocha';
import type { View } from '../../core/protocol/webview.ts';
import { countChanges, selectPairs } from '../../webview/compare/pairs.ts';
import { axe } from './axe.ts';
import { FakeHost } from './fake-host.ts';
import { madePairs, RUN } from './made-run.ts';
import { setTheme, shot } from './page.ts';
import { suitePages } from './suite.ts';
import { themeKinds } from './themes.ts';

const view: View = {
  page: 'compare',
  title: 'sft → grpo',
  before: { run: RUN, stage: 'sft', step: 250 },
  after: { run: RUN, stage: 'grpo', step: 30 },
};

describe('pairs of a comparison', () => {
  const { pairs } = madePairs(40);
  const all = { changes: [], text: '', sort: 'problem' } as const;

  it('are kept by change and by words', () => {
    const counts = countChanges(pairs);
    assert.equal(
      Object.values(counts).reduce((a, b) => a + b),
      40,
    );
    assert.ok(counts.right_to_wrong > 0 && counts.wrong_to_right > 0);
    assert.equal(selectPairs(pairs, { ...all, changes: ['right_to_wrong'] }).length, counts.right_to_wrong);
    assert.deepEqual(
      selectPairs(pairs, { ...all, text: 'SUMS/7' }).map(({ problem }) => problem),
      ['p7'],
    );
  });

  it('are sorted by problem as numbers, by what broke, by change of length', () => {
    assert.deepEqual(
      selectPairs(pairs, all).map(({ problem }) => problem),
      Array.from({ length: 40 }, (_, i) => `p${i}`),
    );
    assert.equal(selectPairs(pairs, { ...all, sort: 'change' })[0]!.change, 'right_to_wrong');
    const deltas = selectPairs(pairs, { ...all, sort: 'shorter' }).map(({ tokensDelta }) => tokensDelta!);
    assert.deepEqual(
      deltas,
      [...deltas].sort((a, b) => a - b),
    );
  });
});

describe('comparison', () => {
  const { open } = suitePages();
  const host = () => {
    const { traces, pairs } = madePairs(40);
    return new FakeHost({ traces, pairs: { pairs, onlyBefore: 2, onlyAfter: 0 } }, view);
  };

  it('shows two traces of a problem next to each other, and steps through the problems', async () => {
    const page = await open(host());
    const sides = page.locator('.side');
    await sides.nth(1).getByText('The answer is').waitFor();
    assert.match(await sides.nth(0).locator('.side-head').innerText(), /before\s*sft · 250\s*✓/);
    assert.match(await sides.nth(1).locator('.side-head').innerText(), /after\s*grpo · 30/);
    const first = await page.locator('h1').innerText();
    await page.keyboard.press('j');
    await page.waitForFunction((was) => document.querySelector('h1')!.textContent !== was, first);
    await sides.nth(0).getByText('The answer is').waitFor();
    assert.match(await page.locator('.summary').innerText(), /40 problems, 2 only before/);
  });

  it('keeps only a change, and opens another sample', async () => {
    const fake = host();
    const page = await open(fake);
    await page.locator('.side .pill').first().waitFor();
    const chip = page.getByRole('button', { name: /^right to wrong/ });
    const n = Number((await chip.getAttribute('aria-label'))!.split(': ')[1]);
    await chip.click();
    await page.locator('.summary', { hasText: `${n} problem` }).waitFor();
    assert.equal(await page.locator('.grid-row').count(), n);
    const sample = page.locator('.side').first().locator('vscode-dropdown');
    await sample.click();
    const other = sample.locator('vscode-option').nth(3);
    const wanted = await other.evaluate((option) => (option as HTMLOptionElement).value);
    await other.click();
    await page.waitForTimeout(200);
    const asked = fake.calls
      .filter(({ method }) => method === 'traces/get')
      .map(({ params }) => (params as { trace: string }).trace);
    assert.equal(asked.at(-1), wanted);
  });

  it('opens a trace in the inspector', async () => {
    const fake = host();
    const page = await open(fake);
    await page.locator('.side .pill').first().waitFor();
    await page.getByRole('button', { name: 'Open in the inspector, after' }).click();
    await page.waitForTimeout(50);
    const opening = fake.calls.findLast(({ method }) => method === 'host/open')!.params as {
      view: { filter: unknown };
    };
    assert.deepEqual(opening.view.filter, { run: RUN, stage: 'grpo', step: 30 });
  });

  it('is clean for axe in all four themes', async () => {
    const page = await open(host());
    await page.locator('.side .pill').first().waitFor();
    for (const theme of themeKinds) {
      await setTheme(page, theme);
      await page.waitForTimeout(100);
      assert.deepEqual(await axe(page), [], theme);
      await shot(page, `compare-${theme}`);
    }
  });
});
