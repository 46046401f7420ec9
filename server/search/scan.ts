/** Searches the texts of some traces of one attempt: says which have what is wanted, and what stands around it. */
import type { SearchedText, Snippet } from '../../core/protocol/search.ts';
import type { SearchPage } from '../store/search-page.ts';
import type { ByteScanner } from './byte-scanner.ts';
import { matcherOf, type Hits } from './matcher.ts';
import { TextsReader } from './read-texts.ts';
import { StoredText } from './stored-text.ts';
import type { Wanted } from './terms.ts';

/** Traces of a page: `from` to `to`, exclusive. */
export interface Chunk {
  page: SearchPage;
  from: number;
  to: number;
}

export interface FoundTrace {
  id: number;
  count: number;
  first: { in: SearchedText; start: number; end: number } | null;
  snippet: Snippet | null;
}

export interface Scanned {
  /** Traces that have it, in their order; at most as many as were asked for. */
  found: FoundTrace[];
  /** Of all that have it. */
  traces: number;
  hits: number;
  unreadable: number;
  cut: number;
}

export interface ScanOptions {
  scanner: ByteScanner;
  wanted: Wanted;
  /** Traces that are told of one by one; the others are only counted. */
  room: number;
  /** Told which trace's texts are looked at now; true ends the scan. */
  before: (n: number) => boolean;
}

interface Term {
  negated: boolean;
  look: (text: StoredText, once: boolean) => Hits | null;
}
interface Looked {
  in: SearchedText;
  text: StoredText;
  /** By term; null: not there. */
  hits: (Hits | null)[];
}

/** Null: it was ended. */
export function scan({ page, from, to }: Chunk, { scanner, wanted, room, before }: ScanOptions): Scanned | null {
  const done: Scanned = { found: [], traces: 0, hits: 0, unreadable: 0, cut: 0 };
  const reader = new TextsReader(scanner, page.folder);
  const terms = wanted.terms.map((term) => ({
    negated: term.negated,
    look: matcherOf(term, scanner, () => reader.end),
  }));
  try {
    const prompts = wanted.texts.includes('prompt') ? readPrompts(reader, page, from, to) : null;
    const completions = wanted.texts.includes('completion') ? reader.texts(page.completions, from, to) : null;
    for (let n = from; n < to; n++) {
      const own = completions?.next().value as ReturnType<TextsReader['texts']> extends Generator<infer T> ? T : never;
      if (before(n)) return null;
      const looked: Looked[] = [];
      let isGone = false;
      if (prompts) {
        const prompt = prompts.get(page.promptOf[n] ?? -1);
        if (prompt) looked.push((prompt.looked ??= look('prompt', prompt.text, terms)));
        else isGone = prompt === null;
      }
      if (completions) {
        if (own.text) looked.push(look('completion', own.text, terms));
        else isGone = true;
        if (own.cut) done.cut += 1;
      }
      if (isGone) done.unreadable += 1;
      const found = isGone && looked.length === 0 ? null : together(looked, terms);
      if (!found) continue;
      done.traces += 1;
      done.hits += found.count;
      if (done.found.length < room) done.found.push({ id: page.ids[n]!, ...shown(found) });
    }
    return done;
  } finally {
    reader.close();
  }
}

interface Prompt {
  text: StoredText;
  looked?: Looked;
}

/** The prompts of the traces, each once, in memory of their own; null: it is gone. */
function readPrompts(reader: TextsReader, page: SearchPage, from: number, to: number): Map<number, Prompt | null> {
  const prompts = new Map<number, Prompt | null>();
  for (let n = from; n < to; n++) {
    const number = page.promptOf[n] ?? -1;
    if (number < 0 || prompts.has(number)) continue;
    for (const { text } of reader.texts(page.prompts, number, number + 1))
      prompts.set(number, text && { text: new StoredText(Buffer.from(text.text)) });
  }
  return prompts;
}

function look(name: SearchedText, text: StoredText, terms: readonly Term[]): Looked {
  const hits: (Hits | null)[] = [];
  for (const { negated, look: find } of terms) hits.push(find(text, negated));
  return { in: name, text, hits };
}

interface Together {
  count: number;
  first: { of: Looked; hits: Hits } | null;
}

/** Null where a term is in none of the texts, or one that must not be there is in one. */
function together(looked: readonly Looked[], terms: readonly Term[]): Together | null {
  let count = 0;
  for (const [i, { negated }] of terms.entries()) {
    let isThere = false;
    for (const { hits } of looked) {
      const own = hits[i];
      if (!own) continue;
      isThere = true;
      if (!negated) count += own.count;
    }
    if (isThere === negated) return null;
  }
  for (const of of looked) {
    const present = of.hits.filter((hits) => hits !== null);
    if (present.length === 0) continue;
    const [hits] = present.length === 1 ? present : present.toSorted((a, b) => a.first().start - b.first().start);
    return { count, first: { of, hits: hits! } };
  }
  return { count, first: null };
}

function shown({ count, first }: Together): Omit<FoundTrace, 'id'> {
  if (!first) return { count, first: null, snippet: null };
  const { start, end } = first.hits.first();
  return { count, first: { in: first.of.in, start, end }, snippet: first.of.text.snippet(start, end) };
}
