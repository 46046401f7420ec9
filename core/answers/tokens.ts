/** Cuts a formula into numbers, letters, commands and signs. */

/** What cannot be read, in words. */
export class UnreadableError extends Error {}

export const FUNCTIONS = new Set(
  'sin cos tan cot sec csc arcsin arccos arctan asin acos atan sinh cosh tanh ln log lg exp gcd sgn arccot'.split(' '),
);
const TOKEN_LIMIT = 3_000;

export interface Token {
  kind: 'number' | 'name' | 'command' | 'sign';
  text: string;
  /** White space stands before it. */
  spaced: boolean;
}

/** @throws UnreadableError on signs that are no arithmetic, words, and formulas of more than 3,000 tokens. */
export function tokenise(text: string): Token[] {
  const tokens: Token[] = [];
  const scan = /\s+|(\d+(?:\.\d+)?)|\\([a-zA-Z]+)|([a-zA-Z]+)|(\*\*|\\[{}%|]|[-+*/^_!(){}[\]|%':=])|([^])/g;
  let spaced = false;
  for (const match of text.matchAll(scan)) {
    if (match[5] !== undefined) throw new UnreadableError(`the sign ${match[5]} is not arithmetic`);
    if (match[1] !== undefined) tokens.push({ kind: 'number', text: match[1], spaced });
    else if (match[2] !== undefined) pushCommand(tokens, match[2], spaced);
    else if (match[3] !== undefined) pushLetters(tokens, match[3], spaced);
    else if (match[4] !== undefined) tokens.push({ kind: 'sign', text: match[4] === '**' ? '^' : match[4], spaced });
    spaced = match[0].trim() === '';
    if (tokens.length > TOKEN_LIMIT) throw new UnreadableError(`the formula has more than ${TOKEN_LIMIT} signs`);
  }
  return tokens;
}

/** `\cotx` is `\cot x`: TeX knows no such command, and writers forget the blank. */
function pushCommand(tokens: Token[], name: string, spaced: boolean): void {
  const glued =
    /^(arcsin|arccos|arctan|sinh|cosh|tanh|sin|cos|tan|cot|sec|csc|log|ln|pi|sqrt|cdot)([a-zA-Z]{1,2})$/.exec(name);
  if (!glued || FUNCTIONS.has(name)) tokens.push({ kind: 'command', text: name, spaced });
  else {
    tokens.push({ kind: 'command', text: glued[1]!, spaced });
    for (const letter of glued[2]!) tokens.push({ kind: 'name', text: letter, spaced: false });
  }
}

/** `sqrt`, `pi`, `sin` in plain text are what they say; other letters multiply, as in `xy`. */
function pushLetters(tokens: Token[], letters: string, spaced: boolean): void {
  const known = /^(?:sqrt|pi|infinity|inf|oo)$/.test(letters) || FUNCTIONS.has(letters);
  if (known)
    tokens.push({
      kind: 'command',
      text: letters === 'oo' || letters === 'inf' || letters === 'infinity' ? 'infty' : letters,
      spaced,
    });
  else if (letters.length > 3) throw new UnreadableError(`“${letters}” is a word`);
  else for (const letter of letters) tokens.push({ kind: 'name', text: letter, spaced });
}
