import assert from 'node:assert/strict';
import { describe, it } from 'mocha';
import type { Page } from 'playwright-core';
import type { View } from '../../core/protocol/webview.ts';
import { FakeHost, fakeTrace } from './fake-host.ts';
import { longest, watchTasks } from './page-tasks.ts';
import { suitePages } from './suite.ts';

const view: View = { page: 'inspector', title: 'two-stage', filter: { run: 'run-00000000' } };

/** The text of the current hit as it is on the page, with what follows it in its line; null: none is drawn. */
async function atHit(page: Page): Promise<{ hit: string; after: string; inView: boolean } | null> {
  return page.evaluate(() => {
    const place = [...(CSS.highlights.get('lh-find-current') ?? [])][0];
    if (!place) return null;
    const range = document.createRange();
    range.setStart(place.startContainer, place.startOffset);
    range.setEnd(place.endContainer, place.endOffset);
    const box = document.querySelector('.scroller')!.getBoundingClientRect();
    const { top, bottom } = range.getBoundingClientRect();
    const after = place.endContainer.textContent!.slice(place.endOffset).split('\n')[0]!;
    return { hit: range.toString(), after, inView: top >= box.top && bottom <= box.bottom };
  });
}

const counted = (page: Page, words: string | RegExp) => page.locator('.find-count', { hasText: words }).waitFor();

