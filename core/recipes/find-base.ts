/** Finds the recipe that another one extends: a preset by its name, or a file beside it. */
import { suggestion } from './nearest.ts';

export interface BaseRecipe {
  /** As `extends` names it. */
  name: string;
  /** Tells it from every other: its absolute path, or `preset:NAME`. */
  key: string;
  text: string;
}

/** `from`: the key of the recipe that extends, null where its text lies nowhere. `problem` is a sentence for a person. */
export type FindBase = (name: string, from: string | null) => BaseRecipe | { problem: string };

/** What is needed of a file system. */
export interface RecipeFiles {
  presets(): readonly string[];
  /** @throws whatever reading throws */
  readPreset(name: string): string;
  /** The absolute path that a path written in the file `beside` means. */
  absolute(path: string, beside: string): string;
  /** @throws whatever reading throws */
  read(path: string): string;
}

const PRESET = 'preset:';

export const presetKey = (name: string): string => PRESET + name;
export const isPresetKey = (key: string): boolean => key.startsWith(PRESET);

export function baseFinder(files: RecipeFiles): FindBase {
  return (name, from) => {
    try {
      if (!/[\\/]|\.ya?ml$/.test(name)) {
        const presets = files.presets();
        if (presets.includes(name)) return { name, key: presetKey(name), text: files.readPreset(name) };
        const hint = suggestion(name, presets);
        return {
          problem: `there is no preset “${name}”${hint || '; a file is named by its path, such as ./base.recipe.yaml'}`,
        };
      }
      if (from === null || isPresetKey(from)) {
        return { problem: `“${name}” is a path beside this recipe, which lies in no folder yet; save it first` };
      }
      const path = files.absolute(name, from);
      return { name, key: path, text: files.read(path) };
    } catch (error) {
      const code = (error as { code?: string }).code;
      return {
        problem:
          code === 'ENOENT'
            ? `there is no file “${name}” beside this recipe`
            : `“${name}” cannot be read (${code ?? (error as Error).message})`,
      };
    }
  };
}
