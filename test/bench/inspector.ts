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
  figures.push(...(await growing()));
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

/** Starts to watch for tasks over 50 ms and frames; `stop` gives what was seen. */
async function watchTasks(page: Page): Promise<void> {
  await page.evaluate(() => {
    const seen: number[] = [];
    (window as unknown as { tasks: number[] }).tasks = seen;
    new PerformanceObserver((list) => seen.push(...list.getEntries().map(({ duration }) => duration))).observe({
      type: 'longtask',
    });
  });
}

async function opening(name: string, trace: FakeTrace, peer: string | null = null): Promise<Figure[]> {
  const times: number[] = [];
  const scrolls: number[] = [];
  let tasks = 0;
  let elements = 0;
  for (let i = 0; i < RUNS; i += 1) {
    // A page of its own each time, so that no formula is in the cache.
    const first = fakeTrace(0, { completion: 'A short one.', run: trace.detail.run, stage: trace.detail.stage });
    const host = new FakeHost({ traces: [first, trace] }, { page: 'inspector', title: 'bench', filter: {} });
    const { page, close } = await openPage(host);
    await page.getByText('A short one.').waitFor();
    await page.waitForTimeout(300);
    await watchTasks(page);
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
    tasks += await page.evaluate(() => (window as unknown as { tasks: number[] }).tasks.length);
    await close();
  }
  return [
    { name: `${name}: text on screen`, value: quantile(times, 0.5), unit: 'ms', target: '<=150', peer },
    { name: `${name}: tasks over 50 ms in ${RUNS} openings`, value: tasks, unit: 'tasks', target: '<=0' },
    { name: `${name}: scroll to a far place`, value: quantile(scrolls, 0.5), unit: 'ms', target: '<=50' },
    { name: `${name}: elements at most`, value: elements, unit: 'elements', target: '<=1500' },
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
