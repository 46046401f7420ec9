/** Takes the links to traces that VS Code is asked to open. */
import * as vscode from 'vscode';
import type { Report } from '../errors.ts';
import type { LinkParts } from './open-link.ts';

export function handleLinks(parts: LinkParts, report: Report): vscode.Disposable {
  return vscode.window.registerUriHandler({
    async handleUri(uri) {
      try {
        await (await import('./open-link.ts')).openLink(parts, uri);
      } catch (error) {
        report(error);
      }
    },
  });
}
