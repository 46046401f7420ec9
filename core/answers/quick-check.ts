/**
 * An instant opinion on whether two answers are the same: our own, in process, in microseconds. The authority is Math-Verify in
 * the engine; both verdicts are kept.
 *
 * What is compared how: whole numbers exactly; formulas of whole numbers and variables modulo primes; others by their values at
 * fixed random points; a formula with a decimal literal within 10⁻⁶. Bare lists and sets in any order, tuples and intervals in order. A name before a sign
 * of equality, a unit behind a number and the approximate value behind `≈` do not count. `10 %` is both 10 and 0.1. Equations are
 * the same when one is a multiple of the other; bounds on one variable are intervals.
 */
import { compare } from './compare.ts';
import { goldAnswer } from './extract.ts';
import { normalise, normaliseSteps, ROW, type Step } from './normalise.ts';
import { DEFAULT_POLICY, policyName, type Policy } from './policy.ts';
import { readAnswer, withoutLetterUnit, type Answer } from './structure.ts';
import type { Opinion } from './values.ts';

/** Changes whenever any verdict may change. */
export const QUICK_CHECK_VERSION = '3';

export interface QuickVerdict {
  value: 'right' | 'wrong' | 'undecided';
  /** {@link quickCheckVersion} of the policy that it was made under. */
  version: string;
  /** How it was decided, or why it could not be, in words. */
  reason: string;
}

/** Longest answer that is read, in UTF-16 units. Whole numbers may be longer. */
const LENGTH_LIMIT = 4_000;

/** The version that a verdict under a policy carries: `3`, or `3 (percent=number)` under another than the default. */
export function quickCheckVersion(policy: Readonly<Policy> = DEFAULT_POLICY): string {
  const name = policyName(policy);
  return name === 'default' ? QUICK_CHECK_VERSION : `${QUICK_CHECK_VERSION} (${name})`;
}

/** Compares an answer with the gold one under a policy. Never throws, never hangs; symmetric but for rounding. */
export function quickCheck(gold: string, pred: string, policy: Readonly<Policy> = DEFAULT_POLICY): QuickVerdict {
  // A gold that is a sentence around a box is read by its box; an answer that is the same sentence is right all the same.
  const isSame = gold.trim() !== '' && gold.trim() === pred.trim();
  const [value, reason] = isSame ? (['right', 'the same text'] as const) : opinion(goldAnswer(gold), pred, policy);
  return { value, version: quickCheckVersion(policy), reason };
}

/**
 * How an answer is read, step by step: first as it is `written`, then each rule of normalisation that changed the text, with the text after
 * it. The audit shows these for the answer and for the gold. Never throws.
 */
export function normalisationSteps(answer: string, policy: Readonly<Policy> = DEFAULT_POLICY): Step[] {
  const written: Step = { rule: 'as written', text: answer };
  if (answer.length > LENGTH_LIMIT)
    return [written, { rule: `not read: it has more than ${LENGTH_LIMIT} characters`, text: answer }];
  const steps = [written, ...normaliseSteps(answer)];
  const read = readAnswer(answer, policy, steps);
  steps.push({ rule: described(read), text: steps.at(-1)!.text });
  return steps.map(({ rule, text }) => ({ rule, text: text.replaceAll(ROW, '\\\\') }));
}

