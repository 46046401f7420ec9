import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, it } from 'mocha';
import { openStore } from '../../server/store/client.ts';
import type { TraceStore } from '../../server/store/trace-store.ts';
import { axe } from './axe.ts';
import { fillRun } from './made-overview.ts';
import { setTheme, shot } from './page.ts';
import { lost, walk } from './reach.ts';
import { everyState } from './states/every-state.ts';
import { neverSeen, pages } from './states/parts.ts';
import { suitePages } from './suite.ts';
import { themeKinds } from './themes.ts';

const size = { width: 1280, height: 800 };
/** CSS pixels of that window at a zoom of 300 % and of 50 %. */
const zooms = [
  { zoom: 3, width: 427, height: 267 },
  { zoom: 0.5, width: 2560, height: 1600 },
];
const shots = process.env.LONGHAND_SHOTS !== undefined;

describe('every page in every state', () => {
  const { open } = suitePages(size, 20_000);
  let html = '';
  let root = '';
  let store: TraceStore;
  let reached = 0;
  before(async function () {
    this.timeout(30_000);
    root = mkdtempSync(join(tmpdir(), 'longhand-test-'));
    fillRun(root);
    store = await openStore({ root });
    await store.catchUp();
  });
  after(async () => {
    await store.close();
    rmSync(root, { recursive: true, force: true });
  });

  for (const { name, bundle, host, reach, walked = true } of everyState) {
    it(`${name}: clean for axe in four themes, nothing lost at 300 % and 50 %, all of it by keyboard`, async () => {
      const page = await open(host(store), { bundle });
      await reach(page);
      html += await page.content();
      reached += 1;
      const found: string[] = [];
      for (const theme of themeKinds) {
        if (theme !== themeKinds[0]) await setTheme(page, theme);
        await page.waitForTimeout(60);
        // What does not depend on colours is the same in all.
        const rules = theme === themeKinds[0] ? null : ['color-contrast'];
        found.push(...(await axe(page, rules)).map((one) => `${theme}: ${one}`));
        if (shots) await shot(page, `everyone-${name.replaceAll(/\W+/g, '-')}-${theme}`);
      }
      await setTheme(page, themeKinds[0]);
      for (const { zoom, width, height } of zooms) {
        await page.setViewportSize({ width, height });
        await page.waitForTimeout(150);
        found.push(...(await lost(page)).map((one) => `zoom ${zoom}: ${one}`));
      }
      if (shots) {
        await page.setViewportSize({ width: 400, height: 800 });
        await page.waitForTimeout(150);
        await shot(page, `everyone-${name.replaceAll(/\W+/g, '-')}-narrow`);
      }
      await page.setViewportSize(size);
      if (walked) found.push(...(await walk(page)).map((one) => `by Tab: ${one}`));
      assert.deepEqual(found, []);
    }).timeout(120_000);
  }

  it('leaves out no page', () => {
    assert.deepEqual([...new Set(everyState.map(({ bundle }) => bundle))].sort(), pages().sort());
  });

  it('leaves out no part of a page', function () {
    if (reached < everyState.length) this.skip();
    assert.deepEqual(neverSeen(html), [], 'no state of test/webview/states shows these');
  });
});
