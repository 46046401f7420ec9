/** Gold answers: as files write them, and joined from a file of problems to one of completions. */
import { extractAnswer } from '../../core/answers/extract.ts';
import { problemId } from '../store/record-writer.ts';
import { plainName } from './names.ts';
import { leaves } from './columns.ts';

/** Above this a solution without a box is a proof or an essay, and no answer can be read from it. */
const PROSE = 300;

/**
 * The gold answer in a column's value, or null where there is none: what follows GSM8K's `####`, the last box of a worked
 * solution, otherwise the value itself; several answers are joined by commas. In a column of solutions long prose without a
 * box is no answer.
 */
export function goldText(value: unknown, column: string): string | null {
  if (value === null || value === undefined) return null;
  if (Array.isArray(value)) {
    const parts = leaves(value).map((part) => goldText(part, column));
    const known = parts.filter((part) => part !== null);
    return known.length > 0 ? known.join(', ') : null;
  }
  if (typeof value === 'number' || typeof value === 'bigint' || typeof value === 'boolean') return String(value);
  if (typeof value !== 'string') return null;
  const text = value.trim();
  const marked = text.lastIndexOf('####');
  if (marked >= 0) return text.slice(marked + 4).trim() || null;
  if (/solution/.test(plainName(column)) && text.length > 60) {
    const found = /\\(?:boxed|fbox)/.test(text) ? extractAnswer(text) : null;
    if (found && found.text.trim() !== '') return found.text.trim();
    if (text.length > PROSE) return null;
  }
  return text === '' ? null : text;
}

export interface Gold {
  gold: string;
  /** The problem as the file of gold answers has it. */
  text: string;
  sourceId: string | null;
}

/** Shorter common beginnings or ends than this are chance. */
const LEAST_AFFIX = 12;
/** Places at which an instruction may be cut off at each end; each is tried. */
const MOST_CUTS = 4;

/** What may stand around a problem, longest first. */
export interface Affixes {
  prefixes: string[];
  suffixes: string[];
}

/**
 * What all texts begin with and end with: the instruction that a harness puts around each problem. Problems made from one
 * pattern share words of their own too, so each end of a sentence in what they share is a place to cut. Nothing with fewer
 * than five different texts.
 */
export function commonAffixes(texts: readonly string[]): Affixes {
  const distinct = [...new Set(texts)];
  if (distinct.length < 5) return { prefixes: [], suffixes: [] };
  let prefix = distinct[0]!;
  let suffix = distinct[0]!;
  for (const text of distinct) {
    let i = 0;
    while (i < prefix.length && prefix[i] === text[i]) i++;
    prefix = prefix.slice(0, i);
    let j = 0;
    while (j < suffix.length && suffix.at(-1 - j) === text.at(-1 - j)) j++;
    suffix = suffix.slice(suffix.length - j);
  }
  const spaces = [...suffix.matchAll(/\s/g)].slice(0, 1).map((match) => match.index);
  const ends = [...suffix.matchAll(/[.?!:})$]\s+|\n+/g)].map((match) => match.index + (match[0].trim() === '' ? 0 : 1));
  const suffixes = [...new Set([...spaces, ...ends])].map((at) => suffix.slice(at));
  const heads = [...prefix.matchAll(/[.?!:})$]\s+|\n+/g)].map((match) => match.index + match[0].length);
  const words = prefix.search(/\s\S*$/) + 1;
  const prefixes = [...new Set([words, ...heads.toReversed()])].map((at) => prefix.slice(0, at));
  const long = (affix: string): boolean => affix.trim().length >= LEAST_AFFIX;
  return { prefixes: prefixes.filter(long).slice(0, MOST_CUTS), suffixes: suffixes.filter(long).slice(-MOST_CUTS) };
}

/** Shorter bare texts than this are not told apart surely enough. */
const LEAST_BARE = 40;

/** LaTeX that changes how a text looks and not what it says, and drawings. */
const TYPESETTING =
  /\[asy\].*?\[\/asy\]|\\(?:begin|end)\{[a-z]+\*?\}|\\(?:left|right|text(?:it|bf|rm)?|math(?:rm|bf|it)|displaystyle|quad)(?![a-z])/gs;

/**
 * A text without what typesetting may change: spaces, punctuation, `$`, `\left`, `\text` and the like, drawings, and case.
 * Letters, digits and the signs of calculation stay. Null when so little is left that it may be another problem's too.
 */
export function bareText(text: string): string | null {
  const plain = text
    .normalize('NFKC')
    .toLowerCase()
    .replace(TYPESETTING, '')
    .replace(/\\[dt]frac/g, '\\frac');
  const bare = plain.replace(/[^\p{L}\p{N}+\-*/=<>^_|!]/gu, '');
  return bare.length >= LEAST_BARE ? `bare:${bare}` : null;
}

/**
 * Gold answers by problem. Problems are the same when their normalised texts are, with or without the
 * instruction around them, or when only their typesetting differs.
 */
export class GoldIndex {
  readonly #byProblem = new Map<string, Gold | null>();
  readonly #byId = new Map<string, Gold | null>();
  readonly #affixes: Affixes[] = [];
  /** Problems that were added. */
  size = 0;

  /** Adds the problems of one file. */
  add(problems: readonly { text: string; gold: string; sourceId: string | null }[]): void {
    const affixes = commonAffixes(problems.map((problem) => problem.text));
    this.size += problems.length;
    for (const problem of problems) {
      const { sourceId: key } = problem;
      // One id of two problems names neither.
      const named = key === null ? undefined : this.#byId.get(key);
      const same = named === undefined || (named?.text === problem.text && named.gold === problem.gold);
      if (key !== null) this.#byId.set(key, same ? problem : null);
    }
    for (const { text, gold, sourceId } of problems)
      for (const form of forms(text, [affixes]).flatMap(withBare)) {
        const id = problemId(form);
        const known = this.#byProblem.get(id);
        // Two answers to one text: neither can be trusted.
        this.#byProblem.set(id, known === undefined || known?.gold === gold ? { text, gold, sourceId } : null);
      }
  }

  /** Says which instruction stands around the problems of the file that asks. */
  expect(texts: readonly string[]): void {
    const affixes = commonAffixes(texts);
    if (affixes.prefixes.length + affixes.suffixes.length > 0) this.#affixes.push(affixes);
  }

  /** By the id alone: for problems whose text is not in the file. */
  findById(id: string): Gold | null {
    return this.#byId.get(id) ?? null;
  }

  find(text: string): Gold | null {
    if (this.#byProblem.size === 0) return null;
    const found = forms(text, this.#affixes);
    // The text as it stands decides before the bare one.
    for (const form of [...found, ...found.flatMap((form) => bareText(form) ?? [])]) {
      const gold = this.#byProblem.get(problemId(form));
      if (gold) return gold;
    }
    return null;
  }
}

function forms(text: string, affixes: readonly Affixes[]): string[] {
  const found = new Set([text]);
  for (const { prefixes, suffixes } of affixes)
    for (const prefix of ['', ...prefixes])
      for (const suffix of ['', ...suffixes]) {
        const inside = text.startsWith(prefix) && text.endsWith(suffix) && text.length > prefix.length + suffix.length;
        if (inside) found.add(text.slice(prefix.length, text.length - suffix.length));
      }
  return [...found];
}

const withBare = (form: string): string[] => [form, ...[bareText(form)].filter((bare) => bare !== null)];
