import assert from 'node:assert/strict';
import type { Page } from 'playwright-core';
import type { View } from '../../core/protocol/webview.ts';
import { fromEnds } from '../../core/metrics/token-position.ts';
import { axe } from './axe.ts';
import { FakeHost, fakeTrace } from './fake-host.ts';
import { madeAttempts } from './made-attempts.ts';
import { longCompletion } from './made-trace.ts';
import { setTheme, shot } from './page.ts';
import { suitePages } from './suite.ts';
import { themeKinds } from './themes.ts';

type SidesView = Extract<View, { page: 'sides' }>;
const trace = (n: number) => `run-00000000/grpo/1/${n}`;
const view = (left: number, right: number, more: Partial<SidesView> = {}): SidesView => ({
  page: 'sides',
  title: 'aime24/63',
  left: trace(left),
  right: trace(right),
  ...more,
});

describe('two attempts side by side', () => {
  const { open, close } = suitePages({ bundle: 'sides', width: 1500, height: 900 }, 10_000);
  const host = (shown = view(0, 1)) => new FakeHost({ traces: madeAttempts() }, shown);
  const aligned = (page: Page) => page.locator('.parting').waitFor();
  const shown = (fake: FakeHost) =>
    (fake.calls.findLast(({ method }) => method === 'host/viewChanged')?.params as { view: SidesView } | undefined)
      ?.view;
  const offsets = (page: Page) =>
    page.evaluate(() => [...document.querySelectorAll('.sides-page .scroller')].map(({ scrollTop }) => scrollTop));

  it('ties the steps, marks what only one side has, and says where they part', async () => {
    const page = await open(host());
    await aligned(page);
    const words = await page.locator('.parting').innerText();
    assert.match(words, /^Together for the first ~\d+ tokens, 4 steps that are the same; then they part$/);
    await page.locator('.of-left .step-mark.row-onlyLeft').first().waitFor();
    await page.locator('.of-right .step-mark.row-onlyRight').first().waitFor();
    assert.equal(await page.locator('.of-left .step-mark.row-onlyRight').count(), 0);
    const heads = await page.locator('.side-head').allInnerTexts();
    assert.match(heads[0]!.replace(/\s+/g, ' '), /sample 1 · grpo · 40 ✓ 809 ~?[\d,]+ tok matched \d+ %/);
    assert.match(heads[1]!.replace(/\s+/g, ' '), /sample 2 · grpo · 40 ✗ 808/);
    const tied = await page.evaluate(() => {
      const canvas = document.querySelector<HTMLCanvasElement>('.bands')!;
      const { data } = canvas.getContext('2d')!.getImageData(0, 0, canvas.width, canvas.height);
      return data.some((value, i) => i % 4 === 3 && value > 0);
    });
    assert.ok(tied, 'bands are drawn');
    await shot(page, 'sides');
  });

  it('goes through the differences by key and says what each is', async () => {
    const page = await open(host());
    await aligned(page);
    await page.locator('.of-left .scroller').focus();
    const says = async (words: string | RegExp) => {
      const last = page.locator('#said p:last-child', { hasText: words });
      await last.waitFor();
      return last.innerText();
    };
    await page.keyboard.press('n');
    const first = await says(/^Difference 1 of \d+: .*step/);
    await page.keyboard.press('Alt+ArrowDown');
    await says(/^Difference 2 of/);
    await page.keyboard.press('N');
    await says(first);
    await page.keyboard.press('N');
    await says(/No difference before this one/);
    await page.keyboard.press('d');
    await says(/^Difference 1 of/);
    await page.getByRole('button', { name: /only right/ }).click();
    await says(/Only on the right/);
    await page.getByRole('button', { name: /alike/ }).click();
    await says(/Both say .*404/);
  });

  it('scrolls both together by what is tied, or apart', async () => {
    const fake = host();
    const text = longCompletion(60_000, 200);
    const lines = text.split('\n\n');
    fake.traces[0]!.completion = text;
    fake.traces[1]!.completion = [
      ...lines.slice(0, 40),
      ...Array.from({ length: 30 }, (_, i) => `Only the second one says thing number ${i}.`),
      ...lines.slice(40),
    ].join('\n\n');
    for (const one of fake.traces.slice(0, 2)) one.detail.length = one.completion.length;
    const page = await open(fake);
    await aligned(page);
    const left = page.locator('.of-left .scroller');
    await left.hover();
    await page.mouse.wheel(0, 9000);
    await page.waitForTimeout(300);
    const lineOf = (side: string) =>
      page.evaluate((name) => {
        const scroller = document.querySelector(`.of-${name} .scroller`)!;
        const { top, height } = scroller.getBoundingClientRect();
        const block = [...scroller.querySelectorAll('.block')].find(
          (one) => one.getBoundingClientRect().bottom > top + height / 3,
        );
        return block!.querySelector('.body')!.textContent.slice(0, 60);
      }, side);
    assert.equal(await lineOf('left'), await lineOf('right'));
    const [a, b] = await offsets(page);
    assert.ok(b! > a! + 500, 'the inserted steps lie above');
    await page.keyboard.press('l');
    await page.getByRole('button', { name: 'Scroll together (l)', pressed: false }).waitFor();
    await page.waitForTimeout(250);
    const [, still] = await offsets(page);
    await page.mouse.wheel(0, 3000);
    await page.waitForFunction((was) => document.querySelector('.of-left .scroller')!.scrollTop > was + 2000, a!);
    await page.waitForTimeout(200);
    assert.equal((await offsets(page))[1], still);
    assert.equal(shown(fake)?.apart, true);
    await page.keyboard.press('l');
    await page.waitForTimeout(200);
    assert.equal(await lineOf('left'), await lineOf('right'));
    await page.locator('.of-right .scroller').hover();
    await page.mouse.wheel(0, -200_000);
    await page.waitForTimeout(300);
    assert.deepEqual(await offsets(page), [0, 0]);
  });

  it('shows another attempt, the next by key, and swaps the sides', async () => {
    const fake = host();
    const page = await open(fake);
    await aligned(page);
    const chooser = page.locator('.of-right vscode-dropdown');
    await chooser.click();
    await chooser.locator('vscode-option').nth(2).click();
    await page.locator('.of-right .side-place', { hasText: 'sample 3' }).waitFor();
    await aligned(page);
    await page.keyboard.press('q');
    await page.locator('.of-left .side-place', { hasText: 'sample 3' }).waitFor();
    await page.locator('.of-right .side-place', { hasText: 'sample 1' }).waitFor();
    await page.keyboard.press('2');
    await page.keyboard.press('j');
    await page.locator('.of-right .side-place', { hasText: 'sample 2' }).waitFor();
    // The host is told when it settles.
    while (shown(fake)?.title !== 'aime24/63 · 3 ↔ 2') await page.waitForTimeout(50);
    const now = shown(fake)!;
    assert.deepEqual([now.left, now.right], [trace(2), trace(1)]);
  });

  it('shows where the group parts as a tree, and opens two branches from the keyboard', async () => {
    const fake = host();
    const page = await open(fake);
    await aligned(page);
    await page.keyboard.press('t');
    const items = page.getByRole('treeitem');
    await items.first().waitFor();
    const names = await items.evaluateAll((all) => all.map((one) => one.textContent.replace(/\s+/g, ' ')));
    assert.match(names[0]!, /^tok ~\d+4 attempts part: ✓ 2 went on to right ✗ 2 to wrong/);
    assert.match(names[1]!, /^tok ~\d+3 attempts part/);
    assert.equal(names.filter((name) => name.startsWith('sample')).length, 4);
    await items.first().focus();
    await page.keyboard.press('ArrowDown');
    await page.keyboard.press('Enter');
    await page.locator('.branch-shown').first().waitFor();
    await page.waitForTimeout(250);
    const now = shown(fake)!;
    assert.deepEqual(new Set([now.left, now.right]).size, 2);
    const verdicts = [now.left, now.right].map(
      (id) => fake.traces.find(({ detail }) => detail.trace === id)!.detail.verdict,
    );
    assert.deepEqual(verdicts, ['right', 'wrong']);
    assert.match(await page.locator('.branches > header').innerText(), /left and right go together for ~\d+ tokens/);
    await shot(page, 'sides-branches');
    await page.getByRole('button', { name: 'by steps' }).click();
    await items.first().waitFor();
    await page.waitForTimeout(200);
    assert.deepEqual(await axe(page), []);
    await page.keyboard.press('ArrowLeft');
  });

  it('aligns again while one of them is being written', async () => {
    const fake = host();
    const [first] = fake.traces;
    const whole = first!.completion;
    const end = whole.indexOf('Counting gives');
    Object.assign(first!, { completion: whole.slice(0, end) });
    Object.assign(first!.detail, { live: true, finish: null, tokens: null, verdict: null, length: end });
    const page = await open(fake);
    await aligned(page);
    const tied = async () => Number(await page.locator('.chip.row-alike .num').innerText());
    const before = await tied();
    await fake.grow(0, whole.slice(end));
    await page.waitForFunction(
      (was) => Number(document.querySelector('.chip.row-alike .num')!.textContent) > was,
      before,
    );
    await page.locator('.of-left .live').waitFor();
  });

  it('opens at a place, and the trace in the inspector', async () => {
    const at = madeAttempts()[0]!.completion.indexOf('Counting gives');
    const fake = host(view(0, 1, { at: { side: 'left', start: at, end: at + 8 } }));
    const page = await open(fake);
    await aligned(page);
    await page.waitForTimeout(200);
    const visible = async (side: string) =>
      page.evaluate((name) => {
        const box = document.querySelector(`.of-${name} .scroller`)!.getBoundingClientRect();
        return [...document.querySelectorAll(`.of-${name} .block`)]
          .filter((one) => one.getBoundingClientRect().top < box.bottom && one.getBoundingClientRect().bottom > box.top)
          .map((one) => one.textContent)
          .join(' ');
      }, side);
    assert.match(await visible('left'), /Counting gives/);
    assert.match(await visible('right'), /Counting gives/);
    await page.getByRole('button', { name: 'Open in the inspector, right' }).click();
    await page.waitForTimeout(50);
    const opening = fake.calls.findLast(({ method }) => method === 'host/open')!.params as { view: View };
    assert.deepEqual(opening.view, {
      page: 'inspector',
      title: 'aime24/63',
      filter: { run: 'run-00000000', problem: 'aime24/63' },
      trace: trace(1),
    });
  });

  it('moves nothing when the steps are aligned', async () => {
    for (const width of [1500, 1100, 620, 360]) {
      const fake = host();
      let release = () => {};
      fake.held.set('traces/slice', new Promise<void>((resolve) => (release = resolve)));
      const page = await open(fake, { width });
      await page.locator('.of-right .side-verdict').waitFor({ state: 'attached' });
      const top = () => page.evaluate(() => document.querySelector('.sides-main')!.getBoundingClientRect().top);
      const before = await top();
      release();
      await aligned(page);
      assert.equal(await top(), before, `${width} px wide`);
      await close();
    }
  });

  it('shows both texts where no worker can be made, and says that they are not aligned', async () => {
    const page = await open(host());
    await page.addInitScript(() => Object.defineProperty(window, 'Worker', { value: undefined }));
    await page.reload();
    await page.getByRole('alert').filter({ hasText: 'The steps cannot be aligned' }).waitFor();
    await page.locator('.of-right .block .body').first().waitFor();
  });

  it('folds passages on both sides by key, and goes on scrolling both together', async () => {
    const fake = host();
    const lines = longCompletion(60_000, 200).split('\n\n');
    const code = (n: number) => `\`\`\`python\n${`print(${n})\n`.repeat(12)}\`\`\``;
    const texts = [40, 41].map((extra) =>
      lines.flatMap((line, i) => (i % 12 === 6 ? [line, code(i)] : i === extra ? [line, 'Only here.'] : [line])),
    );
    for (const [side, blocks] of texts.entries()) {
      const one = fake.traces[side]!;
      one.completion = blocks.join('\n\n');
      one.detail.length = one.completion.length;
    }
    const page = await open(fake);
    await aligned(page);
    await page.locator('.of-right .fold-kind').first().waitFor();
    assert.equal(await page.locator('.fold-open').count(), 0, 'nothing is folded when the page opens');
    await page.locator('.of-left .scroller').focus();
    await page.keyboard.press('F');
    for (const side of ['left', 'right'])
      await page.locator(`.of-${side} .fold-kind[aria-pressed=true]`).first().waitFor();
    const folded = () =>
      page.evaluate(() =>
        [...document.querySelectorAll('.fold-kind')].map(
          (one) => `${one.getAttribute('aria-pressed')} ${one.textContent.trim()}`,
        ),
      );
    const before = await folded();
    assert.ok(before.length >= 2 && before.every((one) => one.startsWith('true ')), before.join());
    await page.locator('.of-left .scroller').hover();
    for (let i = 0; i < 6; i += 1) {
      await page.mouse.wheel(0, 2500);
      await page.waitForTimeout(120);
    }
    assert.deepEqual(await folded(), before, 'scrolling along unfolds nothing');
    const lineOf = (side: string) =>
      page.evaluate((name) => {
        const scroller = document.querySelector(`.of-${name} .scroller`)!;
        const { top, height } = scroller.getBoundingClientRect();
        const all = [...scroller.querySelectorAll('.block')];
        const block = all.find((one) => one.getBoundingClientRect().bottom > top + height / 3)!;
        return block.querySelector('.body')!.textContent.slice(0, 60);
      }, side);
    await page.waitForTimeout(300);
    assert.equal(await lineOf('left'), await lineOf('right'));
    await page.keyboard.press('F');
    await page.locator('.fold-kind[aria-pressed=true]').first().waitFor({ state: 'detached' });
    assert.equal(fake.count('host/settings'), 0, 'what is folded here changes nothing elsewhere');
  });

  it('copies a link to what is in view, goes to a token, and has exact tokens where they are known', async () => {
    const fake = host();
    for (const one of fake.traces.slice(0, 2)) {
      const { length } = one.completion;
      const ends = Int32Array.from({ length: Math.ceil(length / 5) }, (_, i) => Math.min(5 * i + 5, length));
      one.tokens = { positions: fromEnds(ends), scores: null };
      Object.assign(one.detail, { tokens: ends.length, tokensExact: true });
    }
    const page = await open(fake);
    await aligned(page);
    await page.locator('.parting', { hasText: /first \d+ tokens/ }).waitFor();
    await page.locator('.chip.row-onlyLeft', { hasText: /only left \(\d/ }).waitFor();
    await page.keyboard.press('2');
    await page.keyboard.press('Y');
    await page.locator('.page-note.shown', { hasText: 'Link to the right text copied' }).waitFor();
    const asked = fake.calls.find(({ method }) => method === 'host/copyLink')!.params as { trace: string; at: unknown };
    assert.equal(asked.trace, trace(1));
    assert.ok(asked.at !== null);
    await page.keyboard.press(':');
    await page.locator('.of-right .go-to input, .of-right input').first().fill('120');
    await page.keyboard.press('Enter');
    await page.locator('.of-right .pane-place', { hasText: /^tok [\d,]+/ }).waitFor();
    await page.keyboard.press('?');
    const sheet = await page.getByRole('dialog', { name: 'Keys' }).innerText();
    for (const words of ['Copy a link', 'Fold checks', 'A token, a step', 'Where they part', 'Lines under tokens'])
      assert.match(sheet, new RegExp(words));
  });

  it('is asked for from the inspector, by key and button', async () => {
    const fake = new FakeHost(
      { traces: madeAttempts() },
      { page: 'inspector', title: 'run', filter: {}, trace: trace(1) },
    );
    const page = await open(fake, { bundle: 'inspector' });
    await page.locator('.scroller .block').first().waitFor();
    await page.keyboard.press('2');
    await page.getByRole('button', { name: 'Side by side with another attempt' }).click();
    await page.waitForTimeout(50);
    const asked = fake.calls.filter(({ method }) => method === 'host/command').map(({ params }) => params);
    const wanted = { command: 'longhand.compareTrace', trace: trace(1) };
    assert.deepEqual(asked, [wanted, wanted]);
  });

  it('says that nothing differs, and shows the error of a trace that is gone', async () => {
    const same = host(view(0, 1));
    same.traces[1]!.completion = same.traces[0]!.completion;
    same.traces[1]!.detail.length = same.traces[0]!.completion.length;
    const page = await open(same);
    await aligned(page);
    assert.match(await page.locator('.parting').innerText(), /Every step of one is in the other/);
    assert.equal(await page.locator('.step-mark.row-onlyLeft').count(), 0);
    same.traces.splice(1, 1);
    await page.reload();
    await page.getByText('This trace cannot be shown').waitFor();
  });

  it('opens two traces of 100,000 tokens, and goes through hundreds of differences', async () => {
    const first = longCompletion(330_000, 1100);
    const second = first
      .split('\n\n')
      .map((line, i) => (i % 7 === 0 ? `Something else is said here, number ${i}.` : line))
      .filter((_, i) => i % 11 !== 3)
      .join('\n\n');
    const traces = [first, second].map((completion, sample) =>
      fakeTrace(sample, {
        completion,
        sample,
        problem: 'p',
        problemLabel: 'p',
        group: 'g',
        tokens: 100_000,
        tokensExact: true,
      }),
    );
    const fake = new FakeHost({ traces }, view(0, 1));
    const page = await open(fake);
    page.setDefaultTimeout(40_000);
    await aligned(page);
    assert.match(await page.locator('.chip.row-same .num').innerText(), /4,\d{3}/);
    assert.ok((await page.locator('.sides-page *').count()) < 4000);
    await page.keyboard.press('n');
    await page.keyboard.press('n');
    await page.locator('.differences', { hasText: /^\s*2 of/ }).waitFor();
    await shot(page, 'sides-long');
  });

  it('is clean for axe in all four themes, at any width', async () => {
    const page = await open(host(view(0, 2, { branches: 'text' })));
    await aligned(page);
    await page.getByRole('treeitem').first().waitFor();
    for (const theme of themeKinds) {
      await setTheme(page, theme);
      await page.waitForTimeout(150);
      assert.deepEqual(await axe(page), [], theme);
      await shot(page, `sides-${theme}`);
    }
    for (const width of [360, 620, 900, 1280]) {
      await page.setViewportSize({ width, height: 800 });
      await page.waitForTimeout(150);
      const over = await page.evaluate(
        () => document.documentElement.scrollWidth > document.documentElement.clientWidth,
      );
      assert.equal(over, false, `${width} px wide`);
      await shot(page, `sides-${width}`);
    }
  });
});
