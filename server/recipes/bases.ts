/** What a recipe extends, found on this machine: a preset of the package or a file beside the recipe. */
import { readdirSync, readFileSync, statSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { RECIPE_LIMIT, readDocument } from '../../core/recipes/document.ts';
import { stageIndexOf } from '../../core/recipes/extends.ts';
import { baseFinder, isPresetKey, type BaseRecipe } from '../../core/recipes/find-base.ts';
import { valueAt } from '../../core/recipes/plain-words.ts';
import { presetsFolder } from '../package-paths.ts';

const SUFFIX = '.recipe.yaml';

export function presetNames(): string[] {
  const files = readdirSync(presetsFolder).filter((file) => file.endsWith(SUFFIX));
  return files.map((file) => file.slice(0, -SUFFIX.length)).toSorted();
}

export const presetText = (name: string): string => readFileSync(join(presetsFolder, name + SUFFIX), 'utf8');

/** When its file was changed last, in milliseconds. */
export const presetTime = (name: string): number => statSync(join(presetsFolder, name + SUFFIX)).mtimeMs;

export const findBase = baseFinder({
  presets: presetNames,
  readPreset: presetText,
  absolute: (path, beside) => resolve(dirname(beside), path),
  read(path) {
    // One character takes four bytes at most; what is longer is no recipe, and perhaps endless.
    const size = statSync(path).size;
    if (size > RECIPE_LIMIT * 4) throw new Error(`it has ${size} bytes, too many for a recipe`);
    return readFileSync(path, 'utf8');
  },
});

/**
 * The folder against which a relative path of a stage is resolved: that of the file in which it is written, null for a preset or a text
 * that lies nowhere.
 */
export function folderOf(recipe: { text: string; path: string | null }, bases: readonly BaseRecipe[]) {
  const files = [{ key: recipe.path, text: recipe.text }, ...bases].map(({ key, text }) => ({
    folder: key === null || isPresetKey(key) ? null : dirname(key),
    value: readDocument(text).value,
  }));
  return (stage: string, value: string): string | null => {
    const named = { stages: [{ id: stage }] };
    const writer = files.find((file) => {
      const index = stageIndexOf(file.value, named, 0);
      return index >= 0 && holds(valueAt(file.value, ['stages', index]), value);
    });
    return (writer ?? files[0]!).folder;
  };
}

function holds(value: unknown, text: string): boolean {
  if (typeof value !== 'object' || value === null) return value === text;
  return Object.values(value).some((item) => holds(item, text));
}
