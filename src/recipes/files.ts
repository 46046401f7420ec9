/** The recipes that can be run: the backend's presets and the recipe files of the workspace. */
import * as path from 'node:path';
import * as vscode from 'vscode';
import type { PresetInfo, RecipeSource } from '../../core/protocol/recipes.ts';
import type { Backends } from '../backends/backends.ts';
import { ids, recipeGlob } from '../contributions.ts';
import { oneLine } from '../format.ts';

/** Recipe files that are offered; a workspace with more names the rest by *Open File*. */
const MAX_FILES = 200;

export interface ChosenRecipe {
  label: string;
  source: RecipeSource;
  /** The file, where it is one. */
  uri: vscode.Uri | null;
}

/** The recipe that is meant: a document (CodeLens, editor title), a file (explorer), or picked from a list. */
export async function chooseRecipe(backends: Backends, argument: unknown, title: string): Promise<ChosenRecipe | null> {
  if (argument instanceof vscode.Uri) return fromFile(argument);
  if (typeof argument === 'string') return { label: argument, source: { preset: argument }, uri: null };
  const [{ presets }, files] = await Promise.all([
    backends.call('recipes/presets', {}),
    vscode.workspace.findFiles(recipeGlob, '**/node_modules/**', MAX_FILES),
  ]);
  const active = vscode.window.activeTextEditor?.document;
  const first = active?.languageId === ids.language ? active.uri.toString() : null;
  const sorted = files.toSorted(
    (a, b) => Number(b.toString() === first) - Number(a.toString() === first) || a.path.localeCompare(b.path),
  );
  type Item = vscode.QuickPickItem & { take?: () => Promise<ChosenRecipe> | ChosenRecipe };
  const items: Item[] = [
    ...(sorted.length > 0 ? [separator('In this workspace')] : []),
    ...sorted.map((uri): Item => ({
      label: `$(file) ${path.posix.basename(uri.path)}`,
      description: path.posix.dirname(vscode.workspace.asRelativePath(uri)).replace(/^\.$/, ''),
      take: () => fromFile(uri),
    })),
    separator('Presets'),
    ...presets.map(presetItem),
  ];
  const picked = await vscode.window.showQuickPick(items, {
    title,
    placeHolder: 'Which recipe?',
    matchOnDescription: true,
    matchOnDetail: true,
  });
  return (await picked?.take?.()) ?? null;
}

export function presetItem(
  preset: PresetInfo,
): vscode.QuickPickItem & { preset: PresetInfo; take: () => ChosenRecipe } {
  return {
    label: `$(beaker) ${preset.name}`,
    description: [preset.title === preset.name ? '' : preset.title, preset.needsGpu ? 'needs a GPU' : '']
      .filter(Boolean)
      .join(' · '),
    detail: oneLine(preset.description, 160),
    preset,
    take: () => ({ label: preset.name, source: { preset: preset.name }, uri: null }),
  };
}

/** The text of a recipe file as it is on screen, saved or not. */
async function fromFile(uri: vscode.Uri): Promise<ChosenRecipe> {
  const document = await vscode.workspace.openTextDocument(uri);
  return {
    label: path.posix.basename(uri.path).replace(/\.recipe\.ya?ml$/, ''),
    source: { text: document.getText(), path: uri.scheme === 'file' ? uri.fsPath : null },
    uri,
  };
}

function separator(label: string): vscode.QuickPickItem {
  return { label, kind: vscode.QuickPickItemKind.Separator };
}
