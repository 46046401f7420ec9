/**
 * An instant opinion on whether two answers are the same: our own, in process, in microseconds. The authority is Math-Verify in
 * the engine; both verdicts are kept.
 *
 * What is compared how: whole numbers exactly; formulas of whole numbers and variables modulo primes; others by their values at
 * fixed random points; a formula with a decimal literal within 10⁻⁶. Bare lists and sets in any order, tuples and intervals in order. A name before a sign
 * of equality, a unit behind a number and the approximate value behind `≈` do not count. `10 %` is both 10 and 0.1. Equations are
 * the same when one is a multiple of the other; bounds on one variable are intervals.
 */
import { evaluate, evaluateModulo, PRIMES, type Complex, type Point } from './evaluate.ts';
import type { Node } from './expression.ts';
import { normalise, normaliseSteps, type Step } from './normalise.ts';
import { DEFAULT_POLICY, policyName, type Policy } from './policy.ts';
import { readAnswer, type Answer } from './structure.ts';

/** Changes whenever any verdict may change. */
export const QUICK_CHECK_VERSION = '2';

export interface QuickVerdict {
  value: 'right' | 'wrong' | 'undecided';
  /** {@link quickCheckVersion} of the policy that it was made under. */
  version: string;
  /** How it was decided, or why it could not be, in words. */
  reason: string;
}

/** Longest answer that is read, in UTF-16 units. Whole numbers may be longer. */
const LENGTH_LIMIT = 4_000;
const ITEMS_LIMIT = 64;

type Opinion = [value: QuickVerdict['value'], reason: string];

/** The version that a verdict under a policy carries: `2`, or `2 (percent=number)` under another than the default. */
export function quickCheckVersion(policy: Readonly<Policy> = DEFAULT_POLICY): string {
  const name = policyName(policy);
  return name === 'default' ? QUICK_CHECK_VERSION : `${QUICK_CHECK_VERSION} (${name})`;
}

/** Compares an answer with the gold one under a policy. Never throws, never hangs; symmetric but for rounding. */
export function quickCheck(gold: string, pred: string, policy: Readonly<Policy> = DEFAULT_POLICY): QuickVerdict {
  const [value, reason] = opinion(gold, pred);
  return { value, version: quickCheckVersion(policy), reason };
}

/**
 * How an answer is read, step by step: first as it is `written`, then each rule of normalisation that changed the text, with the text after
 * it. The audit shows these for the answer and for the gold. Never throws.
 */
export function normalisationSteps(answer: string, policy: Readonly<Policy> = DEFAULT_POLICY): Step[] {
  void policy;
  return [{ rule: 'as written', text: answer }, ...normaliseSteps(answer)];
}

function opinion(gold: string, pred: string): Opinion {
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
  const first = compare(readAnswer(gold), readAnswer(pred));
  if (first[0] === 'right') return first;
  if (isSentence(goldText) || isSentence(predText)) return ['undecided', 'sentences are not compared'];
  // `1,22` may be a decimal number with a comma.
  if (/^[-+]?\d+,\d+$/.test(goldText) !== /^[-+]?\d+,\d+$/.test(predText)) {
    const second = compare(readAnswer(decimalComma(goldText)), readAnswer(decimalComma(predText)));
    if (second[0] === 'right') return ['right', 'the same with a decimal comma'];
  }
  return first;
}

/** Four words or more: somebody has to read it. */
function isSentence(text: string): boolean {
  return (text.replace(/\\[a-zA-Z]+(?:\{[a-zA-Z]*\})?/g, ' ').match(/[A-Za-z]{3,}/g)?.length ?? 0) >= 4;
}

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

