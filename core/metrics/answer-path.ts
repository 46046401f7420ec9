/** The answers that a completion commits to on its way, which of them are right, and where it changes its mind. */
import { candidates } from '../answers/extract.ts';
import { normalise } from '../answers/normalise.ts';
import { quickCheck } from '../answers/quick-check.ts';
import type { FoundAnswer, VerdictValue } from '../protocol/events.ts';
import { atOnce } from './slices.ts';

export interface PathAnswer {
  /** UTF-16 units in the completion, end exclusive. */
  start: number;
  end: number;
  text: string;
  rule: string;
  boxed: boolean;
  value: VerdictValue;
}

export interface Flip {
  /** Index of the answer after the change; the one before it is the last that was decided. */
  at: number;
  kind: 'wrong_to_right' | 'right_to_wrong' | 'wrong_to_wrong';
}

export interface AnswerPath {
  answers: PathAnswer[];
  /** Answers beyond {@link MOST_ANSWERS}, which were not looked at. */
  more: number;
  /** Index of the first right answer; null: none, or no gold. */
  first: number | null;
  flips: Flip[];
}

/** What is known from elsewhere. */
export interface PathOptions {
  /** The echoed prompt ends here: what stands before it is not the model's. */
  from?: number;
  /** The prompt opened a thought: a completion that never closes it is all reasoning, and its last line is no answer. */
  reasoningAssumed?: boolean;
  /** The checker's word on the answer that counts. It overrules the quick check for every answer of the same text. */
  verdict?: { answer: string; value: VerdictValue } | null;
}

/** A completion with more answers than this goes round; the first are looked at. */
export const MOST_ANSWERS = 500;
const KEPT_TEXT = 120;

type Committed = Pick<PathOptions, 'from' | 'reasoningAssumed'> & { gold?: string | null };

/**
 * Boxes, `<answer>` tags and statements of *the answer* (`####` and 答案 too), in the order of the text; the last line where there is neither.
 *
 * What commits to nothing is left out: a statement of a result on the way ("the value of x is 3") unless it is called final, one that
 * breaks off ("the answer is 1/115, so m + n is"), and a plain word ("the answer is different") where the gold, if there is one, has a digit.
 * So the first right answer found here is the first that was *committed to*: the model may have known it before.
 */
export function committed(
  completion: string,
  { from = 0, gold = null, reasoningAssumed = false }: Committed = {},
): FoundAnswer[] {
  const wordsCount = gold !== null && !/\d/.test(gold);
  return candidates(completion, { reasoningAssumed }).filter(({ rule, start, text }) => {
    if (start < from) return false;
    if (!rule.startsWith('answer_is')) return true;
    if (!wordsCount && !/[\d\\$√π∞]|^[A-Za-z]$|^\([A-Za-z]\)$/.test(text)) return false;
    return !/(?:\b(?:is|are|equals)|=)\s*$/.test(text) && statesAnswer(completion, start);
  });
}

function statesAnswer(text: string, start: number): boolean {
  const before = text.slice(Math.max(0, start - 160), start);
  const sentence = before.slice(Math.max(before.lastIndexOf('\n'), before.lastIndexOf('. ')) + 1);
  // A display formula stands on a line of its own behind the words that announce it.
  const words = sentence.trim().length < 4 ? before : sentence;
  return /\banswer|答案|####|\bfinal (?:result|solution|value)/i.test(words);
}

/** An answer may hold its way: of "25/8, so 25 + 8 = 33" also what stands behind the last "so" or "is", and behind the last sign of equality. */
function readings({ text, rule }: Pick<FoundAnswer, 'text' | 'rule'>): string[] {
  const whole = text.trim();
  const after = rule.startsWith('answer_is')
    ? whole.split(/,?\s*\b(?:so|thus|therefore|hence|is|equals)\b,?\s*/i).at(-1)!
    : whole;
  const equal = after.slice(after.lastIndexOf('=') + 1);
  return [...new Set([whole, after, equal].map((one) => one.trim()))].filter((one) => one !== '');
}

/**
 * The path of answers. Without a gold every value is `none`, and there are no flips.
 *
 * Flips (the measure of answer changes in Chen et al. 2024, arXiv 2412.21187, and of SCoRe's Δ i→c and Δ c→i, arXiv 2409.12917, taken
 * within one completion): each decided answer against the decided one before it, where one is right and the other wrong; two wrong
 * answers of other texts are a change as well. Undecided answers are passed over.
 */
export function answerPath(completion: string, gold: string | null, options: PathOptions = {}): AnswerPath {
  return atOnce(answerPathSteps(completion, gold, options));
}

/** {@link answerPath}, answer by answer: a comparison of two large formulas takes some milliseconds. */
export function* answerPathSteps(
  completion: string,
  gold: string | null,
  options: PathOptions = {},
): Generator<void, AnswerPath> {
  const { from = 0, reasoningAssumed = false } = options;
  const found = committed(completion, { from, gold, reasoningAssumed });
  const known = new Map<string, VerdictValue>();
  const told = options.verdict;
  if (told && (told.value === 'right' || told.value === 'wrong')) known.set(told.answer.trim(), told.value);
  const check = (text: string): VerdictValue => {
    let value = known.get(text);
    if (value === undefined) known.set(text, (value = quickCheck(gold!, text).value));
    return value;
  };
  const valueOf = (one: FoundAnswer): VerdictValue => {
    if (gold === null) return 'none';
    const whole = known.get(one.text.trim());
    if (whole !== undefined) return whole;
    const values = readings(one).map(check);
    const value = (['right', 'undecided', 'wrong'] as const).find((word) => values.includes(word)) ?? 'wrong';
    known.set(one.text.trim(), value);
    return value;
  };
  const answers: PathAnswer[] = [];
  for (const one of found.slice(0, MOST_ANSWERS)) {
    const text = one.text.length > KEPT_TEXT ? `${one.text.slice(0, KEPT_TEXT)}…` : one.text;
    const value = valueOf(one);
    answers.push({ start: one.start, end: one.end, text, rule: one.rule, boxed: one.rule.startsWith('boxed'), value });
    yield;
  }
  const first = answers.findIndex(({ value }) => value === 'right');
  return {
    answers,
    more: found.length - answers.length,
    first: first < 0 ? null : first,
    flips: flipsOf(answers),
  };
}

function flipsOf(answers: readonly PathAnswer[]): Flip[] {
  const flips: Flip[] = [];
  let before: PathAnswer | null = null;
  for (const [at, answer] of answers.entries()) {
    if (answer.value !== 'right' && answer.value !== 'wrong') continue;
    if (before) {
      const from = before.value;
      if (from !== answer.value) flips.push({ at, kind: from === 'wrong' ? 'wrong_to_right' : 'right_to_wrong' });
      else if (from === 'wrong' && spelling(before) !== spelling(answer)) flips.push({ at, kind: 'wrong_to_wrong' });
    }
    before = answer;
  }
  return flips;
}

const spelling = (one: PathAnswer): string => normalise(readings(one).at(-1) ?? '');
