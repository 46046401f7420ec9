/** Where the package's files lie, for the sources (`server/`) as for the bundle (`dist/`): both are one level below its root. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

export const packageFolder = fileURLToPath(new URL('..', import.meta.url));
/** Holds the Python package `longhand_engine`. */
export const engineFolder = join(packageFolder, 'server', 'engine');
export const presetsFolder = join(packageFolder, 'server', 'presets');
/** Folder of the model `longhand-base`. */
export const baseModelFolder = join(engineFolder, 'longhand_engine', 'tiny', 'base');

export const packageVersion: string = (
  JSON.parse(readFileSync(join(packageFolder, 'package.json'), 'utf8')) as { version: string }
).version;

/** The command that runs this program again, before its arguments: the same Node, the same file. */
export function selfCommand(): string[] {
  const fromSources = import.meta.url.endsWith('.ts');
  return [process.execPath, join(packageFolder, fromSources ? 'server/main.ts' : 'dist/longhand.mjs')];
}
