/** Dotted names of columns: `answer`, `raw_input.question`, `choices[].message.content`, `outputs[0].text`. */

/** True for an object of keys and values. */
export function isRecord(value: unknown): value is Record<string, unknown> {
  if (typeof value !== 'object' || value === null) return false;
  // Dates, byte arrays and the like are values, not rows of keys.
  const prototype: unknown = Object.getPrototypeOf(value);
  return prototype === Object.prototype || prototype === null;
}

/**
 * The value of a column; undefined where the row has none. A key that itself contains dots or brackets is found before its
 * parts are; a list on the way gives the list of what its elements have there (null where one has nothing), with or without `[]`.
 */
export function readPath(value: unknown, path: string): unknown {
  if (path === '') return value;
  if (Array.isArray(value)) {
    const index = /^\[(\d+)\]\.?/.exec(path);
    if (index) return readPath(value[Number(index[1])], path.slice(index[0].length));
    const rest = path.replace(/^\[\]\.?/, '');
    return rest === '' ? value : value.map((element: unknown) => readPath(element, rest) ?? null);
  }
  if (!isRecord(value)) return undefined;
  if (Object.hasOwn(value, path)) return value[path];
  for (let at = path.length - 1; at > 0; at--) {
    const c = path[at];
    if (c !== '.' && c !== '[') continue;
    const key = path.slice(0, at);
    if (Object.hasOwn(value, key)) return readPath(value[key], c === '.' ? path.slice(at + 1) : path.slice(at));
  }
  return undefined;
}

/** The top-level column that a path begins with, among those that there are. */
export function topColumn(path: string, columns: Iterable<string>): string | null {
  let best: string | null = null;
  for (const column of columns)
    if (path === column || path.startsWith(`${column}.`) || path.startsWith(`${column}[`))
      if (best === null || column.length > best.length) best = column;
  return best;
}
