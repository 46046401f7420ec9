/**
 * Finds the values of a JSON text without parsing it: the elements of an array at the top, or values that simply follow each
 * other. Works on bytes as they come and holds one value at a time. What is no value is given as `broken`, and the search goes
 * on at the next place that looks like the beginning of a row, so that one bad byte costs one row and not the rest of the file.
 */
import { MAX_ROW_BYTES } from './importer.ts';

export interface FoundValue {
  /** Where it begins, counted from 1. */
  line: number;
  /** The value's bytes; null: `why` says what is wrong. */
  bytes: Buffer | null;
  why: string;
}

const QUOTE = 0x22;
const BACKSLASH = 0x5c;
const OPEN_LIST = 0x5b;
const CLOSE_LIST = 0x5d;
const OPEN_OBJECT = 0x7b;
const CLOSE_OBJECT = 0x7d;
const COMMA = 0x2c;
const NEWLINE = 10;

/** A row's `{`, white space and first key are looked for in so many bytes. */
const KEY_BYTES = 400;

const isSpace = (c: number): boolean => c === 32 || c === NEWLINE || c === 13 || c === 9;

export class ValueFinder {
  readonly #limit: number;
  #buffer: Buffer = Buffer.alloc(0);
  #at = 0;
  #line = 1;
  #ended = false;
  #inArray = false;
  #sawArray = false;
  /** A value of the array has ended and no comma has come yet. */
  #needsComma = false;
  /** Beginning of the value that is being read, or -1 between values. */
  #start = -1;
  #startLine = 1;
  /** Opening brackets that are not closed yet. */
  #open: number[] = [];
  #inString = false;
  /** `{` up to and with the first key of the first object: where the next row may begin. */
  #anchor: Buffer | null = null;
  /** How the broken first row began: it may come again in bytes that are not there yet. */
  #own: Buffer | null = null;
  /** A broken value lies behind; everything up to the next anchor belongs to it. */
  #lost: { line: number; why: string } | null = null;
  /** The value that `next` gave last. */
  #given: { start: number; line: number } | null = null;

  constructor(limit = MAX_ROW_BYTES) {
    this.#limit = limit;
  }

  /** True while an array at the top has begun and not ended. */
  get inArray(): boolean {
    return this.#inArray;
  }

