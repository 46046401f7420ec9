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

const ready = async (page: Page) => {
  await page.locator('.path-facts').waitFor();
  await page.waitForTimeout(150);
};
const foot = (page: Page) => page.locator('.pane-place').innerText();

describe('ruler', () => {
  const { open } = suitePages();

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

  it('moves with the keys, to landmarks too, and says where it is', async () => {
    const page = await open(new FakeHost({ traces: [one()] }, view));
    await ready(page);
    const ruler = page.getByRole('slider', { name: 'Ruler of the trace' });
    assert.equal(await ruler.getAttribute('aria-controls'), await page.locator('.scroller').getAttribute('id'));
    await ruler.focus();
    await page.keyboard.press('End');
    await page.locator('.scroller', { hasText: 'The answer is' }).waitFor();
    // The text is there before the frame that says where it is.
    await page.waitForFunction(() =>
      /^tok ~1\d,\d{3} to tok ~19,/.test(document.querySelector('.ruler')?.getAttribute('aria-valuetext') ?? ''),
    );
    await page.keyboard.press('Home');
    await page.locator('.pane-place', { hasText: /^tok ~1–/ }).waitFor();
    // Landmarks and budgets in the order of the text: 4k, the first right answer, 8k, the loop.
    for (const words of [/^tok ~[34],\d{3}–~?4,/, /^tok ~6,/, /^tok ~[78],/]) {
      await page.keyboard.press('ArrowRight');
      await page.locator('.pane-place', { hasText: words }).waitFor();
    }
    await page.keyboard.press('ArrowLeft');
    await page.locator('.scroller', { hasText: 'No: the answer is' }).waitFor();
  });

  it('takes the window along when it is dragged, and nothing is drawn for it', async () => {
    const page = await open(new FakeHost({ traces: [one()] }, view));
    await ready(page);
    await page.evaluate(() => {
      const counted = window as unknown as { drawn: number };
      counted.drawn = 0;
      // oxlint-disable-next-line typescript/unbound-method -- called on the context that it is called on
      const { fillRect } = CanvasRenderingContext2D.prototype;
      CanvasRenderingContext2D.prototype.fillRect = function counting(...all) {
        counted.drawn += 1;
        return fillRect.apply(this, all);
      };
    });
    const box = (await page.locator('.ruler').boundingBox())!;
    await page.mouse.move(box.x + 62, box.y + 20);
    await page.mouse.down();
    await page.mouse.move(box.x + 62, box.y + 20 + (box.height - 22) / 2, { steps: 5 });
    await page.mouse.up();
    const [, from = '', all = ''] = /tok ~([\d,]+)–.* of ~([\d,]+)/.exec(await foot(page)) ?? [];
    const share = Number(from.replaceAll(',', '')) / Number(all.replaceAll(',', ''));
    assert.ok(Math.abs(share - 0.5) < 0.03, `${share}`);
    assert.equal(await page.evaluate(() => (window as unknown as { drawn: number }).drawn), 0);
  });

  it('draws 5,000 spans again in at most 4 ms', async function () {
    this.retries(2);
    const trace = one({ completion: longCompletion(330_000, 1_100) });
    const page = await open(new FakeHost({ traces: [trace] }, view));
    await ready(page);
    await page.evaluate(() => {
      const timed = window as unknown as { times: number[] };
      timed.times = [];
      // oxlint-disable-next-line typescript/unbound-method -- called on the canvas that it is called on
      const { getContext } = HTMLCanvasElement.prototype;
      HTMLCanvasElement.prototype.getContext = function timing(this: HTMLCanvasElement, ...all: [never]) {
        const began = performance.now();
        // The drawing goes on until the end of the task's effects.
        queueMicrotask(() => timed.times.push(performance.now() - began));
        return getContext.apply(this, all);
      } as typeof getContext;
    });
    // Another set of labels is another set of spans.
    for (let i = 0; i < 12; i += 1) {
      await page.keyboard.press('h');
      await page.waitForTimeout(60);
    }
    const times = await page.evaluate(() => (window as unknown as { times: number[] }).times.sort((a, b) => a - b));
    assert.ok(times.length >= 12, `${times.length} drawings`);
    const median = times[times.length >> 1]!;
    if (process.env.LONGHAND_TIMES) process.stdout.write(`ruler, median of ${times.length}: ${median} ms\n`);
    assert.ok(median <= 4, `${times.join(' ')} ms`);
  });
});

