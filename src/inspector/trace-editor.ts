/** The read-only custom editor for trace files: imports the file and shows the inspector in its tab. */
import * as path from 'node:path';
import * as vscode from 'vscode';
import { ids } from '../contributions.ts';
import type { Report } from '../errors.ts';
import { messageHtml } from './html.ts';
import type { ImportParts } from './import-files.ts';
import type { Panels } from './panels.ts';

class TraceFile implements vscode.CustomDocument {
  readonly uri: vscode.Uri;

  constructor(uri: vscode.Uri) {
    this.uri = uri;
  }

  dispose(): void {
    // Nothing is held: the traces are the backend's.
  }
}

class TraceEditor implements vscode.CustomReadonlyEditorProvider<TraceFile> {
  readonly #parts: ImportParts;
  readonly #panels: Panels;
  readonly #report: Report;

  constructor(parts: ImportParts, panels: Panels, report: Report) {
    this.#parts = parts;
    this.#panels = panels;
    this.#report = report;
  }

  openCustomDocument(uri: vscode.Uri): TraceFile {
    return new TraceFile(uri);
  }

  async resolveCustomEditor({ uri }: TraceFile, panel: vscode.WebviewPanel): Promise<void> {
    const name = path.posix.basename(uri.path);
    panel.webview.html = messageHtml(name, 'The file is being read…');
    // VS Code waits for this function before it shows the tab, and an import may take a while.
    void this.#fill(uri, name, panel);
  }

  async #fill(uri: vscode.Uri, name: string, panel: vscode.WebviewPanel): Promise<void> {
    const fallback = 'To see it as it is: “Reopen Editor With… → Text Editor”.';
    try {
      const { importFiles } = await import('./import-files.ts');
      const result = await importFiles(this.#parts, [uri]);
      if (!result) {
        panel.webview.html = messageHtml(name, `It was not read, because its columns were not named. ${fallback}`);
        return;
      }
      await this.#panels.attach(panel, { page: 'inspector', title: name, filter: { run: result.run } }, name);
    } catch (error) {
      panel.webview.html = messageHtml(name, `${error instanceof Error ? error.message : String(error)} ${fallback}`);
      this.#report(error);
    }
  }
}

export function registerTraceEditor(parts: ImportParts, panels: Panels, report: Report): vscode.Disposable {
  return vscode.window.registerCustomEditorProvider(ids.traceEditor, new TraceEditor(parts, panels, report), {
    supportsMultipleEditorsPerDocument: true,
  });
}
