/** Loads the recipe language when the first recipe is opened: the schema and the YAML parser are the largest part of the bundle. */
import * as vscode from 'vscode';
import { ids } from '../contributions.ts';
import { Disposables } from '../disposables.ts';
import type { RunStore } from '../runs/store.ts';

export function registerRecipeLanguage(home: string, store: RunStore): vscode.Disposable {
  const disposables = new Disposables();
  let loading: Promise<void> | null = null;
  const look = (document: vscode.TextDocument) => {
    if (document.languageId === ids.language) loading ??= load(home, store, disposables);
  };
  disposables.add(vscode.workspace.onDidOpenTextDocument(look));
  // A recipe that is open already waits until the window has settled.
  const timer = setTimeout(() => vscode.workspace.textDocuments.forEach(look), 0);
  disposables.add({ dispose: () => clearTimeout(timer) });
  return disposables;
}

async function load(home: string, store: RunStore, disposables: Disposables): Promise<void> {
  const [{ RecipeDiagnostics }, { registerRecipeFeatures }, { readTrlKeys }, { recipeBases }] = await Promise.all([
    import('./diagnostics.ts'),
    import('./features.ts'),
    import('./trl-keys.ts'),
    import('./bases.ts'),
  ]);
  const trlKeys = await readTrlKeys(home);
  const bases = recipeBases(home);
  disposables.add(new RecipeDiagnostics({ findBase: bases.findBase, ...(trlKeys ? { trlKeys } : {}) }));
  disposables.add(registerRecipeFeatures(trlKeys, bases, store));
}
