/**
 * The virtual documents of scheme `longhand`: raw texts of traces, logs, plans, reports. The path ends in a readable name;
 * the query says what is meant, so that a document outlives the window where its content can be asked for again.
 */
import * as vscode from 'vscode';
import { ids } from './contributions.ts';

export interface DocumentSource {
  /** The content now. `uri` is for {@link Documents.changed}. */
  content(query: Readonly<Record<string, string>>, uri: vscode.Uri): Promise<string> | string;
}

/** Reports whose text is kept; the oldest goes first. */
const MAX_REPORTS = 50;

export class Documents implements vscode.TextDocumentContentProvider, vscode.Disposable {
  readonly #changed = new vscode.EventEmitter<vscode.Uri>();
  readonly #sources = new Map<string, DocumentSource>();
  readonly #reports = new Map<string, string>();
  readonly #registration: vscode.Disposable;
  readonly onDidChange = this.#changed.event;

  constructor() {
    this.#registration = vscode.workspace.registerTextDocumentContentProvider(ids.scheme, this);
    this.register('report', {
      content: ({ id }) =>
        this.#reports.get(id ?? '') ?? 'This report was made in an earlier window and is not kept. Make it anew.\n',
    });
  }

  register(kind: string, source: DocumentSource): void {
    this.#sources.set(kind, source);
  }

  /** @param name ends in the extension that gives the document its language */
  uri(kind: string, name: string, query: Record<string, string>): vscode.Uri {
    const safe = name.replace(/[/\\?#]/g, '-');
    return vscode.Uri.from({
      scheme: ids.scheme,
      path: `/longhand/${kind}/${safe}`,
      query: new URLSearchParams({ kind, ...query }).toString(),
    });
  }

  async provideTextDocumentContent(uri: vscode.Uri): Promise<string> {
    const { kind, ...query } = queryOf(uri);
    const source = this.#sources.get(kind ?? '');
    if (!source) return `There is no document of kind “${kind}”.\n`;
    try {
      return await source.content(query, uri);
    } catch (error) {
      return `This cannot be shown: ${error instanceof Error ? error.message : String(error)}\n`;
    }
  }

  /** Asks VS Code to read the document again. */
  changed(uri: vscode.Uri): void {
    this.#changed.fire(uri);
  }

  /** Shows a text that was made just now, in place of an earlier one of the same name. */
  async report(name: string, text: string): Promise<vscode.Uri> {
    this.#reports.delete(name);
    this.#reports.set(name, text);
    for (const id of [...this.#reports.keys()].slice(0, -MAX_REPORTS)) this.#reports.delete(id);
    const uri = this.uri('report', name, { id: name });
    this.changed(uri);
    await show(uri);
    return uri;
  }

  dispose(): void {
    this.#registration.dispose();
    this.#changed.dispose();
  }
}

export function queryOf(uri: vscode.Uri): Record<string, string> {
  return Object.fromEntries(new URLSearchParams(uri.query));
}

/** Markdown is shown rendered where the editor can. */
async function show(uri: vscode.Uri): Promise<void> {
  if (uri.path.endsWith('.md')) {
    try {
      await vscode.commands.executeCommand('markdown.showPreview', uri);
      return;
    } catch {
      // The built-in Markdown extension may be disabled; the text says the same.
    }
  }
  await vscode.window.showTextDocument(uri, { preview: true });
}
