/**
 * Where a completion says its answer. The engine's `checker/answers.py` follows the same rules to the letter, and one list of cases
 * (`test/fixtures/answers/extraction.json`) holds both to it.
 */
import type { FoundAnswer } from '../protocol/events.ts';
import { sections, type Section } from '../traces/sections.ts';
import { boxes, type Found } from './boxes.ts';
import { finalLine, stated, tagged } from './stated.ts';

/** An answer that the completion states on its way: the span in UTF-16 units, the rule that found it, and where it stands. */
export interface Candidate extends FoundAnswer {
  section: Section['kind'];
}

export interface ExtractOptions {
  /** The prompt's text: candidates inside a copy of it are not the completion's. */
  prompt?: string;
  /** The prompt opened a thought, so that a completion without `</think>` is all reasoning. */
  reasoningAssumed?: boolean;
}

/** By how much they are trusted. */
const RULES = [
  'boxed',
  'answer_tag',
  'answer_is',
  'boxed_in_reasoning',
  'final_line',
  'answer_tag_in_reasoning',
  'answer_is_in_reasoning',
] as const;

/**
 * The answer that counts, or null when nothing was found: of the first rule that found any, the last. Rules, by how much they are trusted:
 * `boxed`, `answer_tag` and `answer_is` after the reasoning; `boxed_in_reasoning`; the `final_line` of the answer; the others in the reasoning.
 * The answer's text is always what stands between `start` and `end`.
 */
export function extractAnswer(completion: string, options: ExtractOptions = {}): FoundAnswer | null {
  return chooseAnswer(completion, candidates(completion, options));
}

/** {@link extractAnswer} where the candidates are known already. */
export function chooseAnswer(completion: string, found: readonly Candidate[]): FoundAnswer | null {
  for (const rule of RULES) {
    const last = found.findLastIndex((candidate) => candidate.rule === rule);
    if (last >= 0) return rule.startsWith('boxed') ? joined(completion, found, last) : withoutSection(found[last]!);
  }
  return null;
}

/** The last candidate before `</think>` and the last one after it: what format rewards and graders look at. Null where there is none. */
export function lastCandidates(found: readonly Candidate[]): { before: Candidate | null; after: Candidate | null } {
  return {
    before: found.findLast(({ section }) => section === 'reasoning') ?? null,
    after: found.findLast(({ section }) => section === 'answer') ?? null,
  };
}

/** Every answer that the completion states on its way, by position. A box inside a stated answer counts as the box. */
export function candidates(completion: string, options: ExtractOptions = {}): Candidate[] {
  const from = replyStart(completion);
  const text = completion.slice(from);
  const copies = promptCopies(completion, options.prompt);
  return sections(text, options.reasoningAssumed)
    .map((part) => ({ ...part, start: part.start + from, end: part.end + from }))
    .flatMap((part) => inPart(completion.slice(part.start, part.end), part))
    .filter((one) => !copies.some(([start, end]) => one.start >= start && one.end <= end))
    .sort((a, b) => a.start - b.start);
}

const PROMPT_BEGINS = /^\s*(?:<\|im_start\|>(?:system|user)|<\|begin_of_text\|>|<｜begin▁of▁sentence｜>|<s>)/;
const REPLY_BEGINS =
  /<\|im_start\|>assistant\n?|<\|start_header_id\|>assistant<\|end_header_id\|>\n*|<｜Assistant｜>|<\|Assistant\|>|\[\/INST\]/;

/** A text that begins with its prompt, with chat tokens: the reply begins behind the first header of the assistant. */
function replyStart(text: string): number {
  if (!PROMPT_BEGINS.test(text.slice(0, 200))) return 0;
  const header = REPLY_BEGINS.exec(text);
  return header ? header.index + header[0].length : 0;
}

/** Verbatim copies of the prompt; a prompt of a few characters is no prompt. */
function promptCopies(text: string, prompt: string | undefined): [start: number, end: number][] {
  const wanted = prompt?.trim() ?? '';
  const copies: [number, number][] = [];
  if (wanted.length < 16) return copies;
  for (let at = text.indexOf(wanted); at >= 0 && copies.length < 64; at = text.indexOf(wanted, at + wanted.length))
    copies.push([at, at + wanted.length]);
  return copies;
}