function compare(gold: Answer, pred: Answer): Opinion {
  if (gold.kind === 'words' || pred.kind === 'words') return compareWords(gold, pred);
  if (gold.kind === 'unreadable' || pred.kind === 'unreadable') return compareUnread(gold, pred);
  if (gold.kind === 'relation' || pred.kind === 'relation') return compareRelation(gold, pred);
  const a = single(gold);
  const b = single(pred);
  if (a.kind === 'formula' && b.kind === 'formula') return compareFormulas(a.node, b.node, a.exact && b.exact);
  // `{1,3}` without backslashes is often a pair whose brackets were lost.
  if ((a.kind === 'set' && b.kind === 'tuple') || (a.kind === 'tuple' && b.kind === 'set')) {
    const inOrder = compareInOrder(a.items, b.items);
    if (inOrder[0] === 'right') return inOrder;
  }
  if (a.kind === 'set' || b.kind === 'set') return compareSets(itemsOf(a), itemsOf(b));
  if (a.kind === 'tuple' && b.kind === 'tuple') {
    if (a.open !== b.open || a.close !== b.close) return ['wrong', 'other brackets'];
    return compareInOrder(a.items, b.items);
  }
  if (a.kind === 'union' && b.kind === 'union') return compareSets(a.parts, b.parts);
  if (a.kind === 'ratio' && b.kind === 'ratio') return compareInOrder(a.parts, b.parts);
  if (a.kind === 'matrix' && b.kind === 'matrix') {
    if (a.rows.length !== b.rows.length) return ['wrong', 'a matrix of another shape'];
    return compareInOrder(
      a.rows.map((items): Answer => ({ kind: 'tuple', open: '(', close: ')', items })),
      b.rows.map((items): Answer => ({ kind: 'tuple', open: '(', close: ')', items })),
    );
  }
  if (a.kind === 'ratio' && a.parts.length === 2 && b.kind === 'formula') return compareQuotient(a.parts, b);
  if (b.kind === 'ratio' && b.parts.length === 2 && a.kind === 'formula') return compareQuotient(b.parts, a);
  if (a.kind === 'matrix' || b.kind === 'matrix') return ['undecided', 'matrices are not computed'];
  return ['wrong', `one is a ${a.kind}, the other a ${b.kind}`];
}

/** A set, union or matrix of one thing is that thing. */
function single(answer: Answer): Answer {
  if (answer.kind === 'set' && answer.items.length === 1) return single(answer.items[0]!);
  if (answer.kind === 'union' && answer.parts.length === 1) return single(answer.parts[0]!);
  return answer;
}

/** Items of a set, those of sets in it included: {1 ± √5, −2} has three. */
function itemsOf(answer: Answer): Answer[] {
  return answer.kind === 'set' ? answer.items.flatMap(itemsOf) : [answer];
}

function compareWords(gold: Answer, pred: Answer): Opinion {
  const plain = (answer: Answer) =>
    answer.kind === 'words'
      ? answer.words
      : answer.kind === 'formula' || answer.kind === 'unreadable'
        ? answer.source.toLowerCase().replace(/[\\()\s]/g, '')
        : null;
  const a = plain(gold);
  const b = plain(pred);
  if (a !== null && b !== null && a.replace(/[^\p{L}\p{N}]/gu, '') === b.replace(/[^\p{L}\p{N}]/gu, '') && a !== '')
    return ['right', 'the same words'];
  if (gold.kind === 'words' && pred.kind === 'words') {
    return wordCount(gold.words) + wordCount(pred.words) <= 4
      ? ['wrong', 'other words']
      : ['undecided', 'sentences are not compared'];
  }
  const words = gold.kind === 'words' ? gold.words : pred.kind === 'words' ? pred.words : '';
  return wordCount(words) <= 4
    ? ['wrong', 'one is words, the other is not']
    : ['undecided', 'a sentence is not compared with a formula'];
}

function wordCount(words: string): number {
  return words.split(' ').length;
}

function compareUnread(gold: Answer, pred: Answer): Opinion {
  const bad = gold.kind === 'unreadable' ? gold : pred;
  const why = bad.kind === 'unreadable' ? bad.why : '';
  if (gold.kind === 'unreadable' && pred.kind === 'unreadable') {
    const squeeze = (source: string) => source.replace(/\s+/g, '');
    if (squeeze(gold.source) === squeeze(pred.source)) return ['right', 'the same text'];
  }
  return ['undecided', `${gold.kind === 'unreadable' ? 'the gold answer' : 'the answer'} cannot be read: ${why}`];
}

// ---- lists ----------------------------------------------------------------------------------------------------------

function compareInOrder(gold: readonly Answer[], pred: readonly Answer[]): Opinion {
  if (gold.length !== pred.length) return ['wrong', `${pred.length} parts instead of ${gold.length}`];
  let worst: Opinion = ['right', 'every part is the same'];
  for (const [i, part] of gold.entries()) {
    const found = compare(part, pred[i]!);
    if (found[0] === 'wrong') return ['wrong', `part ${i + 1}: ${found[1]}`];
    if (found[0] === 'undecided') worst = found;
  }
  return worst;
}

/** In any order; repeated items count once. */
function compareSets(gold: readonly Answer[], pred: readonly Answer[]): Opinion {
  if (gold.length > ITEMS_LIMIT || pred.length > ITEMS_LIMIT) return ['undecided', `more than ${ITEMS_LIMIT} items`];
  let undecided: Opinion | null = null;
  const covered = (items: readonly Answer[], by: readonly Answer[]): boolean =>
    items.every((item) => {
      let found = false;
      for (const other of by) {
        const result = compare(item, other);
        if (result[0] === 'right') return true;
        if (result[0] === 'undecided') {
          undecided = result;
          found = true;
        }
      }
      return found;
    });
  if (!covered(gold, pred)) return ['wrong', 'an item is missing'];
  if (!covered(pred, gold)) return ['wrong', 'an item is too many'];
  return undecided ?? ['right', 'the same items'];
}