describe('find in a trace', () => {
  const { open } = suitePages({}, 15_000);

  async function opened(completion: string): Promise<Page> {
    const page = await open(new FakeHost({ traces: [fakeTrace(0, { completion })] }, view));
    await page.locator('.pane-foot', { hasText: 'of ~' }).waitFor();
    await page.locator('.scroller').focus();
    return page;
  }

  it('ends an expression that backtracks for ever, says so, and can be used meanwhile and afterwards', async () => {
    const lines = Array.from({ length: 400 }, (_, i) => `line ${i}\n\n`).join('');
    const page = await opened(`The first. ${lines}${'a'.repeat(60)}!\n\nThe last.`);
    await page.keyboard.press('Control+f');
    await page.keyboard.press('Alt+r');
    const stop = await watchTasks(page);
    const start = performance.now();
    await page.locator('.find-field').fill('^(.|a|a)+\\?$|(a+)+$');
    await counted(page, 'Searching…');
    // The page goes on: it scrolls, and draws what comes into view.
    await page.locator('.scroller').evaluate((one) => (one.scrollTop = one.scrollHeight));
    await page.locator('.scroller').getByText('The last.').waitFor();
    assert.ok(performance.now() - start < 1_500, 'that was while it searched');
    await counted(page, /^stopped after 1\.5 s, [\d,]+ of [\d,]+ characters were searched$/);
    const took = performance.now() - start;
    assert.ok(took >= 1_500 && took < 6_000, `${took} ms`);
    const { cpu } = longest(await stop());
    assert.ok(cpu <= 75, `a task of ${cpu} ms`);
    // The next one is searched for by a worker of its own.
    await page.locator('.find-field').fill('line 39\\d');
    await counted(page, 'of 10');
    await page.locator('.find-field').fill('(');
    await counted(page, /./);
    assert.match(await page.locator('.find-count').innerText(), /expression|group/i);
  });

  it('finds whole words alone where that is asked for', async () => {
    const page = await opened('A cat, a concatenation, CAT and cats. cat_1 and the cat.\n\nNo more.');
    await page.keyboard.press('Control+f');
    await page.keyboard.type('cat');
    await counted(page, /^1 of 6$/);
    await page.keyboard.press('Alt+w');
    await counted(page, /^1 of 3$/);
    assert.equal(await page.getByRole('button', { name: 'Whole word' }).getAttribute('aria-pressed'), 'true');
    await page.keyboard.press('Alt+c');
    await counted(page, /^1 of 2$/);
    await page.keyboard.press('Alt+w');
    await counted(page, /^1 of 5$/);
  });

  it('goes on by F3 in the field and in the text, and remembers what was searched for', async () => {
    const page = await opened('one two one two one\n\n'.repeat(3));
    await page.keyboard.press('F3');
    await page.keyboard.type('one');
    await counted(page, /^1 of 9$/);
    await page.keyboard.press('F3');
    await counted(page, /^2 of 9$/);
    await page.locator('.scroller').focus();
    await page.keyboard.press('F3');
    await counted(page, /^3 of 9$/);
    await page.keyboard.press('Shift+F3');
    await page.keyboard.press('Shift+F3');
    await page.keyboard.press('Shift+F3');
    await counted(page, /^9 of 9$/);
    await page.keyboard.press('F3');
    await counted(page, /^1 of 9$/);
    const field = page.locator('.find-field');
    await field.fill('two');
    await counted(page, /^1 of 6$/);
    await page.keyboard.press('Enter');
    await field.fill('neither');
    await page.keyboard.press('ArrowUp');
    assert.equal(await field.inputValue(), 'two');
    await page.keyboard.press('ArrowUp');
    assert.equal(await field.inputValue(), 'one');
    await page.keyboard.press('ArrowDown');
    await page.keyboard.press('ArrowDown');
    assert.equal(await field.inputValue(), 'neither');
    // The bar has it when it is opened again.
    await page.keyboard.press('ArrowUp');
    await page.keyboard.press('Escape');
    await page.keyboard.press('Control+f');
    await counted(page, / of 6$/);
  });

  it('takes its keys alone, as the editor would ask for the bar again, and leaves the editor its own', async () => {
    const page = await opened('one two three');
    await page.evaluate(() => {
      const heard: string[] = [];
      (window as unknown as { heard: string[] }).heard = heard;
      addEventListener('keydown', ({ key }) => heard.push(key));
    });
    for (const key of ['Control+f', 't', 'Enter', 'Control+f', 'Alt+c', 'F1', 'F3', 'Control+p', 'Escape', 'F3', 'F1'])
      await page.keyboard.press(key);
    const heard = await page.evaluate(() => (window as unknown as { heard: string[] }).heard);
    assert.deepEqual(
      heard.filter((key) => key !== 'Control' && key !== 'Alt'),
      ['F1', 'p', 'F1'],
    );
  });

  it('stands at every place that indexOf finds, one after the other', async function () {
    this.timeout(60_000);
    let text = '';
    for (let i = 0; text.length < 200_000; i += 1) {
      text += i % 7 === 3 ? `- entry **${i}** has $x_{${i}}$ and \`code\`\n` : `Sentence ${i} of the text. `;
      if (i % 41 === 0) text += `the Needle number ${i} of all\n\n`;
      if (i % 97 === 0) text += `\n\n| a | needle in row ${i} |\n|---|---|\n| 1 | 2 |\n\n`;
    }
    const needle = 'needle';
    const wanted: string[] = [];
    const lower = text.toLowerCase();
    for (let at = lower.indexOf(needle); at >= 0; at = lower.indexOf(needle, at + needle.length))
      wanted.push(text.slice(at, at + needle.length + 8));
    assert.ok(wanted.length > 150, `${wanted.length}`);
    const page = await opened(text);
    await page.keyboard.press('Control+f');
    await page.keyboard.type(needle);
    for (const [i, words] of wanted.entries()) {
      if (i > 0) await page.keyboard.press('Enter');
      await counted(page, new RegExp(`^${i + 1} of ${wanted.length}$`));
      const found = await atHit(page);
      assert.ok(found, `hit ${i + 1} is drawn`);
      assert.equal((found.hit + found.after).slice(0, words.length), words, `hit ${i + 1}`);
      assert.ok(found.inView, `hit ${i + 1} is in view`);
    }
  });

  for (const [name, completion, needle] of [
    ['signs that are joined without end', '👩\u200d'.repeat(30_000), '👩\u200d👩'],
    ['hundreds of code spans in a block', '`a '.repeat(30_000), 'a '],
  ] as const)
    it(`marks every hit without a halt in ${name}`, async function () {
      // A halt of the page's own comes back.
      this.retries(2);
      const page = await opened(completion);
      await page.keyboard.press('Control+f');
      const stop = await watchTasks(page);
      await page.locator('.find-field').fill(needle);
      await counted(page, /of [\d,]+/);
      await page.waitForTimeout(400);
      const { cpu } = longest(await stop());
      assert.ok(cpu <= 75, `a task of ${cpu} ms`);
    });
});
