import assert from 'node:assert/strict';
import { describe, it } from 'mocha';
import type { Page } from 'playwright-core';
import type { ReadingSettings, View } from '../../core/protocol/webview.ts';
import { axe } from './axe.ts';
import { FakeHost, fakeTrace } from './fake-host.ts';
import { longCompletion } from './made-trace.ts';
import { longest, watchTasks } from './page-tasks.ts';
import { shot } from './page.ts';
import { suitePages } from './suite.ts';
import { themeKinds } from './themes.ts';

const view: View = { page: 'inspector', title: 'two-stage', filter: { run: 'run-00000000' } };

const first =
  'We take the first equation and put the value of x into it, so that 3 times 4 plus 5 makes 17 as it should be here.';
const second =
  'Then the second equation gives 2 times 4 minus 1, which is 7, and that is what stands on its right side as well.';
const said =
  'There are five ways to choose the first ball, four ways for the second, and the order of the two does not matter.';
const fence = `\`\`\`python\n${Array.from({ length: 12 }, (_, i) => `print(${i} + 2 * 3 - 4 / 5)  # needle${i}`).join('\n')}\n\`\`\``;
const filler = (n: number) =>
  Array.from(
    { length: n },
    (_, i) => `Now step ${i} of part ${n} looks at something else, of which nothing is said again.`,
  ).join('\n\n');

/** A check that holds over two paragraphs, code, and a passage that comes again. */
const made = [
  '<think>',
  `So x = 4. Let me check that. ${first}\n\n${second} So it works.`,
  said,
  filler(6),
  fence,
  filler(9),
  `As before. ${said} ${said.replace('five', 'FIVE')}`,
  'The answer is \\boxed{10}.',
].join('\n\n');

const hosting = (completion: string, settings: Partial<ReadingSettings> = {}, live = false) => {
  const host = new FakeHost({ traces: [fakeTrace(0, { completion, gold: '10', live })] }, view);
  Object.assign(host.init.settings, settings);
  return host;
};
const highlighted = (page: Page, name: string) =>
  page.evaluate(
    (highlight) =>
      [...(CSS.highlights.get(highlight) ?? [])]
        // Rows come in the order in which there is time for them.
        .sort((a, b) =>
          a.startContainer.compareDocumentPosition(b.startContainer) & Node.DOCUMENT_POSITION_PRECEDING ? 1 : -1,
        )
        .map(({ startContainer, startOffset, endOffset }) => startContainer.textContent!.slice(startOffset, endOffset)),
    name,
  );
const pills = (page: Page) => page.locator('.fold-open').allInnerTexts();
const ready = (page: Page) => page.locator('.fold-kinds').waitFor();

const isFolded = (page: Page, words: string) =>
  page.evaluate((text) => !document.querySelector<HTMLElement>('.text-content')!.innerText.includes(text), words);
const copied = (page: Page) =>
  page.evaluate(async () => {
    document.execCommand('copy');
    return navigator.clipboard.readText();
  });
/** Where a text stands on the screen. */
const yOf = (page: Page, words: string) =>
  page
    .locator('.block', { hasText: words })
    .first()
    .evaluate((block) => block.getBoundingClientRect().top);

