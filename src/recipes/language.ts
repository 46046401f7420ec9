/** Loads the recipe language when the first recipe is opened: the schema and the YAML parser are the larger half of the code. */
import * as vscode from 'vscode';
import { ids } from '../contributions.ts';
import { Disposables } from '../disposables.ts';
import type { Report } from '../errors.ts';
import type { RunStore } from '../runs/store.ts';

export function registerRecipeLanguage(home: string, store: RunStore, report: Report): vscode.Disposable {
  const disposables = new Disposables();
  let loading: Promise<void> | null = null;
  const load = async () => {
    const { startRecipeLanguage } = await import('../on-demand.ts');
    for (const item of await startRecipeLanguage(home, store)) disposables.add(item);
  };
  const look = (document: vscode.TextDocument) => {
    if (document.languageId === ids.language) loading ??= load().catch(report);
  };
  disposables.add(vscode.workspace.onDidOpenTextDocument(look));
  // A recipe that is open already waits until the window has settled.
  const timer = setTimeout(() => vscode.workspace.textDocuments.forEach(look), 0);
  disposables.add({ dispose: () => clearTimeout(timer) });
  return disposables;
}
