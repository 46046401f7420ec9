/** The HTML of a webview. It holds no data: that comes by message. */
import { randomBytes } from 'node:crypto';
import * as vscode from 'vscode';
import type { View } from '../../core/protocol/webview.ts';

export type Bundle = 'inspector' | 'dashboard' | 'overview' | 'report' | 'sides';

/** The page that shows a view; a comparison is the inspector's. */
export function bundleOf({ page }: View): Bundle {
  return page === 'compare' ? 'inspector' : page;
}

/** The only folder that a webview may read. */
export function webviewRoot(extension: vscode.Uri): vscode.Uri {
  return vscode.Uri.joinPath(extension, 'dist', 'webview');
}

export function webviewOptions(extension: vscode.Uri): vscode.WebviewOptions {
  return {
    enableScripts: true,
    enableForms: false,
    enableCommandUris: false,
    localResourceRoots: [webviewRoot(extension)],
  };
}

export function pageHtml(webview: vscode.Webview, extension: vscode.Uri, bundle: Bundle): string {
  const nonce = randomBytes(18).toString('base64');
  const file = (name: string) => webview.asWebviewUri(vscode.Uri.joinPath(webviewRoot(extension), name)).toString();
  const policy = [
    "default-src 'none'",
    `script-src 'nonce-${nonce}'`,
    // Searching and aligning run in workers that can be ended; their code is the page's own (webview/text/find-worker.ts, webview/sides/aligner.ts).
    'worker-src blob:',
    // The hash is that of an empty style element, which the toolkit makes to probe `:focus-visible`.
    `style-src ${webview.cspSource} 'sha256-47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU='`,
    `font-src ${webview.cspSource}`,
    `img-src ${webview.cspSource}`,
    "connect-src 'none'",
    "form-action 'none'",
    "base-uri 'none'",
  ].join('; ');
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="${policy}">
<meta name="viewport" content="width=device-width, initial-scale=1">
<link rel="stylesheet" href="${file(`${bundle}.css`)}">
<title>Longhand</title>
</head>
<body>
<div id="app"></div>
<script nonce="${nonce}" src="${file(`${bundle}.js`)}"></script>
</body>
</html>`;
}

/** A page without a script that says one thing, for a custom editor whose file is being read or cannot be. */
export function messageHtml(title: string, text: string): string {
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'">
<title>${escapeHtml(title)}</title>
</head>
<body>
<h1>${escapeHtml(title)}</h1>
<p>${escapeHtml(text)}</p>
</body>
</html>`;
}

function escapeHtml(text: string): string {
  return text.replace(/[&<>"']/g, (character) => `&#${character.charCodeAt(0)};`);
}
