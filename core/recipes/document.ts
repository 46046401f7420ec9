/** A recipe's YAML with the place of every node, bounded against hostile files. */
import { isAlias, isMap, isPair, isScalar, isSeq, parseDocument, type Document, type Node, type Pair } from 'yaml';
import type { RecipeDiagnostic } from '../protocol/recipes.ts';
import type { Path } from './references.ts';

/** Longest recipe in UTF-16 units, deepest nesting, most uses of anchors. */
export const RECIPE_LIMIT = 200_000;
const DEPTH_LIMIT = 40;
const ALIAS_LIMIT = 100;
/** `? key`: nobody needs it here, and the parser's work grows without bound with their nesting. */
const EXPLICIT_KEY = /(?<=^|[\s?:-])\?(?=\s|$)/gm;
const EXPLICIT_KEYS_LIMIT = 8;
/** Most syntax errors that are reported: one slip can make hundreds. */
const ERRORS_LIMIT = 20;

export interface Range {
  start: number;
  end: number;
}

export interface RecipeDocument {
  text: string;
  /** Null when the text could not be read at all. */
  yaml: Document.Parsed | null;
  /** The plain value, or undefined when it could not be built. */
  value: unknown;
  diagnostics: RecipeDiagnostic[];
}

/** Never throws: what is wrong with the text is in `diagnostics`. */
export function readDocument(text: string): RecipeDocument {
  const fail = (message: string, end = 0): RecipeDocument => ({
    text,
    yaml: null,
    value: undefined,
    diagnostics: [{ message, range: { start: 0, end }, severity: 'error' }],
  });
  if (text.length > RECIPE_LIMIT) {
    return fail(
      `the file has ${text.length.toLocaleString('en')} characters; a recipe may have at most ${RECIPE_LIMIT.toLocaleString('en')}`,
    );
  }
  if (bracketDepth(text) > DEPTH_LIMIT * 4) return fail(`the file is nested more than ${DEPTH_LIMIT} levels deep`);
  if ((text.match(EXPLICIT_KEY)?.length ?? 0) > EXPLICIT_KEYS_LIMIT)
    return fail('keys written with “?” are not read in a recipe');
  let yaml: Document.Parsed;
  try {
    yaml = parseDocument(text, { uniqueKeys: true, prettyErrors: false, logLevel: 'error' });
  } catch (error) {
    return fail(
      error instanceof RangeError
        ? `the file is nested more than ${DEPTH_LIMIT} levels deep`
        : `not valid YAML: ${(error as Error).message}`,
    );
  }
  const diagnostics = [...yaml.errors, ...yaml.warnings].slice(0, ERRORS_LIMIT).map((error): RecipeDiagnostic => ({
    message: `YAML: ${inPlainWords(error.code, error.message)}`,
    range: clamp({ start: error.pos[0], end: Math.max(error.pos[1], error.pos[0] + 1) }, text),
    severity: error.name === 'YAMLWarning' ? 'warning' : 'error',
  }));
  if (depth(yaml.contents) > DEPTH_LIMIT) return fail(`the file is nested more than ${DEPTH_LIMIT} levels deep`);
  try {
    return { text, yaml, value: yaml.toJS({ maxAliasCount: ALIAS_LIMIT }), diagnostics };
  } catch (error) {
    const message = /alias/i.test((error as Error).message)
      ? `anchors are used more than ${ALIAS_LIMIT} times; write the values out`
      : (error as Error).message;
    diagnostics.push({
      message: `YAML: ${message}`,
      range: clamp({ start: 0, end: text.indexOf('\n') }, text),
      severity: 'error',
    });
    return { text, yaml, value: undefined, diagnostics };
  }
}

function inPlainWords(code: string, message: string): string {
  if (code === 'DUPLICATE_KEY') return 'the key stands here twice';
  if (code === 'TAB_AS_INDENT') return 'a tab cannot indent; use spaces';
  if (code === 'MULTIPLE_DOCS') return 'a recipe is one document; “---” begins a second';
  return message.charAt(0).toLowerCase() + message.slice(1);
}

