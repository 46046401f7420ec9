/** What a recipe extends, as the editor finds it: a preset of the package, an open document, or a file. */
import { readdirSync, readFileSync, statSync } from 'node:fs';
import * as path from 'node:path';
import * as vscode from 'vscode';
import { RECIPE_LIMIT } from '../../core/recipes/document.ts';
import { baseFinder, isPresetKey, type FindBase } from '../../core/recipes/find-base.ts';

const SUFFIX = '.recipe.yaml';

export interface RecipeBases {
  findBase: FindBase;
  presets: () => readonly string[];
  /** The file behind what `extends` names, or null. */
  file(name: string, document: vscode.TextDocument): vscode.Uri | null;
}

/** `home`: the extension's folder. Files are read at once: they are small, and completion must not wait for a round trip. */
export function recipeBases(home: string): RecipeBases {
  const folder = path.join(home, 'server', 'presets');
  const presetFile = (name: string) => path.join(folder, name + SUFFIX);
  const presets = () =>
    readdirSync(folder)
      .filter((file) => file.endsWith(SUFFIX))
      .map((file) => file.slice(0, -SUFFIX.length));
  const findBase = baseFinder({
    presets,
    readPreset: (name) => readFileSync(presetFile(name), 'utf8'),
    absolute: (file, beside) => path.resolve(path.dirname(beside), file),
    read(file) {
      const open = vscode.workspace.textDocuments.find(({ uri }) => uri.scheme === 'file' && uri.fsPath === file);
      if (open) return open.getText();
      const { size } = statSync(file);
      if (size > RECIPE_LIMIT * 4) throw new Error(`it has ${size} bytes, too many for a recipe`);
      return readFileSync(file, 'utf8');
    },
  });
  return {
    findBase,
    presets,
    file(name, document) {
      const found = findBase(name, pathOf(document));
      if ('problem' in found) return null;
      return vscode.Uri.file(isPresetKey(found.key) ? presetFile(name) : found.key);
    },
  };
}

/** The path of a document, null where it has none that others could be beside of. */
export function pathOf(document: vscode.TextDocument): string | null {
  return document.uri.scheme === 'file' ? document.uri.fsPath : null;
}
