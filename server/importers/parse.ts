/** JSON as other programs write it: Python's NaN and Infinity, bytes that are no UTF-8, keys given twice. */
import { isUtf8 } from 'node:buffer';

export interface Decoded {
  text: string;
  /** Invalid sequences that became U+FFFD. */
  replaced: number;
}

/** UTF-8 as text; what is not valid becomes U+FFFD and is counted. */
export function decode(bytes: Buffer): Decoded {
  const text = bytes.toString('utf8');
  if (isUtf8(bytes)) return { text, replaced: 0 };
  return { text, replaced: occurrences(text, '\ufffd') - occurrences(bytes, Buffer.from('\ufffd')) };
}

function occurrences<T extends string | Buffer>(
  inside: { indexOf(what: T, from?: number): number },
  what: T & { length: number },
): number {
  let count = 0;
  for (let at = inside.indexOf(what); at >= 0; at = inside.indexOf(what, at + what.length)) count++;
  return count;
}

export interface Parsed {
  value: unknown;
  /** NaN and infinite numbers that became null: JSON has none. */
  notFinite: number;
  /** The first key of the outermost object that stands there twice; the last value is the one that counts. */
  repeated: string | null;
}

/** Parses one JSON value. Throws `SyntaxError` with the place in the text where it stops being JSON. */
export function parse(text: string): Parsed {
  let value: unknown;
  let notFinite = 0;
  try {
    value = JSON.parse(text);
  } catch (error) {
    const finite = withoutNonFinite(text);
    if (finite.count === 0) throw error;
    value = JSON.parse(finite.text);
    notFinite = finite.count;
  }
  return { value, notFinite, repeated: repeatedKey(text, value) };
}

/** Why a text is not JSON, in few words and without the text itself, which may be long or not printable. */
export function syntaxReason(error: unknown): string {
  const message = error instanceof Error ? error.message : String(error);
  const place = / at position (\d+)/.exec(message);
  const what = message
    .replace(/, (?:\.\.\.)?".*" is not valid JSON$/s, '')
    .replace(/ in JSON at position.*$/s, '')
    .replace(/ \(line \d+ column \d+\)$/, '')
    .replace(/[\p{Cc}\ufffd]/gu, (c) => `\\u${c.charCodeAt(0).toString(16).padStart(4, '0')}`);
  const short = what.length > 120 ? `${what.slice(0, 117)}…` : what;
  return place ? `not valid JSON: ${short} (character ${Number(place[1]) + 1})` : `not valid JSON: ${short}`;
}

/** `NaN`, `Infinity` and `-Infinity` outside strings replaced by null. */
function withoutNonFinite(text: string): { text: string; count: number } {
  if (!text.includes('NaN') && !text.includes('Infinity')) return { text, count: 0 };
  const parts: string[] = [];
  let count = 0;
  for (let i = 0; i < text.length;) {
    const quote = text.indexOf('"', i);
    const outside = text.slice(i, quote < 0 ? text.length : quote);
    parts.push(
      outside.replace(/-?\b(?:Infinity|NaN)\b/g, () => {
        count++;
        return 'null';
      }),
    );
    if (quote < 0) break;
    const end = stringEnd(text, quote + 1) + 1;
    parts.push(text.slice(quote, end));
    i = end;
  }
  return { text: parts.join(''), count };
}

/**
 * `JSON.parse` keeps the last of two equal keys and says nothing. The keys of the outermost object are counted in the text and
 * compared: strings are stepped over by searching for their end, so long texts cost little.
 */
function repeatedKey(text: string, value: unknown): string | null {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return null;
  const seen = new Set<string>();
  let depth = 0;
  let expectsKey = false;
  for (let i = text.indexOf('{'); i < text.length; i++) {
    const c = text.charCodeAt(i);
    if (c === 0x22) {
      const end = stringEnd(text, i + 1);
      if (depth === 1 && expectsKey) {
        const raw = text.slice(i + 1, end);
        const key = raw.includes('\\') ? String(JSON.parse(`"${raw}"`)) : raw;
        if (seen.has(key)) return key;
        seen.add(key);
        expectsKey = false;
      }
      i = end;
    } else if (c === 0x7b || c === 0x5b) {
      depth++;
      expectsKey = depth === 1;
    } else if (c === 0x7d || c === 0x5d) depth--;
    else if (c === 0x2c && depth === 1) expectsKey = true;
  }
  return null;
}

/** Index of the quote that ends the string whose first character is at `from`; the text's length when none does. */
function stringEnd(text: string, from: number): number {
  for (let quote = text.indexOf('"', from); quote >= 0; quote = text.indexOf('"', quote + 1)) {
    let slashes = 0;
    while (text.charCodeAt(quote - 1 - slashes) === 0x5c) slashes++;
    if (slashes % 2 === 0) return quote;
  }
  return text.length;
}
