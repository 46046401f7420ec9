/**
 * The inspector in Chromium: from the key that opens a trace to its text on the screen, in the page's own clock, with the host
 * in another process as it is in VS Code.
 */
import { readFileSync, statSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { gzipSync } from 'node:zlib';
import type { Page } from 'playwright-core';
import { sharedData } from '../shared-data.ts';
import { FakeHost, fakeTrace, type FakeTrace } from '../webview/fake-host.ts';
import { readReasoningFlow } from '../webview/reasoning-flow.ts';
import { longCompletion } from '../webview/made-trace.ts';
import { closeBrowser, openPage } from '../webview/page.ts';
import { watchTasks, type PageTask } from '../webview/page-tasks.ts';
import { findAll } from '../../core/traces/find.ts';
import type { Figure } from './run.ts';

const dist = process.env.LONGHAND_WEBVIEW ?? resolve(import.meta.dirname, '..', '..', 'dist', 'webview');
const RUNS = 9;
const INSPECT_PEER = 'Inspect View, a like machine: 64k tokens with formulas 3.9 s to text, one task of 3.6 s';

export async function bench(): Promise<Figure[]> {
  const figures: Figure[] = [];
  const real = realTrace();
  if (real) figures.push(...(await opening('open a real trace of 30,000 characters', real)));
  const made = fakeTrace(1, { completion: longCompletion(330_000, 1_100), gold: '42' });
  figures.push(...(await opening('open 100k tokens with 1,100 formulas', made, INSPECT_PEER)));
  figures.push(...(await painting()));
  figures.push(...(await reading()));
  figures.push(...(await growing()));
  figures.push(...(await streaming()));
  figures.push(...sizes());
  await closeBrowser();
  return figures;
}

/** The real completion whose length is nearest to 30,000 characters; null where the shared data is not there. */
function realTrace(): FakeTrace | null {
  const path = sharedData('traces', 'reasoningflow', 'DeepSeek-R1_aime2024_responses.jsonl');
  if (!path) return null;
  const away = ({ completion }: FakeTrace) => Math.abs(completion.length - 30_000);
  return readReasoningFlow(path, 'DeepSeek-R1').sort((a, b) => away(a) - away(b))[0] ?? null;
}

async function opening(name: string, trace: FakeTrace, peer: string | null = null): Promise<Figure[]> {
  const times: number[] = [];
  const scrolls: number[] = [];
  const tasks: PageTask[] = [];
  let elements = 0;
  for (let i = 0; i < RUNS; i += 1) {
    // A page of its own each time, so that no formula is in the cache.
    const first = fakeTrace(0, { completion: 'A short one.', run: trace.detail.run, stage: trace.detail.stage });
    const host = new FakeHost({ traces: [first, trace] }, { page: 'inspector', title: 'bench', filter: {} });
    const { page, close } = await openPage(host);
    await page.getByText('A short one.').waitFor();
    await page.waitForTimeout(300);
    const stop = await watchTasks(page);
    times.push(
      await page.evaluate(
        (target) =>
          new Promise<number>((done) => {
            const start = performance.now();
            const look = () => {
              // The text is on the screen in the frame after the one that has it.
              if (document.querySelectorAll('.scroller .block .body').length > 3)
                setTimeout(() => done(performance.now() - start));
              else requestAnimationFrame(look);
            };
            document.dispatchEvent(new KeyboardEvent('keydown', { key: target, bubbles: true }));
            requestAnimationFrame(look);
          }),
        'j',
      ),
    );
    await page.waitForTimeout(600);
    elements = Math.max(elements, await page.evaluate(() => document.querySelectorAll('*').length));
    scrolls.push(
      await page.evaluate(
        () =>
          new Promise<number>((done) => {
            const scroller = document.querySelector('.scroller')!;
            const start = performance.now();
            scroller.scrollTop = scroller.scrollHeight * 0.63;
            requestAnimationFrame(() => setTimeout(() => done(performance.now() - start)));
          }),
      ),
    );
    await page.waitForTimeout(300);
    elements = Math.max(elements, await page.evaluate(() => document.querySelectorAll('*').length));
    tasks.push(...(await stop()));
    await close();
  }
  return [
    { name: `${name}: text on screen`, value: quantile(times, 0.5), unit: 'ms', target: '<=150', peer },
    ...taskFigures(`${name}, ${RUNS} times`, tasks),
    { name: `${name}: scroll to a far place`, value: quantile(scrolls, 0.5), unit: 'ms', target: '<=50' },
    { name: `${name}: elements at most`, value: elements, unit: 'elements', target: '<=1500' },
  ];
}

/** From the arrival of the page's script, which the test's driver sends slowly, to the first paint with content. */
async function painting(): Promise<Figure[]> {
  const host = new FakeHost(
    { traces: [fakeTrace(0, { completion: 'A short one.' })] },
    { page: 'inspector', title: 'bench', filter: {} },
  );
  const { page, close } = await openPage(host);
  const paints: number[] = [];
  for (let i = 0; i < RUNS; i += 1) {
    await page.reload();
    await page.waitForFunction(() => performance.getEntriesByName('first-contentful-paint').length > 0);
    paints.push(
      await page.evaluate(() => {
        const files = performance.getEntriesByType('resource') as PerformanceResourceTiming[];
        const script = files.find(({ name }) => name.endsWith('.js'))!;
        return performance.getEntriesByName('first-contentful-paint')[0]!.startTime - script.responseEnd;
      }),
    );
  }
  await close();
  return [{ name: 'first paint, once the files are there', value: quantile(paints, 0.5), unit: 'ms', target: '<=200' }];
}

/** Tasks by the time that the page's thread ran: by the clock they are as long as other programs make them, and have no target. */
function taskFigures(name: string, tasks: readonly PageTask[]): Figure[] {
  const cpu = tasks.map((task) => task.cpu);
  const wall = tasks.map((task) => task.wall);
  const over = cpu.filter((one) => one > 50).length;
  return [
    { name: `${name}: tasks over 50 ms of its thread`, value: over, unit: 'tasks', target: '<=0' },
    { name: `${name}: longest task of its thread`, value: quantile([0, ...cpu], 1), unit: 'ms', target: '<=50' },
    { name: `${name}: longest task by the clock`, value: quantile([0, ...wall], 1), unit: 'ms', target: null },
  ];
}

/** Milliseconds from `act` in the page to the frame after the one in which it was done. */
async function timed(page: Page, act: string): Promise<number> {
  return page.evaluate(
    (source) =>
      new Promise<number>((done) => {
        const key = (name: string) =>
          document.dispatchEvent(new KeyboardEvent('keydown', { key: name, bubbles: true, cancelable: true }));
        const scroller = document.querySelector('.scroller')!;
        const start = performance.now();
        const finish = () => requestAnimationFrame(() => setTimeout(() => done(performance.now() - start)));
        const [what, to] = source.split(' ');
        if (what === 'scroll') scroller.scrollTop = scroller.scrollHeight * Number(to);
        else key(to!);
        finish();
      }),
    act,
  );
}

/** The longest time between two frames in the half second after what was done, in milliseconds. */
async function worstFrame(page: Page): Promise<number> {
  return page.evaluate(
    () =>
      new Promise<number>((done) => {
        const begin = performance.now();
        let last = begin;
        let worst = 0;
        const look = () => {
          const now = performance.now();
          worst = Math.max(worst, now - last);
          last = now;
          if (now - begin < 500) requestAnimationFrame(look);
          else done(worst);
        };
        requestAnimationFrame(look);
      }),
  );
}

/** What a reader does in long traces: to the next, to a random place, another width, labels on and off, find. */
async function reading(): Promise<Figure[]> {
  const traces = [340_000, 330_000, 320_000, 310_000, 300_000, 290_000].map((size, n) =>
    fakeTrace(n, { completion: longCompletion(size, Math.round(size / 300)), gold: '42' }),
  );
  const host = new FakeHost({ traces }, { page: 'inspector', title: 'bench', filter: {} });
  const { page, close } = await openPage(host);
  await page.locator('.scroller .letter').first().waitFor();
  await page.waitForTimeout(800);
  const stop = await watchTasks(page);
  const next: number[] = [];
  for (let i = 1; i < traces.length; i += 1) {
    next.push(
      await page.evaluate(
        (label) =>
          new Promise<number>((done) => {
            const start = performance.now();
            const look = () => {
              const isThere =
                document.querySelector('.crumbs')?.textContent?.includes(label) &&
                document.querySelectorAll('.scroller .block .body').length > 3;
              if (isThere) setTimeout(() => done(performance.now() - start));
              else requestAnimationFrame(look);
            };
            document.dispatchEvent(new KeyboardEvent('keydown', { key: 'j', bubbles: true }));
            requestAnimationFrame(look);
          }),
        `problem ${i}`,
      ),
    );
    await page.waitForTimeout(700);
  }
  const scrolls: number[] = [];
  const frames: number[] = [];
  let elements = 0;
  for (let i = 0; i < 20; i += 1) {
    const worst = worstFrame(page);
    scrolls.push(await timed(page, `scroll ${(i * 0.618) % 1}`));
    frames.push(await worst);
    elements = Math.max(elements, await page.evaluate(() => document.querySelectorAll('*').length));
  }
  const resizes: number[] = [];
  for (const width of [1100, 1500, 1250, 1420, 1000]) {
    await page.evaluate(() => {
      (window as unknown as { resized: Promise<number> }).resized = new Promise((done) =>
        addEventListener(
          'resize',
          () => {
            const start = performance.now();
            requestAnimationFrame(() => requestAnimationFrame(() => setTimeout(() => done(performance.now() - start))));
          },
          { once: true },
        ),
      );
    });
    await page.setViewportSize({ width, height: 900 });
    resizes.push(await page.evaluate(() => (window as unknown as { resized: Promise<number> }).resized));
    await page.waitForTimeout(250);
  }
  const toggles: number[] = [];
  for (let i = 0; i < 6; i += 1) {
    toggles.push(await timed(page, 'key h'));
    await page.waitForTimeout(200);
  }
  const { times, wrong } = await finding(page, traces.at(-1)!.completion);
  const tasks = await stop();
  await close();
  return [
    { name: 'next trace of 100k tokens: text on screen', value: quantile(next, 0.5), unit: 'ms', target: '<=100' },
    { name: 'scroll to 20 places: p50', value: quantile(scrolls, 0.5), unit: 'ms', target: '<=50' },
    { name: 'scroll to 20 places: worst frame by the clock', value: quantile(frames, 1), unit: 'ms', target: null },
    { name: 'scroll to 20 places: elements at most', value: elements, unit: 'elements', target: '<=1500' },
    { name: 'resize: to the second frame after', value: quantile(resizes, 0.5), unit: 'ms', target: '<=100' },
    { name: 'labels on and off', value: quantile(toggles, 0.5), unit: 'ms', target: '<=50' },
    { name: 'find: count and first hit', value: quantile(times, 0.5), unit: 'ms', target: '<=50' },
    { name: 'find: hits that indexOf does not confirm', value: wrong, unit: 'hits', target: '<=0' },
    ...taskFigures('reading', tasks),
  ];
}

/** Milliseconds from the last letter typed to the count, and how many hits differ from those of `indexOf`. */
async function finding(page: Page, text: string): Promise<{ times: number[]; wrong: number }> {
  const times: number[] = [];
  let wrong = 0;
  await page.keyboard.press('Control+f');
  for (const needle of ['let me check', 'position', 'a_{100}', 'e', 'The answer is']) {
    const wanted: number[] = [];
    const lower = text.toLowerCase();
    for (let at = lower.indexOf(needle.toLowerCase()); at >= 0;) {
      wanted.push(at);
      at = lower.indexOf(needle.toLowerCase(), at + needle.length);
    }
    const { hits } = findAll(text, needle);
    wrong += wanted.filter((at, i) => hits[i]?.start !== at).length + Math.abs(wanted.length - hits.length);
    const { took, total } = await page.evaluate(
      (value) =>
        new Promise<{ took: number; total: number }>((done) => {
          const field = document.querySelector<HTMLInputElement>('.find-field')!;
          const count = document.querySelector('.find-count')!;
          const before = count.textContent;
          field.value = value;
          const start = performance.now();
          field.dispatchEvent(new Event('input', { bubbles: true }));
          const look = () => {
            const found = / of ([\d,]+)$/.exec(count.textContent);
            if (!found || count.textContent === before) requestAnimationFrame(look);
            else
              setTimeout(() => done({ took: performance.now() - start, total: Number(found[1]!.replaceAll(',', '')) }));
          };
          requestAnimationFrame(look);
        }),
      needle,
    );
    times.push(took);
    wrong += Math.abs(total - wanted.length);
    await page.waitForTimeout(200);
  }
  return { times, wrong };
}

/** Sixteen traces that are written at 50 tokens a second each, one of them open and followed. */
async function streaming(): Promise<Figure[]> {
  const whole = longCompletion(330_000, 1_100);
  const begun = whole.slice(0, 100_000);
  const traces = Array.from({ length: 16 }, (_, n) =>
    fakeTrace(n, {
      completion: n === 0 ? begun : 'Let us see.\n\n',
      live: true,
      tokens: null,
      finish: null,
      group: 'g',
    }),
  );
  const host = new FakeHost({ traces }, { page: 'inspector', title: 'bench', filter: {} });
  const { page, close } = await openPage(host);
  await page.locator('.scroller .block .body').nth(3).waitFor();
  await page.keyboard.press('G');
  await page.waitForTimeout(1_000);
  const client = await page.context().newCDPSession(page);
  const heap = async () => {
    await client.send('HeapProfiler.collectGarbage');
    return (await client.send('Runtime.getHeapUsage')).usedSize / 1e6;
  };
  const before = await heap();
  const stop = await watchTasks(page);
  const EVERY = 200;
  const SECONDS = 20;
  // 50 tokens are some 165 characters.
  const size = Math.round((165 * EVERY) / 1000);
  const start = performance.now();
  for (let i = 0; i * EVERY < SECONDS * 1000; i += 1) {
    const at = begun.length + i * size;
    await Promise.all(traces.map((_, n) => host.grow(n, whole.slice(at, at + size))));
    await page.waitForTimeout(Math.max(0, start + (i + 1) * EVERY - performance.now()));
  }
  const tasks = await stop();
  await page.waitForTimeout(1_500);
  const shown = await page.evaluate(() => document.querySelector('.text-content')?.textContent?.length ?? 0);
  const after = await heap();
  await close();
  if (shown === 0) throw new Error('nothing of the growing trace is on the page');
  return [
    ...taskFigures('16 traces streaming for 20 s, one open', tasks),
    { name: '16 traces streaming: heap before', value: Math.round(before * 10) / 10, unit: 'MB', target: null },
    { name: '16 traces streaming: heap after', value: Math.round(after * 10) / 10, unit: 'MB', target: '<=80' },
  ];
}

/** From the host's event about new text to that text in the page, while it grows. */
async function growing(): Promise<Figure[]> {
  const trace = fakeTrace(0, { completion: 'Let us see.\n\n', live: true, tokens: null, finish: null });
  const host = new FakeHost({ traces: [trace] }, { page: 'inspector', title: 'bench', filter: {} });
  const { page, close } = await openPage(host);
  await page.getByText('Let us see.').waitFor();
  const waits: number[] = [];
  for (let i = 0; i < 40; i += 1) {
    const sign = `word${i}end`;
    const start = performance.now();
    const shown = page.waitForFunction(
      (text) => document.querySelector('.text-content')?.textContent?.includes(text),
      sign,
      { polling: 'raf' },
    );
    await host.grow(0, `So $x_{${i}} = ${i}$ and ${sign}.${i % 6 === 5 ? '\n\n' : ' '}`);
    await shown;
    waits.push(performance.now() - start);
  }
  await close();
  return [{ name: 'growing trace: event to page, p95', value: quantile(waits, 0.95), unit: 'ms', target: '<=300' }];
}

function sizes(): Figure[] {
  const bytes = ['inspector.js', 'inspector.css'].map((name) => join(dist, name));
  const plain = bytes.reduce((sum, file) => sum + statSync(file).size, 0) / 1000;
  const zipped = bytes.reduce((sum, file) => sum + gzipSync(readFileSync(file)).length, 0) / 1000;
  return [
    { name: 'inspector bundle', value: Math.round(plain), unit: 'KB', target: '<=1000' },
    { name: 'inspector bundle, gzip', value: Math.round(zipped), unit: 'KB', target: '<=300' },
  ];
}

function quantile(values: readonly number[], share: number): number {
  const sorted = [...values].sort((a, b) => a - b);
  return Math.round(sorted[Math.min(sorted.length - 1, Math.floor(share * sorted.length))]! * 10) / 10;
}
