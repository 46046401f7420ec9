import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, it } from 'mocha';
import type { Page } from 'playwright-core';
import type { SavedFile } from '../../core/protocol/webview.ts';
import { withStore } from '../support/temporary.ts';
import { FakeHost, fakeTrace } from './fake-host.ts';
import { madeAttempts } from './made-attempts.ts';
import { fillRun, overviewHost } from './made-overview.ts';
import { reportData, STAGE } from './made-report.ts';
import { madeMetrics, madeRun, madeTable, RUN } from './made-run.ts';
import { longCompletion } from './made-trace.ts';
import { shot } from './page.ts';
import { suitePages } from './suite.ts';

const root = join(import.meta.dirname, '..', '..');
const view = { page: 'inspector', title: 'two-stage', filter: { run: 'run-00000000' } } as const;
const attempts = () =>
  Array.from({ length: 4 }, (_, sample) => {
    const completion = longCompletion(6000 + 3000 * sample, 20).replace('{42}', sample % 2 ? '{41}' : '{42}');
    return fakeTrace(sample, { completion, gold: '42', problem: 'p', problemLabel: 'aime24/63', sample, group: 'g' });
  });
const inspector = () => new FakeHost({ traces: attempts() }, view);

const force = (page: Page, colorScheme: 'light' | 'dark') => page.emulateMedia({ forcedColors: 'active', colorScheme });

/** Contrast of two colours `rgb(…)`, as WCAG counts it. */
function contrast(one: string, other: string): number {
  const light = (color: string) => {
    const [r, g, b] = color
      .match(/[\d.]+/g)!
      .slice(0, 3)
      .map((text) => {
        const part = Number(text) / 255;
        return part <= 0.04045 ? part / 12.92 : ((part + 0.055) / 1.055) ** 2.4;
      });
    return 0.2126 * r! + 0.7152 * g! + 0.0722 * b!;
  };
  const [a, b] = [light(one), light(other)].toSorted((x, y) => y - x);
  return (a! + 0.05) / (b! + 0.05);
}

/** A property of the first element, as it is computed. */
const styleOf = (page: Page, selector: string, property: string) =>
  page
    .locator(selector)
    .first()
    .evaluate((element, name) => getComputedStyle(element).getPropertyValue(name), property);

