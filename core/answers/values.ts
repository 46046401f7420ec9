/** Whether two formulas have the same value: exactly where whole numbers and variables make them up, otherwise at fixed points. */
import { evaluate, evaluateModulo, PRIMES, type Complex, type Point } from './evaluate.ts';
import type { Node } from './expression.ts';
import type { Policy } from './policy.ts';
import { isOpaque } from './tree.ts';

/** What is thought of two answers, and why. */
export type Opinion = [value: 'right' | 'wrong' | 'undecided', reason: string];

/** Two points of positive values and one with negative ones. */
export const POINTS: readonly Point[] = [
  { seed: 11, positive: true },
  { seed: 23, positive: true },
  { seed: 37, positive: false },
];

export function compareFormulas(gold: Node, pred: Node, exact: boolean, policy: Readonly<Policy>): Opinion {
  const bare = (node: Node) => (node.op === 'percent' ? node.of : node);
  const number = policy.percent === 'number';
  const first = compareValues(number ? bare(gold) : gold, number ? bare(pred) : pred, exact, policy);
  if (first[0] === 'right') return first;
  if (policy.percent === 'both' && (gold.op === 'percent' || pred.op === 'percent')) {
    const second = compareValues(bare(gold), bare(pred), exact, policy);
    if (second[0] === 'right') return second;
  }
  if (policy.rounding !== 'literal' && isRounded(gold, pred, policy.rounding === 'to-fewer'))
    return ['right', 'the same, rounded to its decimals'];
  if (first[0] === 'wrong' && (isOpaque(gold) || isOpaque(pred)))
    return ['undecided', 'sums, products, integrals and limits are not computed'];
  // `204_5` against `204`: the base may have been said elsewhere.
  const digits = (node: Node) => (node.op === 'call' && node.name === 'base' ? node.of : null);
  const based = digits(gold) ?? digits(pred);
  if (based && (digits(gold) === null) !== (digits(pred) === null)) {
    if (compareValues(digits(gold) ?? gold, digits(pred) ?? pred, true, policy)[0] === 'right')
      return ['undecided', 'the base is given on one side only'];
  }
  return first;
}

function compareValues(gold: Node, pred: Node, exact: boolean, policy: Readonly<Policy>): Opinion {
  if (isSameTree(gold, pred)) return ['right', 'the same formula'];
  const modulo = exact ? compareModulo(gold, pred) : null;
  if (modulo) return modulo;
  let positive = 0;
  let near = false;
  for (const point of POINTS) {
    const a = evaluate(gold, point);
    const b = evaluate(pred, point);
    if (isInfinity(gold) || isInfinity(pred))
      return a[0] === b[0] ? ['right', 'the same infinity'] : ['wrong', 'another value'];
    if (isTiny(a) && isTiny(b) && Math.hypot(a[0] - b[0], a[1] - b[1]) <= 1e-12 * Math.hypot(...a)) {
      positive += point.positive ? 1 : 0;
      continue;
    }
    if (!isFinitePair(a) || !isFinitePair(b) || isTiny(a) || isTiny(b))
      return ['undecided', 'the value is too large, too small or undefined'];
    const distance = closeness(a, b, exact || (policy.tolerance === 0 && policy.relativeTolerance === 0), policy);
    if (distance === 'far') {
      return positive === 2
        ? ['undecided', 'the same for positive values, not for negative ones']
        : ['wrong', 'another value'];
    }
    near ||= distance === 'near';
    if (point.positive) positive += 1;
  }
  if (near) return ['undecided', 'the values are nearer than arithmetic can tell'];
  return ['right', exact ? 'the same value' : 'the same value within the tolerance'];
}

/** One side is the other, rounded to the decimals that it is given in. */
function isRounded(gold: Node, pred: Node, either: boolean): boolean {
  const inGold = decimals(gold);
  const inPred = either ? decimals(pred) : null;
  if (inGold === null && inPred === null) return false;
  const [a] = evaluate(gold, POINTS[0]!);
  const [b, imaginary] = evaluate(pred, POINTS[0]!);
  const places = Math.min(inGold ?? Infinity, inPred ?? Infinity);
  return imaginary === 0 && Math.abs(a - b) <= 0.5 * 10 ** -places * (1 + 1e-9);
}

/** The decimals of a literal such as −3.14; null for anything else. */
function decimals(node: Node): number | null {
  if (node.op === 'negate' || node.op === 'percent') return decimals(node.of);
  return node.op === 'number' && node.digits.includes('.') ? node.digits.length - node.digits.indexOf('.') - 1 : null;
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

/** Written alike, so that no value is needed: `\binom{2n}{n}`, `\lfloor\log_2 n\rfloor`. */
function isSameTree(gold: Node, pred: Node): boolean {
  return gold.op === pred.op && JSON.stringify(gold) === JSON.stringify(pred);
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
 * `same`: equal to twelve digits, or within the tolerance where a decimal literal says that a value was rounded. Against zero an
 * absolute bound holds, since nothing is small relative to zero. `near`: between that and nine digits, or larger than twelve digits can tell apart.
 */
function closeness(
  [a, ai]: Complex,
  [b, bi]: Complex,
  exact: boolean,
  policy: Readonly<Policy>,
): 'same' | 'near' | 'far' {
  const distance = Math.hypot(a - b, ai - bi);
  const size = Math.max(Math.hypot(a, ai), Math.hypot(b, bi));
  if (!exact) {
    // An absolute distance says nothing of numbers that are themselves as small: below a thousandth it shrinks with them.
    const absolute = policy.tolerance * Math.min(1, size / 1e-3);
    const bound = Math.max(absolute, policy.relativeTolerance * Math.hypot(a, ai), 1e-12 * size);
    return distance <= bound ? 'same' : 'far';
  }
  if (distance > 1e-9 * size && distance > 1e-10) return 'far';
  return size <= 1e11 && (distance <= 1e-12 * size || distance <= 1e-11) ? 'same' : 'near';
}
