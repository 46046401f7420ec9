/** Completion and hover for a recipe: keys and values that fit at a place, with what they mean. */
import { isMap } from 'yaml';
import { stagesOf } from './check.ts';
import { pairAt, pathAt, rangeAt, type Range, type RecipeDocument } from './document.ts';
import { changeKeys, stageIndexOf, wholeRecipe } from './extends.ts';
import type { FindBase } from './find-base.ts';
import { isReference, schemasAt, type JsonSchema } from './json-schema.ts';
import { valueAt } from './plain-words.ts';
import { outputsOf, type Path } from './references.ts';
import { configClass, type TrlKey, type TrlKeys } from './trl-keys.ts';

export interface CompletionItem {
  label: string;
  /** What to insert: a key with its colon, or a value. */
  insert: string;
  kind: 'key' | 'value' | 'reference';
  /** A few words: the type, or `required`. */
  detail: string;
  /** Plain text or Markdown without links. */
  documentation: string;
}

export interface Completion {
  items: CompletionItem[];
  /** What the chosen item replaces. */
  replace: Range;
}

export interface Hover {
  range: Range;
  /** Markdown. */
  contents: string;
}

export interface DescribeOptions {
  trlKeys?: TrlKeys;
  /** Finds what the recipe extends, so that its stages and variables are offered as well. */
  findBase?: FindBase;
  /** The path of the text, null where it lies nowhere. */
  from?: string | null;
  /** What `extends` may name. */
  presets?: () => readonly string[];
}

/** A text that is being written, with what its bases say of it. */
interface Reading {
  document: RecipeDocument;
  /** The document's value; stages that change one of the base have its kind, which says what keys they take. */
  value: unknown;
  /** The whole recipe, or the document's value where there is none. */
  whole: unknown;
  /** The base alone, null where nothing is extended. */
  base: { name: string; value: unknown } | null;
}

function read(text: string, { findBase, from = null }: DescribeOptions): Reading {
  const { document, value: whole, bases } = wholeRecipe(text, findBase, from);
  const [nearest] = bases;
  if (!nearest || whole === undefined) return { document, value: document.value, whole: document.value, base: null };
  const kinds = new Map(stagesOf(whole).map(({ id, kind }) => [id, kind]));
  const stages = stagesOf(document.value).map((stage) => ({ kind: kinds.get(stage['id']), ...stage }));
  const value = { ...(document.value as object), stages };
  return {
    document,
    value,
    whole,
    base: { name: nearest.name, value: wholeRecipe(nearest.text, findBase, nearest.key).value },
  };
}

/** Stands at the cursor while the text is read, so that a half-written line has its place in the tree. */
const CURSOR = 'longhandCursor';

