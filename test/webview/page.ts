/** Opens a page of the webview in Chromium the way VS Code does: its policy, its theme, its messages; with a fake host. */
import { existsSync, mkdirSync, readFileSync } from 'node:fs';
import { extname, join, resolve } from 'node:path';
import { chromium, type Browser, type Page } from 'playwright-core';
import type { FakeHost } from './fake-host.ts';
import { themes, type ThemeKind } from './themes.ts';

const root = resolve(import.meta.dirname, '..', '..');
/** The built pages; another folder where `LONGHAND_WEBVIEW` names one. */
const dist = process.env.LONGHAND_WEBVIEW ?? join(root, 'dist', 'webview');
export const outputFolder = join(root, 'test', 'output');

const types: Record<string, string> = {
  '.js': 'text/javascript',
  '.css': 'text/css',
  '.woff2': 'font/woff2',
  '.ttf': 'font/ttf',
};

let browser: Promise<Browser> | null = null;

/** One Chromium for all tests of a process. */
async function theBrowser(): Promise<Browser> {
  const executablePath = process.env.LONGHAND_CHROMIUM ?? '/usr/bin/chromium';
  browser ??= chromium.launch({ executablePath, args: ['--no-sandbox', '--font-render-hinting=none'] });
  return browser;
}

export async function closeBrowser(): Promise<void> {
  await (await browser)?.close();
  browser = null;
}

export interface OpenedPage {
  page: Page;
  /** What went wrong in the page: exceptions, console errors, breaches of the content policy. */
  problems: string[];
  close: () => Promise<void>;
}

export interface PageOptions {
  bundle?: 'inspector' | 'dashboard' | 'overview' | 'report' | 'sides';
  theme?: ThemeKind;
  width?: number;
  height?: number;
  reducedMotion?: boolean;
}

export async function openPage(host: FakeHost, options: PageOptions = {}): Promise<OpenedPage> {
  const { bundle = 'inspector', theme = 'vscode-dark', width = 1500, height = 900 } = options;
  if (!existsSync(join(dist, `${bundle}.js`))) throw new Error(`dist/webview/${bundle}.js is missing: npm run build`);
  const context = await (
    await theBrowser()
  ).newContext({
    viewport: { width, height },
    reducedMotion: options.reducedMotion ? 'reduce' : 'no-preference',
  });
  await context.grantPermissions(['clipboard-read', 'clipboard-write']).catch(() => undefined);
  const page = await context.newPage();
  const problems: string[] = [];
  page.on('pageerror', (error) => problems.push(`exception: ${error.stack ?? error.message}`));
  page.on('console', (message) => {
    // A test's own look at a canvas.
    if (message.text().includes('willReadFrequently')) return;
    if (message.type() === 'error' || message.type() === 'warning') problems.push(`console: ${message.text()}`);
  });

  let listener: (message: unknown) => void = () => undefined;
  await page.exposeFunction('toHost', (message: string) => listener(JSON.parse(message)));
  await page.addInitScript(() => {
    document.addEventListener('securitypolicyviolation', ({ violatedDirective, blockedURI, sourceFile, lineNumber }) =>
      console.error(`The content policy: ${violatedDirective}, ${blockedURI}, ${sourceFile}:${lineNumber}`),
    );
    const channel = window as unknown as { toHost(message: string): void; acquireVsCodeApi: unknown };
    channel.acquireVsCodeApi = () => ({
      postMessage: (message: unknown) => channel.toHost(JSON.stringify(message)),
      getState: () => JSON.parse(sessionStorage.getItem('state') ?? 'null') as unknown,
      setState: (state: unknown) => sessionStorage.setItem('state', JSON.stringify(state)),
    });
  });
  host.connect({
    send: (message) => deliver(page, JSON.stringify(message)).catch(() => undefined),
    onMessage: (next) => (listener = next),
    onClose: () => undefined,
    close: () => undefined,
  });

  const origin = 'https://webview.test';
  await page.route(`${origin}/**`, async (route) => {
    const path = new URL(route.request().url()).pathname;
    if (path === '/') return route.fulfill({ contentType: 'text/html', body: html(origin, bundle, theme) });
    const file = join(dist, path);
    if (!file.startsWith(dist) || !existsSync(file)) return route.fulfill({ status: 404 });
    return route.fulfill({ contentType: types[extname(file)] ?? 'application/octet-stream', body: readFileSync(file) });
  });
  await page.goto(`${origin}/`);
  return { page, problems, close: () => context.close() };
}

