import assert from 'node:assert/strict';
import { describe, it } from 'mocha';
import type { Page } from 'playwright-core';
import type { View } from '../../core/protocol/webview.ts';
import { FakeHost, fakeTrace } from './fake-host.ts';
import { suitePages } from './suite.ts';

const view: View = { page: 'inspector', title: 'two-stage', filter: { run: 'run-00000000' } };

/** Words that tell where they are. */
const words = (n: number, more = '') => Array.from({ length: n }, (_, i) => `w${i}${more}`);
const texts: Record<string, { text: string; breaksMove: boolean }> = {
  'a paragraph of 5,000 characters': { text: words(870).join(' '), breaksMove: true },
  'a code block of 400 lines': { text: `\`\`\`python\n${words(400, ' = 1').join('\n')}\n\`\`\``, breaksMove: false },
  'a paragraph of formulas': { text: words(500, ' $\\frac{x}{y_1}$').join(' '), breaksMove: true },
  'words that are marked, and entries': {
    text: words(600)
      .map((word, i) => (i % 9 === 0 ? `**${word}** Wait, let me check.` : word))
      .join(' '),
    breaksMove: true,
  },
};

/** The first word of the first line that is whole in view. */
const wordAtTop = (page: Page) =>
  page.evaluate(() => {
    const { top } = document.querySelector('.scroller')!.getBoundingClientRect();
    const range = document.createRange();
    let found = { word: '', y: Infinity };
    for (const body of document.querySelectorAll('.block .body')) {
      const walker = document.createTreeWalker(body, NodeFilter.SHOW_TEXT);
      for (let node = walker.nextNode(); node; node = walker.nextNode())
        for (const { 0: word, index } of node.textContent!.matchAll(/w\d+/g)) {
          range.setStart(node, index);
          range.setEnd(node, index + word.length);
          const y = range.getBoundingClientRect().top - top;
          if (y >= 0 && y < found.y - 2) found = { word, y };
        }
    }
    return found;
  });

/** Scrolls to where the row in the middle of the view is above and below it as well. */
const intoRow = (page: Page) =>
  page.locator('.scroller').evaluate((scroller) => {
    const { top, height } = scroller.getBoundingClientRect();
    const boxes = [...scroller.querySelectorAll('.block')].map((block) => block.getBoundingClientRect());
    const box = boxes.find((one) => one.top < top + height / 2 && one.bottom > top + height / 2)!;
    scroller.scrollTop += box.top + box.height / 3 - top;
  });

const placeOf = (page: Page, wanted: string) =>
  page.evaluate((word) => {
    const { top } = document.querySelector('.scroller')!.getBoundingClientRect();
    const walker = document.createTreeWalker(document.querySelector('.text-content')!, NodeFilter.SHOW_TEXT);
    const range = document.createRange();
    for (let node = walker.nextNode(); node; node = walker.nextNode()) {
      const index = node.textContent!.search(new RegExp(`${word}(?!\\d)`));
      if (index < 0) continue;
      range.setStart(node, index);
      range.setEnd(node, index + word.length);
      return range.getBoundingClientRect().top - top;
    }
    return NaN;
  }, wanted);

describe('the line that is read in a row higher than the view', () => {
  const { open } = suitePages({ width: 1280, height: 400 });

  for (const [name, { text, breaksMove }] of Object.entries(texts)) {
    it(`stays at the top of the view: ${name}`, async () => {
      const before = 'Some words come before it.\n\n'.repeat(3);
      const page = await open(
        new FakeHost({ traces: [fakeTrace(0, { completion: `${before}${text}\n\n${before.repeat(9)}` })] }, view),
      );
      await page.locator('.block').nth(3).waitFor();
      for (const share of [0.2, 0.5]) {
        await page.setViewportSize({ width: 1280, height: 400 });
        await page.locator('.scroller').evaluate((one, to) => (one.scrollTop = to * one.scrollHeight), share);
        await page.waitForTimeout(500);
        await intoRow(page);
        await page.waitForTimeout(300);
        const { word, y } = await wordAtTop(page);
        assert.ok(y < 120, `${word} is at ${y}`);
        const stays = async (when: string, by: number) => {
          await page.waitForTimeout(400);
          const now = await placeOf(page, word);
          assert.ok(Math.abs(now - y) <= by, `${when}, at ${share}: ${word} went from ${y} to ${now}`);
        };
        // What stands in the same line begins another one, perhaps.
        const moved = breaksMove ? 40 : 1;
        for (const width of [700, 1000, 1280]) {
          await page.setViewportSize({ width, height: 400 });
          await stays(`${width} pixels`, width === 1280 ? 1 : moved);
        }
        for (const facts of ['closed', 'open']) {
          await page.keyboard.press('f');
          await stays(`facts ${facts}`, facts === 'open' ? 1 : moved);
        }
        for (const look of ['raw', 'reading']) {
          await page.keyboard.press('r');
          await stays(look, look === 'raw' ? 40 : 4);
        }
      }
    });
  }
});
