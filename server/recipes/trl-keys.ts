/** The keys of TRL's configuration classes, as the package ships them. */
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { parseTrlKeys, type TrlKeys } from '../../core/recipes/trl-keys.ts';
import { packageFolder } from '../package-paths.ts';

let known: TrlKeys | null | undefined;

/** Null where the file is missing: then the trainer itself is the first to look at `config`. */
export function trlKeys(): TrlKeys | null {
  if (known === undefined) {
    const path = join(packageFolder, 'core', 'recipes', 'trl-keys.json');
    known = existsSync(path) ? parseTrlKeys(readFileSync(path, 'utf8')) : null;
  }
  return known;
}
