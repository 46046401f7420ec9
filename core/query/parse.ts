/**
 * Reads a query. Never throws and takes time in proportion to the text: what is wrong becomes an error with its place, and the other
 * terms stand.
 */
import { nearest } from '../recipes/nearest.ts';
import { fieldNames, fieldOf, infoOf, otherFields } from './fields.ts';
import { readValue, shorten, VALUE_LIMIT } from './values.ts';
import { expressionOf, type Parsed, type QueryError, type Term, type Value } from './types.ts';

/** Longest query in UTF-16 units, most terms, most values of a term, and most errors that are told. */
export const QUERY_LIMIT = 10_000;
export const TERMS_LIMIT = 100;
const VALUES_LIMIT = 200;
const ERRORS_LIMIT = 20;

const joiners: Readonly<Record<string, string>> = {
  AND: 'Terms are joined by “and” as they stand: leave the word out, or put it in quotes to look for it',
  OR: 'Terms are joined by “and”; give one field several values (verdict:wrong,undecided), or put the word in quotes to look for it',
  NOT: 'To leave out what a term finds, put “-” before it; to look for the word, put it in quotes',
};

export function parseQuery(text: string): Parsed {
  return new Parser(text.slice(0, QUERY_LIMIT), text.length).parse();
}

/** White space between terms. */
export const isSpace = (char: string | undefined): boolean => char !== undefined && /\s/u.test(char);

class Parser {
  private readonly text: string;
  private readonly length: number;
  private readonly terms: Term[] = [];
  private readonly errors: QueryError[] = [];
  private at = 0;
  /** Errors that are not listed. */
  private more = 0;

  /** `length`: of the whole text, of which `text` may be the beginning. */
  constructor(text: string, length: number) {
    this.text = text;
    this.length = length;
  }

  parse(): Parsed {
    for (;;) {
      while (isSpace(this.text[this.at])) this.at += 1;
      if (this.at >= this.text.length) break;
      const start = this.at;
      if (this.terms.length >= TERMS_LIMIT) {
        this.wrong(start, this.length, `A query has at most ${TERMS_LIMIT} terms; these are too many`);
        this.at = this.text.length;
        break;
      }
      this.term(start);
    }
    const last = this.errors.at(-1);
    if (last && this.more > 0) last.message += ` There are ${this.more} more errors behind it.`;
    if (this.length > this.text.length) {
      const message = `A query has at most ${QUERY_LIMIT} characters, this one ${this.length}.`;
      this.errors.push({ start: this.text.length, end: this.length, message });
    }
    return { query: { terms: this.terms }, errors: this.errors };
  }

  private wrong(start: number, end: number, message: string, suggestion?: string | null): void {
    if (this.errors.length >= ERRORS_LIMIT) {
      this.more += 1;
      return;
    }
    this.errors.push({ start, end, message: `${message}.`, ...(suggestion != null && { suggestion }) });
  }

  private term(start: number): void {
    const negated = this.text[start] === '-';
    if (negated) this.at += 1;
    const char = this.text[this.at];
    if (char === undefined || isSpace(char)) {
      this.wrong(start, this.at, 'Nothing stands behind “-”; to look for the sign, put it in quotes', '"-"');
    } else if (this.atQuote()) {
      const text = this.quoted();
      if (text !== null) this.words(text, negated, start);
    } else if (char === '/') {
      this.expression(negated, start);
    } else {
      this.named(negated, start);
    }
  }

  private words(text: string, negated: boolean, start: number): void {
    if (text.trim() === '') return this.wrong(start, this.at, 'There is nothing to look for between the quotes');
    if (text.length > VALUE_LIMIT)
      return this.wrong(start, this.at, `Words have at most ${VALUE_LIMIT} characters, these ${text.length}`);
    this.terms.push({ kind: 'words', text, negated, start, end: this.at });
  }

  private atQuote(): boolean {
    return this.text[this.at] === '"' || this.text.startsWith('$"', this.at);
  }