/** What a model writes behind the end of its turn is no answer. */
const TURN_END =
  /<\|(?:im_end|endoftext|eot_id|end_of_text|eom_id)\|>|<｜end▁of▁sentence｜>|<\/s>|<\|im_start\|>\s{0,2}(?:user|system)/;

/** Candidates of one section's text, with offsets in the whole. */
function inPart(section: string, { kind, start }: Section): Candidate[] {
  const stop = kind === 'answer' ? section.search(TURN_END) : -1;
  const text = stop >= 0 && section.slice(0, stop).trim() !== '' ? section.slice(0, stop) : section;
  const suffix = kind === 'reasoning' ? '_in_reasoning' : '';
  const boxed = boxes(text);
  const tags = outside(tagged(text), boxed);
  const said = outside(outside(stated(text), boxed), tags);
  const line = kind === 'answer' && boxed.length + tags.length + said.length === 0 ? finalLine(text) : null;
  const placed = (found: readonly Found[], rule: string): Candidate[] =>
    found.map((one) => ({ text: one.text, start: one.start + start, end: one.end + start, rule, section: kind }));
  return [
    ...placed(boxed, `boxed${suffix}`),
    ...placed(tags, `answer_tag${suffix}`),
    ...placed(said, `answer_is${suffix}`),
    ...placed(line ? [line] : [], 'final_line'),
  ];
}

/** Those that neither hold one of the others nor touch it. Both are by position. */
function outside(found: readonly Found[], others: readonly Found[]): Found[] {
  let next = 0;
  return found.filter((one) => {
    while (next < others.length && others[next]!.end <= one.start) next += 1;
    const other = others[next];
    return !other || other.start >= one.end + '\\boxed{'.length;
  });
}

const BETWEEN_BOXES =
  /^\s*\}(?:[\s$]*[a-z]{2,12}\s*,?\s*(?=\band\b))?(?:[\s,;$&]|\\q?quad|\\[()[\],;:! ]|\\text\s?\{[^{}]{0,40}\}|\b(?:and|or)\b|[A-Za-z](?:_\{?\w{1,3}\}?)?(?:\([a-z]\))?\s?=)*\\+(?:boxed|fbox)\s{0,4}\{\s*$/;
const BOX_HEAD = /\\+(?:boxed|fbox)\s{0,4}\{\s*$/;
const BETWEEN_LIMIT = 80;
const PARTS_LIMIT = 32;

/** `\boxed{1} and \boxed{2}`: boxes that only a few words part are one answer, from the first to the last, as it is written. */
function joined(text: string, found: readonly Candidate[], last: number): FoundAnswer {
  const parts = [found[last]!];
  for (let i = last - 1; i >= 0 && parts.length < PARTS_LIMIT; i -= 1) {
    const before = found[i]!;
    if (before.rule !== parts[0]!.rule || parts[0]!.start - before.end > BETWEEN_LIMIT) break;
    const between = text.slice(before.end, parts[0]!.start);
    if (/\n\s*\n/.test(between) || !BETWEEN_BOXES.test(between)) break;
    parts.unshift(before);
  }
  const answer = withoutSection(found[last]!);
  if (new Set(parts.map((part) => part.text)).size === 1) return answer;
  const first = parts[0]!.start;
  const head = BOX_HEAD.exec(text.slice(Math.max(0, first - 32), first));
  const start = head ? first - head[0].length : first;
  const end = text.indexOf('}', answer.end) + 1;
  return { ...answer, text: text.slice(start, end), start, end };
}

/**
 * The answer inside a gold that is a whole solution: its last box, what follows its last `####` (GSM8K), or all of it.
 * A gold answer is never refined further: it is what somebody wrote down as the answer.
 */
export function goldAnswer(gold: string): string {
  if (gold.includes('boxed') || gold.includes('fbox')) {
    const found = boxes(gold).map((one): Candidate => ({ ...one, rule: 'boxed', section: 'answer' }));
    if (found.length > 0) return joined(gold, found, found.length - 1).text;
  }
  const hashes = gold.lastIndexOf('####');
  return (hashes >= 0 ? gold.slice(hashes + 4) : gold).trim();
}

function withoutSection({ text, start, end, rule }: Candidate): FoundAnswer {
  return { text, start, end, rule };
}
