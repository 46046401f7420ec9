/**
 * Places in a long trace, in the real VS Code: the outline of its raw text, a link that is copied in the inspector and opened again, and
 * links that are refused.
 */
import assert from 'node:assert/strict';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Workbench } from '../support/vscode.ts';
import { longCompletion } from '../webview/made-trace.ts';

const SECOND = 1000;
const MINUTE = 60 * SECOND;

describe('places in a long trace, in VS Code', function () {
  this.timeout(4 * MINUTE);
  this.bail(true);

  const home = mkdtempSync(join(tmpdir(), 'longhand-places-'));
  const folder = join(home, 'workspace');
  let vscode: Workbench;
  let link = '';

  before(async () => {
    mkdirSync(folder, { recursive: true });
    const row = { problem: 'How many?', completion: longCompletion(330_000, 1_100), answer: '42', tokens: 100_000 };
    writeFileSync(join(folder, 'long.jsonl'), `${JSON.stringify(row)}\n${JSON.stringify({ ...row, answer: '41' })}\n`);
    vscode = await Workbench.start({ folder, settings: { 'longhand.root': join(home, 'root') } });
  });

  after(async () => {
    await vscode?.screenshot('places-end');
    await vscode?.command('Longhand: Stop Backend').catch(() => undefined);
    await vscode?.page.waitForTimeout(3000);
    await vscode?.stop();
    rmSync(home, { recursive: true, force: true, maxRetries: 10, retryDelay: 200 });
  });

  it('copies a link to the step in view', async () => {
    // The menus have what the extension adds once it is there.
    await vscode.statusBar().getByText('Longhand').first().waitFor({ timeout: MINUTE });
    await vscode.page.keyboard.press('Control+Shift+E');
    const row = vscode.page.locator('.explorer-folders-view .monaco-list-row').filter({ hasText: 'long.jsonl' });
    await vscode.contextMenu(row, 'Open Traces with Longhand');
    const page = await vscode.webview('.grid-row', MINUTE);
    await page.locator('.pane .block').nth(2).waitFor({ timeout: MINUTE });
    await page.locator('.pane .scroller').first().click();
    await vscode.command('Longhand: Go to Place in Trace');
    const field = page.getByRole('combobox', { name: 'Go to' });
    await field.waitFor({ timeout: 20 * SECOND });
    await field.fill('50%');
    await field.press('Enter');
    await page.locator('.pane-place', { hasText: /\(5\d %\)/ }).waitFor({ timeout: 20 * SECOND });
    await vscode.command('Longhand: Copy Link to the Selection');
    await page.locator('.page-note.shown', { hasText: 'Link copied' }).waitFor({ timeout: 20 * SECOND });
    link = await vscode.page.evaluate(() => navigator.clipboard.readText());
    assert.match(link, /^[a-z-]+:\/\/longhand\.longhand\/trace\?run%3D/);
    await vscode.screenshot('places-link');
  });

  it('has an outline of the raw text', async () => {
    const page = await vscode.webview('.pane-place', MINUTE);
    await page.locator('.pane .scroller').first().click();
    await vscode.page.keyboard.press('e');
    await vscode.page.locator('.monaco-editor .view-line').nth(3).waitFor({ timeout: MINUTE });
    await vscode.command('Go to Symbol in Editor...');
    const rows = vscode.page.locator('.quick-input-list .monaco-list-row');
    await rows.filter({ hasText: 'reasoning' }).first().waitFor({ timeout: MINUTE });
    await vscode.page.keyboard.press('Escape');
    await vscode.command('Explorer: Focus on Outline View');
    const outline = vscode.page.locator('.outline-pane .monaco-list-row');
    await outline.filter({ hasText: 'reasoning' }).first().waitFor({ timeout: MINUTE });
    await outline
      .filter({ hasText: 'steps 1–' })
      .first()
      .waitFor({ timeout: 20 * SECOND });
    await vscode.screenshot('places-outline');
  });

  it('opens the link at its place again, pasted in two lines', async () => {
    await vscode.command('View: Close All Editors');
    await vscode.command('Longhand: Open Link to a Trace');
    await vscode.input(` "${link}" `);
    const page = await vscode.webview('.pane-place', MINUTE);
    await page.locator('.pane-place', { hasText: /\((?:49|5\d) %\)/ }).waitFor({ timeout: MINUTE });
    await vscode.screenshot('places-opened');
  });

  it('refuses a link that leads elsewhere', async () => {
    await vscode.command('Longhand: Open Link to a Trace');
    const input = vscode.page.locator('.quick-input-widget input').first();
    await input.waitFor({ state: 'visible' });
    await input.fill('vscode://longhand.longhand/trace?run%3Dr%26command%3Dworkbench.action.quit');
    await vscode.page
      .locator('.quick-input-widget')
      .filter({ hasText: /“command” that no link to a trace has/ })
      .waitFor({ timeout: 20 * SECOND });
    await vscode.page.keyboard.press('Escape');
  });
});
