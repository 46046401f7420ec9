/** `extends`: a recipe of a few lines that builds on another. Here its value is put together, and every part of it found in its file again. */
import type { RecipeDiagnostic } from '../protocol/recipes.ts';
import { rangeAt, readDocument, type Range, type RecipeDocument } from './document.ts';
import type { BaseRecipe, FindBase } from './find-base.ts';
import { suggestion } from './nearest.ts';
import { valueAt } from './plain-words.ts';
import type { Path } from './references.ts';

type Fields = Record<string, unknown>;

/** One file of the chain: the recipe itself first, then what it extends, then what that extends. */
interface Layer {
  /** Null for the recipe itself. */
  base: BaseRecipe | null;
  document: RecipeDocument;
}

/** Where a part of the whole recipe is written. */
export interface Place {
  /** In the recipe's own text. What a base says has the place of the stage that changes it, or else of `extends`. */
  range: Range;
  /** The base that it is written in, with its line from 1; null where it is the recipe itself. */
  base: { name: string; line: number } | null;
  /** The text of the value where it is the recipe's own. */
  text: string;
}

export interface WholeRecipe {
  /** The recipe's own text. */
  document: RecipeDocument;
  /** What the bases and the recipe make together; the document's own value where it extends nothing. Undefined where it could not be made. */
  value: unknown;
  /** What is extended, the nearest first. */
  bases: readonly BaseRecipe[];
  /** What is wrong with `extends` and with the changes; the document's own diagnostics are not among them. */
  diagnostics: RecipeDiagnostic[];
  place(path: Path, what?: 'key' | 'value'): Place;
}

/** Most recipes in one chain. */
const CHAIN_LIMIT = 8;
/** Keys that say how a stage joins those of the base, and are none of its own. */
export const changeKeys = {
  remove: '`true` takes the stage of the base away.',
  before: 'The stage that this one comes before.',
  after: 'The stage that this one comes after.',
} as const;
/** The base's are its own. */
const notInherited = ['extends', 'name', 'description'];

/** Puts a recipe and what it extends together. Never throws. `from`: the path or `preset:NAME` of the text, null where it has none. */
export function wholeRecipe(text: string, findBase: FindBase | undefined, from: string | null = null): WholeRecipe {
  const document = readDocument(text);
  const layers: Layer[] = [{ base: null, document }];
  const diagnostics: RecipeDiagnostic[] = [];
  const say = (message: string, path: Path, what: 'key' | 'value' = 'value') =>
    void diagnostics.push({ message, range: rangeAt(document, path, what), severity: 'error' });
  const place = (path: Path, what: 'key' | 'value' = 'value') => placeOf(layers, value, path, what);
  let value = document.value;
  const name = valueAt(document.value, ['extends']);
  if (name !== undefined) {
    const problem = readChain(layers, name, findBase, from);
    if (problem) {
      say(problem, ['extends']);
      value = undefined;
    } else {
      value = layers.toReversed().reduce<unknown>((below, layer, i) => {
        const tell = layer.base === null ? say : () => undefined;
        return i === 0 ? layer.document.value : join(below, layer.document.value, layers[1]!.base!.name, tell);
      }, undefined);
    }
  }
  const bases = layers.flatMap(({ base }) => base ?? []);
  return { document, value, bases, diagnostics, place };
}

/** Reads what is extended into `layers`. The answer is what keeps it from being read. */
function readChain(
  layers: Layer[],
  first: unknown,
  findBase: FindBase | undefined,
  start: string | null,
): string | null {
  let name = first;
  let from = start;
  while (name !== undefined) {
    if (typeof name !== 'string' || name === '') return '“extends” must be the name of a preset or a relative path';
    if (!findBase) return 'what a recipe extends cannot be read here';
    const found = findBase(name, from);
    if ('problem' in found) {
      const by = layers.at(-1)!.base;
      return by ? `${by.name}: ${found.problem}` : found.problem;
    }
    const known = layers.map(({ base }) => base?.key ?? start);
    if (known.includes(found.key)) {
      const names = layers.flatMap(({ base }) => base?.name ?? []);
      return `the recipe extends itself: ${['this recipe', ...names, found.name].join(' → ')}`;
    }
    if (layers.length >= CHAIN_LIMIT) return `more than ${CHAIN_LIMIT} recipes extend each other`;
    layers.push({ base: found, document: readDocument(found.text) });
    from = found.key;
    name = valueAt(layers.at(-1)!.document.value, ['extends']);
  }
  return null;
}

