import assert from 'node:assert/strict';
import { describe, it } from 'mocha';
import type { Page } from 'playwright-core';
import { LonghandError } from '../../core/protocol/errors.ts';
import type { View } from '../../core/protocol/webview.ts';
import { needSharedData } from '../shared-data.ts';
import { FakeHost, fakeTrace } from './fake-host.ts';
import { readReasoningFlow } from './reasoning-flow.ts';
import { longCompletion } from './made-trace.ts';
import { copied, shot } from './page.ts';
import { longest, watchTasks, type PageTask } from './page-tasks.ts';
import { suitePages } from './suite.ts';

/**
 * Longest that the page's main thread may run without a break, in milliseconds of its processor time: other programs do not count. 50 is
 * the target on a machine that has nothing else to do; shared caches and threads of a core make the same work half as long again.
 */
const HALT = 75;

function show({ wall, cpu }: PageTask, elements: number): void {
  if (process.env.LONGHAND_SHOW_TASKS)
    console.log(`      longest task ${Math.round(cpu)} ms, by the clock ${Math.round(wall)} ms; ${elements} elements`);
}

const view: View = { page: 'inspector', title: 'two-stage', filter: { run: 'run-00000000' } };

describe('inspector, with texts that are hard', () => {
  const { open } = suitePages();

  /** Opens a text, goes to many places of it, and says what that did: what ran, the longest task, the most elements. */
  async function goThrough(completion: string): Promise<{ page: Page; ran: string[]; tasks: PageTask; most: number }> {
    const first = fakeTrace(0, { completion: 'A short one.' });
    const host = new FakeHost({ traces: [first, fakeTrace(1, { completion })] }, view);
    // Detecting in a text of 20 MB would keep this host, which is one thread, from answering.
    if (completion.length > 2_000_000)
      for (const method of ['traces/annotations', 'traces/figures'])
        host.failing.set(method, new LonghandError('internal', 'not in this test'));
    const page = await open(host);
    await page.getByText('A short one.').waitFor();
    await page.waitForTimeout(500);
    await page.evaluate(() => {
      const ran: string[] = [];
      (window as unknown as { ran: string[] }).ran = ran;
      for (const name of ['alert', 'open', 'fetch'] as const)
        (window as unknown as Record<string, unknown>)[name] = () => ran.push(name);
    });
    const stop = await watchTasks(page);
    await page.keyboard.press('j');
    await page.getByText('A short one.').waitFor({ state: 'detached', timeout: 60_000 });
    await page.locator('.pane-foot', { hasText: /%|character/ }).waitFor({ timeout: 60_000 });
    await page.waitForFunction(() => !document.querySelector('.pane-foot')?.textContent?.includes('reading'), null, {
      timeout: 150_000,
    });
    let most = 0;
    for (const share of [0, 0.31, 0.5, 0.77, 1]) {
      await page.locator('.scroller').evaluate((one, to) => (one.scrollTop = to * one.scrollHeight), share);
      await page.waitForTimeout(250);
      most = Math.max(most, await page.evaluate(() => document.querySelectorAll('*').length));
    }
    assert.equal(await page.title(), 'Longhand');
    assert.equal(await page.locator('.scroller :is(img, script, a, iframe, style, link)').count(), 0);
    const tasks = longest(await stop());
    const ran = await page.evaluate(() => (window as unknown as { ran: string[] }).ran);
    return { page, ran, tasks, most };
  }

  const bombs: Record<string, string> = {
    'HTML and links':
      '<img src=x onerror="document.title=1"><script>document.title=2</script> [a](command:x) [b](javascript:alert(1))\n\n'.repeat(
        300,
      ) + '<style>*{display:none}</style> $\\href{javascript:alert(1)}{x}$ $\\url{command:x}$ \\(\\htmlId{a}{b}\\)',
    'formulas that never end':
      '$\\def\\a{\\a\\a}\\a$ and $\\frac{1$ and $\\rule{1e9em}{1e9em}$ then \\[a \\\\[-99999em] b\\]\n\n'.repeat(400),
    'deep formulas': [200, 900, 4000]
      .map(
        (n) => `$${'{'.repeat(n)}x${'}'.repeat(n)}$\n\n$$${'\\frac{1}{1+'.repeat(n / 20)}x${'}'.repeat(n / 20)}$$\n\n`,
      )
      .join('')
      .repeat(5),
    'formulas far from their place':
      'Text. $\\hspace{-9999em}a$ $\\kern-1e5em b$ $\\raisebox{-900em}{c}$ $\\mathllap{\\rule{19em}{19em}}$\n\n'.repeat(
        200,
      ),
    'a hundred thousand dollars': '$'.repeat(100_000),
    'dollars and words': `$${'word'.repeat(400)}`.repeat(300),
    'thousands of formulas on a line': '$x_1$ '.repeat(20_000),
    'signs that are not seen':
      '\0\x1b[31mred\x1b[0m \u202eevil\u202c \u200b\u2060\ufeff \ud800 \udc00 \x07\x08\x7f \u2066a\u2069 '.repeat(
        4_000,
      ),
    'combining floods': `${'Z\u0351\u036f\u0306'.repeat(50)}${`e${'\u0301'.repeat(400)}`.repeat(300)}\n\n${'👩‍👩‍👧‍👦'.repeat(4_000)}`,
    'seven accents on each letter': `e${'\u0301'.repeat(7)}`.repeat(12_000),
    'an answer as long as its text': '\u202e$x$\u202c \u2067שלום\u2069 '.repeat(6_000),
    'one line of words': 'long '.repeat(200_000),
    'one word': 'x'.repeat(1_000_000),
    'a fence that never ends': `\`\`\`\n${'let x = 1; // $a$\n'.repeat(60_000)}`,
    'stars, bars and lists': `${'*'.repeat(9_000)}\n\n${'**a *b __c '.repeat(4_000)}\n\n${'|'.repeat(8_000)}\n|-|-|\n\n${'- '.repeat(9_000)}\n\n${'> '.repeat(9_000)}`,
    'empty lines': '\n \n'.repeat(100_000),
    'digits without end': `3.${'1415926535'.repeat(100_000)}`,
    bars: `${'|'.repeat(100_000)}\n|-|\n${`${'| '.repeat(900)}\n`.repeat(200)}`,
    'lines of other kinds': 'one\u2028two\u2029three\u0085four\rfive\n'.repeat(20_000),
    'displayed formulas in a chain': '$$x_1$$'.repeat(30_000),
    dots: `${'.'.repeat(300_000)}\n${'\u2026'.repeat(300_000)}\n${'. '.repeat(100_000)}`,
    'one check without end': 'Wait, let me check this again. '.repeat(12_000),
    'one word that is a cue': 'Wait. '.repeat(40_000),
    'lines of one cue': 'Hmm.\n\n'.repeat(10_000),
    'Hebrew with formulas': 'אם $x_1$ גדול מ־$\\frac{1}{2}$ אז שָׁלוֹם. '.repeat(4_000),
    'tables of formulas': `| a | b |\n|---|:-:|\n${'| $\\frac{x}{y_1}$ | $\\sum_{k=0}^{n} k$ |\n'.repeat(4_000)}`,
  };
  for (const [name, text] of Object.entries(bombs)) {
    it(`shows as text, whole and without a halt: ${name}`, async function () {
      this.timeout(120_000);
      // A halt of the text's own comes back.
      this.retries(2);
      const { page, ran, tasks, most } = await goThrough(text);
      assert.deepEqual(ran, []);
      show(tasks, most);
      assert.ok(tasks.cpu <= HALT, `a task of ${tasks.cpu} ms`);
      assert.ok(most <= 4_000, `${most} elements`);
      await page.locator('.scroller').focus();
      await page.keyboard.press('Control+a');
      assert.ok((await copied(page)) === text, 'what is copied is the text');
      // Nothing is drawn outside the box of its block.
      const out = await page.evaluate(() =>
        [...document.querySelectorAll('.scroller .block')].every((one) => getComputedStyle(one).contain === 'content'),
      );
      assert.ok(out);
    });
  }

  /** Units of a kind that is hard, with nothing around. */
  const hard = [
    '$x_1$ ',
    `e${'\u0301'.repeat(7)}`,
    '👩\u200d',
    '$',
    '|',
    '1415926535',
    'one\u2028two\rthree\n',
    '$$x_1$$',
    'אם $x_1$ שָׁלוֹם. ',
    '| $\\frac{x}{y_1}$ | 1 |\n',
    '\u202e$x$\u202c ',
    '** *b __c ',
    '- ',
    '```\nlet x\n',
    '\n \n',
    'Wait, let me check. ',
  ];

  it('draws a span as one element of its block, with one line, whatever lies within it', async () => {
    const page = await open(
      new FakeHost({ traces: [fakeTrace(0, { completion: 'Wait. Is it so? '.repeat(60) })] }, view),
    );
    await page.locator('.span.label-uncertainty').first().waitFor();
    const blocks = await page.locator('.block').evaluateAll((all) =>
      all
        .map((block) => {
          const outer = [...block.querySelectorAll('.span.label-loop')];
          return { outer: outer.length, within: outer.flatMap((one) => [...one.querySelectorAll('.span')]).length };
        })
        .filter(({ outer }) => outer > 0),
    );
    assert.ok(blocks.length > 0);
    for (const { outer, within } of blocks) assert.ok(outer === 1 && within > 20, `${outer} around ${within}`);
  });

  it('goes along with what is hard while it is written, without a halt', async function () {
    this.timeout(120_000);
    // A halt of the text's own comes back.
    this.retries(2);
    let whole = 'A short one.\n\n';
    const host = new FakeHost({ traces: [fakeTrace(0, { completion: whole, live: true })] }, view);
    const page = await open(host);
    await page.getByText('A short one.').waitFor();
    await page.waitForTimeout(500);
    const stop = await watchTasks(page);
    for (const one of hard) {
      const more = one.repeat(60_000 / one.length);
      whole += more;
      await host.grow(0, more);
      await page.waitForTimeout(300);
      // The end is in view.
      await page.waitForFunction(() => {
        const { scrollTop, clientHeight, scrollHeight } = document.querySelector('.scroller')!;
        return scrollTop + clientHeight > scrollHeight - 2;
      });
    }
    const tasks = longest(await stop());
    show(tasks, await page.evaluate(() => document.querySelectorAll('*').length));
    assert.ok(tasks.cpu <= HALT, `a task of ${tasks.cpu} ms`);
    await page.locator('.scroller').focus();
    await page.keyboard.press('Control+a');
    assert.ok((await copied(page)) === whole, 'what is copied is the text');
  });

  it('copies what is selected, from any place to any other', async () => {
    const place = (n: number) => `<${n}>`;
    const whole = Array.from({ length: 3_000 }, (_, n) => hard[n % hard.length]!.repeat(3) + place(n)).join(' ');
    const page = await open(new FakeHost({ traces: [fakeTrace(0, { completion: whole })] }, view));
    await page.locator('.pane-foot', { hasText: 'of ~' }).waitFor();
    /** Puts an end of the selection at the first place that is in view at a share of the text. Returns its number. */
    const put = async (share: number, isFirst: boolean) => {
      await page.locator('.scroller').evaluate((one, to) => (one.scrollTop = to * one.scrollHeight), share);
      await page.waitForTimeout(200);
      return page.evaluate((first) => {
        const { top } = document.querySelector('.scroller')!.getBoundingClientRect();
        const walker = document.createTreeWalker(document.querySelector('.text-content')!, NodeFilter.SHOW_TEXT);
        for (let node = walker.nextNode(); node; node = walker.nextNode()) {
          const found = /<(\d+)>/.exec(node.textContent!);
          if (!found || node.parentElement!.getBoundingClientRect().bottom < top) continue;
          if (first) getSelection()!.collapse(node, found.index);
          else getSelection()!.extend(node, found.index);
          return Number(found[1]);
        }
        throw new Error('There is no place in view.');
      }, isFirst);
    };
    for (const [from, to] of [
      [0.1, 0.9],
      [0.83, 0.21],
      [0.5, 0.51],
      [0.02, 0.04],
      [0.97, 0.6],
      [0, 1],
    ] as const) {
      // The block in which a selection begins stays: where it is no more than a place, it is none.
      const start = await put(from, true);
      await page.evaluate(() => getSelection()!.modify('extend', 'forward', 'character'));
      await page.waitForTimeout(50);
      const end = await put(to, false);
      const [first, last] = start < end ? [start, end] : [end, start];
      assert.equal(await copied(page), whole.slice(whole.indexOf(place(first)), whole.indexOf(place(last))));
    }
  });

  it('sets drawings within formulas as the policy of the page allows', async () => {
    const completion = 'Of $\\vec{x}$, the integral $\\oiint x$.';
    const page = await open(new FakeHost({ traces: [fakeTrace(0, { completion })] }, view));
    await page.locator('.math svg').nth(1).waitFor({ state: 'attached' });
    const widths = await page
      .locator('.math svg')
      .evaluateAll((all) => all.map((one) => (one as SVGElement).style.width));
    assert.deepEqual(widths, ['0.471em', '0.957em']);
  });

  it('says why a formula is text, and shows what cannot be seen', async () => {
    const hostile = '$\\href{javascript:alert(1)}{x}$ and $\\frac{1$ and $x^{$ and $\\foo$\n\n\0 \u202e \u200b';
    const page = await open(new FakeHost({ traces: [fakeTrace(0, { completion: hostile })] }, view));
    await page.locator('.formula-text.unreadable').nth(1).waitFor();
    const reason = await page.locator('.formula-text.unreadable').last().getAttribute('title');
    assert.match(reason ?? '', /^Shown as text: /);
    await page.locator('.body', { hasText: '␀ ⇄ ␣' }).waitFor();
  });

  it('reaches every line of a text of 20 MB', async function () {
    this.timeout(180_000);
    // A halt of the text's own comes back.
    this.retries(2);
    const lines: string[] = [];
    for (let i = 0, length = 0; length < 20_000_000; i += 1) {
      lines.push(`row ${i}.`);
      length += lines.at(-1)!.length + 1;
    }
    const text = lines.join('\n\n');
    const { page, tasks, most } = await goThrough(text);
    show(tasks, most);
    assert.ok(tasks.cpu <= HALT, `a task of ${tasks.cpu} ms`);
    const last = lines.at(-1)!;
    await page.locator('.scroller').getByText(last, { exact: true }).waitFor();
    for (const wanted of [1, Math.floor(lines.length / 2), lines.length - 3]) {
      await page.locator('.scroller').focus();
      await page.keyboard.press('Control+f');
      await page.locator('.find-field').fill(lines[wanted]!);
      await page.locator('.find-count', { hasText: '1 of 1' }).waitFor({ timeout: 20_000 });
      await page.locator('.scroller').getByText(lines[wanted]!, { exact: true }).waitFor();
      await page.keyboard.press('Escape');
    }
    // The wheel goes on from there, line by line.
    const before = await page.locator('.scroller .block').first().innerText();
    await page.mouse.move(700, 400);
    await page.mouse.wheel(0, -120);
    await page.waitForTimeout(300);
    assert.notEqual(await page.locator('.scroller .block').first().innerText(), before);
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