/** What may be written at an offset. Never throws; nothing fitting gives no items. */
export function completionsAt(text: string, offset: number, options: DescribeOptions = {}): Completion {
  const lineStart = text.lastIndexOf('\n', offset - 1) + 1;
  const before = text.slice(lineStart, offset);
  const word = /(?:\$\{[^}\s]*|[\w-]*)$/.exec(before)![0];
  const after = /^(?:[\w.-]*\}?)/.exec(text.slice(offset))![0];
  const start = offset - word.length;
  const replace = { start, end: offset + (word.startsWith('${') ? after.length : /^[\w-]*/.exec(after)![0].length) };
  if (/(?:^|\s)#/.test(before)) return { items: [], replace };

  const lead = text.slice(lineStart, start);
  const atKey =
    /^\s*(?:-\s+)*$/.test(lead) ||
    (/[{,]\s*$/.test(lead) && /\{[^}]*$/.test(lead) && !/\[[^\]]*$/.test(lead.slice(lead.lastIndexOf('{'))));
  const rest = text.slice(replace.end);
  if (atKey) {
    const colon = /^\s*:/.test(rest) ? '' : ': 0';
    const reading = read(text.slice(0, start) + CURSOR + colon + rest, options);
    const path = findCursor(reading.document);
    if (path) return { items: keyItems(path.slice(0, -1), reading, options, colon !== ''), replace };
  }
  // In a flow mapping the braces of a reference need quotation marks.
  const quote = /[{[,][^}\]]*$/.test(lead) && !/["']$/.test(lead);
  const reading = read(text.slice(0, start) + CURSOR + rest, options);
  const path = findCursor(reading.document);
  return { items: path ? valueItems(path, reading, options, quote) : [], replace };
}

function findCursor(document: RecipeDocument): Path | null {
  const search = (value: unknown, path: Path): Path | null => {
    if (typeof value === 'string') return value.includes(CURSOR) ? path : null;
    if (typeof value !== 'object' || value === null) return null;
    for (const [key, item] of Object.entries(value)) {
      const step = Array.isArray(value) ? Number(key) : key;
      if (key.includes(CURSOR)) return [...path, step];
      const found = search(item, [...path, step]);
      if (found) return found;
    }
    return null;
  };
  return search(document.value, []);
}

function keyItems(path: Path, reading: Reading, options: DescribeOptions, colon: boolean): CompletionItem[] {
  const value = valueAt(reading.value, path);
  const present = new Set(typeof value === 'object' && value !== null ? Object.keys(value) : []);
  const suffix = colon ? ': ' : '';
  const items = new Map<string, CompletionItem>();
  for (const schema of schemasAt(path, reading.value)) {
    for (const name of schema.propertyNames?.enum ?? []) {
      const key = String(name);
      const detail = typeof schema.additionalProperties === 'object' ? typeOf(schema.additionalProperties) : '';
      if (!present.has(key))
        items.set(key, { label: key, insert: key + suffix, kind: 'key', detail, documentation: '' });
    }
    for (const [key, property] of Object.entries(schema.properties ?? {})) {
      if (present.has(key) || items.has(key)) continue;
      const required = schema.required?.includes(key) ?? false;
      items.set(key, {
        label: key,
        insert: key + suffix,
        kind: 'key',
        detail: required ? `${typeOf(property)}, required` : typeOf(property),
        documentation: property.description ?? '',
      });
    }
  }
  if (reading.base && isStage(path)) {
    for (const [key, documentation] of Object.entries(changeKeys))
      if (!present.has(key))
        items.set(key, { label: key, insert: key + suffix, kind: 'key', detail: '', documentation });
  }
  for (const [key, info] of Object.entries(trlKeysAt(path, reading, options) ?? {})) {
    if (!present.has(key) && !Object.hasOwn(options.trlKeys?.owned ?? {}, key))
      items.set(key, {
        label: key,
        insert: key + suffix,
        kind: 'key',
        detail: `${info.type} = ${shown(info.default)}`,
        documentation: info.doc ?? '',
      });
  }
  return [...items.values()];
}

function valueItems(path: Path, reading: Reading, options: DescribeOptions, quote: boolean): CompletionItem[] {
  const items: CompletionItem[] = [...changeItems(path, reading, options), ...stageItems(path, reading)];
  for (const schema of schemasAt(path, withoutCursor(reading.value, path))) {
    for (const value of schema.enum ?? (schema.const === undefined ? [] : [schema.const]))
      items.push(plain(String(value), schema));
    if (schema.type === 'boolean') items.push(plain('true', schema), plain('false', schema));
  }
  // The kinds of stages and rewards: each alternative's constant.
  const last = path.at(-1);
  if (last === 'kind' || last === 'name') {
    for (const schema of schemasAt(path.slice(0, -1), withoutCursor(reading.value, path.slice(0, -1)))) {
      const constant = schema.properties?.[last]?.const;
      if (constant !== undefined)
        items.push({ ...plain(text(constant), schema), documentation: schema.description ?? '' });
    }
  }
  const key = trlKeysAt(path.slice(0, -1), reading, options)?.[String(last)];
  if (key && /bool/i.test(key.type)) items.push(plain('true', {}), plain('false', {}));
  if (key || takesReference(path, reading)) items.push(...referenceItems(path, reading, quote, key !== undefined));
  return [...new Map(items.map((item) => [item.label, item])).values()];
}

/** What `extends` and the changes of a base's stages may name. */
function changeItems(path: Path, { base }: Reading, options: DescribeOptions): CompletionItem[] {
  const last = path.at(-1);
  if (path.length === 1 && last === 'extends')
    return (options.presets?.() ?? []).map((name) => ({ ...plain(name, {}), detail: 'preset' }));
  if (!base || !isStage(path.slice(0, -1))) return [];
  if (last === 'remove') return [plain('true', { description: changeKeys.remove })];
  if (last !== 'id' && last !== 'before' && last !== 'after') return [];
  return stagesOf(base.value).flatMap(({ id, kind }) =>
    typeof id === 'string' ? [{ ...plain(id, {}), detail: `${String(kind)} of ${base.name}` }] : [],
  );
}

/** Ids of other stages, where a stage names them. */
function stageItems(path: Path, { whole, document }: Reading): CompletionItem[] {
  const [root, at, key] = path;
  if (root !== 'stages' || (key !== 'from' && key !== 'needs')) return [];
  const mine = stageIndexOf(whole, document.value, at);
  return stagesOf(whole).flatMap(({ id, kind, evaluate }, i) =>
    typeof id !== 'string' || i === mine || (key === 'from' && !evaluate)
      ? []
      : [{ ...plain(id, {}), detail: String(kind) }],
  );
}

const dataKeys = new Set(['data', 'path', 'against']);
const isStage = (path: Path): boolean => path.length === 2 && path[0] === 'stages';

/** The value with the cursor's own entry undecided, so that it does not choose among the alternatives. */
function withoutCursor(value: unknown, path: Path): unknown {
  if (path.length === 0) return undefined;
  if (typeof value !== 'object' || value === null) return value;
  const [first, ...rest] = path;
  if (Array.isArray(value)) return value.map((item: unknown, i) => (i === first ? withoutCursor(item, rest) : item));
  return Object.fromEntries(
    Object.entries(value).map(([key, item]) => [key, key === String(first) ? withoutCursor(item, rest) : item]),
  );
}

function plain(value: string, schema: JsonSchema): CompletionItem {
  return { label: value, insert: value, kind: 'value', detail: '', documentation: schema.description ?? '' };
}

function takesReference(path: Path, reading: Reading): boolean {
  // The data sets of `mix` and the sources of `dataset` are references or paths: any text.
  const takesData = path[0] === 'stages' && dataKeys.has(String(path.findLast((part) => typeof part === 'string')));
  const schemas = schemasAt(path, withoutCursor(reading.value, path));
  return schemas.some((schema) => isReference(schema) || (takesData && schema.type === 'string'));
}

function referenceItems(path: Path, reading: Reading, quote: boolean, inConfig: boolean): CompletionItem[] {
  const vars = valueAt(reading.whole, ['vars']);
  const names = typeof vars === 'object' && vars !== null ? Object.entries(vars) : [];
  const mine = path[0] === 'stages' ? stageIndexOf(reading.whole, reading.document.value, path[1]) : -1;
  const outputs = stagesOf(reading.whole).flatMap((stage, i) =>
    i === mine || typeof stage.id !== 'string'
      ? []
      : outputsOf(stage as Parameters<typeof outputsOf>[0]).map(
          (output) =>
            [`\${stages.${stage.id as string}.${output}}`, `${String(stage.kind)} ${stage.id as string}`] as const,
        ),
  );
  const wantsStage = path.at(-1) === 'data' || path.at(-1) === 'model';
  const all = [
    ...(wantsStage ? [] : names.map(([name, value]) => [`\${vars.${name}}`, shown(value)] as const)),
    ...(inConfig ? [] : outputs),
  ];
  return all.map(([label, detail]) => ({
    label,
    insert: quote ? `"${label}"` : label,
    kind: 'reference',
    detail,
    documentation: '',
  }));
}

function trlKeysAt(path: Path, { value }: Reading, { trlKeys }: DescribeOptions): Record<string, TrlKey> | null {
  if (!trlKeys || path.length !== 3 || path[0] !== 'stages' || path[2] !== 'config') return null;
  const name = configClass(valueAt(value, ['stages', path[1]!, 'kind']));
  return name ? trlKeys[name] : null;
}

/** What stands at an offset, in words; null when nothing is known of it. */
export function hoverAt(text: string, offset: number, options: DescribeOptions = {}): Hover | null {
  const reading = read(text, options);
  const { document } = reading;
  const found = pathAt(document, offset);
  if (!found || found.path.length === 0) return null;
  const { path, inKey } = found;
  const last = path.at(-1)!;
  const { key, value } = pairAt(document, path);
  if (!inKey && isMap(value)) return null;
  const range = rangeAt(document, path, inKey && key ? 'key' : 'value');
  if (offset > range.end) return null;
  const config = trlKeysAt(path.slice(0, -1), reading, options);
  const inBase = baseLine(path, reading);
  const trl = config?.[String(last)];
  if (trl) {
    const contents = [
      `**${String(last)}**: \`${trl.type}\`, default \`${shown(trl.default)}\``,
      trl.doc ?? '',
      inBase,
      `TRL ${options.trlKeys!.versions.trl}`,
    ];
    return { range, contents: contents.filter((line) => line !== '').join('\n\n') };
  }
  const schemas = schemasAt(path, reading.value);
  const change = reading.base && isStage(path.slice(0, -1)) && Object.hasOwn(changeKeys, last);
  if (change) return { range, contents: `**${last}**\n\n${changeKeys[last as keyof typeof changeKeys]}` };
  const description = schemas.map((schema) => schema.description).find((words) => words);
  if (typeof last === 'number' || schemas.length === 0) return null;
  const types = [...new Set(schemas.map(typeOf))].join(' | ');
  if (!description && types === 'any') return null;
  return {
    range,
    contents: [`**${last}**: \`${types}\``, description ?? '', inBase].filter((line) => line !== '').join('\n\n'),
  };
}

/** What the base says where the recipe says something else. */
function baseLine(path: Path, { document, base }: Reading): string {
  if (!base) return '';
  const stage = path[0] === 'stages' ? stageIndexOf(base.value, document.value, path[1]) : -1;
  const value = valueAt(base.value, path[0] === 'stages' ? ['stages', stage, ...path.slice(2)] : path);
  if (value === undefined || typeof value === 'object') return '';
  return `In ${base.name}: \`${text(value)}\``;
}

function typeOf(schema: JsonSchema): string {
  if (schema.const !== undefined) return text(schema.const);
  if (schema.enum) return schema.enum.join(' | ');
  const options = schema.anyOf ?? schema.oneOf;
  if (options) return [...new Set(options.map(typeOf))].join(' | ');
  if (isReference(schema)) return '${…}';
  return [schema.type ?? 'any'].flat().join(' | ');
}

function shown(value: unknown): string {
  return value === null || value === undefined ? 'None' : text(value);
}

function text(value: unknown): string {
  return typeof value === 'string' ? value : JSON.stringify(value);
}