type Say = (message: string, path: Path, what?: 'key' | 'value') => void;

/** What a recipe and the value of its base make together. */
function join(below: unknown, above: unknown, baseName: string, say: Say): unknown {
  if (!isFields(below) || !isFields(above)) return below;
  const own = without(below, notInherited);
  const { extends: _, stages, ...rest } = above;
  const joined = merge(own, rest, false) as Fields;
  if (stages !== undefined) joined['stages'] = joinStages(below['stages'], stages, baseName, say);
  // In the order that a reader expects: what it is called first.
  return Object.fromEntries(
    [...new Set(['name', 'description', 'vars', ...Object.keys(joined)])].flatMap((key) =>
      Object.hasOwn(joined, key) ? [[key, joined[key]]] : [],
    ),
  );
}

function joinStages(below: unknown, changes: unknown, baseName: string, say: Say): unknown {
  if (!Array.isArray(changes) || !Array.isArray(below)) return changes;
  const stages: unknown[] = [...below];
  const ids = () => stages.map((stage) => valueAt(stage, ['id'])).filter((id) => typeof id === 'string');
  const seen = new Set<string>();
  for (const [i, change] of (changes as unknown[]).entries()) {
    const path: Path = ['stages', i];
    const id = valueAt(change, ['id']);
    if (!isFields(change) || typeof id !== 'string') {
      say(`the stage needs an “id”: it says which stage of ${baseName} is changed, or names a new one`, path);
      continue;
    }
    if (seen.has(id)) {
      say(`the stage “${id}” is changed twice`, [...path, 'id']);
      continue;
    }
    seen.add(id);
    const at = stages.findIndex((stage) => valueAt(stage, ['id']) === id);
    if (Object.hasOwn(change, 'remove')) {
      if (change['remove'] !== true) say('“remove” must be true', [...path, 'remove']);
      else if (at < 0) say(`${baseName} has no stage “${id}”${suggestion(id, ids())}`, [...path, 'id']);
      else if (Object.keys(change).length > 2) say('a stage that is removed takes no other keys', [...path, 'remove']);
      else stages.splice(at, 1);
      continue;
    }
    if (at < 0 && change['kind'] === undefined) {
      const hint = suggestion(id, ids());
      say(`${baseName} has no stage “${id}”${hint || ';'} a new one needs a “kind”`, [...path, 'id']);
      continue;
    }
    const stage = at < 0 ? withoutNulls(change) : joinStage(stages[at], change);
    put(stages, at, without(stage as Fields, Object.keys(changeKeys)), change, path, ids(), say);
  }
  return stages;
}

/** Another kind replaces the stage: the keys of the one mean nothing to the other. */
function joinStage(below: unknown, change: Fields): unknown {
  const isOther = change['kind'] !== undefined && change['kind'] !== valueAt(below, ['kind']);
  return isOther ? withoutNulls(change) : merge(below, change, false);
}

/** Puts a stage where `before` or `after` says, else where the base has it, else at the end. */
function put(stages: unknown[], at: number, stage: Fields, change: Fields, path: Path, ids: string[], say: Say): void {
  const side = Object.hasOwn(change, 'before') ? 'before' : Object.hasOwn(change, 'after') ? 'after' : null;
  if (side === null) {
    if (at < 0) stages.push(stage);
    else stages[at] = stage;
    return;
  }
  if (at >= 0) stages.splice(at, 1);
  const target = change[side];
  const beside = stages.findIndex((other) => valueAt(other, ['id']) === target);
  if (beside < 0) {
    const hint = typeof target === 'string' ? suggestion(target, ids) : '';
    say(`there is no stage “${String(target)}”${hint}`, [...path, side]);
    stages.push(stage);
  } else stages.splice(side === 'before' ? beside : beside + 1, 0, stage);
}

