import assert from 'node:assert/strict';
import { describe, it } from 'mocha';
import type { Page } from 'playwright-core';
import type { View } from '../../core/protocol/webview.ts';
import { axe } from './axe.ts';
import { FakeHost, fakeTrace, type FakeTrace } from './fake-host.ts';
import { longCompletion } from './made-trace.ts';
import { shot } from './page.ts';
import { suitePages } from './suite.ts';
import { themeKinds } from './themes.ts';

const view: View = { page: 'inspector', title: 'two-stage', filter: { run: 'run-00000000' } };

/** A long text with wrong answers, a right one, a loop, and an end of the reasoning. */
function wayward(characters = 60_000): string {
  const text = longCompletion(characters, 150);
  const at = (share: number) => text.indexOf('\n\n', Math.round(text.length * share));
  const parts: [number, string][] = [
    [at(0.2), '\n\nSo the answer is \\boxed{41}.'],
    [at(0.35), '\n\nNo: the answer is \\boxed{42}.'],
    [at(0.5), `\n\n${'and then we count once more from the left. '.repeat(60)}`],
    [at(0.7), '\n\nMaybe the answer is \\boxed{40}.'],
  ];
  let found = '';
  let from = 0;
  for (const [cut, words] of parts) {
    found += text.slice(from, cut) + words;
    from = cut;
  }
  return found + text.slice(from);
}

function one(wish: Partial<Parameters<typeof fakeTrace>[1]> = {}): FakeTrace {
  return fakeTrace(0, { completion: wayward(), gold: '42', problemLabel: 'aime/1', ...wish });
}

const topOf = (page: Page) => page.locator('.scroller').evaluate((element) => element.scrollTop);
const ready = async (page: Page) => {
  await page.locator('.path-facts').waitFor();
  await page.waitForTimeout(150);
};

describe('ruler', () => {
  const { open, close } = suitePages();

  it('says what is under the pointer, and goes to it', async () => {
    const page = await open(new FakeHost({ traces: [one()] }, view));
    await ready(page);
    const box = (await page.locator('.ruler').boundingBox())!;
    const text = wayward();
    const y = (offset: number) => box.y + 16 + (offset / text.length) * (box.height - 22);
    const right = text.indexOf('\\boxed{42}');
    await page.mouse.move(box.x + 46, y(right + 5));
    await page.locator('.ruler-under', { hasText: 'A ✓ right: 42' }).waitFor();
    await shot(page, 'ruler-answer');
    assert.match(await page.locator('.ruler-preview').innerText(), /first right answer/);
    await page.mouse.down();
    await page.mouse.up();
    await page.locator('.scroller', { hasText: 'No: the answer is' }).waitFor();
    await page.mouse.move(box.x + 46, y(text.indexOf('\\boxed{41}') + 5));
    await page.locator('.ruler-under', { hasText: 'A ✗ wrong: 41' }).waitFor();
    await page.mouse.move(box.x + 53, y(text.indexOf('and then we count once more') + 1000));
    await page.locator('.ruler-under', { hasText: 'L loop of' }).waitFor();
    assert.match(await page.locator('.ruler-preview').innerText(), /after the first right answer/);
  });
});
