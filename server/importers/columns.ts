/** The columns of a file by shape: what kinds of values they have, in a sample of its rows. */
import { isMessages } from './messages.ts';
import { isRecord } from './paths.ts';
import { isLogprobKey } from './token-scores.ts';

export type Kind =
  'text' | 'number' | 'boolean' | 'messages' | 'texts' | 'numbers' | 'booleans' | 'conversations' | 'object' | 'list';

export interface Column {
  /** Dotted; `[]` where a list of objects lies on the way. */
  path: string;
  kinds: Set<Kind>;
  /** Rows of the sample that have it, null not counted. */
  present: number;
  /** Texts of the sample, each cut at 4,000 characters; the elements of lists among them. */
  texts: string[];
  /** Whole lengths of those texts. */
  lengths: number[];
  numbers: number[];
  /** Whole numbers of 64 bits: a count or an id, never a measured value. */
  int64: boolean;
}

/** Columns beyond these are left out; `describe` says so by having as many. */
export const MAX_COLUMNS = 400;
const MAX_DEPTH = 5;
const MAX_TEXTS = 64;
const TEXT_HEAD = 4000;

/** Describes the columns of rows, in the order in which they appear. Nested objects give a column a key. */
export function describe(rows: readonly unknown[]): Column[] {
  const columns = new Map<string, Column>();

  const column = (path: string): Column | null => {
    let found = columns.get(path);
    if (!found) {
      if (columns.size >= MAX_COLUMNS) return null;
      found = { path, kinds: new Set(), present: 0, texts: [], lengths: [], numbers: [], int64: false };
      columns.set(path, found);
    }
    return found;
  };

  const visit = (path: string, value: unknown, depth: number): void => {
    if (value === null || value === undefined) return void column(path);
    // Tokens are no columns: a map by token id would be one for each.
    if (typeof value === 'object' && isLogprobKey(path)) return note(column(path), value);
    if (isRecord(value) && depth < MAX_DEPTH) {
      for (const [key, inner] of Object.entries(value)) visit(path === '' ? key : `${path}.${key}`, inner, depth + 1);
      if (path !== '') note(column(path), value);
      return;
    }
    if (Array.isArray(value) && !isMessages(value) && value.some(isRecord) && depth < MAX_DEPTH) {
      note(column(path), value);
      for (const inner of value.slice(0, 8)) if (isRecord(inner)) visit(`${path}[]`, inner, depth + 1);
      return;
    }
    note(column(path), value);
  };

  for (const row of rows) if (isRecord(row)) visit('', row, 0);
  return [...columns.values()];
}

function note(column: Column | null, value: unknown): void {
  if (!column) return;
  const kind = kindOf(value);
  column.kinds.add(kind);
  column.present++;
  if (kind === 'text' || kind === 'texts') for (const text of textsIn(value)) addText(column, text);
  if (typeof value === 'bigint') column.int64 = true;
  if (kind === 'number') column.numbers.push(Number(value));
  if (kind === 'numbers') column.numbers.push(...leaves(value).slice(0, 16).map(Number));
}

function addText(column: Column, text: string): void {
  if (column.texts.length >= MAX_TEXTS) return;
  column.texts.push(text.slice(0, TEXT_HEAD));
  column.lengths.push(text.length);
}

/** The shape of one value. A list is named by its first leaf that is not null, lists in lists being taken as one. */
export function kindOf(value: unknown): Kind {
  if (typeof value === 'string') return 'text';
  if (typeof value === 'number' || typeof value === 'bigint') return 'number';
  if (typeof value === 'boolean') return 'boolean';
  if (isMessages(value)) return 'messages';
  if (!Array.isArray(value)) return 'object';
  if (value.some(isMessages)) return 'conversations';
  const leaf = leaves(value).find((element) => element !== null && element !== undefined);
  if (typeof leaf === 'string') return 'texts';
  if (typeof leaf === 'number' || typeof leaf === 'bigint') return 'numbers';
  return typeof leaf === 'boolean' ? 'booleans' : 'list';
}

/** The elements of lists in lists, in order; lists of messages are one element each. */
export function leaves(value: unknown): unknown[] {
  if (!Array.isArray(value) || isMessages(value)) return [value];
  // Most lists are flat; recursion only where one is not, and never deeper than values of rows are.
  if (!value.some(Array.isArray)) return value as unknown[];
  return value.flat(MAX_DEPTH) as unknown[];
}

function textsIn(value: unknown): string[] {
  return leaves(value).filter((element) => typeof element === 'string');
}

/** Mean length in characters of the texts; 0 without any. */
export function meanLength(column: Column): number {
  return column.lengths.length === 0 ? 0 : column.lengths.reduce((a, b) => a + b, 0) / column.lengths.length;
}

const traits =
  /<\/?think>|<\|im_start\|>think|<\|channel\|>analysis|\b(?:Wait|Hmm|Alternatively)\b|\b(?:Okay|Alright), so\b|\bLet me\b|\bLet's (?:see|think|check)\b|\bI need to\b/;

/** Share of the texts that read like reasoning that a model has written: thinking delimiters or words of a train of thought. */
export function reasoningShare(column: Column): number {
  return column.texts.length === 0 ? 0 : column.texts.filter((text) => traits.test(text)).length / column.texts.length;
}

/** What the column is, in a word or two, and the beginning of a value, for a dialog. */
export function summary(column: Column): { name: string; type: string; example: string } {
  const text = column.texts[0] ?? (column.numbers.length > 0 ? String(column.numbers[0]) : '');
  const example = text.length > 120 ? `${text.slice(0, 119)}…` : text;
  return { name: column.path, type: [...column.kinds].join(' or ') || 'null', example: example.toWellFormed() };
}
