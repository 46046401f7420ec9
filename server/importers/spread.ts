/** Values that hold several rows: an object that wraps them, a list of lists. */
import type { Item, Row } from './importer.ts';
import { isMessages } from './messages.ts';
import { looksLikeRow } from './names.ts';
import { isRecord } from './paths.ts';

/** A value as rows: the rows of an object that wraps them, the elements of a list, or itself. */
export function spread(value: unknown, place: Omit<Row, 'kind' | 'value'>, items: Item[]): void {
  if (Array.isArray(value)) {
    if (isMessages(value)) items.push({ kind: 'row', ...place, value: { messages: value as unknown } });
    else if (value.length > 0 && value.every((inner) => isRecord(inner) || Array.isArray(inner)))
      for (const [i, inner] of value.entries())
        spread(inner, { ...place, where: where(place, `part ${i + 1}`) }, items);
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
    items.push({ kind: 'row', ...place, where: where(place, `${wrapped.name}, row ${i + 1}`), value: row });
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

const where = (place: Omit<Row, 'kind' | 'value'>, inner: string): string =>
  place.where ? `${place.where}, ${inner}` : inner;
