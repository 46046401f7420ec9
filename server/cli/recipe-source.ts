/** RECIPE|PRESET and `--set` of a command line, as the contract wants them. */
import { existsSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { resolve } from 'node:path';
import { LonghandError } from '../../core/protocol/errors.ts';
import type { RecipeDiagnostic, RecipeSource } from '../../core/protocol/recipes.ts';
import { readPair } from '../../core/recipes/pair.ts';
import { UsageError } from './command.ts';

/** A path where there is such a file or the argument looks like one, otherwise a preset's name. */
export async function recipeSource(argument: string): Promise<RecipeSource> {
  const looksLikePath = /[\\/]|\.ya?ml$/.test(argument);
  if (!looksLikePath && !existsSync(argument)) return { preset: argument };
  const path = resolve(argument);
  try {
    return { text: await readFile(path, 'utf8'), path };
  } catch (error) {
    throw new LonghandError('unreadable', `${path}: ${(error as Error).message}`);
  }
}

/** `k=v` pairs; values as in YAML, so that `3` is a number and `true` a truth value. */
export function parseSet(pairs: readonly string[]): Record<string, unknown> {
  const set: Record<string, unknown> = {};
  for (const pair of pairs) {
    const read = readPair(pair);
    if (!read) throw new UsageError(`--set takes name=value, not ${pair}.`);
    set[read[0]] = read[1];
  }
  return set;
}

/** Diagnostics as `file:line:column: message`. */
export function diagnosticLines(diagnostics: readonly RecipeDiagnostic[], source: RecipeSource): string[] {
  const text = 'text' in source ? source.text : null;
  const name = 'text' in source ? (source.path ?? 'recipe') : source.preset;
  return diagnostics.map(({ message, range, severity }) => {
    const before = text?.slice(0, range.start).split('\n');
    const place = before ? `:${before.length}:${before.at(-1)!.length + 1}` : '';
    return `${name}${place}: ${severity}: ${message}`;
  });
}