  /** Takes more bytes. What `next` gave before stays valid. */
  push(chunk: Buffer): void {
    const keepFrom = this.#start >= 0 ? this.#start : this.#at;
    const kept = this.#buffer.subarray(keepFrom);
    this.#buffer = kept.length > 0 ? Buffer.concat([kept, chunk]) : chunk;
    this.#at -= keepFrom;
    if (this.#start >= 0) this.#start = 0;
    this.#given = null;
  }

  /** No more bytes come. */
  end(): void {
    this.#ended = true;
  }

  /** The next value, or null: more bytes are needed, or after `end` there are no more. */
  next(): FoundValue | null {
    // A value that was not rejected is a row, and shows how rows begin.
    if (this.#given && !this.#anchor) this.#anchor = firstKey(this.#buffer.subarray(this.#given.start));
    for (;;) {
      if (this.#lost) {
        const broken = this.#findAnchor();
        if (broken || this.#lost) return broken;
      }
      if (this.#start < 0) {
        if (!this.#findStart()) return null;
        if (this.#needsComma) {
          this.#lose('no comma between it and the value before it');
          continue;
        }
      }
      const end = this.#findEnd();
      if (typeof end === 'number') return this.#give(end);
      if (end !== null) this.#lose(end);
      else if (this.#buffer.length - this.#start > this.#limit)
        this.#lose(`longer than ${Math.round(this.#limit / 2 ** 20)} MiB`);
      else if (!this.#ended) return null;
      else if (this.#open.length === 0 && !this.#inString) return this.#give(this.#buffer.length);
      else this.#lose('it is cut: the file ends inside it');
    }
  }

  /**
   * Says that the value given last is no JSON although its brackets match. True: other rows seem to begin inside it, and `next`
   * gives it again as a broken one, then them. False: the search goes on behind it.
   */
  reject(why: string): boolean {
    const given = this.#given;
    if (!given) return false;
    this.#learnAnchor(given.start);
    if (!this.#anchor) return false;
    const inside = this.#buffer.indexOf(this.#anchor, given.start + 1);
    if (inside < 0 || inside >= this.#at) return false;
    this.#start = given.start;
    this.#startLine = given.line;
    this.#lose(why);
    return true;
  }

  /** Goes over white space, commas and the array's brackets to the next value. */
  #findStart(): boolean {
    const { length } = this.#buffer;
    while (this.#at < length) {
      const c = this.#buffer[this.#at]!;
      if (c === NEWLINE) this.#line++;
      // 0x1e separates the records of a JSON text sequence (RFC 7464).
      if (c === COMMA) this.#needsComma = false;
      if (isSpace(c) || c === COMMA || c === 0x1e) this.#at++;
      else if (c === OPEN_LIST && !this.#inArray) {
        this.#inArray = true;
        this.#sawArray = true;
        this.#at++;
      } else if (c === CLOSE_LIST && this.#inArray) {
        this.#inArray = false;
        this.#needsComma = false;
        this.#at++;
      } else {
        this.#start = this.#at;
        this.#startLine = this.#line;
        return true;
      }
    }
    return false;
  }

  /** The end of the value; null: more bytes are needed; a sentence: it is no value. */
  #findEnd(): number | string | null {
    const buffer = this.#buffer;
    const { length } = buffer;
    const open = this.#open;
    let at = this.#at;
    if (this.#inString) {
      at = this.#stringEnd(at);
      if (at < 0) return at === -1 ? null : 'a string has no end on its line';
      if (open.length === 0) return at;
    }
    while (at < length) {
      const c = buffer[at]!;
      if (c === QUOTE) {
        if (open.length === 0 && at > this.#start) return at;
        at = this.#stringEnd(at + 1);
        if (at < 0) return at === -1 ? null : 'a string has no end on its line';
        if (open.length === 0) return at;
        continue;
      }
      if (c === OPEN_OBJECT || c === OPEN_LIST) {
        if (open.length === 0 && at > this.#start) return at;
        open.push(c);
      } else if (c === CLOSE_OBJECT || c === CLOSE_LIST) {
        const opened = open.pop();
        if (opened === undefined) {
          if (c === CLOSE_LIST && this.#inArray && at > this.#start) return at;
          return 'a bracket closes nothing';
        }
        // In ASCII a closing bracket stands two after its opening one.
        if (opened !== c - 2) return 'brackets do not match';
        if (open.length === 0) return at + 1;
      } else if (open.length === 0 && (c === COMMA || isSpace(c))) return at;
      else if (c === NEWLINE) this.#line++;
      at++;
    }
    this.#at = at;
    return null;
  }

  /** Behind the quote that ends a string, whose text goes on at `from`; -1: more bytes are needed; -2: a line ends inside it. */
  #stringEnd(from: number): number {
    const buffer = this.#buffer;
    let quote = buffer.indexOf(QUOTE, from);
    while (quote >= 0) {
      let slashes = 0;
      while (buffer[quote - 1 - slashes] === BACKSLASH) slashes++;
      if (slashes % 2 === 0) break;
      quote = buffer.indexOf(QUOTE, quote + 1);
    }
    // JSON has no line feed inside a string: without this one lost quote would turn the whole rest inside out.
    const text = buffer.subarray(from, quote < 0 ? buffer.length : quote);
    if (text.includes(NEWLINE)) return -2;
    this.#inString = quote < 0;
    if (quote >= 0) return quote + 1;
    this.#at = buffer.length;
    return -1;
  }

  #give(end: number): FoundValue {
    const bytes = this.#buffer.subarray(this.#start, end);
    this.#given = { start: this.#start, line: this.#startLine };
    this.#at = end;
    this.#start = -1;
    this.#needsComma = this.#inArray;
    return { line: this.#startLine, bytes, why: '' };
  }

  /** Gives up the value that has begun: the search goes on behind its first byte. */
  #lose(why: string): void {
    this.#lost = { line: this.#startLine, why };
    this.#line = this.#startLine;
    this.#learnAnchor(this.#start);
    this.#at = this.#start + 1;
    this.#start = -1;
    this.#open = [];
    this.#inString = false;
    this.#needsComma = false;
    this.#given = null;
  }

  /**
   * Where the very first row is broken: its own beginning, when that comes again, otherwise the beginning of the next object,
   * show how rows begin.
   */
  #learnAnchor(from: number): void {
    if (this.#anchor) return;
    this.#own ??= firstKey(this.#buffer.subarray(from));
    if (this.#own && this.#buffer.indexOf(this.#own, from + 1) >= 0) this.#anchor = this.#own;
    for (let at = from + 1; !this.#anchor; at++) {
      at = this.#buffer.indexOf(OPEN_OBJECT, at);
      if (at < 0) break;
      this.#anchor = firstKey(this.#buffer.subarray(at));
    }
  }

  /** Looks for the next row after a broken one; the broken stretch is one value. Null: more bytes are needed. */
  #findAnchor(): FoundValue | null {
    const lost = this.#lost!;
    this.#learnAnchor(this.#at);
    const next = this.#anchor ? this.#buffer.indexOf(this.#anchor, this.#at) : -1;
    const tail = this.#ended ? 0 : this.#anchor ? this.#anchor.length - 1 : KEY_BYTES;
    const stop = Math.max(this.#at, next >= 0 ? next : this.#buffer.length - tail);
    for (let i = this.#at; i < stop; i++) if (this.#buffer[i] === NEWLINE) this.#line++;
    this.#at = stop;
    if (next < 0 && !this.#ended) return null;
    this.#lost = null;
    // What follows stands where elements stand, whatever the brackets before it said.
    this.#inArray = this.#sawArray;
    return { line: lost.line, bytes: null, why: lost.why };
  }
}

/** `{` and the first key of an object with its quotes, as the file writes them; null when there is none. */
function firstKey(bytes: Buffer): Buffer | null {
  const match = /^\{\s*"(?:[^"\\\n]|\\.){1,200}"/.exec(bytes.toString('latin1', 0, KEY_BYTES));
  return match ? Buffer.from(match[0], 'latin1') : null;
}
