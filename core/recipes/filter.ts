/**
 * The language of a source's `filter`, as the editor checks it. The grammar is that of the engine, which also evaluates it
 * (server/engine/longhand_engine/curation/expression.py); one list of right and wrong filters holds both to it
 * (test/fixtures/filters.json).
 */

/** What is wrong with a filter: a place in its text (UTF-16 units), and in words. `end` is at least one unit behind `start`, but in an empty text. */
export interface FilterProblem {
  start: number;
  end: number;
  message: string;
}

type Kind = 'number' | 'text' | 'quoted' | 'name' | 'word' | 'sign';
interface Token {
  kind: Kind;
  /** Words in small letters, signs in one spelling. */
  text: string;
  start: number;
  end: number;
}

const LONGEST = 10_000;
const DEEPEST = 50;
const TOKEN =
  /\s*(?:(?<number>[-+]?(?:\d[\d_]*\.?\d*|\.\d+)(?:[eE][-+]?\d+)?)|(?<text>"(?:[^"\\]|\\[^\n])*"|'(?:[^'\\]|\\[^\n])*')|(?<quoted>`[^`]+`)|(?<name>[\p{L}\p{Nl}\p{No}_][\p{L}\p{N}_]*(?:\.[\p{L}\p{N}_]+)*)|(?<sign><=|>=|==|!=|<>|[<>=(),]))/uy;
const WORDS = new Set(['and', 'or', 'not', 'between', 'in', 'is', 'null', 'true', 'false', 'contains']);
const SIGNS: Record<string, string> = { '==': '=', '<>': '!=' };
const COMPARISONS = new Set(['=', '!=', '<', '<=', '>', '>=']);
/** What other languages write for our words. */
const HINTS: Record<string, string> = { '&': 'and', '|': 'or', '!': 'not' };

class Wrong extends Error {
  readonly start: number;
  readonly end: number;

  constructor(start: number, end: number, message: string) {
    super(message);
    this.start = start;
    this.end = end;
  }
}

/** The first thing that is wrong with a filter, or null. Never throws. */
export function filterProblem(text: string): FilterProblem | null {
  const wrong = wrongIn(text);
  if (!wrong) return null;
  // Where something is missing at the end, the last sign is what can be underlined.
  const last = text.trimEnd().length;
  const start = wrong.start >= last ? Math.max(0, last - 1) : wrong.start;
  return { start, end: Math.max(wrong.end, Math.min(start + 1, text.length)), message: wrong.message };
}

/** Where the engine says that a filter is wrong, from 0; for tests that hold both to the same place. */
export function filterProblemAt(text: string): number | null {
  return wrongIn(text)?.start ?? null;
}

function wrongIn(text: string): Wrong | null {
  try {
    new Parser(text).whole();
    return null;
  } catch (error) {
    if (error instanceof Wrong) return error;
    throw error;
  }
}

class Parser {
  private readonly text: string;
  private readonly tokens: Token[];
  private next = 0;

  constructor(text: string) {
    if (text.length > LONGEST) throw new Wrong(0, text.length, `the filter is longer than ${LONGEST} characters`);
    this.text = text;
    this.tokens = tokens(text);
  }

  whole(): void {
    this.either(0);
    const token = this.tokens[this.next];
    if (token) throw this.wrong(token, `“and”, “or” or the end is expected, not “${token.text}”`);
  }

  private either(depth: number): void {
    do this.both(depth);
    while (this.take('or'));
  }

  private both(depth: number): void {
    do this.test(depth);
    while (this.take('and'));
  }

  private test(depth: number): void {
    const here = this.tokens[this.next];
    if (depth > DEEPEST && here) throw this.wrong(here, `nested more than ${DEEPEST} deep`);
    if (this.take('not')) this.test(depth + 1);
    else if (this.take('(')) {
      this.either(depth + 1);
      this.need(')');
    } else {
      this.operand();
      this.comparison();
    }
  }

  private comparison(): void {
    if (this.take('is')) {
      this.take('not');
      this.need('null');
      return;
    }
    const negated = this.take('not');
    const token = this.tokens[this.next];
    if (this.take('between')) {
      this.operand();
      this.need('and');
      this.operand();
    } else if (this.take('in')) {
      this.need('(');
      do this.operand();
      while (this.take(','));
      this.need(')');
    } else if (this.take('contains')) this.operand();
    else if (negated) throw this.wrong(token, '“between”, “in” or “contains” is expected after “not”');
    else if (token?.kind === 'sign' && COMPARISONS.has(token.text)) {
      this.next += 1;
      this.operand();
    }
  }

  private operand(): void {
    const token = this.tokens[this.next];
    const isValue =
      token && (token.kind === 'word' ? ['true', 'false', 'null'].includes(token.text) : token.kind !== 'sign');
    if (!isValue)
      throw this.wrong(token, `a value or the name of a field is expected${token ? `, not “${token.text}”` : ''}`);
    this.next += 1;
  }

  private take(text: string): boolean {
    const token = this.tokens[this.next];
    if (!token || (token.kind !== 'word' && token.kind !== 'sign') || token.text !== text) return false;
    this.next += 1;
    return true;
  }

  private need(text: string): void {
    if (this.take(text)) return;
    const token = this.tokens[this.next];
    throw this.wrong(token, `“${text}” is expected${token ? `, not “${token.text}”` : ''}`);
  }

  private wrong(token: Token | undefined, message: string): Wrong {
    return new Wrong(token?.start ?? this.text.length, token?.end ?? this.text.length, message);
  }
}

function tokens(text: string): Token[] {
  const found: Token[] = [];
  const length = text.trimEnd().length;
  for (let at = 0; at < length;) {
    TOKEN.lastIndex = at;
    const match = TOKEN.exec(text);
    const [kind, token] = Object.entries(match?.groups ?? {}).find(([, value]) => value !== undefined) ?? [];
    if (!match || token === undefined) {
      const start = at + text.slice(at).length - text.slice(at).trimStart().length;
      const sign = String.fromCodePoint(text.codePointAt(start)!);
      const hint = HINTS[sign] ? `; write “${HINTS[sign]}”` : '';
      throw '"\'`'.includes(sign)
        ? new Wrong(start, length, 'this text does not end')
        : new Wrong(start, start + sign.length, `“${sign}” has no meaning here${hint}`);
    }
    at = TOKEN.lastIndex;
    const isWord = kind === 'name' && WORDS.has(token.toLowerCase());
    found.push({
      kind: isWord ? 'word' : (kind as Kind),
      text: isWord ? token.toLowerCase() : (SIGNS[token] ?? token),
      start: at - token.length,
      end: at,
    });
  }
  return found;
}
