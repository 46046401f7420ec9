/**
 * The real VS Code for end-to-end tests: its server in a folder of its own, the packaged extension installed from the .vsix,
 * and a Chromium that drives the workbench the way a person does: palette, trees, quick picks, keys.
 */
import { execFileSync, spawn } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { dirname, join, resolve } from 'node:path';
import { chromium } from 'playwright-core';
import type { Browser, Frame, Locator, Page } from 'playwright-core';

export const projectRoot = resolve(import.meta.dirname, '..', '..');
export const outputFolder = join(projectRoot, 'test', 'output');

export interface WorkbenchOptions {
  /** Folder that is opened. */
  folder: string;
  settings?: Record<string, unknown>;
  env?: Record<string, string>;
  viewport?: { width: number; height: number };
}

const TOKEN = 'e2e';

function freePort(): Promise<number> {
  return new Promise((done, fail) => {
    const server = createServer();
    server.on('error', fail);
    server.listen(0, '127.0.0.1', () => {
      const address = server.address();
      server.close(() => done(typeof address === 'object' && address ? address.port : 0));
    });
  });
}

/** VS Code with one page. {@link start} it, drive it, {@link stop} it. */
export class Workbench {
  readonly page: Page;
  readonly #browser: Browser;
  readonly #server: ChildProcess;
  readonly #home: string;
  #shots = 0;

  private constructor(page: Page, browser: Browser, server: ChildProcess, home: string) {
    this.page = page;
    this.#browser = browser;
    this.#server = server;
    this.#home = home;
  }

  static async start(options: WorkbenchOptions): Promise<Workbench> {
    const command = JSON.parse(process.env.LONGHAND_VSCODE ?? '[]') as string[];
    const [node, ...args] = command;
    if (!node) throw new Error('LONGHAND_VSCODE is not set: run this through `npm test -- e2e`.');
    const home = mkdtempSync(join(tmpdir(), 'longhand-e2e-'));
    const flags = ['--server-data-dir', home, '--extensions-dir', join(home, 'extensions')];
    const env = { ...process.env, EXTENSIONS_GALLERY: '{}', ...options.env };
    const settings = {
      'workbench.startupEditor': 'none',
      'security.workspace.trust.enabled': false,
      'telemetry.telemetryLevel': 'off',
      'workbench.colorTheme': 'Default Dark Modern',
      'workbench.tips.enabled': false,
      'chat.commandCenter.enabled': false,
      'workbench.secondarySideBar.defaultVisibility': 'hidden',
      ...options.settings,
    };
    // Machine settings hold for every page; what is scoped to the application must be in the user's.
    for (const scope of ['Machine', 'User']) {
      mkdirSync(join(home, 'data', scope), { recursive: true });
      writeFileSync(join(home, 'data', scope, 'settings.json'), JSON.stringify(settings));
    }
    execFileSync(node, [...args, ...flags, '--install-extension', join(projectRoot, 'dist', 'longhand.vsix')], {
      env,
      stdio: 'pipe',
    });

    const port = await freePort();
    const server = spawn(
      node,
      [
        ...args,
        ...flags,
        '--host',
        '127.0.0.1',
        '--port',
        String(port),
        '--connection-token',
        TOKEN,
        '--accept-server-license-terms',
        '--telemetry-level',
        'off',
        '--disable-workspace-trust',
        '--reconnection-grace-time',
        '5',
      ],
      { env, stdio: ['ignore', 'pipe', 'pipe'], detached: true },
    );
    await new Promise<void>((done, fail) => {
      let log = '';
      const timer = setTimeout(() => fail(new Error(`VS Code's server did not start:\n${log}`)), 60_000);
      for (const stream of [server.stdout, server.stderr]) {
        stream.on('data', (chunk) => {
          log += chunk;
          if (log.includes('Extension host agent listening')) {
            clearTimeout(timer);
            done();
          }
        });
      }
    });
    const executablePath = process.env.LONGHAND_CHROMIUM ?? '/usr/bin/chromium';
    const browser = await chromium.launch({
      executablePath,
      args: ['--no-sandbox', '--disable-gpu', '--disable-background-networking'],
    });
    const context = await browser.newContext({
      viewport: options.viewport ?? { width: 1500, height: 920 },
      permissions: ['clipboard-read', 'clipboard-write'],
    });
    const page = await context.newPage();
    const workbench = new Workbench(page, browser, server, home);
    await page.goto(`http://127.0.0.1:${port}/?tkn=${TOKEN}&folder=${encodeURIComponent(options.folder)}`);
    await page.waitForSelector('.monaco-workbench .part.statusbar', { timeout: 60_000 });
    return workbench;
  }