function compareQuotient(parts: readonly Answer[], other: Extract<Answer, { kind: 'formula' }>): Opinion {
  const [left, right] = parts;
  if (left?.kind !== 'formula' || right?.kind !== 'formula') return ['undecided', 'a ratio and a formula'];
  return compareFormulas({ op: 'divide', left: left.node, right: right.node }, other.node, other.exact);
}

// ---- relations ------------------------------------------------------------------------------------------------------

const MIRRORED: Record<string, string> = { '<': '>', '>': '<', '<=': '>=', '>=': '<=', '=': '=', '!=': '!=' };

function compareRelation(gold: Answer, pred: Answer): Opinion {
  const behind = (answer: Answer) => (answer.kind === 'relation' ? (answer.value ?? null) : answer);
  const a = behind(gold);
  const b = behind(pred);
  const values: Opinion | null = a && b ? compare(a, b) : null;
  if (values?.[0] === 'right') return values;
  if (gold.kind === 'relation' && pred.kind === 'relation') {
    const direct = sameRelation(gold, pred);
    if (direct[0] === 'right') return direct;
    const mirrored = sameRelation(gold, {
      kind: 'relation',
      sides: pred.sides.toReversed(),
      signs: pred.signs.toReversed().map((sign) => MIRRORED[sign] ?? sign),
    });
    if (mirrored[0] === 'right') return mirrored;
    return sameDifference(gold, pred) ?? values ?? direct;
  }
  const relation = gold.kind === 'relation' ? gold : pred;
  const other = gold.kind === 'relation' ? pred : gold;
  const interval = relation.kind === 'relation' ? asInterval(relation) : null;
  if (interval && (other.kind === 'tuple' || other.kind === 'union')) return compare(interval, other);
  if (values) return values;
  return interval || relation.kind !== 'relation' || relation.signs.includes('=')
    ? ['wrong', 'one is a relation, the other is not']
    : ['undecided', 'a relation and something else'];
}

type Relation = Extract<Answer, { kind: 'relation' }>;

function sameRelation(gold: Relation, pred: Relation): Opinion {
  if (gold.signs.join() !== pred.signs.join()) return ['wrong', 'another relation'];
  return compareInOrder(gold.sides, pred.sides);
}

/** `a = b` and `c = d` when a − b is a constant times c − d; `a < b` likewise, with a constant that keeps or turns the sign. */
function sameDifference(gold: Relation, pred: Relation): Opinion | null {
  if (gold.signs.length !== 1 || pred.signs.length !== 1) return null;
  const a = difference(gold);
  const b = difference(pred);
  if (!a || !b) return null;
  let constant: number | null = null;
  for (const point of POINTS) {
    const [x, xi] = evaluate(a, point);
    const [y, yi] = evaluate(b, point);
    const ratio = x / y;
    if (!Number.isFinite(ratio) || ratio === 0 || Math.abs(xi) + Math.abs(yi) > 1e-9)
      return ['undecided', 'the relations have no value at a point'];
    if (constant !== null && Math.abs(ratio - constant) > 1e-8 * Math.abs(constant))
      return ['wrong', 'another relation'];
    constant = ratio;
  }
  const sign = gold.signs[0]!;
  const expected = constant! > 0 ? sign : MIRRORED[sign];
  return pred.signs[0] === expected || (sign === '=' && pred.signs[0] === '=')
    ? ['right', 'the same relation, multiplied']
    : ['wrong', 'the relation is turned round'];
}

function difference({ sides: [left, right] }: Relation): Node | null {
  if (left?.kind !== 'formula' || right?.kind !== 'formula') return null;
  return { op: 'add', left: left.node, right: { op: 'negate', of: right.node } };
}

/** `x < 2`, `−2 ≤ x ≤ 7` as an interval. */
function asInterval(relation: Relation): Answer | null {
  const { sides, signs } = relation;
  const infinity: Answer = { kind: 'formula', node: { op: 'constant', name: 'infinity' }, exact: true, source: '' };
  const minus: Answer = {
    kind: 'formula',
    node: { op: 'negate', of: { op: 'constant', name: 'infinity' } },
    exact: true,
    source: '',
  };
  const turned = signs.every((sign) => sign.startsWith('>'));
  if (!turned && !signs.every((sign) => sign.startsWith('<'))) return null;
  const up = turned ? sides.toReversed() : sides;
  const order = turned ? signs.toReversed() : signs;
  const isVariable = (side: Answer) =>
    side.kind === 'formula' &&
    (side.node.op === 'variable' || (side.node.op === 'call' && side.node.of.op === 'variable'));
  if (up.length === 3 && !isVariable(up[1]!)) return null;
  if (up.length === 3)
    return {
      kind: 'tuple',
      open: order[0]!.endsWith('=') ? '[' : '(',
      close: order[1]!.endsWith('=') ? ']' : ')',
      items: [up[0]!, up[2]!],
    };
  if (up.length !== 2) return null;

  if (isVariable(up[0]!))
    return { kind: 'tuple', open: '(', close: order[0]!.endsWith('=') ? ']' : ')', items: [minus, up[1]!] };
  if (isVariable(up[1]!))
    return { kind: 'tuple', open: order[0]!.endsWith('=') ? '[' : '(', close: ')', items: [up[0]!, infinity] };
  return null;
}

