/** The keys of TRL's configuration classes, as the package ships them. */
import { readFile } from 'node:fs/promises';
import * as path from 'node:path';
import { parseTrlKeys, type TrlKeys } from '../../core/recipes/trl-keys.ts';

/** Undefined where the file is missing or not readable: then `config` is checked when the recipe is planned. */
export async function readTrlKeys(home: string): Promise<TrlKeys | undefined> {
  try {
    return parseTrlKeys(await readFile(path.join(home, 'core', 'recipes', 'trl-keys.json'), 'utf8')) ?? undefined;
  } catch {
    return undefined;
  }
}