  /**
   * The text between quotes; the place is behind them. `""` stands for a quote and a backslash for itself, so that formulas can be
   * pasted; `$"…"` is a JSON string, for what no field of text can hold. Null: something is wrong, which was said.
   */
  private quoted(): string | null {
    const start = this.at;
    const json = this.text[start] === '$';
    let end = start + (json ? 2 : 1);
    for (;;) {
      const char = this.text[end];
      if (char === undefined) {
        this.at = this.text.length;
        const mended = json || /[^"]"$/.test(this.text) ? null : `${this.text.slice(start)}"`;
        this.wrong(start, this.at, 'The quotes are not closed', mended);
        return null;
      }
      if (json && char === '\\') end += 2;
      else if (char !== '"') end += 1;
      else if (!json && this.text[end + 1] === '"') end += 2;
      else break;
    }
    this.at = end + 1;
    if (!json) return this.text.slice(start + 1, end).replaceAll('""', '"');
    try {
      return JSON.parse(this.text.slice(start + 1, this.at)) as string;
    } catch {
      this.wrong(start, this.at, 'What stands behind “$” is no JSON string; without “$” a backslash stands for itself');
      return null;
    }
  }

  /** To the next white space. */
  private bare(): string {
    const start = this.at;
    while (this.at < this.text.length && !isSpace(this.text[this.at])) this.at += 1;
    return this.text.slice(start, this.at);
  }

  private expression(negated: boolean, start: number): void {
    const slash = this.at;
    const end = endOfExpression(this.text, slash + 1);
    if (end === null) {
      this.bare();
      const word = this.text.slice(slash, this.at);
      this.at = this.text.length;
      this.wrong(
        slash,
        this.at,
        'The expression has no “/” at its end; to look for the text itself, put it in quotes',
        quote(word),
      );
      return;
    }
    const source = this.text.slice(slash + 1, end);
    this.at = end + 1;
    const flags = this.bare();
    const asText = quote(this.text.slice(slash, this.at));
    if (source === '') return this.wrong(slash, this.at, 'The expression is empty', asText);
    if (source.length > VALUE_LIMIT)
      return this.wrong(
        slash,
        this.at,
        `An expression has at most ${VALUE_LIMIT} characters, this one ${source.length}`,
      );
    const clean = flags.replace(/[gu]/g, '');
    if (!/^[ims]*$/.test(clean) || new Set(clean).size < clean.length)
      return this.wrong(
        end + 1,
        this.at,
        `“${shorten(flags)}” is not among the flags i, m and s; to look for the text itself, put all of it in quotes`,
      );
    try {
      expressionOf({ source, flags: clean });
    } catch (error) {
      const why = (error as Error).message.replace(/^Invalid regular expression: (?:\/.*\/\w*: )?/s, '');
      return this.wrong(slash, this.at, `The expression is not valid: ${shorten(why)}`);
    }
    this.terms.push({
      kind: 'expression',
      source,
      flags: ['i', 'm', 's'].filter((flag) => clean.includes(flag)).join(''),
      negated,
      start,
      end: this.at,
    });
  }

  /** A field's term, or a word. */
  private named(negated: boolean, start: number): void {
    const begin = this.at;
    const name = /^[^\s:"]*/u.exec(this.text.slice(begin, begin + VALUE_LIMIT))![0];
    if (this.text[begin + name.length] !== ':' || name === '') return this.word(negated, start);
    const field = fieldOf(name);
    if (field === null) {
      this.at = begin + name.length + 1;
      if (this.atQuote()) this.quoted();
      this.bare();
      const known = name.toLowerCase();
      const other = Object.hasOwn(otherFields, known) ? otherFields[known] : undefined;
      const near = other ?? nearest(known, fieldNames);
      const message = `There is no field “${shorten(name)}”; to look for the text itself, put it in quotes`;
      if (near) this.wrong(begin, begin + name.length, message, near);
      else this.wrong(begin, this.at, message, quote(this.text.slice(begin, this.at)));
      return;
    }
    this.at = begin + name.length + 1;
    const before = this.errors.length;
    const values = this.values(field);
    const { length } = values;
    if (length > VALUES_LIMIT)
      this.wrong(start, this.at, `A term has at most ${VALUES_LIMIT} values, this one ${length}`);
    if (this.errors.length > before || length === 0 || length > VALUES_LIMIT) return;
    this.terms.push({ kind: 'field', field, values, negated, start, end: this.at });
  }

  private values(field: Parameters<typeof readValue>[0]): Value[] {
    const found: Value[] = [];
    for (;;) {
      const start = this.at;
      const isQuoted = this.atQuote();
      const text = isQuoted ? this.quoted() : this.bareValue();
      if (text === null) return found;
      if (text === '' && !isQuoted) this.missing(field, start);
      else {
        const read = readValue(field, text, isQuoted);
        if ('value' in read) found.push(read.value);
        else this.wrong(start, this.at, read.wrong, read.suggestion);
      }
      if (isQuoted && this.text[this.at] !== ',' && this.at < this.text.length && !isSpace(this.text[this.at])) {
        const from = this.at;
        this.bare();
        this.wrong(from, this.at, 'A value ends with its quotes; put a comma or white space behind them');
        return found;
      }
      if (this.text[this.at] !== ',') return found;
      this.at += 1;
    }
  }

  private missing(field: Parameters<typeof readValue>[0], at: number): void {
    const example = infoOf(field).words?.[0] ?? (infoOf(field).kind === 'number' ? '>=1' : 'name');
    this.wrong(
      at - 1,
      at,
      `A value of ${field} is missing: it stands directly behind the sign, as in ${field}:${example}`,
    );
  }

  /** To the next comma or white space. */
  private bareValue(): string {
    const start = this.at;
    while (this.at < this.text.length && this.text[this.at] !== ',' && !isSpace(this.text[this.at])) this.at += 1;
    return this.text.slice(start, this.at);
  }

  private word(negated: boolean, start: number): void {
    const begin = this.at;
    const word = this.bare();
    if (word.toLowerCase() === 'truncated') {
      this.terms.push({
        kind: 'field',
        field: 'is',
        values: [{ is: 'text', text: 'truncated' }],
        negated,
        start,
        end: this.at,
      });
    } else if (Object.hasOwn(joiners, word)) {
      this.wrong(begin, this.at, joiners[word]!);
    } else if (/^behaviou?r\./i.test(word)) {
      const field = fieldOf(word) ?? nearest(word.toLowerCase(), fieldNames);
      this.wrong(
        begin,
        this.at,
        `Say how many: behaviour.<label> stands before “:” and a number`,
        field && `${field}:>=1`,
      );
    } else this.words(word, negated, start);
  }
}

/** The place of the `/` that ends an expression; null: there is none. In a class `[…]` and behind a backslash it ends nothing. */
export function endOfExpression(text: string, from: number): number | null {
  let inClass = false;
  for (let at = from; at < text.length; at += 1) {
    const char = text[at];
    if (char === '\\') at += 1;
    else if (char === '[') inClass = true;
    else if (char === ']') inClass = false;
    else if (char === '/' && !inClass) return at;
  }
  return null;
}

/** A text as the language writes it in quotes. What a field of one line cannot hold, and half characters, are escaped. */
export function quote(text: string): string {
  // oxlint-disable-next-line no-control-regex -- these are meant
  const plain = !/[\u0000-\u001f\u007f-\u009f\u2028\u2029]/.test(text) && text.isWellFormed();
  if (plain) return `"${text.replaceAll('"', '""')}"`;
  const json = JSON.stringify(text);
  return `$${json.replace(/[\u007f-\u009f\u2028\u2029]/g, (c) => `\\u${c.charCodeAt(0).toString(16).padStart(4, '0')}`)}`;
}