  async stop(): Promise<void> {
    await this.#browser.close();
    const gone = new Promise((done) => this.#server.once('exit', done));
    if (this.#server.pid) process.kill(-this.#server.pid, 'SIGTERM');
    await Promise.race([gone, new Promise((done) => setTimeout(done, 5000))]);
    rmSync(this.#home, { recursive: true, force: true, maxRetries: 5 });
  }

  /** Writes `test/output/<number>-<name>.png`. */
  async screenshot(name: string): Promise<string> {
    const path = join(outputFolder, `${String(++this.#shots).padStart(2, '0')}-${name}.png`);
    mkdirSync(dirname(path), { recursive: true });
    await this.page.screenshot({ path });
    return path;
  }

  /** Runs a command by its title in the palette, as a person does. */
  async command(title: string): Promise<void> {
    const input = this.page.locator('.quick-input-widget input[type="text"]');
    // The palette closes again where a webview takes the focus back late.
    for (let attempt = 1; ; attempt += 1) {
      try {
        await this.page.keyboard.press('F1');
        await input.fill(`>${title}`, { timeout: 5000 });
        break;
      } catch (error) {
        if (attempt === 4) throw error;
      }
    }
    const row = this.page.locator('.quick-input-list .monaco-list-row').filter({ hasText: title }).first();
    await row.waitFor({ state: 'visible', timeout: 15_000 });
    await row.click();
  }

  /** Chooses the first row of the open quick pick that has this text. */
  async pick(text: string | RegExp): Promise<void> {
    const row = this.page.locator('.quick-input-list .monaco-list-row').filter({ hasText: text }).first();
    await row.waitFor({ state: 'visible', timeout: 30_000 });
    await row.click();
  }

  /** Chooses the row if a quick pick with it opens within `wait` ms: a command does not ask where there is no choice. */
  async pickIfAsked(text: string | RegExp, wait = 4000): Promise<void> {
    const row = this.page.locator('.quick-input-list .monaco-list-row').filter({ hasText: text }).first();
    const asked = await row.waitFor({ state: 'visible', timeout: wait }).then(
      () => true,
      () => false,
    );
    if (asked) await row.click();
  }

  /** Types into the open input box and accepts it. */
  async input(text: string): Promise<void> {
    const input = this.page.locator('.quick-input-widget input').first();
    await input.waitFor({ state: 'visible' });
    await input.fill(text);
    await this.page.keyboard.press('Enter');
  }

  /** The row of a tree by its text. */
  treeRow(text: string | RegExp): Locator {
    return this.page.locator('.part.sidebar .monaco-list-row').filter({ hasText: text }).first();
  }

  /** Chooses an entry of a row's context menu. The menu takes no click in its first moments. */
  async contextMenu(row: Locator, entry: string): Promise<void> {
    await row.click({ button: 'right' });
    const item = this.page.locator('.monaco-menu .action-item').filter({ hasText: entry });
    await item.waitFor({ state: 'visible', timeout: 10_000 });
    for (let attempt = 0; attempt < 5 && (await item.isVisible()); attempt++) {
      await this.page.waitForTimeout(400);
      await item.click({ timeout: 2000 }).catch(() => undefined);
      await this.page.waitForTimeout(200);
    }
  }

  statusBar(): Locator {
    return this.page.locator('.part.statusbar');
  }

  notification(text: string | RegExp): Locator {
    return this.page
      .locator('.notification-toast, .notifications-list-container .monaco-list-row')
      .filter({ hasText: text })
      .first();
  }

  /** The document of the newest visible webview that has this selector. */
  async webview(selector: string, timeout = 30_000): Promise<Frame> {
    const end = Date.now() + timeout;
    while (Date.now() < end) {
      for (const frame of this.page.frames().reverse()) {
        if (frame.name() !== 'active-frame' && !frame.url().includes('fake.html')) continue;
        try {
          if (await frame.locator(selector).first().isVisible()) return frame;
        } catch {
          // The frame went away while it was asked.
        }
      }
      await this.page.waitForTimeout(100);
    }
    throw new Error(`No webview shows ${selector} after ${timeout} ms.`);
  }
}
