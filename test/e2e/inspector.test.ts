/**
 * The inspector in the real VS Code: a file of hundreds of traces asked by queries and searched, a trace of 100,000 tokens read, one
 * that means harm shown as text; and what a reader has before them is there again after the window was reloaded, the tab hidden, the
 * editor moved, the backend killed.
 */
import assert from 'node:assert/strict';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Frame } from 'playwright-core';
import { RARE, traceLines } from '../support/trace-rows.ts';
import { Workbench } from '../support/vscode.ts';
import { longest, watchTasks } from '../webview/page-tasks.ts';

const SECOND = 1000;
const MINUTE = 60 * SECOND;
const PROBLEMS = 13;
const TRACES = PROBLEMS * 24 + 2;
const HOSTILE_LINE = 1_000_000;

/** What a reader has before them. */
interface Before {
  query: string;
  summary: string;
  trace: string;
  /** The step at the top of the text. */
  step: number;
  outline: boolean;
  facts: boolean;
}

describe('the inspector in VS Code', function () {
  this.timeout(3 * MINUTE);
  this.bail(true);

  const home = mkdtempSync(join(tmpdir(), 'longhand-inspector-'));
  const root = join(home, 'root');
  const folder = join(home, 'workspace');
  let vscode: Workbench;
  const dialogs: string[] = [];

  before(async () => {
    mkdirSync(folder, { recursive: true });
    writeFileSync(join(folder, 'stones.jsonl'), traceLines(PROBLEMS, HOSTILE_LINE));
    vscode = await Workbench.start({ folder, settings: { 'longhand.root': root } });
    vscode.page.on('dialog', (dialog) => {
      dialogs.push(dialog.message());
      // Leaving the page while it closes is asked for by the workbench itself.
      void dialog.accept().catch(() => undefined);
    });
  });

  after(async () => {
    await vscode?.screenshot('inspector-end');
    await vscode?.command('Longhand: Stop Backend').catch(() => undefined);
    await vscode?.page.waitForTimeout(2000);
    await vscode?.stop();
    rmSync(home, { recursive: true, force: true, maxRetries: 10, retryDelay: 200 });
  });

  const inspector = (): Promise<Frame> => vscode.webview('.grid-row', MINUTE);
  const query = (page: Frame) => page.getByRole('combobox', { name: 'Query of the list' });
  const summary = (page: Frame, text: string | RegExp) =>
    page.locator('.summary', { hasText: text }).waitFor({ timeout: 30 * SECOND });

  async function seenIn(page: Frame): Promise<Before> {
    // In a narrow pane it is there and not shown.
    await page.locator('.pane-steps').waitFor({ state: 'attached', timeout: 30 * SECOND });
    return {
      query: await query(page).inputValue(),
      summary: await page.locator('.summary').innerText(),
      trace: await page.locator('h1.problem').innerText(),
      step: Number(/[\d,]+/.exec(await page.locator('.pane-steps').innerText())?.[0].replaceAll(',', '')),
      outline: (await page.locator('.outline').count()) > 0,
      facts: (await page.locator('aside.facts').count()) > 0,
    };
  }

  /** Waits until a page shows this, whatever it goes through. */
  async function shows(wanted: Before): Promise<Frame> {
    const end = Date.now() + MINUTE;
    let seen: Before | null = null;
    for (;;) {
      const page = await inspector();
      seen = await seenIn(page).catch(() => null);
      // The top of the view lies between two lines: the step may be the one before.
      if (seen && Math.abs(seen.step - wanted.step) <= 1) seen.step = wanted.step;
      if (JSON.stringify(seen) === JSON.stringify(wanted)) return page;
      if (Date.now() > end) assert.deepEqual(seen, wanted);
      await vscode.page.waitForTimeout(200);
    }
  }

  let kept: Before;

  it('opens a file of hundreds of traces, and narrows them by a query with completion', async () => {
    await vscode.statusBar().getByText('Longhand').first().waitFor({ timeout: MINUTE });
    await vscode.page.keyboard.press('Control+Shift+E');
    const row = vscode.page.locator('.explorer-folders-view .monaco-list-row').filter({ hasText: 'stones.jsonl' });
    await vscode.contextMenu(row, 'Open Traces with Longhand');
    const page = await inspector();
    await summary(page, `${TRACES} traces`);
    await query(page).click();
    await query(page).pressSequentially('verd');
    await page.getByRole('option', { name: /^verdict/ }).waitFor({ timeout: 20 * SECOND });
    await query(page).press('Tab');
    await page.getByRole('option', { name: /^wrong/ }).waitFor({ timeout: 20 * SECOND });
    await vscode.screenshot('inspector-completion');
    await query(page).pressSequentially('wr');
    await query(page).press('Enter');
    assert.equal((await query(page).inputValue()).trim(), 'verdict:wrong');
    await summary(page, `${PROBLEMS * 8} traces`);
    await page.locator('.query-chips, .chips').first().waitFor();
  });

  it('searches the texts of the run, and sorts what it finds', async () => {
    const page = await inspector();
    await query(page).fill(`"${RARE}"`);
    const hits = Math.ceil((PROBLEMS * 24) / 7);
    await summary(page, new RegExp(`\\b${hits}\\b`));
    const first = page.locator('.grid-row').first();
    assert.match(await first.innerText(), /stones\/1\b/);
    for (let click = 0; click < 2; click += 1) await page.locator('.sorter', { hasText: 'Problem' }).click();
    await page
      .locator('.grid-row')
      .nth(0)
      .getByText('stones/9')
      .waitFor({ timeout: 20 * SECOND });
    await vscode.screenshot('inspector-search');
  });

  it('reads a trace of 100,000 tokens: find, a token, the outline', async () => {
    const page = await inspector();
    await query(page).fill('problem:long/1');
    await summary(page, /\b1 trace\b/);
    await page.locator('.grid-row').first().click();
    await page.locator('h1.problem', { hasText: 'long/1' }).waitFor({ timeout: 30 * SECOND });
    await page
      .locator('.pane .katex')
      .first()
      .waitFor({ timeout: 30 * SECOND });
    await page.locator('.pane .scroller').first().focus();
    await vscode.page.keyboard.press('Control+f');
    const find = page.getByRole('textbox', { name: 'Find' });
    await find.fill('go back to the first case');
    await page.locator('.find-count', { hasText: /^\d+ of \d+/ }).waitFor({ timeout: 30 * SECOND });
    // The palette opens out of a field of the page as well.
    await vscode.command('Longhand: Toggle Outline of the Trace');
    await page
      .locator('.outline-row')
      .nth(5)
      .waitFor({ timeout: 30 * SECOND });
    await find.press('Escape');
    await find.waitFor({ state: 'detached', timeout: 20 * SECOND });
    await vscode.command('Longhand: Go to Place in Trace');
    const field = page.getByRole('combobox', { name: 'Go to' });
    await field.fill('60000');
    await field.press('Enter');
    await page.locator('.pane-place', { hasText: /\((?:59|60|61) %\)/ }).waitFor({ timeout: 20 * SECOND });
    await vscode.page.waitForTimeout(600);
    kept = await seenIn(page);
    assert.equal(kept.outline, true);
    await vscode.screenshot('inspector-long');
  });

  it('is the same after the window was reloaded', async () => {
    // A browser's own reload would cut off VS Code while it writes down what the editors are to have again.
    const unloaded = vscode.page.waitForEvent('load', { timeout: MINUTE });
    await vscode.command('Developer: Reload Window');
    await unloaded;
    await vscode.page.waitForSelector('.monaco-workbench .part.statusbar', { timeout: MINUTE });
    await shows(kept);
    await vscode.screenshot('inspector-reloaded');
  });

  it('is the same after its tab was hidden, and after it went to another group', async () => {
    await vscode.page.keyboard.press('Control+P');
    await vscode.input('stones.jsonl');
    await vscode.page.locator('.tab.active', { hasText: 'stones.jsonl' }).waitFor();
    await vscode.page.waitForTimeout(500);
    await vscode.page.locator('.tab', { hasText: 'stones.jsonl' }).first().click();
    await shows(kept);
    await vscode.command('View: Move Editor into Right Group');
    await shows(kept);
    await vscode.screenshot('inspector-moved');
  });

  it('goes on where it was when the backend was killed and another one started', async () => {
    const page = await inspector();
    const { pid } = JSON.parse(readFileSync(join(root, 'service.json'), 'utf8')) as { pid: number };
    process.kill(pid, 'SIGKILL');
    await page.locator('.banner').waitFor({ timeout: 30 * SECOND });
    assert.equal(await page.locator('.pane .block').first().isVisible(), true);
    await vscode.screenshot('inspector-no-backend');
    await page.locator('.banner').getByRole('button').click();
    await page.locator('.banner').waitFor({ state: 'hidden', timeout: MINUTE });
    await shows(kept);
    await query(page).fill('verdict:right');
    await summary(page, `${PROBLEMS * 16 + 2} traces`);
    await page.locator('.grid-row').nth(3).click();
    await page.locator('h1.problem', { hasText: 'stones/' }).waitFor({ timeout: 20 * SECOND });
    await query(page).fill(kept.query);
  });

  it('shows what means harm as text: nothing runs, nothing opens, nothing is followed', async () => {
    const page = await inspector();
    await query(page).fill('tokens:>200000');
    await summary(page, /\b1 trace\b/);
    const frames = vscode.page.frames().length;
    const tabs = await vscode.page.locator('.tab').count();
    const url = vscode.page.url();
    const stop = await watchTasks(vscode.page, page);
    await page.locator('.grid-row').first().click();
    await page
      .locator('.pane')
      .getByText('<h1 id="harm">big</h1>')
      .first()
      .waitFor({ timeout: 30 * SECOND });
    await page.waitForFunction(() => !document.querySelector('.pane-foot')?.textContent.includes('reading'), null, {
      timeout: MINUTE,
    });
    for (const share of [0.2, 0.7, 1, 0]) {
      await page.locator('.scroller').evaluate((one, to) => (one.scrollTop = to * one.scrollHeight), share);
      await vscode.page.waitForTimeout(300);
    }
    // At its left: the outline lies over the rest.
    const link = page.locator('.pane').getByText('closeAllEditors').first();
    await link.click({ position: { x: 12, y: 8 } });
    await vscode.screenshot('inspector-hostile');
    assert.equal(await page.locator('#harm, .pane :is(img, script, a, iframe, style, svg[onload])').count(), 0);
    assert.equal(await page.title(), 'Longhand');
    // Of the thread's own time: other programs that want the machine make no task of ours long.
    const { cpu } = longest(await stop());
    if (process.env.LONGHAND_SHOW_TASKS) console.log(`      longest task ${Math.round(cpu)} ms of its own time`);
    assert.ok(cpu <= 150, `a task of ${cpu} ms`);
    assert.deepEqual(dialogs, []);
    assert.equal(vscode.page.frames().length, frames);
    assert.equal(vscode.page.url(), url);
    assert.equal(await vscode.page.locator('.tab').count(), tabs);
    await vscode.page.keyboard.press('Escape');
  });

  it('stays whole when VS Code is zoomed to 200 %', async () => {
    const page = await inspector();
    // In a browser VS Code has no zoom of its own: its window has half as many pixels.
    await vscode.page.setViewportSize({ width: 750, height: 460 });
    await vscode.page.waitForTimeout(800);
    await vscode.screenshot('inspector-zoomed');
    const isCut = await page.evaluate(() => document.documentElement.scrollWidth > window.innerWidth + 1);
    assert.equal(isCut, false);
    await page.locator('.pane .block').first().waitFor();
    await vscode.page.setViewportSize({ width: 1500, height: 920 });
  });

  it('puts an attempt beside another one of its problem, aligned by its worker', async () => {
    const page = await inspector();
    const refused: string[] = [];
    vscode.page.on('console', (message) => {
      if (/Content Security Policy/.test(message.text())) refused.push(message.text());
    });
    await query(page).fill('problem:stones/2');
    await summary(page, /\b24 traces\b/);
    await page.locator('.grid-row').first().click();
    await page.locator('h1.problem', { hasText: 'stones/2' }).waitFor({ timeout: 30 * SECOND });
    await page.locator('.pane .scroller').first().focus();
    await vscode.page.keyboard.press('2');
    await vscode.pick('sample 3');
    const sides = await vscode.webview('.sides-page', MINUTE);
    await sides.locator('.parting').waitFor({ timeout: MINUTE });
    assert.equal(await sides.locator('.pane').count(), 2);
    await sides.locator('.pane .scroller').last().focus();
    await vscode.page.keyboard.press('n');
    await vscode.screenshot('inspector-sides');
    const before = await sides.locator('.sample').innerText();
    await vscode.command('Longhand: Swap the Sides');
    const swapped = before.split(' ↔ ').toReversed().join(' ↔ ');
    await sides.locator('.sample', { hasText: swapped }).waitFor({ timeout: 20 * SECOND });
    assert.deepEqual(refused, []);
  });
});
