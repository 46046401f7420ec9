import assert from 'node:assert/strict';
import { describe, it } from 'mocha';
import type { View } from '../../core/protocol/webview.ts';
import { axe } from './axe.ts';
import { FakeHost, fakeTrace } from './fake-host.ts';
import { shot } from './page.ts';
import { suitePages } from './suite.ts';
import { themeKinds } from './themes.ts';

const view: View = { page: 'inspector', title: 'two-stage', filter: { run: 'run-00000000' } };
const filler = 'We add the two numbers and see what comes of it, step by step. '.repeat(12);
const again = 'Let me compute this once more to be sure of it. '.repeat(6);
const completion = `<think>\nThe answer is 5.\n\n${filler}\n\nWait. So the answer is 7.\n\n${again}\n\n${filler}</think>\nThus \\boxed{7}.`;

describe('answers on the way', () => {
  const { open, close } = suitePages();
  const traces = () => [
    fakeTrace(0, { completion, gold: '7', problemLabel: 'aime/1' }),
    fakeTrace(1, { completion: 'Nothing is said here.', problemLabel: 'aime/2' }),
  ];

  it('shows each answer with its worth, the flip, what came after, and goes to a place on click', async () => {
    const page = await open(new FakeHost({ traces: traces() }, view));
    const block = page.locator('.path-facts');
    await block.waitFor();
    assert.deepEqual(await block.locator('.path-answer').allInnerTexts(), ['✗ 5', '✓ 7', '✓ 7']);
    assert.equal(await block.locator('.path-flip').count(), 1);
    const answer = await page.locator('.facts-section', { hasText: 'gold' }).first().innerText();
    assert.match(answer, /flips\s+1: ✗ → ✓/);
    assert.match(answer, /first right\s+~\d+ of ~\d+ tok/);
    assert.match(answer, /after it\s+~[\d,]+ tok \(\d+ %\)/);
    const text = await block.innerText();
    assert.match(text, /loops\s+\d loops?, ~\d+ tokens lost/);
    // The pill in the text stands at the same place as the fact.
    const pill = page.locator('.pill', { hasText: 'first right answer' });
    await block.locator('.path-answer').nth(1).click();
    await pill.waitFor();
    assert.match(await pill.locator('xpath=..').innerText(), /answer is 7/);
    await page.locator('.grid-row', { hasText: 'aime/2' }).click();
    await page.waitForFunction(() => !document.querySelector('.path-answer'));
  });

  it('moves no other fact when it comes late', async () => {
    const fake = new FakeHost({ traces: traces() }, view);
    const page = await open(fake);
    await page.locator('.path-facts').waitFor();
    const { promise, resolve: arrive } = Promise.withResolvers<void>();
    fake.held.set('traces/figures', promise);
    const places = () =>
      page
        .locator('.facts > section:not(.path-facts)')
        .evaluateAll((all) => all.map((one) => one.getBoundingClientRect().y));
    await page.locator('.grid-row', { hasText: 'aime/2' }).click();
    await page.locator('.head .problem', { hasText: 'aime/2' }).waitFor();
    await page.locator('.grid-row', { hasText: 'aime/1' }).click();
    await page.locator('.head .problem', { hasText: 'aime/1' }).waitFor();
    await page.locator('.facts dd', { hasText: '…' }).first().waitFor();
    await page.waitForFunction(() => /^\d/.test(document.querySelector('.fold .muted')?.textContent ?? ''));
    assert.equal(await page.locator('.path-facts').count(), 0);
    const before = await places();
    arrive();
    await page.locator('.path-facts').waitFor();
    assert.deepEqual(await places(), before);
  });

  it('sorts a wide list by what came after the first right answer', async () => {
    const figures = [
      { after: 120, flips: 1, lost: 0 },
      { after: null, flips: 0, lost: 900 },
    ];
    const host = new FakeHost(
      { traces: traces().map((one, i) => ({ ...one, detail: { ...one.detail, figures: figures[i]! } })) },
      view,
    );
    const page = await open(host, { width: 2400 });
    await page.locator('.grid-row').first().waitFor();
    await page.locator('.list-column').evaluate((element) => (element.style.width = '1000px'));
    await page.locator('.cell-after').first().waitFor();
    assert.deepEqual(await page.locator('.cell-after').allInnerTexts(), ['~120', '–']);
    assert.deepEqual(await page.locator('.cell-lost').allInnerTexts(), ['~0', '~900']);
    await page.locator('[role=columnheader] button', { hasText: 'Loops' }).click();
    await page.locator('[role=columnheader] button', { hasText: 'Loops' }).click();
    await page.waitForFunction(() => document.querySelector('.grid-row')?.textContent?.includes('aime/2'));
  });

  it('is clean for axe in all themes', async function () {
    this.timeout(120_000);
    for (const theme of themeKinds) {
      const page = await open(new FakeHost({ traces: traces() }, view), { theme });
      await page.locator('.path-facts').waitFor();
      assert.deepEqual(await axe(page), [], theme);
      await shot(page, `path-${theme}`);
      await close();
    }
  });
});
