/** Where a completion says its answer. */
import type { FoundAnswer } from '../protocol/events.ts';
import { sections, type Section } from '../traces/sections.ts';

/** Longest content of a box and longest stated answer that is read, in UTF-16 units. */
const BOX_LIMIT = 20_000;
const STATED_LIMIT = 400;

const BOX = /\\(?:boxed|fbox)\s{0,4}(?:\{|(\d|[A-Za-z](?![A-Za-z])))/g;
const STATED =
  /(?:\b(?:the|my|our|your|so|thus|therefore|hence|final|correct)[,:]? (?:\w+ ){0,2}(?:answer|result|solution|value)(?: (?:to|of|for) [^.:=\n]{1,80})?|\banswer)\W{0,6}?(?:(?:\bis\b)?\s{0,2}[:=：]|\bis(?: equal to)?(?: (?:thus|therefore|then|indeed|simply|just|still))?\b)\s{0,4}|(?:答案|结果)(?:是|为|[:：])\s{0,4}|^####[ \t]{0,4}/gim;

/**
 * The answer that counts, or null when nothing was found. Rules, by how much they are trusted: `boxed` and `answer_is` after the
 * reasoning, the same in it (`boxed_in_reasoning`, `answer_is_in_reasoning`), and the `final_line` of the answer.
 */
export function extractAnswer(completion: string): FoundAnswer | null {
  const found = candidates(completion);
  for (const rule of ['boxed', 'answer_is', 'boxed_in_reasoning', 'answer_is_in_reasoning', 'final_line'] as const) {
    const last = found.findLastIndex((candidate) => candidate.rule === rule);
    if (last >= 0) return rule.startsWith('boxed') ? joined(completion, found, last) : plain(found[last]!);
  }
  return null;
}

/** `\boxed{1} and \boxed{2}`: boxes that only a few words part are one answer, a list. */
function joined(text: string, found: readonly Candidate[], last: number): FoundAnswer {
  const end = plain(found[last]!);
  const parts: FoundAnswer[] = [end];
  for (let i = last - 1; i >= 0 && parts.length < 32; i -= 1) {
    const before = found[i]!;
    if (before.rule !== end.rule) break;
    const between = text.slice(before.end, parts[0]!.start);
    if (between.length > 60 || !BETWEEN_BOXES.test(between)) break;
    parts.unshift(before);
  }
  if (parts.length === 1 || new Set(parts.map((part) => part.text)).size === 1) return end;
  return { ...end, text: parts.map((part) => part.text).join(', '), start: parts[0]!.start };
}

const plain = ({ text, start, end, rule }: Candidate): FoundAnswer => ({ text, start, end, rule });

const BETWEEN_BOXES =
  /^\}?[\s$,;.)\\]*(?:\\(?:quad|qquad|text\{[^{}]{0,24}\}|[()[\]])|\b(?:and|or)\b|[\s$,;.()\\]|[A-Za-z_]\w{0,3} ?=){0,12}[\s$\\(]*\\*boxed\s?\{$/;

/** The last candidate before `</think>` and the last one after it: what format rewards and graders look at. Null where there is none. */
export function lastCandidates(found: readonly Candidate[]): { before: Candidate | null; after: Candidate | null } {
  return {
    before: found.findLast(({ section }) => section === 'reasoning') ?? null,
    after: found.findLast(({ section }) => section === 'answer') ?? null,
  };
}

/** An answer that the completion states on its way: the span in UTF-16 units, the rule that found it, and where it stands. */
export interface Candidate extends FoundAnswer {
  section: Section['kind'];
}

/** Every answer that the completion states on its way, by position. A box inside a stated answer counts as the box. */
export function candidates(completion: string): Candidate[] {
  return sections(completion)
    .flatMap((part) =>
      inPart(completion.slice(part.start, part.end), part).map((one) => ({ ...one, section: part.kind })),
    )
    .sort((a, b) => a.start - b.start);
}

/** Candidates of one section's text, with offsets in the whole. */
function inPart(text: string, { kind, start }: Section): FoundAnswer[] {
  const suffix = kind === 'reasoning' ? '_in_reasoning' : '';
  const boxed = boxes(text);
  let next = 0;
  const said = stated(text).filter((one) => {
    while (next < boxed.length && boxed[next]!.end <= one.start) next += 1;
    const box = boxed[next];
    return !box || box.start >= one.end + '\\boxed{'.length;
  });
  const line = kind === 'answer' && boxed.length + said.length === 0 ? finalLine(text) : null;
  const placed = (found: readonly Found[], rule: string) =>
    found.map((one) => ({ ...one, start: one.start + start, end: one.end + start, rule }));
  return [
    ...placed(boxed, `boxed${suffix}`),
    ...placed(said, `answer_is${suffix}`),
    ...placed(line ? [line] : [], 'final_line'),
  ];
}

type Found = Omit<FoundAnswer, 'rule'>;

function boxes(text: string): Found[] {
  const matches = [...text.matchAll(BOX)].map((match) => ({
    bare: match[1] !== undefined,
    open: match.index + match[0].length - 1,
  }));
  const closes = closers(text, new Set(matches.filter(({ bare }) => !bare).map(({ open }) => open)));
  const found: Found[] = [];
  for (const { bare, open } of matches) {
    const close = bare ? open + 1 : closes.get(open);
    if (close === undefined || close - open > BOX_LIMIT || open < (found.at(-1)?.end ?? 0)) continue;
    const box = trimmed(text, bare ? open : open + 1, close);
    if (box.end > box.start) found.push(box);
  }
  return found;
}

/** Where each of these opening braces closes, in one pass; those that never close are absent. */
function closers(text: string, opens: ReadonlySet<number>): Map<number, number> {
  const found = new Map<number, number>();
  if (opens.size === 0) return found;
  const stack: number[] = [];
  for (let i = 0; i < text.length; i += 1) {
    const code = text.charCodeAt(i);
    if (code === 92) i += 1;
    else if (code === 123) stack.push(i);
    else if (code === 125) {
      const open = stack.pop();
      if (open !== undefined && opens.has(open)) found.set(open, i);
    }
  }
  return found;
}

function stated(text: string): Found[] {
  const found: Found[] = [];
  for (const match of text.matchAll(STATED)) {
    const start = match.index + match[0].length;
    const end = statementEnd(text, start, Math.min(text.length, start + STATED_LIMIT));
    const answer = refined(text, unwrapped(text, start, end));
    if (answer && looksLikeAnswer(answer.text)) found.push(answer);
  }
  return found;
}

/** A statement ends with its sentence or line; a stop inside a number or a formula is no end. */
function statementEnd(text: string, start: number, limit: number): number {
  const display = /^\s*(?:\\\[|\$\$)/.exec(text.slice(start, start + 8));
  if (display) {
    const closer = display[0].trim() === '$$' ? '$$' : '\\]';
    const at = text.indexOf(closer, start + display[0].length);
    if (at >= 0 && at < limit) return at + closer.length;
  }
  let depth = 0;
  for (let i = start; i < limit; i += 1) {
    const c = text[i]!;
    if (c === '{') depth += 1;
    else if (c === '}') depth -= 1;
    else if (c === '\n' && depth <= 0 && i > start) return i;
    else if (
      depth <= 0 &&
      /[.!?;。；]/.test(c) &&
      !(c === '!' && text[i + 1] === '=') &&
      !/[\dA-Za-z]/.test(text[i + 1] ?? '') &&
      text[i - 1] !== '\\'
    )
      return i;
  }
  return limit;
}

/** Without emphasis, quotation marks and the delimiters of one formula around all of it. */
function unwrapped(text: string, from: number, to: number): Found | null {
  let { start, end } = trimmed(text, from, to);
  for (let changed = true; changed && start < end;) {
    changed = false;
    for (const [open, close] of WRAPPERS) {
      if (
        end - start <= open.length + close.length ||
        !text.startsWith(open, start) ||
        !text.startsWith(close, end - close.length)
      )
        continue;
      if (text.slice(start + open.length, end - close.length).includes(close)) continue;
      ({ start, end } = trimmed(text, start + open.length, end - close.length));
      changed = true;
    }
    // Emphasis that closes before the answer, as in "**Answer:** 5".
    const emphasis = /^[*_]{1,3}\s*/.exec(text.slice(start, Math.min(start + 8, end)))?.[0];
    if (emphasis && !text.slice(start + emphasis.length, end).includes(emphasis.trim())) {
      start += emphasis.length;
      changed = true;
    }
    while (end > start && /[*.,:]/.test(text[end - 1]!)) {
      end -= 1;
      changed = true;
    }
  }
  return end > start ? { text: text.slice(start, end), start, end } : null;
}

const WRAPPERS = [
  ['$$', '$$'],
  ['$', '$'],
  ['\\(', '\\)'],
  ['\\[', '\\]'],
  ['**', '**'],
  ['*', '*'],
  ['`', '`'],
  ['"', '"'],
  ['“', '”'],
] as const;

/** "The answer is not clear" states nothing: there must be a number, a formula or a short name. */
function looksLikeAnswer(answer: string): boolean {
  if (
    /^(?:not|just|the|in|to|that|going|supposed|correct|right|wrong|probably|unclear|an?|clear|given|found|obtained|expected)\b/i.test(
      answer,
    ) &&
    !/[\d\\$]/.test(answer)
  )
    return false;
  return /[\d\\$=√π∞]/.test(answer) || answer.trim().split(/\s+/).length <= 4;
}

function finalLine(text: string): Found | null {
  let { start, end } = trimmed(text, 0, text.length);
  const tokens = /(?:<\|[^|<>]{1,40}\|>\s*)+$/.exec(text.slice(Math.max(start, end - 200), end));
  if (tokens) ({ start, end } = trimmed(text, start, end - tokens[0].length));
  if (end <= start) return null;
  const closer = /(?:\\\]|\$\$)$/.exec(text.slice(Math.max(start, end - 2), end))?.[0];
  const opener = closer ? text.lastIndexOf(closer === '$$' ? '$$' : '\\[', end - 3) : -1;
  const line = opener >= start ? opener : Math.max(text.lastIndexOf('\n', end - 1) + 1, start);
  if (end - line > STATED_LIMIT) return null;
  const whole = refined(text, unwrapped(text, line, end));
  return whole && !/\\(?:boxed|fbox)/.test(whole.text) && looksLikeAnswer(whole.text) && proseWords(whole.text) <= 3
    ? whole
    : null;
}

/** Of a sentence the part that answers: what stands behind its last "is", otherwise its last formula, otherwise its last number. */
function refined(text: string, answer: Found | null): Found | null {
  if (!answer) return answer;
  const said = answer.text;
  const words = proseWords(said);
  if (words === 0 || (words < 2 && !/\$|\\[([]/.test(said))) return answer;
  const verb = [...said.matchAll(/\b(?:is|are|equals|be|was|=)\s+(?=[$\\(*]{0,4}[-+]?[\d.]*\d|[$\\])/g)].at(-1);
  if (verb) {
    const after = unwrapped(text, answer.start + verb.index + verb[0].length, answer.end);
    if (after && proseWords(after.text) <= 2) return after;
  }
  const formula = [...said.matchAll(/\$\$?([^$]{1,300})\$|\\[([]([^]{1,300}?)\\[)\]]/g)].at(-1);
  if (formula) {
    const content = formula[1] ?? formula[2] ?? '';
    const at = answer.start + formula.index + formula[0].indexOf(content);
    return trimmed(text, at, at + content.length);
  }
  const number = [...said.matchAll(/[-+]?\d[\d,]*(?:\.\d+)?(?:\/\d+)?%?/g)].at(-1);
  return number
    ? trimmed(text, answer.start + number.index, answer.start + number.index + number[0].replace(/,$/, '').length)
    : answer;
}

/** Words of three letters or more outside formulas. */
function proseWords(text: string): number {
  const plain = text.replace(/\$[^$]*\$|\\\([^]*?\\\)|\\[a-zA-Z]+(?:\{[^{}]*\})?/g, ' ');
  return plain.match(/[A-Za-z]{3,}/g)?.length ?? 0;
}

function trimmed(text: string, from: number, to: number): Found {
  let start = from;
  let end = to;
  while (start < end && /\s/.test(text[start]!)) start += 1;
  while (end > start && /\s/.test(text[end - 1]!)) end -= 1;
  return { text: text.slice(start, end), start, end };
}
