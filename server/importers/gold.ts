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
  sourceId: string | null;
}

/** Shorter common beginnings or ends than this are chance. */
const LEAST_AFFIX = 12;

/**
 * What all texts begin with and end with: the instruction that a harness puts around each problem. Cut at spaces, and only
 * with at least five different texts.
 */
export function commonAffixes(texts: readonly string[]): { prefix: string; suffix: string } {
  const distinct = [...new Set(texts)];
  if (distinct.length < 5) return { prefix: '', suffix: '' };
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
  prefix = prefix.slice(0, prefix.search(/\s\S*$/) + 1);
  const space = suffix.search(/\s/);
  suffix = space < 0 ? '' : suffix.slice(space);
  return {
    prefix: prefix.trim().length >= LEAST_AFFIX ? prefix : '',
    suffix: suffix.trim().length >= LEAST_AFFIX ? suffix : '',
  };
}

/** Gold answers by problem. Problems are the same when their normalised texts are, with or without the instruction around them. */
export class GoldIndex {
  readonly #byProblem = new Map<string, Gold | null>();
  readonly #affixes: { prefix: string; suffix: string }[] = [];
  /** Problems that were added. */
  size = 0;

  /** Adds the problems of one file. */
  add(problems: readonly { text: string; gold: string; sourceId: string | null }[]): void {
    const affixes = commonAffixes(problems.map((problem) => problem.text));
    this.size += problems.length;
    for (const { text, gold, sourceId } of problems)
      for (const form of forms(text, [affixes])) {
        const id = problemId(form);
        const known = this.#byProblem.get(id);
        // Two answers to one text: neither can be trusted.
        this.#byProblem.set(id, known === undefined || known?.gold === gold ? { gold, sourceId } : null);
      }
  }

  /** Says which instruction stands around the problems of the file that asks. */
  expect(texts: readonly string[]): void {
    const affixes = commonAffixes(texts);
    if (affixes.prefix || affixes.suffix) this.#affixes.push(affixes);
  }

  find(text: string): Gold | null {
    if (this.#byProblem.size === 0) return null;
    for (const form of forms(text, this.#affixes)) {
      const found = this.#byProblem.get(problemId(form));
      if (found) return found;
    }
    return null;
  }
}

function forms(text: string, affixes: readonly { prefix: string; suffix: string }[]): Set<string> {
  const found = new Set([text]);
  for (const { prefix, suffix } of affixes) {
    const from = prefix && text.startsWith(prefix) ? prefix.length : 0;
    const to = suffix && text.endsWith(suffix) ? text.length - suffix.length : text.length;
    if (to > from) found.add(text.slice(from, to));
  }
  return found;
}