/** UTF-16 units. */
const PIECE = 48 * 1024;

/**
 * Posts a message in the page. As strings, and in pieces: what the driver does with a large object in the page would be the
 * page's longest task, which it is not where a frame posts to another.
 */
async function deliver(page: Page, message: string): Promise<void> {
  const pieces: Promise<void>[] = [];
  const id = Math.random();
  for (let at = 0; at < message.length; at += PIECE) {
    const isLast = at + PIECE >= message.length;
    pieces.push(
      page.evaluate(
        ({ id, piece, isLast }) => {
          const held = ((window as unknown as { pieces?: Map<number, string> }).pieces ??= new Map<number, string>());
          const whole = (held.get(id) ?? '') + piece;
          if (isLast) {
            held.delete(id);
            window.postMessage(JSON.parse(whole), '*');
          } else held.set(id, whole);
        },
        { id, piece: message.slice(at, at + PIECE), isLast },
      ),
    );
  }
  await Promise.all(pieces);
}

function html(origin: string, bundle: string, theme: ThemeKind): string {
  const csp = [
    "default-src 'none'",
    "script-src 'nonce-test'",
    'worker-src blob:',
    // The hash is that of an empty style element: the toolkit makes one to see whether the browser knows :focus-visible.
    `style-src ${origin} 'sha256-47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU='`,
    `font-src ${origin}`,
    `img-src ${origin}`,
    "connect-src 'none'",
    "form-action 'none'",
    "base-uri 'none'",
  ].join('; ');
  // VS Code sets the theme's variables on the root element by script.
  const variables = JSON.stringify(themes[theme]);
  return `<!doctype html><html lang="en"><head><meta charset="utf-8"><title>Longhand</title>
<meta http-equiv="Content-Security-Policy" content="${csp}">
<link rel="stylesheet" href="${origin}/${bundle}.css">
<script nonce="test">for (const [name, value] of Object.entries(${variables})) document.documentElement.style.setProperty(name, value);</script>
</head><body class="${theme}" data-vscode-theme-kind="${theme}"><div id="app"></div>
<script nonce="test" src="${origin}/${bundle}.js"></script></body></html>`;
}

/** Keeps a picture in test/output. */
export async function shot(page: Page, name: string): Promise<void> {
  mkdirSync(outputFolder, { recursive: true });
  await page.screenshot({ path: join(outputFolder, `${name}.png`) });
}

/** Sets another theme in an open page, as VS Code does when the user changes it. */
export async function setTheme(page: Page, theme: ThemeKind): Promise<void> {
  await page.evaluate(
    ({ kind, variables }) => {
      document.documentElement.removeAttribute('style');
      for (const [name, value] of Object.entries(variables)) document.documentElement.style.setProperty(name, value);
      document.body.className = kind;
      document.body.dataset.vscodeThemeKind = kind;
    },
    { kind: theme, variables: themes[theme] },
  );
}

/** The text that a copy of the selection would put on the clipboard. */
export function copied(page: Page): Promise<string> {
  return page.evaluate(() => {
    const event = new ClipboardEvent('copy', { clipboardData: new DataTransfer(), bubbles: true, cancelable: true });
    document.dispatchEvent(event);
    return event.defaultPrevented ? event.clipboardData!.getData('text/plain') : '';
  });
}