// ---- formulas -------------------------------------------------------------------------------------------------------

const POINTS: readonly Point[] = [
  { seed: 11, positive: true },
  { seed: 23, positive: true },
  { seed: 37, positive: false },
];

function compareFormulas(gold: Node, pred: Node, exact: boolean): Opinion {
  const first = compareValues(gold, pred, exact);
  if (first[0] === 'right') return first;
  // A percentage is its number and its hundredth.
  if (gold.op === 'percent' || pred.op === 'percent') {
    const bare = (node: Node) => (node.op === 'percent' ? node.of : node);
    const second = compareValues(bare(gold), bare(pred), exact);
    if (second[0] === 'right') return second;
  }
  // `204_5` against `204`: the base may have been said elsewhere.
  const digits = (node: Node) => (node.op === 'call' && node.name === 'base' ? node.of : null);
  const based = digits(gold) ?? digits(pred);
  if (based && (digits(gold) === null) !== (digits(pred) === null)) {
    if (compareValues(digits(gold) ?? gold, digits(pred) ?? pred, true)[0] === 'right')
      return ['undecided', 'the base is given on one side only'];
  }
  return first;
}

function compareValues(gold: Node, pred: Node, exact: boolean): Opinion {
  const modulo = exact ? compareModulo(gold, pred) : null;
  if (modulo) return modulo;
  let positive = 0;
  let near = false;
  for (const point of POINTS) {
    const a = evaluate(gold, point);
    const b = evaluate(pred, point);
    if (isInfinity(gold) || isInfinity(pred))
      return a[0] === b[0] ? ['right', 'the same infinity'] : ['wrong', 'another value'];
    if (!isFinitePair(a) || !isFinitePair(b) || isTiny(a) || isTiny(b))
      return ['undecided', 'the value is too large, too small or undefined'];
    const distance = closeness(a, b, exact);
    if (distance === 'far') {
      return positive === 2
        ? ['undecided', 'the same for positive values, not for negative ones']
        : ['wrong', 'another value'];
    }
    near ||= distance === 'near';
    if (point.positive) positive += 1;
  }
  if (near) return ['undecided', 'the values are nearer than arithmetic can tell'];
  return ['right', exact ? 'the same value' : 'the same value to six decimals'];
}

/** Sums, products, quotients and whole powers are compared exactly, modulo three primes; null where a formula has something else. */
function compareModulo(gold: Node, pred: Node): Opinion | null {
  for (const [i, p] of PRIMES.entries()) {
    const x = evaluateModulo(gold, p, i);
    const y = x === null ? null : evaluateModulo(pred, p, i);
    if (x === null || y === null) return null;
    if (x !== y) return ['wrong', 'another value'];
  }
  return ['right', 'the same value modulo three primes'];
}

function isInfinity(node: Node): boolean {
  return node.op === 'constant' ? node.name === 'infinity' : node.op === 'negate' && isInfinity(node.of);
}

function isFinitePair([re, im]: Complex): boolean {
  return Number.isFinite(re) && Number.isFinite(im);
}

/** So small that two different numbers would seem equal. */
function isTiny([re, im]: Complex): boolean {
  const size = Math.hypot(re, im);
  return size > 0 && size < 1e-12;
}

/**
 * `same`: equal to twelve digits, or to six decimals where a decimal literal says that a value was rounded. Against zero an
 * absolute bound holds, since nothing is small relative to zero. `near`: between that and nine digits, or larger than twelve digits can tell apart.
 */
function closeness([a, ai]: Complex, [b, bi]: Complex, exact: boolean): 'same' | 'near' | 'far' {
  const distance = Math.hypot(a - b, ai - bi);
  const size = Math.max(Math.hypot(a, ai), Math.hypot(b, bi));
  if (!exact) return distance <= 1e-6 || distance <= 1e-12 * size ? 'same' : 'far';
  if (distance > 1e-9 * size && distance > 1e-10) return 'far';
  return size <= 1e11 && (distance <= 1e-12 * size || distance <= 1e-11) ? 'same' : 'near';
}
