/** A recipe as a client gives it: found, changed by `set`, checked with the same words as in the editor, planned. */
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { stringify } from 'yaml';
import { checkRecipe } from '../../core/recipes/check.ts';
import { stageIndexOf, wholeRecipe } from '../../core/recipes/extends.ts';
import { presetKey } from '../../core/recipes/find-base.ts';
import { LonghandError } from '../../core/protocol/errors.ts';
import type { EngineConfigs, RecipeDiagnostic, RecipeSource } from '../../core/protocol/recipes.ts';
import type { Path } from '../../core/recipes/references.ts';
import { applySet } from './apply-set.ts';
import { findBase, folderOf } from './bases.ts';
import { readPlan, type PlanFile } from './plan-file.ts';
import { planRecipe } from './plan-recipe.ts';
import { readPreset } from './presets.ts';
import { trlKeys } from './trl-keys.ts';

export interface LoadedRecipe {
  /** The whole recipe, with `set` and what it extends put in. */
  text: string;
  /** As it was given, where it extends another one. */
  original: string | null;
  /** `preset:NAME`, a path, or `unsaved`. */
  source: string;
  /** Null where there are errors. */
  plan: PlanFile | null;
  diagnostics: RecipeDiagnostic[];
}

export function loadRecipe(source: RecipeSource, set: Record<string, unknown> = {}): LoadedRecipe {
  const { text: asGiven, from } = given(source);
  const path = 'preset' in source ? null : source.path;
  const name = from ?? 'unsaved';
  const keys = trlKeys();
  const options = { findBase, from, ...(keys ? { trlKeys: keys } : {}) };
  const first = checkRecipe(asGiven, options);
  const { bases } = first;
  const original = bases.length > 0 ? asGiven : null;
  const failed = (text: string, diagnostics: RecipeDiagnostic[]) => ({
    text,
    original,
    source: name,
    plan: null,
    diagnostics,
  });
  if (hasErrors(first.diagnostics)) return failed(asGiven, first.diagnostics);

  const whole =
    original === null
      ? asGiven
      : wholeText(
          first.value,
          bases.map((base) => base.name),
        );
  const text = applySet(whole, set);
  // Ranges are those of the text that the client has; what only `set` made wrong has no place there.
  const second = text === asGiven ? first : checkRecipe(text, options);
  const diagnostics =
    second === first ? first.diagnostics : [...first.diagnostics, ...onlyIn(second.diagnostics, first.diagnostics)];
  if (hasErrors(diagnostics) || !second.recipe) return failed(text, diagnostics);
  try {
    const plan = planRecipe(second.recipe, folderOf({ text: asGiven, path }, bases));
    if (bases.length > 0) plan.notes.unshift(`Extends ${bases.map((base) => base.name).join(', which extends ')}.`);
    return { text, original, source: name, plan, diagnostics };
  } catch (error) {
    if (!LonghandError.is(error, 'invalid_recipe')) throw error;
    const diagnostic: RecipeDiagnostic = { message: error.message, range: { start: 0, end: 0 }, severity: 'error' };
    return failed(text, [...diagnostics, diagnostic]);
  }
}

/** A recipe that stands by itself, for the run's record. */
function wholeText(value: unknown, bases: string[]): string {
  return `# With what it extends (${bases.join(', ')}) put in.\n${stringify(value, { lineWidth: 0 })}`;
}

/**
 * A recorded run as a recipe: its plan as it stands, so that nothing is looked up anew.
 * @throws LonghandError `not_runnable` for an import and for a record without a plan
 */
export async function loadRun(record: { run: string; folder: string }): Promise<LoadedRecipe> {
  const read = (file: string) => readFile(join(record.folder, file), 'utf8').catch(() => null);
  const [plan, text, original] = await Promise.all([
    readPlan(record.folder),
    read('recipe.yaml'),
    read('recipe.original.yaml'),
  ]);
  if (!plan || text === null)
    throw new LonghandError(
      'not_runnable',
      `${record.run} has no plan that can be run again: it is an import, or its record is damaged.`,
    );
  return { text, original, source: `run:${record.run}`, plan, diagnostics: [] };
}

/** What TRL refuses, as diagnostics at the keys that it means, in the text that the client has. */
export function engineDiagnostics(source: RecipeSource, { stages }: EngineConfigs): RecipeDiagnostic[] {
  if (stages.every(({ problem }) => problem === null)) return [];
  const { text, from } = given(source);
  const { value, ...whole } = wholeRecipe(text, findBase, from);
  return stages.flatMap(({ stage, problem, problemKeys }): RecipeDiagnostic[] => {
    if (problem === null) return [];
    const at: Path = ['stages', stageIndexOf(value, { stages: [{ id: stage }] }, 0), 'config'];
    const [key] = problemKeys;
    const { range, base } = key === undefined ? whole.place(at, 'key') : whole.place([...at, key], 'value');
    const where = base ? ` (${base.name}, line ${base.line})` : '';
    return [{ message: `stage ${stage}: ${problem}${where}`, range, severity: 'error' }];
  });
}

function given(source: RecipeSource): { text: string; from: string | null } {
  if (!('preset' in source)) return { text: source.text, from: source.path };
  const { name, text } = readPreset(source.preset);
  return { text, from: presetKey(name) };
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