describe('what can be seen without colours of our own', () => {
  const { open, close } = suitePages({ width: 1280, height: 800 }, 20_000);

  for (const scheme of ['light', 'dark'] as const)
    it(`keeps marks, bars and what is chosen apart in colours that the system forces, ${scheme}`, async () => {
      const page = await open(inspector(), { theme: scheme === 'light' ? 'vscode-dark' : 'vscode-light' });
      await page.locator('.path-facts').waitFor();
      await force(page, scheme);
      const ground = await page.evaluate(() => getComputedStyle(document.body).backgroundColor);
      for (const mark of ['.scroller .span.label-subgoal', '.bar-fill.tone-right', '.bar-fill.tone-wrong']) {
        const property = mark.startsWith('.bar') ? 'background-color' : 'border-bottom-color';
        assert.ok(contrast(await styleOf(page, mark, property), ground) >= 3, `${mark} on ${ground}`);
      }
      // A wave is drawn by the ground of its span.
      assert.match(await styleOf(page, '.scroller .span.label-backtracking', 'background-image'), /radial-gradient/);
      const chosen = await styleOf(page, '[role=tab][aria-selected=true]', 'background-color');
      assert.notEqual(chosen, await styleOf(page, '[role=tab][aria-selected=false]', 'background-color'));
      for (const row of ['.grid-row[aria-selected=true]', '.group-row[aria-current=true]'])
        assert.equal(await styleOf(page, row, 'outline-style'), 'solid');
      // The letters over the ruler are drawn again, in the system's colour.
      await page.waitForFunction((dark) => {
        const canvas = document.querySelector<HTMLCanvasElement>('.ruler canvas')!;
        const { data } = canvas.getContext('2d')!.getImageData(canvas.width - 24, 0, 24, 14);
        const seen = [...data.keys()].filter((i) => i % 4 === 3 && data[i]! > 200).map((i) => data[i - 1]!);
        return seen.length > 0 && (dark ? Math.max(...seen) > 200 : Math.min(...seen) < 60);
      }, scheme === 'dark');
      await shot(page, `seen-forced-${scheme}`);
    });

  it('draws bars and flows of a report in forced colours', async () => {
    const page = await open(new FakeHost(reportData(60), { page: 'report', run: RUN, stage: STAGE }), { bundle: 'report' }); // prettier-ignore
    await page.locator('.dock .grid-row').nth(2).waitFor();
    await force(page, 'light');
    for (const bar of ['.funnel-left', '.bars-part'])
      assert.ok(contrast(await styleOf(page, bar, 'background-color'), 'rgb(255, 255, 255)') >= 3, bar);
    assert.match(await styleOf(page, '.funnel-lost', 'background-image'), /repeating-linear-gradient/);
    assert.ok(contrast(await styleOf(page, '.sankey text', 'fill'), 'rgb(255, 255, 255)') >= 4.5);
  });

  it('reads and marks by the ground that the system forces, not by that of the theme', async () => {
    const traces = () => new FakeHost({ traces: madeAttempts() }, { page: 'sides', title: '', left: 'run-00000000/grpo/1/0', right: 'run-00000000/grpo/1/1' }); // prettier-ignore
    const sides = await open(traces(), { bundle: 'sides', theme: 'vscode-dark' });
    await sides.locator('.of-right .step-mark.row-onlyRight').first().waitFor();
    await force(sides, 'light');
    const mark = await styleOf(sides, '.of-right .step-mark.row-onlyRight', 'background-color');
    assert.ok(contrast(mark, 'rgb(255, 255, 255)') >= 3, mark);
    await close();

    await withStore(async (store, root) => {
      fillRun(root);
      await store.catchUp();
      const overview = await open(overviewHost(store, 'run').host, { bundle: 'overview', theme: 'vscode-dark' });
      await overview.locator('.matrix-number').first().waitFor();
      await force(overview, 'light');
      const number = await styleOf(overview, '.matrix-number', 'color');
      assert.ok(contrast(number, 'rgb(255, 255, 255)') >= 7, number);
    });
  });

  it('gives lines of one chart patterns, on the page and in what is saved', async () => {
    const saved: SavedFile[] = [];
    const host = new FakeHost({ traces: [], run: madeRun(), metrics: madeMetrics(), table: madeTable(), saved }, { page: 'dashboard', run: RUN }); // prettier-ignore
    const page = await open(host, { bundle: 'dashboard' });
    const chart = page.getByRole('figure', { name: /^Rewards/ });
    await chart.locator('canvas').waitFor();
    await chart.getByRole('button', { name: 'Save Rewards' }).click();
    await page.getByRole('menuitem', { name: 'Drawing, SVG' }).click();
    await page.locator('#said', { hasText: 'Saved' }).waitFor();
    const dashes = new Set(saved[0]!.content.match(/stroke-dasharray="[^"]+"/g));
    assert.ok(dashes.has('stroke-dasharray="6 3"') && dashes.has('stroke-dasharray="2 3"'), [...dashes].join());
  });

  it('moves nothing for who wants no motion', async () => {
    const files = readdirSync(join(root, 'webview'), { recursive: true, encoding: 'utf8' });
    const smooth = files.filter(
      (file) => /\.(?:css|tsx?)$/.test(file) && /smooth['"]|scroll-behavior/.test(readFileSync(join(root, 'webview', file), 'utf8')), // prettier-ignore
    );
    assert.deepEqual(smooth, []);
    const page = await open(inspector(), { reducedMotion: true });
    await page.locator('.path-facts').waitFor();
    for (const key of ['v', 'G', 'g', 'f', 'l', 'R', 'Escape', 'L', 'F', 'j', ':', 'Escape', '?']) {
      await page.keyboard.press(key);
      const moving = await page.evaluate(() => document.getAnimations().length);
      assert.equal(moving, 0, `after ${key}`);
    }
  });
});
