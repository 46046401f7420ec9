import assert from 'node:assert/strict';
import { describe, it } from 'mocha';
import type { View } from '../../core/protocol/webview.ts';
import { needSharedData } from '../shared-data.ts';
import { FakeHost, fakeTrace } from './fake-host.ts';
import { readReasoningFlow } from './reasoning-flow.ts';
import { longCompletion } from './made-trace.ts';
import { copied, shot } from './page.ts';
import { suitePages } from './suite.ts';

const view: View = { page: 'inspector', title: 'two-stage', filter: { run: 'run-00000000' } };

describe('inspector, with texts that are hard', () => {
  const { open } = suitePages();

  it('shows hostile text as text', async () => {
    const hostile =
      '<img src=x onerror="document.title=1"><script>document.title=2</script> [a](command:x)\n\n' +
      '$\\href{javascript:alert(1)}{x}$ and $\\def\\a{\\a\\a}\\a$ and $\\frac{1$ and $' +
      `${'{'.repeat(900)}x${'}'.repeat(900)}$\n\n\0 \u202e \u200b\n\n${'$'.repeat(5000)}\n\n${'long '.repeat(40_000)}`;
    const page = await open(new FakeHost({ traces: [fakeTrace(0, { completion: hostile })] }, view));
    await page.getByText('onerror=').waitFor();
    assert.equal(await page.title(), 'Longhand');
    assert.equal(await page.locator('.scroller :is(img, script, a)').count(), 0);
    assert.ok((await page.locator('.formula-text.unreadable').count()) >= 2);
    assert.match(
      (await page.locator('.formula-text.unreadable').last().getAttribute('title')) ?? '',
      /^Shown as text: /,
    );
    await page.locator('.scroller').focus();
    await page.keyboard.press('Control+a');
    assert.equal(await copied(page), hostile);
  });

  it('never has more than 1,500 elements, in 100k tokens with 1,100 formulas, wherever it is scrolled', async () => {
    const host = new FakeHost(
      { traces: [fakeTrace(0, { completion: longCompletion(330_000, 1100), gold: '42' })] },
      view,
    );
    const page = await open(host);
    await page.locator('.pane-foot', { hasText: 'of ~' }).waitFor();
    for (const share of [0, 0.17, 0.5, 0.83, 1]) {
      await page.locator('.scroller').evaluate((one, to) => (one.scrollTop = to * one.scrollHeight), share);
      await page.waitForTimeout(250);
      const elements = await page.evaluate(() => document.querySelectorAll('*').length);
      assert.ok(elements <= 1500, `${elements} elements at ${share}`);
      assert.equal(await page.locator('.formula-text:not(.unreadable)').count(), 0, 'every formula in view is set');
    }
    await page.locator('.scroller').getByText('The answer is').waitFor();
  });

  it('reads real traces', async function () {
    const file = needSharedData(this, 'traces', 'reasoningflow', 'gpt-oss-120b_aime2024_responses.jsonl');
    const traces = readReasoningFlow(file, 'gpt-oss-120b');
    const host = new FakeHost({ traces }, view);
    const page = await open(host);
    await page.locator('.grid-row').nth(10).waitFor();
    for (const trace of traces.slice(0, 8)) {
      await page.locator('.crumbs', { hasText: trace.detail.problemLabel }).waitFor();
      await page.locator('.pane-foot', { hasText: 'of ~' }).waitFor();
      await page.locator('.scroller').focus();
      await page.keyboard.press('Control+a');
      assert.equal(await copied(page), trace.completion);
      await page.keyboard.press('j');
    }
    await shot(page, 'inspector-real');
  });
});
