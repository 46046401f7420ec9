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
  const saved = await vscode.window.showSaveDialog({
    defaultUri: target,
    filters: { Recipe: ['yaml', 'yml'] },
    title: 'New Recipe',
    saveLabel: 'Create',
  });
  if (!saved) return;
  const uri = asRecipe(saved);
  await vscode.workspace.fs.writeFile(uri, new TextEncoder().encode(picked.preset.text));
  await vscode.window.showTextDocument(uri);
}

/** Only files of this name are taken for recipes; a dialog filters by the last extension alone. */
function asRecipe(uri: vscode.Uri): vscode.Uri {
  if (/\.recipe\.ya?ml$/.test(uri.path)) return uri;
  return uri.with({ path: `${uri.path.replace(/\.ya?ml$/, '')}.recipe.yaml` });
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
