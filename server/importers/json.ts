/** One JSON text: an array of rows, an object with the rows in one of its members, or values that follow each other. */
import { utf8Chunks } from './bytes.ts';
import type { Importer, Item, Reading } from './importer.ts';
import { ValueFinder, type FoundValue } from './json-values.ts';
import { readRow } from './jsonl.ts';
import { decode } from './parse.ts';
import type { ByteSource } from './source.ts';
import { spread } from './spread.ts';

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