/** Mappings key by key, everything else replaced; `null` takes a key away, but under `config` it is a value of TRL's. */
function merge(below: unknown, above: unknown, inConfig: boolean): unknown {
  if (!isFields(above)) return above;
  if (!isFields(below)) return inConfig ? above : withoutNulls(above);
  const merged: Fields = { ...below };
  for (const [key, value] of Object.entries(above)) {
    if (value === null && !inConfig) delete merged[key];
    else merged[key] = merge(Object.hasOwn(below, key) ? below[key] : undefined, value, inConfig || key === 'config');
  }
  return merged;
}

function withoutNulls(value: Fields): Fields {
  return Object.fromEntries(Object.entries(value).filter(([, item]) => item !== null));
}

function without(value: Fields, keys: readonly string[]): Fields {
  return Object.fromEntries(Object.entries(value).filter(([key]) => !keys.includes(key)));
}

function isFields(value: unknown): value is Fields {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** The layer and the path in it where a path of the whole recipe is written. */
function placeOf(layers: readonly Layer[], whole: unknown, path: Path, what: 'key' | 'value'): Place {
  const own = layers[0]!.document;
  const inOwn = (at: Path): Place => {
    const range = rangeAt(own, at, what);
    return { range, base: null, text: own.text.slice(range.start, range.end) };
  };
  if (layers.length === 1) return inOwn(path);
  for (const layer of layers) {
    const at = pathIn(layer.document.value, whole, path);
    if (at === null) continue;
    if (layer.base === null) return inOwn(at);
    const range = rangeAt(layer.document, at, what);
    const line = layer.document.text.slice(0, range.start).split('\n').length;
    return { range: changeRange(own, whole, path), base: { name: layer.base.name, line }, text: '' };
  }
  // Nobody wrote it: it is missing, and the recipe itself could have it.
  return { range: changeRange(own, whole, path), base: null, text: '' };
}

/** The path in one file's value, or null where a lower file is responsible. */
function pathIn(value: unknown, whole: unknown, path: Path): Path | null {
  const at = stagePath(value, whole, path);
  if (at === null) return null;
  if (at.length === 1 && notInherited.includes(String(at[0]))) return at;
  let here = value;
  for (const part of at) {
    // A list or a text replaces what is below it, so that whatever is missing in it is missing here.
    if (!isFields(here) && !(Array.isArray(here) && here === valueAt(value, ['stages']))) return at;
    if (!Object.hasOwn(here, part)) return null;
    here = (here as Record<string | number, unknown>)[part];
  }
  return at;
}

/** The path with the stage's number in the whole recipe turned into its number in one file; null where the file has no such stage. */
function stagePath(value: unknown, whole: unknown, path: Path): Path | null {
  if (path[0] !== 'stages' || typeof path[1] !== 'number') return path;
  const index = stageIndexOf(value, whole, path[1]);
  return index < 0 ? null : ['stages', index, ...path.slice(2)];
}

/** The number in `there` of the stage that has the number `at` in `here`, by its id; −1 where it has none. */
export function stageIndexOf(there: unknown, here: unknown, at: unknown): number {
  const id = typeof at === 'number' ? valueAt(here, ['stages', at, 'id']) : undefined;
  const stages = valueAt(there, ['stages']);
  return id === undefined || !Array.isArray(stages) ? -1 : stages.findIndex((stage) => valueAt(stage, ['id']) === id);
}

/** Where the recipe itself changes the stage of a path; where it does not, its `extends`. */
function changeRange(own: RecipeDocument, whole: unknown, path: Path): Range {
  const at = stagePath(own.value, whole, path);
  return at && at[0] === 'stages' && at.length > 1
    ? rangeAt(own, [...at.slice(0, 2), 'id'])
    : rangeAt(own, ['extends']);
}
