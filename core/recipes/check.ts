/** Everything that can be said of a recipe without running it. The editor and the service use it, so both say the same words. */
import type { RecipeDiagnostic } from '../protocol/recipes.ts';
import type { RecipeDocument } from './document.ts';
import { wholeRecipe, type WholeRecipe } from './extends.ts';
import type { BaseRecipe, FindBase } from './find-base.ts';
import { filterProblem } from './filter.ts';
import { schemasAt } from './json-schema.ts';
import { suggestion } from './nearest.ts';
import { problemsOf, show, valueAt } from './plain-words.ts';
import { outputsOf, references, type Path, type Reference } from './references.ts';
import { recipeSchema, type Recipe } from './schema.ts';
import { stageOrder } from './stage-order.ts';
import { configClass, fitsType, typeInWords, type TrlKeys } from './trl-keys.ts';

export interface CheckOptions {
  /** TRL's keys; without them `config` is not looked into. */
  trlKeys?: TrlKeys;
  /** Finds what the recipe extends; without it nothing can be extended. */
  findBase?: FindBase;
  /** The path or `preset:NAME` of the text, against which `extends` is looked up; null where it lies nowhere. */
  from?: string | null;
}

export interface RecipeCheck {
  /** The recipe with what it extends put in, or null when there is any error. */
  recipe: Recipe | null;
  /** Its plain value, as written there and in what it extends; undefined where it could not be put together. */
  value: unknown;
  /** What it extends, the nearest first. */
  bases: readonly BaseRecipe[];
  /** By place in the text. */
  diagnostics: RecipeDiagnostic[];
  /** The text's nodes with their places, for whatever else an editor wants to know. */
  document: RecipeDocument;
}

/** Most diagnostics that are reported; one more says how many were left out. */
const DIAGNOSTICS_LIMIT = 100;

/** Checks a recipe file's text. Never throws. */
export function checkRecipe(text: string, options: CheckOptions = {}): RecipeCheck {
  const whole = wholeRecipe(text, options.findBase, options.from ?? null);
  const { document, value } = whole;
  const found: RecipeDiagnostic[] = [...document.diagnostics, ...whole.diagnostics];
  const say: Say = (message, path, what = 'value', severity = 'error') => {
    const { range, base } = whole.place(path, what);
    found.push({ message: base ? `${message} (${base.name}, line ${base.line})` : message, range, severity });
  };

  let recipe: Recipe | null = null;
  const brokenBase = value !== undefined && whole.bases[0] ? baseProblem(whole.bases[0], options) : null;
  if (document.yaml && document.value === null && found.length === 0) {
    say('the recipe is empty; it needs “name” and “stages”', []);
  } else if (brokenBase) {
    say(brokenBase, ['extends']);
  } else if (value !== undefined && value !== null) {
    const parsed = recipeSchema.safeParse(value);
    if (parsed.success) recipe = parsed.data;
    else {
      for (const { message, path, what } of problemsOf(parsed.error.issues, value, (path) => schemasAt(path, value)))
        say(message, path, what);
    }
    // These look at the value as it stands, so that one wrong key does not hide a missing reference.
    checkStages(value, say);
    checkFilters(whole, say, found);
    checkReferences(whole, say, found);
    if (options.trlKeys) checkConfig(value, options.trlKeys, say);
    const ids = recipe?.stages.map(({ id }) => id) ?? [];
    const isNamed =
      new Set(ids).size === ids.length && !found.some(({ message }) => message.endsWith('refers to itself'));
    const cycle = recipe && isNamed ? stageOrder(recipe).cycle : null;
    if (cycle)
      say(`the stages wait for each other: ${cycle.join(' → ')}`, ['stages', stageIndex(recipe!, cycle[0]!), 'id']);
  }
  const diagnostics = bounded(found.sort((a, b) => a.range.start - b.range.start || a.range.end - b.range.end));
  const failed = diagnostics.some(({ severity }) => severity === 'error');
  return { recipe: failed ? null : recipe, diagnostics, document, value, bases: whole.bases };
}

/** What is wrong with the recipe that is extended, taken by itself; null where nothing is. */
function baseProblem(base: BaseRecipe, options: CheckOptions): string | null {
  const errors = checkRecipe(base.text, { ...options, from: base.key }).diagnostics.filter(
    ({ severity }) => severity === 'error',
  );
  const [first] = errors;
  if (!first) return null;
  const line = base.text.slice(0, first.range.start).split('\n').length;
  const more = errors.length > 1 ? ` (and ${errors.length - 1} more)` : '';
  return `${base.name} has an error in line ${line}: ${first.message}${more}`;
}

