/** One JSON text: an array of rows, an object with the rows in one of its members, or values that follow each other. */
import { utf8Chunks } from './bytes.ts';
import type { Importer, Item, Reading, Row } from './importer.ts';
import { ValueFinder, type FoundValue } from './json-values.ts';
import { readRow } from './jsonl.ts';
import { isMessages } from './messages.ts';
import { decode } from './parse.ts';
import { isRecord } from './paths.ts';
import type { ByteSource } from './source.ts';
import { looksLikeRow } from './names.ts';

export const json: Importer = {
  name: 'json',

  sniff({ lines }) {
    const first = lines[0]?.[0];
    if (first === '[') return 0.7;
    return first === '{' ? 0.5 : 0;
  },

  async *rows(source: ByteSource, reading: Reading) {
    const finder = new ValueFinder();
    let element = 0;
    const drain = (): Item[] => {
      const items: Item[] = [];
      for (let value = finder.next(); value; value = finder.next())
        if (readValue(value, finder, element + 1, items)) element++;
      return items;
    };
    for await (const chunk of utf8Chunks(source, reading)) {
      finder.push(chunk);
      yield drain();
    }
    finder.end();
    const items = drain();
    if (finder.inArray)
      items.push({ kind: 'remark', code: 'cut', line: 0, message: 'the array has no end: the file seems to be cut' });
    yield items;
  },
};

/** Adds the rows of one value; false: the value was taken back, and comes again as what it is. */
function readValue(found: FoundValue, finder: ValueFinder, element: number, items: Item[]): boolean {
  const where = `element ${element}: `;
  if (!found.bytes) {
    items.push({ kind: 'bad', line: found.line, rows: 1, why: where + found.why });
    return true;
  }
  const { text, replaced } = decode(found.bytes);
  const own: Item[] = [];
  if (!readRow(text, found.line, replaced, own, where)) {
    const bad = own[0];
    if (bad?.kind === 'bad' && finder.reject(bad.why.slice(where.length))) return false;
    items.push(...own);
    return true;
  }
  for (const item of own) {
    if (item.kind === 'row') spread(item.value, { line: found.line, where: `element ${element}`, replaced }, items);
    else items.push(item);
  }
  return true;
}

/** A value as rows: the rows of an object that wraps them, the elements of a list, or itself. */
function spread(value: unknown, place: Omit<Row, 'kind' | 'value'>, items: Item[]): void {
  if (Array.isArray(value)) {
    if (isMessages(value)) items.push({ kind: 'row', ...place, value: { messages: value as unknown } });
    else if (value.length > 0 && value.every((inner) => isRecord(inner) || Array.isArray(inner)))
      for (const [i, inner] of value.entries())
        spread(inner, { ...place, where: `${place.where}, part ${i + 1}` }, items);
    else items.push({ kind: 'row', ...place, value: { value: value as unknown } });
    return;
  }
  const wrapped = isRecord(value) ? unwrap(value) : null;
  if (!wrapped) {
    items.push({ kind: 'row', ...place, value });
    return;
  }
  items.push({ kind: 'surroundings', value: wrapped.around });
  for (const [i, row] of wrapped.rows.entries())
    items.push({ kind: 'row', ...place, where: `${wrapped.name}, row ${i + 1}`, value: row });
}

/**
 * The rows inside an object that is not a row itself: the longest of its lists whose elements look like rows, or, where
 * nothing in it names a problem, a list of plain responses, one a problem. Null: the object is a row.
 */
function unwrap(
  value: Record<string, unknown>,
): { name: string; rows: unknown[]; around: Record<string, unknown> } | null {
  if (looksLikeRow(value)) return null;
  let best: [string, unknown[]] | null = null;
  for (const [name, member] of Object.entries(value)) {
    if (
      !Array.isArray(member) ||
      member.length === 0 ||
      isMessages(member) ||
      (best && best[1].length >= member.length)
    )
      continue;
    if (member.slice(0, 8).some((row) => isRecord(row) && looksLikeRow(row))) best = [name, member];
    else if (name === 'responses' && member.every((text) => typeof text === 'string' || text === null))
      best = [name, member.map((response: unknown, index) => ({ response, index }))];
  }
  if (!best) return null;
  const [name, rows] = best;
  const around = Object.fromEntries(Object.entries(value).filter(([key]) => key !== name));
  return { name, rows, around };
}
