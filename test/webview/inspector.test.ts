import assert from 'node:assert/strict';
import { isDeepStrictEqual } from 'node:util';
import { describe, it } from 'mocha';
import type { Page } from 'playwright-core';
import { LonghandError } from '../../core/protocol/errors.ts';
import type { View } from '../../core/protocol/webview.ts';
import { until } from '../support/service.ts';
import { axe } from './axe.ts';
import { FakeHost, fakeTrace, type FakeTrace } from './fake-host.ts';
import { longCompletion } from './made-trace.ts';
import { copied, shot } from './page.ts';
import { suitePages } from './suite.ts';
import { themeKinds } from './themes.ts';

const view: View = { page: 'inspector', title: 'two-stage', filter: { run: 'run-00000000' } };
const math =
  'Since $a^2 = 9$ we get \\( a = 3 \\).\n\n\\[ \\frac{a}{3} = 1 \\]\n\nWait, let me check this. Yes, that matches.\n\n';
const reasoned = `<think>\nFirst, we find $a$.\n\n${math}</think>\nThe answer is \\boxed{3}.`;

function some(): FakeTrace[] {
  return [
    fakeTrace(0, {
      completion: reasoned,
      gold: '3',
      problemLabel: 'aime/1',
      group: 'g',
      sample: 0,
      advantage: 1.1,
      reward: 1,
    }),
    fakeTrace(1, {
      completion: reasoned.replace('boxed{3}', 'boxed{4}'),
      gold: '3',
      problemLabel: 'aime/2',
      group: 'g',
      sample: 1,
      advantage: -1.1,
      reward: 0,
    }),
    fakeTrace(2, { completion: longCompletion(60_000, 150), gold: '42', problemLabel: 'aime/3', finish: 'length' }),
    fakeTrace(3, { completion: 'No gold here.', problemLabel: 'other/4' }),
  ];
}

const position = (page: Page) => page.locator('.scroller').evaluate((element) => element.scrollTop);