type Say = (message: string, path: Path, what?: 'key' | 'value', severity?: RecipeDiagnostic['severity']) => void;

function stageIndex(recipe: Recipe, id: string): number {
  return recipe.stages.findIndex((stage) => stage.id === id);
}

/** The stages of a value that need not be a recipe. */
export function stagesOf(value: unknown): Record<string, unknown>[] {
  const stages = valueAt(value, ['stages']);
  return Array.isArray(stages)
    ? stages.map((stage: unknown) =>
        typeof stage === 'object' && stage !== null ? (stage as Record<string, unknown>) : {},
      )
    : [];
}

function checkStages(value: unknown, say: Say): void {
  const stages = stagesOf(value);
  const first = new Map<unknown, number>();
  const ids = stages.map(({ id }) => id).filter((id) => typeof id === 'string');
  for (const [i, stage] of stages.entries()) {
    if (typeof stage.id === 'string') {
      if (first.has(stage.id))
        say(`the id “${stage.id}” is taken by stage ${first.get(stage.id)! + 1}; each needs its own`, [
          'stages',
          i,
          'id',
        ]);
      else first.set(stage.id, i);
    }
    if (stage.kind === 'dataset' && !stage.task && !stage.files && !stage.sources)
      say('a dataset needs “task”, “files” or “sources”', ['stages', i, 'kind']);
    if (stage.kind === 'dataset') checkSources(stage['sources'], i, say);
    if (stage.kind === 'select') checkSelect(stage, i, stages, say);
    for (const [j, need] of (Array.isArray(stage.needs) ? stage.needs : []).entries()) {
      if (typeof need === 'string' && !ids.includes(need))
        say(`there is no stage “${need}”${suggestion(need, ids)}`, ['stages', i, 'needs', j]);
    }
  }
}

function checkSources(sources: unknown, i: number, say: Say): void {
  for (const [j, source] of (Array.isArray(sources) ? sources : []).entries()) {
    if (typeof source !== 'object' || source === null || 'path' in source !== 'hub' in source) continue;
    say('a source has either “path” or “hub”', ['stages', i, 'sources', j]);
  }
}

const REFERENCE = /\$\{[^}]*\}/g;

/** Filters of sources, each underlined where it is wrong; where the file writes a text otherwise than it reads, the whole of it. */
function checkFilters(whole: WholeRecipe, say: Say, found: RecipeDiagnostic[]): void {
  for (const [i, stage] of stagesOf(whole.value).entries()) {
    const sources =
      stage['kind'] === 'dataset' && Array.isArray(stage['sources']) ? (stage['sources'] as unknown[]) : [];
    for (const [j, source] of sources.entries()) {
      const path: Path = ['stages', i, 'sources', j, 'filter'];
      const given = valueAt(source, ['filter']);
      const filters: [unknown, Path][] = Array.isArray(given)
        ? given.map((one: unknown, k) => [one, [...path, k]])
        : [[given, path]];
      for (const [filter, place] of filters)
        if (typeof filter === 'string') checkFilter(filter, place, whole, say, found);
    }
  }
}

function checkFilter(filter: string, path: Path, whole: WholeRecipe, say: Say, found: RecipeDiagnostic[]): void {
  // What a reference stands for is not known here: it counts as a number of the same length.
  const problem = filterProblem(filter.replace(REFERENCE, (text) => '0'.repeat(text.length)));
  if (!problem) return;
  // A variable may hold a part of the filter: with its value as it stands in the recipe it is right.
  const vars = valueAt(whole.value, ['vars']);
  const filled = filter.replace(REFERENCE, (text) => {
    const value = valueAt(vars, [text.slice('${vars.'.length, -1)]);
    return typeof value === 'string' || typeof value === 'number' ? String(value) : text;
  });
  if (filled !== filter && !filterProblem(filled)) return;
  const message = `filter: ${problem.message}`;
  const { range, base, text } = whole.place(path);
  const at = base || filter === '' ? -1 : text.indexOf(filter);
  if (at < 0) say(message, path);
  else {
    const start = range.start + at;
    found.push({ message, range: { start: start + problem.start, end: start + problem.end }, severity: 'error' });
  }
}

