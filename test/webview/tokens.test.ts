import assert from 'node:assert/strict';
import { describe, it } from 'mocha';
import type { Page } from 'playwright-core';
import { fromEnds } from '../../core/metrics/token-position.ts';
import type { View } from '../../core/protocol/webview.ts';
import { axe } from './axe.ts';
import { FakeHost, fakeTrace, type FakeTrace, type TraceWish } from './fake-host.ts';
import { longCompletion } from './made-trace.ts';
import { shot } from './page.ts';
import { suitePages } from './suite.ts';
import { themeKinds } from './themes.ts';

const view: View = { page: 'inspector', title: 'two-stage', filter: { run: 'run-00000000' } };

/** Tokens of at most six characters, as a tokenizer would part words; what is thought of each follows from its place. */
function withTokens(
  completion: string,
  wish: Partial<TraceWish> & { recorded?: boolean; top?: number } = {},
): FakeTrace {
  const { recorded = true, top = 0, ...rest } = wish;
  const ends = Int32Array.from(
    [...completion.matchAll(/\s?[^\s]{1,6}|\s/g)],
    ({ index, 0: said }) => index + said.length,
  );
  const logprobs = Float32Array.from(ends, (_, i) => (i % 7 === 3 ? -3.5 : i % 5 === 2 ? -1 : -0.01));
  const entropies = Float32Array.from(ends, (_, i) => (i % 7 === 3 ? 2 : i % 5 === 2 ? 0.7 : i % 3 === 0 ? 0.4 : 0.05));
  return {
    ...fakeTrace(0, {
      completion,
      gold: '42',
      tokens: ends.length,
      tokensExact: true,
      facts: recorded ? { entropy: 0.412, logprob: -0.731 } : {},
      ...rest,
    }),
    tokens: { positions: fromEnds(ends), scores: recorded ? { logprobs, entropies, top } : null },
  };
}

/** The text under each of the three lines, as far as it is mounted. */
const underlined = (page: Page) =>
  page.evaluate(() =>
    [1, 2, 3].map((level) =>
      [...(CSS.highlights.get(`lh-token-${level}`) ?? [])].map(
        ({ startContainer, startOffset, endOffset }) => startContainer.textContent?.slice(startOffset, endOffset) ?? '',
      ),
    ),
  );

const ready = (page: Page) => page.locator('.pane-place', { hasText: /tok \d/ }).waitFor();