describe('inspector', () => {
  const { open, close } = suitePages();

  it('opens the first trace, typesets its mathematics and marks its spans', async () => {
    const page = await open(new FakeHost({ traces: some() }, view));
    await page.locator('.math.display .katex').waitFor();
    assert.equal(await page.locator('.scroller .math[role=math]').count(), 5);
    assert.equal(await page.locator('.scroller .math[aria-label="a^2 = 9"]').count(), 1);
    await page.locator('.span.label-verification', { hasText: 'let me check this' }).first().waitFor();
    await page.locator('.pill', { hasText: 'check holds' }).waitFor();
    assert.ok((await page.locator('.span.label-marker.token').allTextContents()).includes('<think>'));
    assert.match(await page.locator('aside.facts').innerText(), /Math-Verify 0\.9\.0/);
    assert.equal(await page.locator('.letter', { hasText: 'V' }).count(), 1);
  });

  it('has the letter of a step beside its words, also where a formula makes the line tall', async () => {
    const tall = '\\boxed{\\dfrac{\\dfrac{\\dfrac{1}{2}}{3}}{\\dfrac{\\dfrac{4}{5}}{6}}}';
    const completion = `So the answer is $${tall}$. Wait, let me check this again: it holds.\n\nWait, let me check this: yes.`;
    const page = await open(new FakeHost({ traces: [fakeTrace(0, { completion, gold: '3' })] }, view));
    await page.locator('.math .katex').first().waitFor();
    await page.locator('.letter', { hasText: 'V' }).first().waitFor();
    await page.waitForTimeout(300);
    const off = await page.evaluate(() => {
      const middle = (element: Element) => {
        const { top, height } = element.getClientRects()[0]!;
        return top + height / 2;
      };
      return [...document.querySelectorAll('.block:has(> .letter)')].flatMap((block) => {
        const words = [...block.querySelectorAll('.span.label-verification')].map(middle);
        const letters = [...block.querySelectorAll('.letter.label-verification')].map(middle);
        return letters.map((letter) => Math.min(...words.map((word) => Math.abs(word - letter))));
      });
    });
    assert.ok(off.length > 0 && Math.max(...off) < 8, JSON.stringify(off));
  });

  it('is clean for axe in all four themes', async () => {
    for (const theme of themeKinds) {
      const page = await open(
        new FakeHost(
          {
            traces: some(),
            sets: [
              { run: 'r', stage: 'grpo', step: 40, label: 'grpo 40', traces: 4 },
              { run: 'r', stage: 'sft', step: 1, label: 'sft 1', traces: 4 },
            ],
          },
          view,
        ),
        { theme },
      );
      await page.locator('.pill').first().waitFor();
      assert.deepEqual(await axe(page), [], theme);
      await page.keyboard.press('?');
      await page.locator('dialog[open]').waitFor();
      assert.deepEqual(await axe(page), [], `${theme}, keys`);
      await shot(page, `inspector-${theme}`);
      if (theme !== themeKinds.at(-1)) await close();
    }
  });

  it('copies the raw text, across mathematics and from beginning to end of what is not mounted', async () => {
    const page = await open(new FakeHost({ traces: some() }, view));
    await page.locator('.math.display .katex').waitFor();
    await page.locator('.scroller').focus();
    await page.keyboard.press('Control+a');
    assert.equal(await copied(page), reasoned);
    // From inside one paragraph to inside another: what lies between is raw, formulas are whole.
    await page.evaluate(() => {
      const blocks = [...document.querySelectorAll('.scroller .block .body')];
      const from = blocks.find((body) => body.textContent?.startsWith('Since'))!;
      const to = blocks.find((body) => body.textContent?.startsWith('Wait'))!;
      const end = document.createTreeWalker(to, NodeFilter.SHOW_TEXT).nextNode()!;
      getSelection()!.setBaseAndExtent(from.firstChild!, 6, end, 4);
    });
    const wanted = reasoned.slice(reasoned.indexOf('$a^2'), reasoned.indexOf('Wait') + 4);
    assert.equal(await copied(page), wanted);
    for (let i = 0; i < 2; i += 1) await page.keyboard.press('j');
    await page.locator('.pane-foot', { hasText: 'of ~' }).waitFor();
    await page.locator('.scroller').focus();
    await page.keyboard.press('Control+a');
    await page.keyboard.press('End');
    assert.equal(await copied(page), longCompletion(60_000, 150));
  });

  it('keeps a selection whose beginning scrolled out of view', async () => {
    const page = await open(new FakeHost({ traces: [some()[2]!] }, view));
    await page.locator('.scroller .block .body').nth(3).waitFor();
    // Nobody selects in the instant in which the first blocks are typeset.
    await page.waitForTimeout(500);
    const text = longCompletion(60_000, 150);
    await page.evaluate(() => {
      const body = document.querySelectorAll('.scroller .block .body')[1]!;
      const node = document.createTreeWalker(body, NodeFilter.SHOW_TEXT).nextNode()!;
      getSelection()!.setBaseAndExtent(node, 0, node, 3);
    });
    await page.waitForTimeout(50);
    await page.locator('.scroller').evaluate((element) => (element.scrollTop = 20_000));
    await page.waitForTimeout(100);
    const end = await page.evaluate(() => {
      const top = document.querySelector('.scroller')!.getBoundingClientRect().top;
      const body = [...document.querySelectorAll('.scroller .block .body')].find(
        (one) => one.getBoundingClientRect().top > top + 50,
      )!;
      const node = document.createTreeWalker(body, NodeFilter.SHOW_TEXT).nextNode() as Text;
      getSelection()!.extend(node, 5);
      return node.data.slice(0, 5);
    });
    const got = await copied(page);
    assert.ok(got.length > 15_000, `${got.length} characters`);
    assert.ok(text.includes(got) && got.endsWith(end));
  });

  it('finds over the whole text, counts, goes round', async () => {
    const page = await open(new FakeHost({ traces: [some()[2]!] }, view));
    await page.locator('.scroller .block').nth(3).waitFor();
    const text = longCompletion(60_000, 150);
    const hits = text.split('go back to the first case').length - 1;
    assert.ok(hits > 3);
    await page.keyboard.press('/');
    await page.keyboard.type('go back to the first case');
    await page.locator('.find-count', { hasText: `1 of ${hits}` }).waitFor();
    await page.keyboard.press('Shift+Enter');
    await page.locator('.find-count', { hasText: `${hits} of ${hits}` }).waitFor();
    assert.ok((await position(page)) > 1000);
    const inView = () =>
      page.evaluate(() => {
        const place = [...CSS.highlights.get('lh-find-current')!][0];
        if (!place) return false;
        const range = document.createRange();
        range.setStart(place.startContainer, place.startOffset);
        range.setEnd(place.endContainer, place.endOffset);
        const scroller = document.querySelector('.scroller')!.getBoundingClientRect();
        const rect = range.getBoundingClientRect();
        return rect.top >= scroller.top && rect.bottom <= scroller.bottom;
      });
    assert.ok(await inView());
    await page.keyboard.press('Enter');
    await page.locator('.find-count', { hasText: `1 of ${hits}` }).waitFor();
    assert.ok(await inView());
    await page.keyboard.press('Control+a');
    await page.keyboard.type('not to be found anywhere');
    await page.locator('.find-count', { hasText: 'No results' }).waitFor();
    await page.keyboard.press('Escape');
    assert.equal(await page.locator('.find').count(), 0);
  });

  it('is driven by keys: traces, spans, raw, facts, list, prompt', async () => {
    const traces = some();
    traces[0]!.prompt = '<|im_start|>user\nWhat is a?<|im_end|>';
    traces[0]!.detail.promptLength = traces[0]!.prompt.length;
    const host = new FakeHost({ traces }, view);
    const page = await open(host);
    await page.locator('.prompt-toggle', { hasText: 'Prompt' }).waitFor();
    await page.keyboard.press('p');
    await page.locator('.in-prompt', { hasText: 'What is a?' }).waitFor();
    await page.keyboard.press('j');
    await page.locator('[role=row][aria-selected=true]', { hasText: 'aime/2' }).waitFor();
    await page.keyboard.press('k');
    await page.locator('[role=row][aria-selected=true]', { hasText: 'aime/1' }).waitFor();
    await page.locator('.crumbs', { hasText: 'sample 1 of 2' }).waitFor();
    await page.keyboard.press(']');
    await page.locator('.crumbs', { hasText: 'aime/2' }).waitFor();
    await page.keyboard.press('r');
    await page.locator('.text-content.raw').waitFor();
    assert.equal(await page.locator('.scroller .math').count(), 0);
    assert.ok((await page.locator('.scroller').innerText()).includes('\\frac{a}{3}'));
    await page.keyboard.press('r');
    await page.locator('.text-content:not(.raw)').waitFor();
    await page.keyboard.press('f');
    await page.locator('aside.facts').waitFor({ state: 'detached' });
    await page.keyboard.press('l');
    await page.locator('.list-column').waitFor({ state: 'detached' });
    await page.keyboard.press('j');
    await page.locator('.crumbs', { hasText: 'aime/3' }).waitFor();
    await page.locator('.span.label-backtracking').first().waitFor({ state: 'attached' });
    const before = await position(page);
    for (let i = 0; i < 6; i += 1) await page.keyboard.press('b');
    await page.waitForTimeout(100);
    assert.ok((await position(page)) > before + 300);
    await page.keyboard.press('G');
    await page.getByText('The answer is').waitFor();
    const told = host.calls.filter(({ method }) => method === 'host/settings').map(({ params }) => params);
    assert.deepEqual(told, [{ raw: true }, { raw: false }, { factsOpen: false }, { listOpen: false }]);
  });

  it('hides and shows a label without moving anything', async () => {
    const page = await open(new FakeHost({ traces: some() }, view));
    await page.locator('.span.label-subgoal').first().waitFor();
    const style = () =>
      page
        .locator('.scroller .span.label-subgoal')
        .first()
        .evaluate((element) => getComputedStyle(element).borderBottomColor);
    const tops = () => page.locator('.block').evaluateAll((all) => all.map((one) => one.getBoundingClientRect().top));
    const [was, places] = [await style(), await tops()];
    await page.getByRole('button', { name: 'Subgoal: hide' }).click();
    await page.locator('.text-content.hide-subgoal').waitFor();
    assert.notEqual(await style(), was);
    assert.deepEqual(await tops(), places);
    await page.getByRole('button', { name: 'Subgoal: show' }).click();
    assert.equal(await style(), was);
  });

  it('sorts and filters the list through the backend', async () => {
    const host = new FakeHost({ traces: some() }, view);
    const page = await open(host);
    const rows = page.locator('.grid-row');
    await rows.nth(3).waitFor();
    await page.getByRole('button', { name: 'Tokens' }).click();
    await page.locator('#trace-0', { hasText: 'other/4' }).waitFor();
    await page.getByRole('button', { name: 'Tokens' }).click();
    await page.getByRole('columnheader', { name: 'Tokens' }).and(page.locator('[aria-sort=descending]')).waitFor();
    await page.getByTitle('Only wrong').click();
    await page.locator('.summary', { hasText: '1 trace' }).waitFor();
    await page.locator('#trace-0', { hasText: 'aime/2' }).waitFor();
    await page.getByTitle('Only wrong').click();
    await page.getByRole('combobox').click();
    await page.keyboard.type('about:OTHER');
    await page.locator('.summary', { hasText: '1 trace' }).waitFor();
    await page.keyboard.press('Control+a');
    await page.keyboard.type('about:"nothing like it"');
    await page.getByRole('heading', { name: 'No trace fits the query' }).waitFor();
    await page.getByText('Clear the query').click();
    await rows.nth(3).waitFor();
    const asked = host.calls.filter(({ method }) => method === 'traces/page').at(-1)!.params as {
      filter: unknown;
      query?: string;
    };
    assert.deepEqual(asked.filter, { run: 'run-00000000' });
    assert.equal(asked.query, undefined);
  });

  it('lists 5,000 traces page by page with few elements', async () => {
    const traces = Array.from({ length: 5000 }, (_, i) =>
      fakeTrace(i, { completion: `Trace ${i}.`, problemLabel: `p/${i}` }),
    );
    const host = new FakeHost({ traces }, view);
    const page = await open(host);
    await page.locator('.summary', { hasText: '5,000 traces' }).waitFor();
    // The first rows, and the longest of the run for the scale of the bars.
    assert.equal(host.count('traces/page'), 2);
    await page.locator('.grid').evaluate((element) => (element.scrollTop = 1500 * 22));
    await page.locator('.grid-row', { hasText: 'p/1510' }).waitFor();
    assert.ok((await page.locator('.grid-row').count()) < 80);
    assert.ok(host.count('traces/page') <= 5);
  });

  it('grows with a trace that is being written, and follows only a reader at the end', async () => {
    const trace = fakeTrace(0, {
      completion: 'Let us begin.\n\n',
      live: true,
      tokens: null,
      finish: null,
      verdict: null,
    });
    const host = new FakeHost({ traces: [trace, ...some().slice(1)] }, view);
    const page = await open(host);
    await page.getByText('Let us begin.').waitFor();
    for (let i = 0; i < 30; i += 1) await host.grow(0, `Step ${i}: $x_{${i}} = ${i}$ holds.\n\n`);
    await page.getByText('Step 29').waitFor();
    await page.waitForTimeout(200);
    const atEnd = () =>
      page.locator('.scroller').evaluate((one) => one.scrollTop + one.clientHeight >= one.scrollHeight - 48);
    assert.ok(await atEnd(), 'the reader at the end goes along');
    assert.ok(
      await page
        .locator('.grid-row', { hasText: 'writing' })
        .count()
        .then((n) => n >= 0),
    );
    await page.locator('.scroller').evaluate((one) => (one.scrollTop = 120));
    await page.waitForTimeout(100);
    const before = await position(page);
    await host.grow(0, 'The end \\boxed{5}.', true);
    await page.locator('.crumbs', { hasText: /tok/ }).waitFor();
    await page.waitForTimeout(300);
    assert.equal(await position(page), before, 'a reader elsewhere stays');
    assert.equal(await page.locator('.live').count(), 0);
  });

  it('takes new traces into the list without losing the place', async () => {
    const traces = Array.from({ length: 300 }, (_, i) =>
      fakeTrace(i, { completion: `Trace ${i}.`, problemLabel: `p/${i}` }),
    );
    const host = new FakeHost({ traces }, { ...view, sort: { key: 'order', descending: true } });
    const page = await open(host);
    await page.locator('.grid-row', { hasText: 'p/299' }).waitFor();
    await page.locator('.grid').evaluate((element) => (element.scrollTop = 50 * 22));
    const row = page.locator('.grid-row', { hasText: 'p/240' });
    await row.waitFor();
    const before = (await row.boundingBox())!.y;
    for (let i = 300; i < 310; i += 1) await host.begin(fakeTrace(i, { completion: '', problemLabel: `p/${i}` }));
    await page.locator('.summary', { hasText: '310 traces' }).waitFor();
    await page.waitForTimeout(100);
    assert.ok(Math.abs((await row.boundingBox())!.y - before) < 1);
    assert.equal(
      await page
        .locator('[role=row][aria-selected=true]')
        .innerText()
        .then((text) => text.includes('p/299')),
      true,
    );
  });

  it('says that the backend is gone, keeps what is shown, and reads again when it is back', async () => {
    const host = new FakeHost({ traces: some() }, view);
    const page = await open(host);
    await page.locator('.pill').first().waitFor();
    await host.notify('host/backend', { state: 'disconnected', name: 'this machine', local: true, message: null });
    await page.locator('.banner', { hasText: 'No backend' }).waitFor();
    assert.ok(await page.getByText('let me check this').first().isVisible());
    const isAsked = (wanted: string) =>
      until(
        () => isDeepStrictEqual(host.calls.at(-1), { method: 'host/command', params: { command: wanted } }),
        wanted,
      );
    await page.getByText('Start backend').click();
    await isAsked('longhand.startBackend');
    await host.notify('host/backend', { state: 'disconnected', name: 'gpu-box', local: false, message: null });
    await page.locator('.banner', { hasText: 'gpu-box is gone' }).waitFor();
    await page.getByText('Connect…').click();
    await isAsked('longhand.connectBackend');
    const before = host.count('traces/get');
    await host.notify('host/backend', { state: 'connected', name: 'this machine', local: true, message: null });
    await page.locator('.banner').waitFor({ state: 'detached' });
    await until(() => host.count('traces/get') > before, 'the trace is read again');
  });

  it('shows what failed, why, and one button that tries again', async () => {
    const host = new FakeHost({ traces: some() }, view);
    host.failing.set('traces/page', new LonghandError('timeout', 'No answer within 30 s.'));
    const page = await open(host);
    const alert = page.getByRole('alert');
    await alert.waitFor();
    assert.match(await alert.innerText(), /The list cannot be shown[\s\S]*No answer within 30 s\./);
    host.failing.clear();
    await page.getByText('Try again').click();
    await page.locator('.grid-row', { hasText: 'aime/1' }).waitFor();
  });

  it('says so when there is nothing yet', async () => {
    const page = await open(new FakeHost({ traces: [] }, view));
    await page.getByRole('heading', { name: 'No traces yet' }).waitFor();
    assert.deepEqual(await axe(page), []);
  });

  it('shows a place that the host asks for', async () => {
    const traces = some();
    const host = new FakeHost({ traces }, view);
    const page = await open(host);
    await page.locator('.pill').first().waitFor();
    const text = traces[2]!.completion;
    const start = text.indexOf('losing positions', 40_000);
    await host.notify('host/view', {
      view: { ...view, trace: traces[2]!.detail.trace, at: { in: 'completion', start, end: start + 16 } },
    });
    await page.waitForFunction(() => [...(CSS.highlights.get('lh-target') ?? [])].length > 0);
    const there = await page.evaluate(() => {
      const place = [...CSS.highlights.get('lh-target')!][0]!;
      const range = document.createRange();
      range.setStart(place.startContainer, place.startOffset);
      range.setEnd(place.endContainer, place.endOffset);
      const rect = range.getBoundingClientRect();
      const box = document.querySelector('.scroller')!.getBoundingClientRect();
      return { text: range.toString(), seen: rect.top > box.top && rect.bottom < box.bottom };
    });
    assert.deepEqual(there, { text: 'losing positions', seen: true });
  });
});