/** Keys of a `select` stage that must fit each other and the stage that it chooses from. */
function checkSelect(stage: Record<string, unknown>, i: number, stages: Record<string, unknown>[], say: Say): void {
  if (typeof stage['from'] === 'string') {
    const ids = stages.map(({ id }) => id).filter((id) => typeof id === 'string');
    const from = stages.find(({ id }) => id === stage['from']);
    if (!from) say(`there is no stage “${stage['from']}”${suggestion(stage['from'], ids)}`, ['stages', i, 'from']);
    else if (!from['evaluate'])
      say(`the stage “${stage['from']}” has no “evaluate” block to choose by`, ['stages', i, 'from']);
  }
  if (stage['rule'] === 'accuracy_at_budget' && stage['budget'] === undefined)
    say('“accuracy_at_budget” needs a “budget”', ['stages', i, 'rule']);
}

function checkReferences(whole: WholeRecipe, say: Say, found: RecipeDiagnostic[]): void {
  const vars = valueAt(whole.value, ['vars']);
  const names = typeof vars === 'object' && vars !== null ? Object.keys(vars) : [];
  const stages = stagesOf(whole.value);
  for (const reference of references(valueAt(whole.value, ['stages']), ['stages'])) {
    const message = referenceProblem(reference, names, stages);
    if (!message) continue;
    const { range, text } = whole.place(reference.path);
    const at = text.indexOf(reference.text);
    if (at < 0) say(message, reference.path);
    else
      found.push({
        message,
        range: { start: range.start + at, end: range.start + at + reference.text.length },
        severity: 'error',
      });
  }
}

function referenceProblem(
  { text, target, path }: Reference,
  vars: readonly string[],
  stages: readonly Record<string, unknown>[],
): string | null {
  if ('unknown' in target) return `${text} is no reference; write \${vars.name} or \${stages.id.output}`;
  if ('var' in target) {
    return vars.includes(target.var)
      ? null
      : `there is no variable “${target.var}”${suggestion(target.var, vars) || '; add it under “vars”'}`;
  }
  const ids = stages.map(({ id }) => id).filter((id) => typeof id === 'string');
  const stage = stages.find(({ id }) => id === target.stage);
  if (!stage) return `there is no stage “${target.stage}”${suggestion(target.stage, ids)}`;
  if (stage === stages[path[1] as number]) return `the stage “${target.stage}” refers to itself`;
  const outputs = outputsOf(stage as Parameters<typeof outputsOf>[0]);
  if (outputs.includes(target.output)) return null;
  return outputs.length === 0
    ? `the stage “${target.stage}” gives nothing to refer to`
    : `the stage “${target.stage}” has no “${target.output}”${suggestion(target.output, outputs)}`;
}

/** Says what is wrong in the `config` of trainings: keys that TRL does not have, or that are not to be set, and values of another type. */
export function checkConfig(value: unknown, trlKeys: TrlKeys, say: Say): void {
  for (const [i, stage] of stagesOf(value).entries()) {
    const name = configClass(stage.kind);
    if (!name || typeof stage.config !== 'object' || stage.config === null) continue;
    const known = trlKeys[name];
    for (const key of Object.keys(stage.config)) {
      const owned = own(trlKeys.owned, key);
      if (owned) {
        say(`“${key}” is not for a recipe to set: ${owned}`, ['stages', i, 'config', key], 'key');
        continue;
      }
      const expected = Object.hasOwn(known, key) ? known[key] : undefined;
      if (expected) {
        const item = (stage.config as Record<string, unknown>)[key];
        if (!fitsType(expected.type, item))
          say(`“${key}” must be ${typeInWords(expected.type)}, not ${show(item)}`, ['stages', i, 'config', key]);
        continue;
      }
      const renamed = own(trlKeys.renamed, key);
      if (renamed) {
        say(
          `${name} of TRL ${trlKeys.versions.trl} has no key “${key}”: ${renamed}`,
          ['stages', i, 'config', key],
          'key',
        );
        continue;
      }
      say(
        `${name} of TRL ${trlKeys.versions.trl} has no key “${key}”${suggestion(key, Object.keys(known))}`,
        ['stages', i, 'config', key],
        'key',
      );
    }
  }
}

const own = (record: Record<string, string> | undefined, key: string): string | null =>
  record && Object.hasOwn(record, key) ? record[key]! : null;

function bounded(diagnostics: RecipeDiagnostic[]): RecipeDiagnostic[] {
  const unique = diagnostics.filter(
    (one, i) =>
      !diagnostics
        .slice(Math.max(0, i - 8), i)
        .some((other) => other.message === one.message && other.range.start === one.range.start),
  );
  if (unique.length <= DIAGNOSTICS_LIMIT) return unique;
  const last = unique[DIAGNOSTICS_LIMIT - 1]!;
  return [
    ...unique.slice(0, DIAGNOSTICS_LIMIT),
    { message: `and ${unique.length - DIAGNOSTICS_LIMIT} more problems`, range: last.range, severity: 'error' },
  ];
}
