import assert from 'node:assert/strict';
import { describe, it } from 'mocha';
import { axe } from './axe.ts';
import { pageStates } from './made-states.ts';
import { setTheme, shot } from './page.ts';
import { lost, walk } from './reach.ts';
import { suitePages } from './suite.ts';
import { themeKinds } from './themes.ts';

/** CSS pixels of a window of 1280 × 800 at a zoom of 300 % and of 50 %. */
const zooms = [
  { zoom: 3, width: 427, height: 267 },
  { zoom: 0.5, width: 2560, height: 1600 },
];

describe('pages in their states', () => {
  const { open } = suitePages({ width: 1280, height: 800 }, 20_000);
  for (const { name, bundle, host, reach, walked = true } of pageStates) {
    it(`${name}: clean for axe in four themes, nothing lost at 300 % and 50 %, all of it by keyboard`, async () => {
      const page = await open(host(), { bundle });
      await reach(page);
      const found: string[] = [];
      for (const theme of themeKinds) {
        if (theme !== themeKinds[0]) await setTheme(page, theme);
        await page.waitForTimeout(60);
        // What does not depend on colours is the same in all.
        const rules = theme === themeKinds[0] ? null : ['color-contrast'];
        found.push(...(await axe(page, rules)).map((one) => `${theme}: ${one}`));
      }
      await setTheme(page, themeKinds[0]);
      for (const { zoom, width, height } of zooms) {
        await page.setViewportSize({ width, height });
        await page.waitForTimeout(250);
        if (process.env.LONGHAND_SHOTS) await shot(page, `everyone-${name.replaceAll(/\W+/g, '-')}-${zoom}`);
        found.push(...(await lost(page)).map((one) => `zoom ${zoom}: ${one}`));
      }
      await page.setViewportSize({ width: 1280, height: 800 });
      if (walked) found.push(...(await walk(page)).map((one) => `by Tab: ${one}`));
      assert.deepEqual(found, []);
    }).timeout(60_000);
  }
});