describe('going to places', () => {
  const { open } = suitePages();

  it('goes to a token, a percentage, a step, a landmark while it is typed, and back with Escape', async () => {
    const page = await open(new FakeHost({ traces: [one()] }, view));
    await ready(page);
    await page.keyboard.press(':');
    const field = page.getByRole('combobox', { name: 'Go to' });
    await field.waitFor();
    assert.ok(await field.evaluate((element) => element === document.activeElement));
    await page.keyboard.type('9500');
    await page.locator('.go-to-note', { hasText: 'Enter: token ~9500' }).waitFor();
    await page.locator('.pane-place', { hasText: /^tok ~9,/ }).waitFor();
    await page.keyboard.press('Escape');
    await page.locator('.pane-place', { hasText: /^tok ~1–/ }).waitFor();
    assert.equal(await field.count(), 0);
    await page.keyboard.press(':');
    await page.keyboard.type('step 300');
    await page.keyboard.press('Enter');
    await page.locator('.pane-place', { hasText: /steps 2\d\d–3\d\d of/ }).waitFor();
    await page.keyboard.press(':');
    await page.keyboard.type('first correct answer');
    await page.keyboard.press('Enter');
    await page.locator('.scroller', { hasText: 'No: the answer is' }).waitFor();
    await page.keyboard.press('>');
    await page.locator('.pane-place', { hasText: /^tok ~7,/ }).waitFor();
    await page.keyboard.press(':');
    await page.keyboard.type('nowhere');
    await page.locator('.go-to-note', { hasText: '“nowhere” is no place' }).waitFor();
    await page.keyboard.press('Control+a');
    await page.keyboard.press('Backspace');
    await page.keyboard.press('ArrowDown');
    await page.getByRole('option', { name: 'budget of 4000 tokens' }).waitFor();
    await shot(page, 'go-to');
    await page.keyboard.press('Enter');
    await page.locator('.pane-place', { hasText: /^tok ~[34],/ }).waitFor();
    await page.locator('.pane-place').click();
    await field.waitFor();
  });

  it('has an outline that goes to what is chosen and follows the reading', async () => {
    const page = await open(new FakeHost({ traces: [one()] }, view));
    await ready(page);
    await page.keyboard.press('L');
    const outline = page.getByRole('listbox', { name: 'Parts of the trace' });
    await outline.waitFor();
    await page.locator('.outline-row', { hasText: 'Reasoning ·' }).waitFor();
    await page.keyboard.press(':');
    await page.keyboard.type('first');
    await page.keyboard.press('Enter');
    await page.locator('.outline-row.reading').waitFor();
    const answer = page.locator('.outline-row', { hasText: /^✓42/ }).first();
    await answer.waitFor();
    await shot(page, 'outline');
    await outline.focus();
    await page.keyboard.press('End');
    await page.locator('.scroller', { hasText: 'The answer is' }).waitFor();
    await page.locator('.outline-row[aria-selected=true]', { hasText: '42' }).waitFor();
    await page.keyboard.press('Home');
    await page.locator('.pane-place', { hasText: /^tok ~1–/ }).waitFor();
    await page.keyboard.press('Escape');
    assert.equal(await outline.count(), 0);
    // It stays open over a reload where it was.
    await page.keyboard.press('L');
    await outline.waitFor();
    await page.reload();
    await page.getByRole('listbox', { name: 'Parts of the trace' }).waitFor();
  });

  it('asks for a link to the step in view, and to what is selected', async () => {
    const host = new FakeHost({ traces: [one()] }, view);
    const page = await open(host);
    await ready(page);
    const text = wayward();
    const asked = () => {
      const call = host.calls.filter(({ method }) => method === 'host/copyLink').at(-1)!;
      return call.params as { trace: string; at: { in: string; start: number; end: number } };
    };
    await page.keyboard.press(':');
    await page.keyboard.type('50%');
    await page.keyboard.press('Enter');
    await page.locator('.pane-place', { hasText: /^tok ~9,/ }).waitFor();
    await page.keyboard.press('Y');
    await page.locator('.page-note.shown', { hasText: 'Link copied' }).waitFor();
    const { trace, at } = asked();
    assert.equal(trace, 'run-00000000/grpo/1/0');
    assert.ok(at.start > text.length * 0.45 && at.start < text.length * 0.52 && at.end > at.start, JSON.stringify(at));
    await page.evaluate(() => {
      const body = [...document.querySelectorAll('.scroller .block .body')].at(-2)!;
      const node = document.createTreeWalker(body, NodeFilter.SHOW_TEXT).nextNode()!;
      getSelection()!.setBaseAndExtent(node, 2, node, 9);
    });
    const selected = await page.evaluate(() => getSelection()!.toString());
    await page.keyboard.press('Y');
    await page.waitForTimeout(100);
    const place = asked().at;
    assert.equal(text.slice(place.start, place.end), selected);
  });
});

