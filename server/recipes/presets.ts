/** The recipes that ship with the package: `server/presets/<name>.recipe.yaml`. */
import { LonghandError } from '../../core/protocol/errors.ts';
import type { PresetInfo } from '../../core/protocol/recipes.ts';
import { stagesOf } from '../../core/recipes/check.ts';
import { wholeRecipe } from '../../core/recipes/extends.ts';
import { presetKey } from '../../core/recipes/find-base.ts';
import { suggestion } from '../../core/recipes/nearest.ts';
import { valueAt } from '../../core/recipes/plain-words.ts';
import { findBase, presetNames, presetText, presetTime } from './bases.ts';

let kept: { key: string; presets: PresetInfo[] } | null = null;

/** Whole recipes before those that build on them, those that need no GPU first. Reading them all takes a while, so they are kept. */
export function listPresets(): PresetInfo[] {
  const names = presetNames();
  const key = names.map((name) => `${name}:${presetTime(name)}`).join();
  if (kept?.key === key) return kept.presets;
  const rank = ({ text, needsGpu }: PresetInfo) => (/^extends:/m.test(text) ? 2 : 0) + (needsGpu ? 1 : 0);
  const presets = names.map(readPreset).toSorted((one, other) => rank(one) - rank(other));
  kept = { key, presets };
  return presets;
}

/** @throws LonghandError `not_found` that names the nearest preset. */
export function readPreset(name: string): PresetInfo {
  const names = presetNames();
  if (!names.includes(name)) {
    throw new LonghandError('not_found', `there is no preset “${name}”${suggestion(name, names)}`);
  }
  const text = presetText(name);
  const { value } = wholeRecipe(text, findBase, presetKey(name));
  const description = valueAt(value, ['description']);
  const comment = /^(?:#[^\n]*\n)+/.exec(text)?.[0] ?? '';
  return {
    name,
    title: name,
    description:
      typeof description === 'string' ? description : comment.replace(/^# ?/gm, '').replace(/\s+/g, ' ').trim(),
    needsGpu: stagesOf(value).some((stage) => Number(valueAt(stage, ['resources', 'gpus']) ?? 0) > 0),
    text,
  };
}
