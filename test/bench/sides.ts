/**
 * Two traces of 100,000 tokens side by side: the alignment by itself, in Node, as the page's worker does it; and the page in Chromium
 * from its start to both texts and to the aligned steps, with what it blocks, and how long frames take while one text scrolls the other.
 */
import { align } from '../../core/traces/align.ts';
import { FakeHost, fakeTrace } from '../webview/fake-host.ts';
import { longCompletion } from '../webview/made-trace.ts';
import { closeBrowser, openPage } from '../webview/page.ts';
import { longest, watchTasks, type PageTask } from '../webview/page-tasks.ts';
import { sharedData } from '../shared-data.ts';
import { readReasoningFlow } from '../webview/reasoning-flow.ts';
import type { Figure } from './run.ts';

const RUNS = 9;
const LENGTH = 330_000;

/** A made trace and another that has other steps here and there; and as long a pair of real ones, where they are there. */
function pairs(): { name: string; texts: readonly [string, string] }[] {
  const first = longCompletion(LENGTH, 1_100);
  const second = first
    .split('\n\n')
    .map((line, i) => (i % 7 === 0 ? `Something else is said here, number ${i}.` : line))
    .filter((_, i) => i % 11 !== 3)
    .join('\n\n');
  const found = [{ name: 'made', texts: [first, second] as const }];
  const files = ['DeepSeek-R1', 'QwQ-32B'].map((model) => {
    const path = sharedData('traces', 'reasoningflow', `${model}_aime2024_responses.jsonl`);
    return path && readReasoningFlow(path, model);
  });
  const [a, b] = files.map(
    (all) =>
      all &&
      all
        .map(({ completion }) => completion)
        .join('\n\n')
        .slice(0, LENGTH),
  );
  if (a && b) found.push({ name: 'real', texts: [a, b] });
  return found;
}

export async function bench(): Promise<Figure[]> {
  const figures: Figure[] = [];
  for (const { name, texts } of pairs()) {
    figures.push(...aligning(name, texts));
    figures.push(...(await opening(name, texts)));
  }
  await closeBrowser();
  return figures;
}

function aligning(name: string, [left, right]: readonly [string, string]): Figure[] {
  const times: number[] = [];
  let worst = 0;
  for (let i = 0; i < RUNS; i += 1) {
    const start = performance.now();
    const work = align(left, right);
    for (;;) {
      const before = performance.now();
      const { done } = work.next();
      // The first run is not compiled yet.
      if (i > 0) worst = Math.max(worst, performance.now() - before);
      if (done) break;
    }
    times.push(performance.now() - start);
  }
  return [
    { name: `align two ${name} traces of 100k tokens`, value: quantile(times, 0.5), unit: 'ms', target: '<=300' },
    { name: `align two ${name} traces: longest slice`, value: round(worst), unit: 'ms', target: '<=50' },
  ];
}

async function opening(name: string, texts: readonly [string, string]): Promise<Figure[]> {
  const traces = texts.map((completion, sample) =>
    fakeTrace(sample, { completion, sample, problem: 'p', group: 'g', tokens: 100_000, tokensExact: true, gold: '42' }),
  );
  const [left, right] = traces.map(({ detail }) => detail.trace);
  const host = new FakeHost({ traces }, { page: 'sides', title: 'bench', left: left!, right: right! });
  const { page, close } = await openPage(host, { bundle: 'sides' });
  // From here on the host knows the spans of both: what it takes to find them is the service's.
  await page.locator('.step-mark').first().waitFor();
  const shown: number[] = [];
  const ready: number[] = [];
  const [opened, scrolled] = [[] as PageTask[], [] as PageTask[]];
  const [steps, jumps] = [[] as number[], [] as number[]];
  for (let i = 0; i < RUNS; i += 1) {
    const stop = await watchTasks(page);
    await page.reload({ waitUntil: 'commit' });
    const times = await page.evaluate(
      () =>
        new Promise<{ shown: number; ready: number }>((done) => {
          let at = 0;
          const look = () => {
            const both = [...document.querySelectorAll('.scroller')].filter((one) => one.querySelector('.block .body'));
            if (at === 0 && both.length === 2) at = performance.now();
            if (!document.querySelector('.parting') || !document.querySelector('.step-mark')) {
              requestAnimationFrame(look);
              return;
            }
            // The test's driver sends the files slowly.
            const files = performance.getEntriesByType('resource') as PerformanceResourceTiming[];
            const begin = files.find(({ name: file }) => file.endsWith('.js'))!.responseEnd;
            setTimeout(() => done({ shown: at - begin, ready: performance.now() - begin }));
          };
          look();
        }),
    );
    shown.push(times.shown);
    ready.push(times.ready);
    await page.waitForTimeout(500);
    opened.push(...(await stop()));
    const stopScrolling = await watchTasks(page);
    for (const [by, found] of [
      [120, steps],
      [20_000, jumps],
    ] as const)
      found.push(
        ...(await page.evaluate(async (distance) => {
          const scroller = document.querySelector<HTMLElement>('.of-left .scroller')!;
          scroller.dispatchEvent(new WheelEvent('wheel', { bubbles: true }));
          const took: number[] = [];
          for (let k = 0; k < 30; k += 1) {
            await new Promise((next) => requestAnimationFrame(next));
            // From the scroll to the end of the next frame's work: both texts stand where they belong.
            const start = performance.now();
            scroller.scrollTop += distance;
            await new Promise((next) => requestAnimationFrame(() => setTimeout(next)));
            took.push(performance.now() - start);
          }
          return took;
        }, by)),
      );
    scrolled.push(...(await stopScrolling()));
  }
  await close();
  return [
    { name: `${name}: files there to both texts`, value: quantile(shown, 0.5), unit: 'ms', target: '<=300' },
    { name: `${name}: files there to aligned steps`, value: quantile(ready, 0.5), unit: 'ms', target: null },
    ...taskFigures(`${name}, opened ${RUNS} times`, opened),
    { name: `${name}: scrolled together, median frame`, value: quantile(steps, 0.5), unit: 'ms', target: '<=50' },
    { name: `${name}: scrolled together, p95 frame`, value: quantile(steps, 0.95), unit: 'ms', target: '<=50' },
    { name: `${name}: to a far place together, p50`, value: quantile(jumps, 0.5), unit: 'ms', target: '<=50' },
    ...taskFigures(`${name}, scrolled ${RUNS} times`, scrolled),
  ];
}

/** Tasks by the time that the page's thread ran: by the clock they are as long as other programs make them, and have no target. */
function taskFigures(name: string, tasks: readonly PageTask[]): Figure[] {
  const { cpu, wall } = longest(tasks);
  const over = tasks.filter((task) => task.cpu > 50).length;
  const busy = tasks.reduce((sum, task) => sum + task.cpu, 0) / RUNS;
  return [
    { name: `${name}: tasks over 50 ms of its thread`, value: over, unit: 'tasks', target: '<=0' },
    { name: `${name}: longest task of its thread`, value: round(cpu), unit: 'ms', target: '<=50' },
    { name: `${name}: its thread at work, each time`, value: Math.round(busy), unit: 'ms', target: null },
    { name: `${name}: longest task by the clock`, value: round(wall), unit: 'ms', target: null },
  ];
}

const round = (value: number): number => Math.round(value * 10) / 10;

function quantile(values: readonly number[], share: number): number {
  const sorted = [...values].sort((a, b) => a - b);
  return round(sorted[Math.min(sorted.length - 1, Math.floor(share * sorted.length))]!);
}