describe('rulers of a group', () => {
  const { open } = suitePages();

  const group = (n: number, characters: number): FakeTrace[] =>
    Array.from({ length: n }, (_, i) =>
      fakeTrace(i, {
        completion: i % 3 === 2 ? longCompletion(characters * (1 + i / n), 40) : wayward(characters * (0.4 + i / n)),
        gold: i % 4 === 1 ? '17' : '42',
        group: 'g',
        problemLabel: 'aime/1',
        sample: i,
        reward: i % 4 === 1 ? 0 : 1,
        finish: i % 8 === 5 ? 'length' : 'stop',
      }),
    );

  it('shows all of them on one scale, reads them, sorts them, and opens a trace where the cursor is', async () => {
    const page = await open(new FakeHost({ traces: group(8, 30_000) }, view));
    await ready(page);
    await page.keyboard.press('R');
    const list = page.getByRole('listbox', { name: /^Attempts/ });
    await list.waitFor();
    await page.locator('.strips-state', { hasText: /^$/ }).waitFor({ state: 'attached' });
    assert.equal(await page.locator('.strip-row').count(), 8);
    const widths = await page
      .locator('.strip-track canvas')
      .evaluateAll((all) => all.map((one) => one.getBoundingClientRect().width));
    const lengths = await page
      .locator('.strip-row .strip-facts .num:nth-child(3)')
      .evaluateAll((all) => all.map((one) => Number(one.textContent.replace(/\D/g, ''))));
    const longest = Math.max(...lengths);
    for (const [i, width] of widths.entries())
      assert.ok(Math.abs(width / Math.max(...widths) - lengths[i]! / longest) < 0.01, `${i}`);
    await page.getByRole('button', { name: 'length', exact: true }).click();
    const sorted = await page
      .locator('.strip-row .strip-facts .num:nth-child(3)')
      .evaluateAll((all) => all.map((one) => Number(one.textContent.replace(/\D/g, ''))));
    assert.deepEqual(
      sorted,
      lengths.toSorted((a, b) => b - a),
    );
    const row = page.locator('.strip-row').nth(2).locator('.strip-track');
    const box = (await row.boundingBox())!;
    await page.mouse.move(box.x + 200, box.y + 8);
    await page.locator('.strips-text', { hasText: /\w{3}/ }).waitFor();
    await page.locator('.strips-reading', { hasText: /sample \d · tok ~[\d,]+ of/ }).waitFor();
    await shot(page, 'strips-8');
    await list.focus();
    await page.keyboard.press('ArrowDown');
    await page.keyboard.press('Shift+ArrowRight');
    const reading = await page.locator('.strips-reading').innerText();
    const token = Number(/tok ~([\d,]+)/.exec(reading)![1]!.replaceAll(',', ''));
    await page.keyboard.press('Enter');
    await list.waitFor({ state: 'detached' });
    await page.locator('.pane-place', { hasText: /^tok ~[1-9]/ }).waitFor();
    await page.waitForFunction((wanted) => {
      const [, from = '0', to = '0'] =
        /tok ~([\d,]+)–([\d,]+)/.exec(document.querySelector('.pane-place')!.textContent) ?? [];
      const number = (text: string) => Number(text.replaceAll(',', ''));
      return number(from) <= wanted && wanted <= number(to);
    }, token);
  });

  it('draws 64 in at most 200 ms once they are there, and asks for two at a time', async () => {
    const host = new FakeHost({ traces: group(64, 12_000) }, view);
    const page = await open(host);
    await ready(page);
    await page.keyboard.press('R');
    await page.locator('.strips-state', { hasText: /of 64 read/ }).waitFor();
    await page.waitForFunction(() => document.querySelector('.strips-state')!.textContent === '', undefined, {
      timeout: 50_000,
    });
    await shot(page, 'strips-64');
    // What is here is drawn at once when the rulers are opened again: time of the page's own thread, whatever else the machine does.
    const client = await page.context().newCDPSession(page);
    await client.send('Performance.enable', { timeDomain: 'threadTicks' });
    const spent = async () => {
      const { metrics } = await client.send('Performance.getMetrics');
      return 1000 * metrics.find(({ name }) => name === 'TaskDuration')!.value;
    };
    const times: number[] = [];
    for (let i = 0; i < 5; i += 1) {
      await page.keyboard.press('Escape');
      await page.locator('.strips').waitFor({ state: 'detached' });
      await page.waitForTimeout(200);
      const before = await spent();
      await page.evaluate(async () => {
        const frame = () => new Promise((resolve) => requestAnimationFrame(resolve));
        document.querySelector<HTMLElement>('button[aria-label^="Rulers of all"]')!.click();
        while (document.querySelectorAll('.strip-row').length < 64) await frame();
        await frame();
      });
      times.push((await spent()) - before);
    }
    assert.equal(host.count('traces/annotations'), 65);
    times.sort((x, y) => x - y);
    if (process.env.LONGHAND_TIMES) process.stdout.write(`64 strips, median of 5: ${times[2]} ms\n`);
    assert.ok(times[2]! <= 200, `${times.join(' ')} ms`);
    await page.keyboard.press('Escape');
    assert.equal(await page.locator('.strips').count(), 0);
  });

  it('shows what is there while others are still read, and says what cannot be read', async () => {
    const host = new FakeHost({ traces: group(6, 8_000) }, view);
    const page = await open(host);
    await ready(page);
    let release = () => {};
    host.held.set('traces/figures', new Promise<void>((resolve) => (release = resolve)));
    await page.keyboard.press('R');
    await page.locator('.strips-state', { hasText: '6 of 6 read' }).waitFor();
    release();
    await page.locator('.strips-state', { hasText: /^$/ }).waitFor({ state: 'attached' });
  });

  for (const theme of themeKinds) {
    it(`is clean for axe in ${theme}, wide and narrow, with the outline and the field`, async () => {
      const page = await open(new FakeHost({ traces: group(8, 20_000) }, view), { theme });
      await ready(page);
      await page.keyboard.press('L');
      await page.locator('.outline-row').first().waitFor();
      await page.keyboard.press(':');
      await page.locator('.go-to').waitFor();
      assert.deepEqual(await axe(page), [], `${theme}, outline and field`);
      await shot(page, `places-${theme}`);
      await page.keyboard.press('Escape');
      await page.keyboard.press('R');
      await page.locator('.strips-state', { hasText: /^$/ }).waitFor({ state: 'attached' });
      await page.locator('.strips-list').focus();
      await page.keyboard.press('ArrowDown');
      assert.deepEqual(await axe(page), [], `${theme}, rulers`);
      await shot(page, `strips-${theme}`);
      await page.keyboard.press('Escape');
      await page.keyboard.press('l');
      await page.keyboard.press('f');
      await page.keyboard.press('L');
      await page.setViewportSize({ width: 400, height: 700 });
      await page.waitForTimeout(200);
      await shot(page, `ruler-narrow-${theme}`);
      assert.deepEqual(await axe(page), [], `${theme}, narrow`);
    });
  }
});
