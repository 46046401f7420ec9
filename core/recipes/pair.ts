/** `key=value` as people write it on a command line or in an input box. */
import { parse } from 'yaml';

/** The value is read as in YAML: `3` is a number, `true` a truth value. Null where there is no `=`, or nothing before it. */
export function readPair(text: string): [key: string, value: unknown] | null {
  const at = text.indexOf('=');
  return at < 1 ? null : [text.slice(0, at), readValue(text.slice(at + 1))];
}

/** Pairs with spaces between them; a value may have spaces itself. Null where there is none, or something else. */
export function readPairs(text: string): Record<string, unknown> | null {
  const pairs = text
    .trim()
    .split(/\s+(?=\w+=)/)
    .map(readPair);
  return pairs.includes(null) ? null : Object.fromEntries(pairs as [string, unknown][]);
}

function readValue(text: string): unknown {
  try {
    return parse(text) ?? '';
  } catch {
    return text;
  }
}
