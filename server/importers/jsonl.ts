/** JSON lines: one JSON value a line. */
import { utf8Chunks } from './bytes.ts';
import { MAX_ROW_BYTES, type Importer, type Item, type Reading } from './importer.ts';
import { lines, type Line } from './lines.ts';
import { decode, parse, syntaxReason } from './parse.ts';
import { isRecord } from './paths.ts';
import type { ByteSource } from './source.ts';
import { spread } from './spread.ts';

export const jsonl: Importer = {
  name: 'jsonl',

  sniff({ lines: first, more }) {
    // One object on one line: it may be an object that wraps the rows, which the importer for JSON texts sees.
    if (first.length === 1 && !more) return isObject(first[0]!) ? 0.4 : 0;
    const objects = first.filter(isObject).length;
    if (objects > 0) return 0.7 + (0.3 * objects) / first.length;
    // Rows that are longer than what was looked at, or all of them torn.
    return first.length > 1 && first.every((line) => line.startsWith('{"') || line === '') ? 0.4 : 0;
  },

  async *rows(source: ByteSource, reading: Reading) {
    for await (const batch of lines(utf8Chunks(source, reading))) {
      const items: Item[] = [];
      for (const line of batch) readLine(line, items);
      yield items;
    }
  },
};

function isObject(line: string): boolean {
  if (!line.startsWith('{') || !line.endsWith('}')) return false;
  try {
    parse(line);
    return true;
  } catch {
    return false;
  }
}

function readLine({ line, bytes, length, ended }: Line, items: Item[]): void {
  if (!bytes) {
    const why = `a line of ${(length / 2 ** 20).toFixed(0)} MiB; the limit is ${MAX_ROW_BYTES / 2 ** 20} MiB`;
    items.push({ kind: 'bad', line, rows: 1, why });
    return;
  }
  const { text, replaced } = decode(bytes);
  const trimmed = text.trim();
  if (trimmed === '') return;
  const own: Item[] = [];
  readRow(trimmed, line, replaced, own, ended ? '' : 'the last line is cut: ');
  for (const item of own) {
    if (item.kind === 'row' && isRecord(item.value)) spread(item.value, { line, replaced }, items);
    else items.push(item);
  }
}

/** Parses the text of one row and adds the row, or why it is none, and what is to be remarked about it. */
export function readRow(text: string, line: number, replaced: number, items: Item[], blame = ''): boolean {
  try {
    const { value, notFinite, repeated } = parse(text);
    items.push({ kind: 'row', line, value, replaced });
    if (notFinite > 0)
      items.push({
        kind: 'remark',
        code: 'not_finite',
        line,
        message: `${notFinite} numbers that are NaN or infinite, read as null`,
      });
    if (repeated !== null)
      items.push({
        kind: 'remark',
        code: 'repeated_key',
        line,
        message: `the key ${JSON.stringify(repeated)} stands there twice; its last value is taken`,
      });
    return true;
  } catch (error) {
    items.push({ kind: 'bad', line, rows: 1, why: blame + syntaxReason(error) });
    return false;
  }
}
