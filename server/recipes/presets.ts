/** The recipes that ship with the package: `server/presets/<name>.recipe.yaml`. */
import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { parse } from 'yaml';
import { LonghandError } from '../../core/protocol/errors.ts';
import type { PresetInfo } from '../../core/protocol/methods.ts';
import { suggestion } from '../../core/recipes/nearest.ts';
import { presetsFolder } from '../package-paths.ts';

const SUFFIX = '.recipe.yaml';

export async function listPresets(): Promise<PresetInfo[]> {
  const names = (await presetNames()).toSorted();
  return Promise.all(names.map(readPreset));
}

/** @throws LonghandError `not_found` that names the nearest preset. */
export async function readPreset(name: string): Promise<PresetInfo> {
  const names = await presetNames();
  if (!names.includes(name)) {
    throw new LonghandError('not_found', `there is no preset “${name}”${suggestion(name, names)}`);
  }
  const text = await readFile(join(presetsFolder, name + SUFFIX), 'utf8');
  const recipe = parse(text) as { description?: string; stages?: { resources?: { gpus?: number } }[] };
  const comment = /^(?:#[^\n]*\n)+/.exec(text)?.[0] ?? '';
  return {
    name,
    title: name,
    description: recipe.description ?? comment.replace(/^# ?/gm, '').replace(/\s+/g, ' ').trim(),
    needsGpu: (recipe.stages ?? []).some((stage) => (stage.resources?.gpus ?? 0) > 0),
    text,
  };
}

async function presetNames(): Promise<string[]> {
  const files = await readdir(presetsFolder);
  return files.filter((file) => file.endsWith(SUFFIX)).map((file) => file.slice(0, -SUFFIX.length));
}