describe('tokens of a text', () => {
  const { open, close } = suitePages();
  const short = 'Let us add. Wait, let me check this again. 6 times 7 is 42.\n\nThe answer is \\boxed{42}.';

  it('have exact places where their ends are known, and estimates where they are not', async () => {
    const made = withTokens(longCompletion(30_000, 60), { recorded: false });
    const host = new FakeHost({ traces: [made] }, view);
    const page = await open(host);
    await ready(page);
    const { positions } = made.tokens!;
    // The second block begins behind "<think>" and two line breaks.
    const second = positions.at(9) + 1;
    assert.equal(await page.locator('.block .pos').nth(1).innerText(), String(second));
    assert.doesNotMatch(await page.locator('.pane-place').innerText(), /~/);
    const { start, end } = host.calls.find(({ method }) => method === 'traces/tokens')!.params as {
      start: number;
      end: number;
    };
    assert.deepEqual([start, end], [0, made.completion.length]);
    await page.keyboard.press('H');
    await page.getByText('No entropy: it was not recorded').waitFor();
    await close();

    const estimated = await open(
      new FakeHost({ traces: [fakeTrace(0, { completion: longCompletion(30_000, 60) })] }, view),
    );
    await estimated.locator('.pane-place', { hasText: 'tok ~1–' }).waitFor();
    assert.match(await estimated.locator('.block .pos').nth(1).innerText(), /^~/);
    await estimated.keyboard.press('H');
    await estimated.getByText('No entropy: the record has no token ids').waitFor();
  });

  it('have lines by entropy, by probability, or none, and nothing moves', async () => {
    const made = withTokens(short);
    const host = new FakeHost({ traces: [made] }, view);
    const page = await open(host);
    await ready(page);
    const places = () =>
      page.evaluate(() =>
        [...document.querySelectorAll('.block')].map((block) => JSON.stringify(block.getBoundingClientRect())),
      );
    const before = await places();
    await page.keyboard.press('H');
    await page.getByText('Entropy≥ 0.3≥ 0.672≥ 1.5').waitFor();
    const { positions, scores } = made.tokens!;
    const tokens = Array.from({ length: positions.tokens }, (_, i) =>
      made.completion.slice(positions.unitOf(i), positions.unitOf(i + 1)),
    );
    const of = (from: number, to: number) =>
      tokens.filter((_, i) => scores!.entropies![i]! >= from && scores!.entropies![i]! < to);
    const found = await underlined(page);
    // A formula and a line break have no text of their own; all other tokens are there, each with its line.
    for (const [level, wanted] of [of(0.3, 0.672), of(0.672, 1.5), of(1.5, 9)].entries())
      for (const word of wanted.filter((token) => /^ ?[a-z]+$/i.test(token)))
        assert.ok(
          found[level]!.some((said) => word.endsWith(said) && said !== ''),
          `level ${level + 1}: ${word}, not in ${found[level]!.join('|')}`,
        );
    assert.ok(found.flat().length >= 8);
    assert.deepEqual(await places(), before);
    await page.keyboard.press('H');
    await page.getByText('Probability< 50 %< 20 %< 5 %').waitFor();
    const [, second, third] = await underlined(page);
    assert.ok(second!.length === 0 && third!.length > 0, 'e^−1 is below 50 %, e^−3.5 below 5 %');
    assert.deepEqual(host.calls.findLast(({ method }) => method === 'host/settings')?.params, {
      tokenMark: 'probability',
    });
    await page.keyboard.press('H');
    await page.waitForFunction(() => [1, 2, 3].every((n) => (CSS.highlights.get(`lh-token-${n}`)?.size ?? 0) === 0));
  });

  it('are drawn for what is mounted only, and let go of', async () => {
    const page = await open(new FakeHost({ traces: [withTokens(longCompletion(300_000, 400))] }, view));
    await ready(page);
    await page.keyboard.press('H');
    await page.locator('.token-key').waitFor();
    const drawn = () =>
      page.evaluate(() => [1, 2, 3].reduce((sum, n) => sum + (CSS.highlights.get(`lh-token-${n}`)?.size ?? 0), 0));
    const first = await drawn();
    const scroller = page.locator('.scroller');
    for (const share of [0.3, 0.9, 0.1, 0.6]) {
      await scroller.evaluate((element, at) => (element.scrollTop = element.scrollHeight * at), share);
      await page.waitForTimeout(60);
    }
    assert.ok(first > 50 && (await drawn()) < 4 * first, `${first}, then ${await drawn()}`);
  });

  it('say what was thought of them under the pointer, in the selection and in the facts', async () => {
    const page = await open(new FakeHost({ traces: [withTokens(short, { top: 5 })] }, view));
    await ready(page);
    await page.keyboard.press('H');
    await page.getByText('Entropy (at least)').waitFor();
    const at = await page.evaluate(() => {
      const walker = document.createTreeWalker(document.querySelector('.scroller')!, NodeFilter.SHOW_TEXT);
      for (let node = walker.nextNode(); node; node = walker.nextNode()) {
        const from = node.textContent!.indexOf('add');
        if (from < 0) continue;
        const range = document.createRange();
        range.setStart(node, from);
        range.setEnd(node, from + 3);
        const { x, y, width, height } = range.getBoundingClientRect();
        return { x: x + width / 2, y: y + height / 2 };
      }
      return null;
    });
    await page.mouse.move(at!.x - 40, at!.y);
    await page.mouse.move(at!.x, at!.y, { steps: 3 });
    const tip = page.getByRole('tooltip');
    await tip.waitFor();
    assert.equal(await tip.innerText(), '␣add.\ntoken 3 · probability 0.368 · entropy ≥ 0.70');
    await shot(page, 'tokens-tip');
    await page.mouse.dblclick(at!.x, at!.y);
    await page.locator('.pane-selected').waitFor();
    assert.match(await page.locator('.pane-selected').innerText(), /^1 token selected · probability 0\.368/);
    await page.keyboard.press('Control+a');
    await page.locator('.pane-selected', { hasText: /^\d\d tokens selected · mean entropy ≥ 0\.\d\d$/ }).waitFor();
    const facts = page.getByRole('region', { name: 'Certainty' });
    assert.match(await facts.innerText(), /mean entropy\s+≥ 0\.412\s+mean log-probability\s+−0\.731/);
    assert.match(await facts.innerText(), /Elsewhere\s+≥ 0\.\d\d/);
  });

  it('have lines that are told apart in every theme, and the page stays accessible', async () => {
    for (const theme of themeKinds) {
      const page = await open(new FakeHost({ traces: [withTokens(longCompletion(4000, 12))] }, view), { theme });
      await ready(page);
      await page.keyboard.press('H');
      await page.locator('.token-key').waitFor();
      await page.waitForTimeout(100);
      await shot(page, `tokens-${theme}`);
      assert.deepEqual(await axe(page), []);
      await close();
    }
  });
});