function opinion(gold: string, pred: string, policy: Readonly<Policy>): Opinion {
  if (gold.trim() === '') return ['undecided', 'the gold answer is empty'];
  if (pred.trim() === '') return ['wrong', 'there is no answer'];
  const goldNumber = wholeNumber(gold);
  const predNumber = goldNumber === null ? null : wholeNumber(pred);
  if (goldNumber !== null && predNumber !== null) {
    return goldNumber === predNumber ? ['right', 'the same whole number'] : ['wrong', 'another whole number'];
  }
  if (gold.length > LENGTH_LIMIT || pred.length > LENGTH_LIMIT) {
    return gold.trim() === pred.trim()
      ? ['right', 'the same text']
      : ['undecided', `an answer is longer than ${LENGTH_LIMIT} characters`];
  }
  const goldText = normalise(gold);
  const predText = normalise(pred);
  if (goldText === predText && goldText !== '') return ['right', 'the same text'];
  const first = compare(readAnswer(gold, policy), readAnswer(pred, policy), policy);
  if (first[0] === 'right') return first;
  if (isSentence(goldText) || isSentence(predText)) return ['undecided', 'sentences are not compared'];
  // `0/6,102/6`, `1,234`: the comma may part two items after all.
  if (COMMA_BEFORE_THREE.test(gold) || COMMA_BEFORE_THREE.test(pred)) {
    const asLists = compare(readAnswer(gold, policy, null, false), readAnswer(pred, policy, null, false), policy);
    if (asLists[0] === 'right') return asLists;
  }
  const bare = policy.units === 'compared' ? null : withoutLetterUnits(goldText, predText);
  if (bare) {
    const asNumbers = compare(readAnswer(bare[0], policy), readAnswer(bare[1], policy), policy);
    if (asNumbers[0] === 'right') return ['right', `${asNumbers[1]}, the letter behind it taken for a unit`];
  }
  // `1,22` may be a decimal number with a comma.
  if (policy.decimalComma === 'accepted' && /^[-+]?\d+,\d+$/.test(goldText) !== /^[-+]?\d+,\d+$/.test(predText)) {
    const second = compare(
      readAnswer(decimalComma(goldText), policy),
      readAnswer(decimalComma(predText), policy),
      policy,
    );
    if (second[0] === 'right') return ['right', 'the same with a decimal comma'];
  }
  return first;
}

/** Four words or more: somebody has to read it. */
function isSentence(text: string): boolean {
  return (text.replace(/\\[a-zA-Z]+(?:\{[a-zA-Z]*\})?/g, ' ').match(/[A-Za-z]{3,}/g)?.length ?? 0) >= 4;
}

/** `5 m` against `5`: a letter behind a number is a unit only where the other answer has none. */
function withoutLetterUnits(gold: string, pred: string): [gold: string, pred: string] | null {
  const letters = /[a-zA-Z]/;
  const goldNumber = letters.test(pred) ? null : withoutLetterUnit(gold);
  const predNumber = letters.test(gold) ? null : withoutLetterUnit(pred);
  return goldNumber !== null || predNumber !== null ? [goldNumber ?? gold, predNumber ?? pred] : null;
}

const COMMA_BEFORE_THREE = /\d,\d{3}(?!\d)/;

function decimalComma(text: string): string {
  return /^[-+]?\d+,\d+$/.test(text) ? text.replace(',', '.') : text;
}

/** The digits of a whole number without sign plus, leading zeros and thousands separators; null for anything else. */
function wholeNumber(answer: string): string | null {
  const bare = answer.replace(/^[\s$]+|[\s$]+$/g, '');
  const match = /^([-+−]?)(\d{1,3}(?:,\d{3})+|\d+)(?:\.0{0,20})?$/.exec(bare);
  if (!match) return null;
  const digits = match[2]!.replace(/,/g, '').replace(/^0+(?=\d)/, '');
  return (match[1] === '-' || match[1] === '−') && digits !== '0' ? `-${digits}` : digits;
}

/** What an answer was read as, in words. */
function described(answer: Answer): string {
  switch (answer.kind) {
    case 'formula':
      return answer.exact ? 'read as a formula' : 'read as a formula with a decimal number';
    case 'set':
      return `read as a list of ${answer.items.length}`;
    case 'tuple':
      return `read as a tuple or interval of ${answer.items.length}`;
    case 'union':
      return `read as a union of ${answer.parts.length}`;
    case 'matrix':
      return `read as a matrix of ${answer.rows.length} × ${answer.rows[0]?.length ?? 0}`;
    case 'unreadable':
      return `not read: ${answer.why}`;
    case 'relation':
      return answer.value ? described(answer.value) : 'read as a relation';
    default:
      return answer.kind === 'words' ? 'read as words' : `read as a ${answer.kind}`;
  }
}