/** Flow brackets that are open at once; nesting by indentation is bounded by its own spaces. */
function bracketDepth(text: string): number {
  let open = 0;
  let most = 0;
  for (let i = 0; i < text.length; i += 1) {
    const code = text.charCodeAt(i);
    if (code === 91 || code === 123) most = Math.max(most, (open += 1));
    else if ((code === 93 || code === 125) && open > 0) open -= 1;
  }
  return most;
}

function depth(root: unknown): number {
  let deepest = 0;
  const stack: [unknown, number][] = [[root, 0]];
  for (let next = stack.pop(); next; next = stack.pop()) {
    const [node, level] = next;
    deepest = Math.max(deepest, level);
    if (deepest > DEPTH_LIMIT) return deepest;
    if (isMap(node) || isSeq(node))
      for (const item of node.items) stack.push([isPair(item) ? item.value : item, level + 1]);
  }
  return deepest;
}

/** The pair or item at a path, following it as far as it exists. */
export function pairAt(document: RecipeDocument, path: Path): { key: Node | null; value: Node | null; found: number } {
  let key: Node | null = null;
  let value: Node | null = document.yaml?.contents ?? null;
  for (const [i, part] of path.entries()) {
    if (isMap(value)) {
      const pair: Pair | undefined = value.items.find(
        (item) => isScalar(item.key) && String(item.key.value) === String(part),
      );
      if (!pair) return { key, value, found: i };
      key = pair.key as Node;
      value = pair.value as Node | null;
    } else if (isSeq(value) && typeof part === 'number' && value.items[part]) {
      key = null;
      value = value.items[part] as Node;
    } else return { key, value, found: i };
  }
  return { key, value, found: path.length };
}

/** The range of a key (`what: 'key'`) or of a value; of the nearest thing around it when it is not written. */
export function rangeAt(document: RecipeDocument, path: Path, what: 'key' | 'value' = 'value'): Range {
  const { key, value, found } = pairAt(document, path);
  const missing = found < path.length;
  // What is missing is reported where its owner begins: at the owner's key, or the first key of an item of a list.
  if (missing && key) return nodeRange(key, document.text);
  if (missing && isMap(value) && value.items[0]) return nodeRange(value.items[0].key as Node, document.text);
  if (what === 'key' && key) return nodeRange(key, document.text);
  if (value) return nodeRange(value, document.text);
  return key ? nodeRange(key, document.text) : clamp({ start: 0, end: document.text.indexOf('\n') }, document.text);
}

function nodeRange(node: Node, text: string): Range {
  const [start, end] = node.range ?? [0, 0];
  return clamp({ start, end }, text);
}

function clamp({ start, end }: Range, text: string): Range {
  const from = Math.min(Math.max(0, start), text.length);
  return { start: from, end: Math.min(Math.max(from, end), text.length) };
}

/** The path of the innermost node at an offset, and whether the offset is in its key. */
export function pathAt(document: RecipeDocument, offset: number): { path: Path; inKey: boolean } | null {
  const path: Path = [];
  let node: Node | null = document.yaml?.contents ?? null;
  for (;;) {
    if (isAlias(node) || node === null) return { path, inKey: false };
    if (isMap(node)) {
      const pair: Pair | undefined = node.items.findLast(
        (item) => ((item.key as Node).range?.[0] ?? Infinity) <= offset,
      );
      if (!pair) return path.length > 0 ? { path, inKey: false } : null;
      const key = pair.key as Node;
      path.push(String(isScalar(key) ? key.value : key));
      if (offset <= (key.range?.[1] ?? 0)) return { path, inKey: true };
      node = pair.value as Node | null;
    } else if (isSeq(node)) {
      const index: number = node.items.findLastIndex((item) => ((item as Node).range?.[0] ?? Infinity) <= offset);
      if (index < 0) return { path, inKey: false };
      path.push(index);
      node = node.items[index] as Node;
    } else return { path, inKey: false };
  }
}
