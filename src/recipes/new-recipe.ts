/** New Recipe from Preset: a preset's text as an unsaved recipe in the editor. */
import * as path from 'node:path';
import * as vscode from 'vscode';
import type { Backends } from '../backends/backends.ts';
import { ids } from '../contributions.ts';
import { presetItem } from './files.ts';

export async function newRecipe(backends: Backends): Promise<void> {
  await backends.need();
  const { presets } = await backends.call('recipes/presets', {});
  const picked = await vscode.window.showQuickPick(presets.map(presetItem), {
    title: 'New Recipe from Preset',
    placeHolder: 'Which preset?',
    matchOnDetail: true,
  });
  if (!picked) return;
  const folder = vscode.workspace.workspaceFolders?.[0]?.uri;
  if (!folder) {
    await vscode.window.showTextDocument(
      await vscode.workspace.openTextDocument({ language: ids.language, content: picked.preset.text }),
    );
    return;
  }
  const target = await freeName(folder, picked.preset.name);
  const uri = await vscode.window.showSaveDialog({
    defaultUri: target,
    filters: { Recipe: ['recipe.yaml'] },
    title: 'New Recipe',
    saveLabel: 'Create',
  });
  if (!uri) return;
  await vscode.workspace.fs.writeFile(uri, new TextEncoder().encode(picked.preset.text));
  await vscode.window.showTextDocument(uri);
}

async function freeName(folder: vscode.Uri, name: string): Promise<vscode.Uri> {
  for (let n = 1; ; n++) {
    const uri = vscode.Uri.joinPath(folder, `${path.posix.basename(name)}${n > 1 ? `-${n}` : ''}.recipe.yaml`);
    const exists = await vscode.workspace.fs.stat(uri).then(
      () => true,
      () => false,
    );
    if (!exists) return uri;
  }
}