describe('folds', () => {
  const { open, close } = suitePages({ height: 1000 });

  it('are not there until they are asked for, and then say what is folded', async () => {
    const host = hosting(made);
    const page = await open(host);
    await ready(page);
    assert.deepEqual(await pills(page), []);
    await page.keyboard.press('F');
    const words = await pills(page);
    assert.match(words[0]!, /^check holds · ~\d+ tokens$/);
    assert.equal(words[1], 'code · 12 lines');
    assert.match(words[2]!, /^said before · \d+ characters$/);
    assert.ok(await isFolded(page, 'needle5'));
    assert.ok(!(await isFolded(page, '```python')), 'the first line of code says what it is');
    assert.deepEqual(host.calls.findLast(({ method }) => method === 'host/settings')?.params, {
      folded: ['check', 'repeat', 'code'],
    });
    await page.getByRole('status').getByText('3 passages folded').waitFor();
    await page.keyboard.press('F');
    assert.deepEqual(await pills(page), []);
    assert.ok(!(await isFolded(page, 'needle5')));
  });

  it('are those that the reader chose before, in the next trace as well; others stay open', async () => {
    const page = await open(hosting(made, { folded: ['code'] }));
    await ready(page);
    await page.locator('.fold-open').waitFor();
    assert.deepEqual(await pills(page), ['code · 12 lines']);
    const checks = page.getByRole('button', { name: /^checks/ });
    assert.equal(await checks.getAttribute('aria-pressed'), 'false');
    await checks.click();
    assert.equal(await checks.getAttribute('aria-pressed'), 'true');
    assert.equal((await pills(page)).length, 2);
  });

  it('open and close one by one by keys, and keep the focus', async () => {
    const page = await open(hosting(made));
    await ready(page);
    await page.keyboard.press('F');
    const pill = page.getByRole('button', { name: 'code · 12 lines' });
    await pill.focus();
    const y = await yOf(page, '```python');
    await page.keyboard.press('Enter');
    assert.ok(!(await isFolded(page, 'needle5')));
    const control = page.getByRole('button', { name: 'Fold: code · 12 lines' });
    assert.ok(await control.evaluate((element) => element === document.activeElement), 'the control has the focus');
    assert.equal(await control.getAttribute('aria-expanded'), 'true');
    assert.ok(Math.abs((await yOf(page, '```python')) - y) < 1);
    await page.keyboard.press('Enter');
    assert.ok(await pill.evaluate((element) => element === document.activeElement), 'the pill has the focus');
    await page.keyboard.press('P');
    assert.ok(!(await isFolded(page, 'needle5')), 'the key means the passage that has the focus');
    await page.getByRole('button', { name: /To where it was said first/ }).click();
    assert.equal((await highlighted(page, 'lh-target')).join('').slice(0, said.length), said);
  });

  it('change nothing of what is copied: across, and all', async () => {
    const page = await open(hosting(made));
    await ready(page);
    await page.keyboard.press('F');
    await page.evaluate(() => {
      const leaf = (words: string) => {
        const walker = document.createTreeWalker(document.querySelector('.text-content')!, NodeFilter.SHOW_TEXT);
        for (let node = walker.nextNode(); node; node = walker.nextNode())
          if (node.textContent!.includes(words)) return { node, at: node.textContent!.indexOf(words) };
        throw new Error(words);
      };
      const from = leaf('So x = 4');
      const to = leaf('Now step 0 of part 9');
      getSelection()!.setBaseAndExtent(from.node, from.at, to.node, to.at + 3);
    });
    const whole = made.slice(made.indexOf('So x = 4'), made.indexOf('Now step 0 of part 9') + 3);
    assert.equal(await copied(page), whole);
    // The selection stays when it is unfolded.
    await page.keyboard.press('F');
    assert.equal(await copied(page), whole);
    await page.keyboard.press('F');
    await page.locator('.scroller').focus();
    await page.keyboard.press('Control+a');
    assert.equal(await copied(page), made);
  });

  it('keep a selection that ends in what is folded away', async () => {
    const page = await open(hosting(made));
    await ready(page);
    await page.evaluate(async (words) => {
      // The browser says it later, as it does to a hand: no key comes so soon.
      const said = new Promise((done) => document.addEventListener('selectionchange', done, { once: true }));
      const walker = document.createTreeWalker(document.querySelector('.text-content')!, NodeFilter.SHOW_TEXT);
      for (let node = walker.nextNode(); node; node = walker.nextNode()) {
        const at = node.textContent!.indexOf(words);
        if (at < 0) continue;
        getSelection()!.setBaseAndExtent(node, at, node, at + words.length);
        await said;
        return;
      }
      throw new Error(words);
    }, 'the second equation gives');
    await page.keyboard.press('F');
    assert.ok(await isFolded(page, 'the second equation gives'));
    assert.equal(await copied(page), 'the second equation gives');
  });

  it('open for what is looked for in them, and for places that are gone to', async () => {
    const host = hosting(made, { folded: ['check', 'code', 'repeat'] });
    const page = await open(host);
    await page.locator('.fold-open').nth(2).waitFor();
    await page.keyboard.press('v');
    assert.equal((await pills(page)).length, 3, 'a check is gone to by its cue, which is not folded');
    await page.keyboard.press('Control+f');
    await page.keyboard.type('needle5');
    await page.locator('.find-count', { hasText: '1 of 1' }).waitFor();
    assert.ok(!(await isFolded(page, 'needle5')));
    assert.deepEqual(await highlighted(page, 'lh-find-current'), ['needle5']);
    assert.equal((await pills(page)).length, 2, 'the others stay folded');
    await page.keyboard.press('Escape');
    const at = made.indexOf('second equation');
    await host.notify('host/view', {
      view: { ...view, trace: host.traces[0]!.detail.trace, at: { in: 'completion', start: at, end: at + 15 } },
    });
    // The target of `v` is there until then.
    await page.waitForFunction(() =>
      [...(CSS.highlights.get('lh-target') ?? [])].some((range) =>
        range.startContainer.textContent?.includes('second equation'),
      ),
    );
    assert.deepEqual(await highlighted(page, 'lh-target'), ['second equation']);
    assert.ok(!(await isFolded(page, 'second equation gives')));
  });

  it('leave the row that is looked at where it is', async () => {
    const text = [filler(20), made, filler(7), made.replaceAll('part', 'piece'), filler(40)].join('\n\n');
    const page = await open(hosting(text), { height: 600 });
    await ready(page);
    for (const share of [0.3, 0.5, 0.7]) {
      await page.locator('.scroller').evaluate((element, at) => (element.scrollTop = element.scrollHeight * at), share);
      await page.waitForTimeout(200);
      const mark = () =>
        page.evaluate(() => {
          const top = document.querySelector('.scroller')!.getBoundingClientRect().top;
          const blocks = [...document.querySelectorAll<HTMLElement>('.block')].filter(
            ({ offsetHeight }) => offsetHeight > 0,
          );
          return blocks
            .map((block) => ({
              text: block.querySelector<HTMLElement>('.body')!.textContent.slice(0, 30),
              y: block.getBoundingClientRect().top,
            }))
            .filter(({ y }) => y >= top);
        });
      const before = await mark();
      for (let i = 0; i < 2; i += 1) {
        await page.keyboard.press('F');
        await page.waitForTimeout(150);
        const now = await mark();
        const same = before.find(({ text: words }) => now.some((one) => one.text === words))!;
        assert.ok(same, `${share}: nothing of what was in view is left`);
        const after = now.find(({ text: words }) => words === same.text)!;
        assert.ok(Math.abs(after.y - same.y) < 1.5, `${share}: ${same.text} went from ${same.y} to ${after.y}`);
      }
    }
  });

  it('stay where they are when the page is narrower or raw, and so does a place that was gone to', async () => {
    const formulas = (n: number) => `By $\\frac{${n}}{\\frac{x}{y}}$ and $\\sum_{k=0}^{${n}} k$, so it is. `.repeat(6);
    const part = (n: number) =>
      `${filler(1)} Row ${n}.\n\n${formulas(n)}\n\n${formulas(n + 100)}Goal${n}. ${formulas(n)}`;
    const page = await open(hosting(Array.from({ length: 60 }, (_, n) => part(n)).join('\n\n')), { height: 600 });
    const scroller = page.locator('.scroller');
    await page.locator('.block', { hasText: 'Row 0.' }).waitFor();
    await scroller.evaluate((element) => (element.scrollTop = element.scrollHeight / 2));
    await page.waitForTimeout(500);
    // The first row that begins in view, by its number.
    const row = await page.evaluate(() => {
      const { top } = document.querySelector('.scroller')!.getBoundingClientRect();
      const blocks = [...document.querySelectorAll('.block')].filter(
        (block) => block.getBoundingClientRect().top >= top,
      );
      blocks.sort((a, b) => a.getBoundingClientRect().top - b.getBoundingClientRect().top);
      // A row of words, the first in view from here on.
      const at = blocks.findIndex((block) => block.textContent.includes('Row'));
      const by = blocks[at]!.getBoundingClientRect().top - top - 60;
      document.querySelector('.scroller')!.scrollTop += by;
      return /Row \d+\./.exec(blocks[at]!.textContent)![0];
    });
    await page.waitForTimeout(300);
    const place = async () => (await yOf(page, row)) - (await scroller.boundingBox())!.y;
    const y = await place();
    const stays = async (when: string) => {
      await page.waitForTimeout(300);
      const now = await place();
      assert.ok(Math.abs(now - y) <= 1, `${when}: ${row} went from ${y} to ${now}`);
    };
    for (const width of [900, 1500]) {
      await page.setViewportSize({ width, height: 600 });
      await stays(`${width} pixels`);
    }
    for (const look of ['raw', 'reading']) {
      await page.keyboard.press('r');
      await stays(look);
    }
    await scroller.focus();
    await page.keyboard.press('Control+f');
    await page.keyboard.type('Goal7.');
    const places = await page.evaluate(async () => {
      const seen: number[] = [];
      const end = performance.now() + 1500;
      while (performance.now() < end) {
        await new Promise(requestAnimationFrame);
        await new Promise((done) => setTimeout(done));
        const [found] = CSS.highlights.get('lh-find-current') ?? [];
        if (!found?.startContainer.isConnected) continue;
        const range = document.createRange();
        range.setStart(found.startContainer, found.startOffset);
        range.setEnd(found.endContainer, found.endOffset);
        if (range.toString() === 'Goal7.') seen.push(range.getBoundingClientRect().top);
      }
      return seen;
    });
    assert.ok(places.length > 5);
    assert.ok(Math.max(...places) - Math.min(...places) <= 1, `the hit went ${[...new Set(places)].join(' ')}`);
  });

  it('do not fold by themselves while a trace is written', async () => {
    const host = hosting(made.slice(0, made.indexOf('\n```\n') + 5), { folded: ['check', 'code', 'repeat'] }, true);
    const page = await open(host);
    await ready(page);
    await page.waitForTimeout(300);
    assert.deepEqual(await pills(page), []);
    await page.keyboard.press('F');
    const kinds = async () => (await pills(page)).map((words) => words.replace(/~.*/, ''));
    const before = await kinds();
    assert.ok(before.length >= 1);
    await host.grow(0, `\n\n${fence}\n\n${filler(3)}`);
    await page.locator('.fold-close').first().waitFor({ state: 'attached', timeout: 5000 });
    assert.deepEqual(await kinds(), before);
    await host.grow(0, '\n\nThe answer is 10.', true);
    await page.waitForTimeout(1500);
    assert.deepEqual(await kinds(), before, 'nor when it ends');
  });

  for (const theme of themeKinds) {
    it(`can be seen and used in ${theme}`, async () => {
      const page = await open(hosting(made), { theme });
      await ready(page);
      assert.deepEqual(await axe(page), []);
      await page.keyboard.press('P');
      await page.keyboard.press('F');
      if ((await pills(page)).length === 0) await page.keyboard.press('F');
      assert.deepEqual(await axe(page), []);
      await shot(page, `folds-${theme}`);
    });
  }

  it('are there in a narrow page', async () => {
    const page = await open(hosting(made), { width: 480, height: 700 });
    await ready(page);
    await page.keyboard.press('l');
    await page.keyboard.press('F');
    await shot(page, 'folds-narrow');
    assert.deepEqual(await axe(page), []);
    await close();
  });

  it('of 100,000 tokens change in well under a frame or two', async () => {
    const parts = longCompletion(380_000, 1_100).split('\n\n');
    const many = parts.map((part, i) =>
      i % 7 === 6 ? `${part} ${parts[i - 3]} ${parts[i - 2]}` : i % 40 === 9 ? `${part}\n\n${fence}` : part,
    );
    const page = await open(hosting(many.join('\n\n')));
    await ready(page);
    await page.locator('.scroller').evaluate((element) => (element.scrollTop = element.scrollHeight / 2));
    await page.waitForTimeout(500);
    const most: number[] = [];
    for (let i = 0; i < 7; i += 1) {
      const stop = await watchTasks(page);
      await page.keyboard.press('F');
      await page.waitForTimeout(300);
      most.push(longest(await stop()).cpu);
    }
    assert.ok(Number((await page.locator('.fold-kind .num').allInnerTexts()).at(-1)?.split('/').at(-1)) > 50);
    const middle = most.toSorted((a, b) => a - b)[3]!;
    assert.ok(
      middle <= 50,
      `longest tasks of toggling all, in ms of processor time: ${most.map((ms) => ms.toFixed(0)).join(' ')}`,
    );
  });
});
