/** A recipe as a client gives it: found, changed by `set`, checked with the same words as in the editor, planned. */
import { dirname } from 'node:path';
import { checkRecipe } from '../../core/recipes/check.ts';
import { LonghandError } from '../../core/protocol/errors.ts';
import type { RecipeDiagnostic, RecipeSource } from '../../core/protocol/methods.ts';
import { applySet } from './apply-set.ts';
import type { PlanFile } from './plan-file.ts';
import { planRecipe } from './plan-recipe.ts';
import { readPreset } from './presets.ts';
import { trlKeys } from './trl-keys.ts';

export interface LoadedRecipe {
  /** With `set` put in. */
  text: string;
  /** `preset:NAME`, a path, or `unsaved`. */
  source: string;
  /** Null where there are errors. */
  plan: PlanFile | null;
  diagnostics: RecipeDiagnostic[];
}

export async function loadRecipe(source: RecipeSource, set: Record<string, unknown> = {}): Promise<LoadedRecipe> {
  const preset = 'preset' in source ? await readPreset(source.preset) : null;
  const path = 'preset' in source ? null : source.path;
  const original = preset?.text ?? (source as { text: string }).text;
  const name = preset ? `preset:${preset.name}` : (path ?? 'unsaved');
  const keys = trlKeys();
  const options = keys ? { trlKeys: keys } : {};
  const first = checkRecipe(original, options);
  if (hasErrors(first.diagnostics)) return { text: original, source: name, plan: null, diagnostics: first.diagnostics };

  const text = applySet(original, set);
  // Ranges are those of the text that the client has; what only `set` made wrong has no place there.
  const second = text === original ? first : checkRecipe(text, options);
  const diagnostics =
    second === first ? first.diagnostics : [...first.diagnostics, ...onlyIn(second.diagnostics, first.diagnostics)];
  if (hasErrors(diagnostics) || !second.recipe) return { text, source: name, plan: null, diagnostics };
  try {
    return { text, source: name, plan: planRecipe(second.recipe, path && dirname(path)), diagnostics };
  } catch (error) {
    if (!LonghandError.is(error, 'invalid_recipe')) throw error;
    const diagnostic: RecipeDiagnostic = { message: error.message, range: { start: 0, end: 0 }, severity: 'error' };
    return { text, source: name, plan: null, diagnostics: [...diagnostics, diagnostic] };
  }
}

/** @throws LonghandError `invalid_recipe` with the diagnostics as its detail. */
export function requirePlan(loaded: LoadedRecipe): PlanFile {
  if (loaded.plan) return loaded.plan;
  const errors = loaded.diagnostics.filter((diagnostic) => diagnostic.severity === 'error');
  const more = errors.length > 3 ? ` … and ${errors.length - 3} more` : '';
  const text = errors.slice(0, 3).map((error) => error.message);
  throw new LonghandError('invalid_recipe', `${text.join(' ')}${more}`, { diagnostics: loaded.diagnostics });
}

function hasErrors(diagnostics: RecipeDiagnostic[]): boolean {
  return diagnostics.some((diagnostic) => diagnostic.severity === 'error');
}

function onlyIn(found: RecipeDiagnostic[], known: RecipeDiagnostic[]): RecipeDiagnostic[] {
  const messages = new Set(known.map((diagnostic) => diagnostic.message));
  return found
    .filter((diagnostic) => !messages.has(diagnostic.message))
    .map((diagnostic) => ({ ...diagnostic, range: { start: 0, end: 0 } }));
}
