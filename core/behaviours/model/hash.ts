/** Numbers of 32 bits for words and features, the same on every machine (FNV-1a, and the finaliser of MurmurHash3). */

const PRIME = 0x01000193;
/** Stands for a word that is not there: before the beginning, behind the end. */
export const NONE = 0x5bd1e995;

export function hashOf(text: string): number {
  let hash = 0x811c9dc5;
  for (let i = 0; i < text.length; i += 1) hash = Math.imul(hash ^ text.charCodeAt(i), PRIME);
  return mixed(hash);
}

/** That of `text[from…to]` in small letters of a–z, a typographic apostrophe as a plain one. */
export function hashOfWord(text: string, from: number, to: number): number {
  let hash = 0x811c9dc5;
  for (let i = from; i < to; i += 1) {
    const code = text.charCodeAt(i);
    const small = code >= 65 && code <= 90 ? code | 32 : code === 0x2019 ? 39 : code;
    hash = Math.imul(hash ^ small, PRIME);
  }
  return mixed(hash);
}

/** A number for a template and up to three words. */
export const feature = (template: number, a = NONE, b = NONE, c = NONE): number =>
  mixed(Math.imul(Math.imul(Math.imul(template ^ a, PRIME) ^ b, PRIME) ^ c, PRIME));

function mixed(value: number): number {
  let hash = value;
  hash = Math.imul(hash ^ (hash >>> 16), 0x85ebca6b);
  hash = Math.imul(hash ^ (hash >>> 13), 0xc2b2ae35);
  return hash ^ (hash >>> 16);
}
