/** Sets up all that the editor knows of recipes. */
import type * as vscode from 'vscode';
import type { RunStore } from '../runs/store.ts';
import { recipeBases } from './bases.ts';
import { RecipeDiagnostics } from './diagnostics.ts';
import { registerRecipeFeatures } from './features.ts';
import { readTrlKeys } from './trl-keys.ts';

/** `home`: the extension's folder. What is registered is to be disposed by the caller. */
export async function startRecipeLanguage(home: string, store: RunStore): Promise<vscode.Disposable[]> {
  const trlKeys = await readTrlKeys(home);
  const bases = recipeBases(home);
  return [
    new RecipeDiagnostics({ findBase: bases.findBase, ...(trlKeys ? { trlKeys } : {}) }),
    registerRecipeFeatures(trlKeys, bases, store),
  ];
}
