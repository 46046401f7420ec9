import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, it } from 'mocha';
import type { Page } from 'playwright-core';
import { FakeHost, fakeTrace } from './fake-host.ts';
import { madeMetrics, madeRun, madeTable, RUN } from './made-run.ts';
import { suitePages } from './suite.ts';

const root = join(import.meta.dirname, '..', '..');
const run = 'run-00000000';
const view = { page: 'inspector', title: 'two-stage', filter: { run } } as const;

/** Keeps what is said from now on; returns how to read it. */
async function listen(page: Page): Promise<() => Promise<string[]>> {
  assert.equal(await page.locator('[aria-live], [role=status], [role=log]').count(), 1);
  await page.evaluate(() => {
    const heard: string[] = [];
    Object.assign(window, { heard });
    new MutationObserver((changes) => {
      for (const { addedNodes } of changes) for (const node of addedNodes) heard.push(node.textContent ?? '');
    }).observe(document.querySelector('#said')!, { childList: true });
  });
  return () => page.evaluate(() => (window as unknown as { heard: string[] }).heard);
}

/** Waits until something like that has been said, and gives all that has been. */
async function heard(page: Page, words: RegExp): Promise<string[]> {
  const source = words.source;
  await page.waitForFunction(
    (pattern) => (window as unknown as { heard: string[] }).heard.some((one) => new RegExp(pattern).test(one)),
    source,
  );
  return page.evaluate(() => (window as unknown as { heard: string[] }).heard);
}

const some = (n: number) =>
  Array.from({ length: n }, (_, i) => {
    const answer = i % 3 === 0 ? '3' : '4';
    const completion = `So $a = ${answer}$. Let me check that. Wait, no. The answer is \\boxed{${answer}}.`;
    return fakeTrace(i, { completion, gold: '3', problemLabel: `aime25/${i}` });
  });

describe('what is said to who does not see it', () => {
  const { open } = suitePages({ width: 1280, height: 800 }, 20_000);

  it('is said in one place: no other part of a page is a live region', () => {
    const files = readdirSync(join(root, 'webview'), { recursive: true, encoding: 'utf8' });
    const wrong = files
      .filter((file) => file.endsWith('.tsx'))
      .filter((file) => /role="(?:status|log)"|aria-live/.test(readFileSync(join(root, 'webview', file), 'utf8')));
    assert.deepEqual(wrong, []);
  });

  it('says once how many traces a query leaves, and what is wrong with one when the typing rests', async () => {
    const page = await open(new FakeHost({ traces: some(40) }, view));
    await page.locator('.path-facts').waitFor();
    await listen(page);
    const field = page.getByRole('combobox', { name: 'Query of the list' });
    await field.pressSequentially('verdict:wrong', { delay: 20 });
    const said = await heard(page, /^26 traces$/);
    assert.deepEqual(
      said.filter((one) => /traces?$/.test(one) && one !== '40 traces'),
      ['26 traces'],
    );
    await field.pressSequentially(' tokns:>3', { delay: 20 });
    const now = await heard(page, /tokns/);
    assert.equal(now.filter((one) => one.includes('tokns')).length, 1);
  });

  it('says what a search has found when it ends, and not each hit on the way', async () => {
    const host = new FakeHost({ traces: some(40) }, view);
    host.searchPace = 30;
    const page = await open(host);
    await page.locator('.path-facts').waitFor();
    await listen(page);
    await page.getByRole('combobox', { name: 'Query of the list' }).fill('"let me check"');
    const said = await heard(page, /hits in/);
    assert.deepEqual(
      said.filter((one) => one.includes('hit')),
      ['40 hits in 40 traces'],
    );
  });

  it('says nothing while sixteen traces are written, and the end of the one that is read', async () => {
    const live = Array.from({ length: 16 }, (_, i) =>
      fakeTrace(i, { completion: 'First $x = 1$.', live: true, finish: null, problemLabel: `aime25/${i}` }),
    );
    const host = new FakeHost({ traces: live }, view);
    const page = await open(host);
    await page.getByRole('document').getByText('First').waitFor();
    await page.waitForTimeout(1200);
    const said = await listen(page);
    for (let i = 0; i < 30; i += 1) {
      await Promise.all(live.map((_, n) => host.grow(n, ` More words, ${i}.`)));
      await page.waitForTimeout(60);
    }
    await page.waitForTimeout(900);
    assert.deepEqual(await said(), []);
    await host.grow(0, ' The end.', true);
    await heard(page, /written to its end/);
    assert.equal((await said()).length, 1);
  });

  it('says that the backend is gone and back, once each, whatever is tried between', async () => {
    const host = new FakeHost({ traces: [], run: madeRun(), metrics: madeMetrics(), table: madeTable() }, { page: 'dashboard', run: RUN }); // prettier-ignore
    const page = await open(host, { bundle: 'dashboard' });
    await page.locator('.chart canvas').first().waitFor();
    const said = await listen(page);
    const backend = (state: 'connected' | 'connecting' | 'disconnected') =>
      host.notify('host/backend', { state, name: 'gpu-box', local: false, message: null });
    for (const state of ['disconnected', 'connecting', 'disconnected', 'connecting', 'disconnected'] as const)
      await backend(state);
    await heard(page, /gpu-box is gone/);
    await backend('connecting');
    await backend('connected');
    await heard(page, /Connected to gpu-box/);
    assert.equal((await said()).filter((one) => one.includes('gpu-box')).length, 2);
  });

  it('says what a key does where the focus is not: the next span, another trace, a copy, a chart’s value', async () => {
    const page = await open(new FakeHost({ traces: some(4) }, view));
    await page.locator('.path-facts').waitFor();
    await page.getByRole('document', { name: 'Trace, text' }).focus();
    await listen(page);
    await page.keyboard.press('v');
    await heard(page, /^Verification 1 of \d+.*: Let me check that/);
    await page.keyboard.press('j');
    await heard(page, /^aime25\/1, grpo.*wrong/);
    await page.keyboard.press('y');
    await heard(page, /^Copied/);
    await page.keyboard.press('r');
    await heard(page, /^Raw text/);
  });
});
