/** Values of a formula at fixed pseudo-random points: over the complex numbers, and exactly modulo primes. Both always end. */
import type { Node } from './expression.ts';

export type Complex = readonly [re: number, im: number];

const NOT_A_NUMBER: Complex = [NaN, NaN];

/** A point gives every variable a value, the same for the same name. */
export interface Point {
  seed: number;
  /** False: some variables are negative. */
  positive: boolean;
}

/** The value at a point; NaN where it has none. */
export function evaluate(node: Node, point: Point, inAngle = false): Complex {
  switch (node.op) {
    case 'number':
      return [node.value, 0];
    case 'variable': {
      const value = 0.35 + 2.2 * hash(node.name, point.seed);
      return [point.positive || hash(node.name, point.seed + 101) > 0.5 ? value : -value, 0];
    }
    case 'constant':
      return node.name === 'pi'
        ? [Math.PI, 0]
        : node.name === 'e'
          ? [Math.E, 0]
          : node.name === 'i'
            ? [0, 1]
            : [Infinity, 0];
    case 'add': {
      const [a, b] = evaluate(node.left, point, inAngle);
      const [c, d] = evaluate(node.right, point, inAngle);
      return [a + c, b + d];
    }
    case 'negate': {
      const [a, b] = evaluate(node.of, point, inAngle);
      return [-a, b === 0 ? 0 : -b];
    }
    case 'multiply':
      return times(evaluate(node.left, point, inAngle), evaluate(node.right, point, inAngle));
    case 'divide':
      return over(evaluate(node.left, point, inAngle), evaluate(node.right, point, inAngle));
    case 'power':
      return power(evaluate(node.left, point, inAngle), evaluate(node.right, point));
    case 'root':
      return root(evaluate(node.of, point), evaluate(node.degree, point));
    case 'factorial':
      return onReal(evaluate(node.of, point), factorial);
    case 'binomial': {
      const [n] = evaluate(node.left, point);
      const [k] = evaluate(node.right, point);
      return [binomial(n, k), 0];
    }
    case 'absolute':
      return [Math.hypot(...evaluate(node.of, point)), 0];
    case 'floor':
      return onReal(evaluate(node.of, point), (x) => Math.floor(x + 1e-12));
    case 'ceil':
      return onReal(evaluate(node.of, point), (x) => Math.ceil(x - 1e-12));
    case 'degrees': {
      const [a, b] = evaluate(node.of, point);
      return inAngle ? [(a * Math.PI) / 180, b] : [a, b];
    }
    case 'percent':
      return times(evaluate(node.of, point), [0.01, 0]);
    default:
      return call(node.name, evaluate(node.of, point, true), node.base ? evaluate(node.base, point) : null);
  }
}

function call(name: string, z: Complex, base: Complex | null): Complex {
  switch (name) {
    case 'base':
      return [parseInt(String(z[0]), base![0]), 0];
    case 'exp':
      return exponential(z);
    case 'ln':
      return logarithm(z);
    case 'lg':
      return over(logarithm(z), [Math.LN10, 0]);
    case 'log':
      return over(logarithm(z), base ? logarithm(base) : [1, 0]);
    case 'sin':
      return [Math.sin(z[0]) * Math.cosh(z[1]), Math.cos(z[0]) * Math.sinh(z[1])];
    case 'cos':
      return [Math.cos(z[0]) * Math.cosh(z[1]), -Math.sin(z[0]) * Math.sinh(z[1])];
    case 'tan':
      return over(call('sin', z, null), call('cos', z, null));
    case 'cot':
      return over(call('cos', z, null), call('sin', z, null));
    case 'sec':
      return over([1, 0], call('cos', z, null));
    case 'csc':
      return over([1, 0], call('sin', z, null));
    case 'arcsin':
    case 'asin':
      return onReal(z, Math.asin);
    case 'arccos':
    case 'acos':
      return onReal(z, Math.acos);
    case 'arctan':
    case 'atan':
      return onReal(z, Math.atan);
    case 'arccot':
      return onReal(z, (x) => Math.PI / 2 - Math.atan(x));
    case 'sinh':
      return onReal(z, Math.sinh);
    case 'cosh':
      return onReal(z, Math.cosh);
    case 'tanh':
      return onReal(z, Math.tanh);
    case 'sgn':
      return onReal(z, Math.sign);
    default: {
      // An unknown function is a fixed curve of its own: equal arguments give equal values, others almost never.
      const a = 0.4 + hash(name, 7);
      const b = 0.4 + hash(name, 8);
      return [Math.sin(a * z[0] + b) + a * z[0] + b * z[1], Math.cos(b * z[1] + a * z[0]) * z[1]];
    }
  }
}

function onReal([re, im]: Complex, f: (x: number) => number): Complex {
  return Math.abs(im) > 1e-12 ? NOT_A_NUMBER : [f(re), 0];
}

function times([a, b]: Complex, [c, d]: Complex): Complex {
  if (b === 0 && d === 0) return [a * c, 0];
  return [a * c - b * d, a * d + b * c];
}

function over([a, b]: Complex, [c, d]: Complex): Complex {
  if (b === 0 && d === 0) return [a / c, 0];
  const size = c * c + d * d;
  return [(a * c + b * d) / size, (b * c - a * d) / size];
}

function exponential([a, b]: Complex): Complex {
  const r = Math.exp(a);
  return b === 0 ? [r, 0] : [r * Math.cos(b), r * Math.sin(b)];
}

function logarithm([a, b]: Complex): Complex {
  return b === 0 && a > 0 ? [Math.log(a), 0] : [Math.log(Math.hypot(a, b)), Math.atan2(b, a)];
}

function power(base: Complex, exponent: Complex): Complex {
  if (exponent[1] === 0 && base[1] === 0) {
    if (base[0] >= 0 || Number.isInteger(exponent[0]))
      return finite(Math.pow(base[0], exponent[0]), base[0] === 0, base[0], exponent[0]);
    // A root of odd degree of a negative number is the real one, as answers mean it: x^{2/3}.
    for (const q of [3, 5, 7]) {
      const p = exponent[0] * q;
      if (Math.abs(p - Math.round(p)) < 1e-9)
        return [(Math.round(p) % 2 === 0 ? 1 : -1) * Math.pow(-base[0], exponent[0]), 0];
    }
  }
  if (exponent[1] === 0 && Number.isInteger(exponent[0]) && Math.abs(exponent[0]) <= 64) {
    let result: Complex = [1, 0];
    for (let i = 0; i < Math.abs(exponent[0]); i += 1) result = times(result, base);
    return exponent[0] < 0 ? over([1, 0], result) : result;
  }
  if (base[0] === 0 && base[1] === 0) return [0, 0];
  return exponential(times(exponent, logarithm(base)));
}

/** What overflows or vanishes though nothing in it is infinite or zero has no value here; it is compared modulo primes. */
function finite(value: number, mayVanish: boolean, ...from: number[]): Complex {
  if ((!Number.isFinite(value) || (value === 0 && !mayVanish)) && from.every(Number.isFinite)) return NOT_A_NUMBER;
  return [value, 0];
}

function root(of: Complex, degree: Complex): Complex {
  if (of[1] === 0 && degree[1] === 0) {
    if (degree[0] === 2) return of[0] >= 0 ? [Math.sqrt(of[0]), 0] : [0, Math.sqrt(-of[0])];
    if (degree[0] === 3) return [Math.cbrt(of[0]), 0];
    if (of[0] < 0 && degree[0] % 2 === 1) return [-Math.pow(-of[0], 1 / degree[0]), 0];
  }
  return power(of, over([1, 0], degree));
}

function factorial(x: number): number {
  if (!Number.isInteger(x) || x < 0) return NaN;
  if (x > 170) return NaN;
  let product = 1;
  for (let i = 2; i <= x; i += 1) product *= i;
  return product;
}

function binomial(n: number, k: number): number {
  if (!Number.isInteger(n) || !Number.isInteger(k) || k < 0 || n < 0) return NaN;
  const steps = Math.min(k, n - k);
  if (steps < 0) return 0;
  if (steps > 2000) return NaN;
  let product = 1;
  for (let i = 1; i <= steps; i += 1) product = (product * (n - steps + i)) / i;
  return Math.abs(product) < 2 ** 53 ? Math.round(product) : product;
}

/** Primes below 2^26, so that a product of two residues is exact in a double. */
export const PRIMES = [67108859, 67108837, 67108819] as const;
const FACTORIAL_LIMIT = 20_000;

/**
 * The value modulo a prime, exact for whole numbers however large: sums, products, quotients, whole powers, factorials, binomials.
 * Null when the formula has something else, or divides by a multiple of the prime.
 */
export function evaluateModulo(node: Node, p: number, seed: number): number | null {
  const value = (child: Node) => evaluateModulo(child, p, seed);
  switch (node.op) {
    case 'number':
      return node.digits.includes('.') ? null : residue(node.digits, p);
    case 'variable':
      return 2 + Math.floor(hash(node.name, seed) * (p - 4));
    case 'add': {
      const a = value(node.left);
      const b = value(node.right);
      return a === null || b === null ? null : (a + b) % p;
    }
    case 'negate': {
      const a = value(node.of);
      return a === null ? null : (p - a) % p;
    }
    case 'multiply': {
      const a = value(node.left);
      const b = value(node.right);
      return a === null || b === null ? null : (a * b) % p;
    }
    case 'divide': {
      const a = value(node.left);
      const b = value(node.right);
      return a === null || b === null || b === 0 ? null : (a * powerModulo(b, p - 2, p)) % p;
    }
    case 'power': {
      const a = value(node.left);
      // Fermat: the exponent counts modulo p − 1.
      const n = wholeModulo(node.right, p - 1);
      return a === null || a === 0 || n === null ? null : powerModulo(a, n, p);
    }
    case 'factorial': {
      const n = node.of.op === 'number' ? node.of.value : NaN;
      return n >= 0 && n <= FACTORIAL_LIMIT && Number.isInteger(n) ? factorialModulo(n, p) : null;
    }
    case 'binomial': {
      const n = node.left.op === 'number' ? node.left.value : NaN;
      const k = node.right.op === 'number' ? node.right.value : NaN;
      if (!Number.isInteger(n) || !Number.isInteger(k) || k < 0 || k > n || n > FACTORIAL_LIMIT) return null;
      const below = (factorialModulo(k, p) * factorialModulo(n - k, p)) % p;
      return (factorialModulo(n, p) * powerModulo(below, p - 2, p)) % p;
    }
    default:
      return null;
  }
}

/** A whole-number formula modulo any number; null for all others. */
function wholeModulo(node: Node, m: number): number | null {
  switch (node.op) {
    case 'number':
      return node.digits.includes('.') ? null : residue(node.digits, m);
    case 'negate': {
      const a = wholeModulo(node.of, m);
      return a === null ? null : (m - a) % m;
    }
    case 'add':
    case 'multiply': {
      const a = wholeModulo(node.left, m);
      const b = wholeModulo(node.right, m);
      if (a === null || b === null) return null;
      return node.op === 'add' ? (a + b) % m : (a * b) % m;
    }
    case 'power': {
      // A tower: with a base and exponent that are plain numbers square-and-multiply is exact for any modulus.
      const a = wholeModulo(node.left, m);
      const n = node.right.op === 'number' && Number.isSafeInteger(node.right.value) ? node.right.value : null;
      return a === null || n === null ? null : powerModulo(a, n, m);
    }
    default:
      return null;
  }
}

function residue(digits: string, p: number): number {
  let value = 0;
  for (let i = 0; i < digits.length; i += 1) value = (value * 10 + digits.charCodeAt(i) - 48) % p;
  return value;
}

function powerModulo(base: number, exponent: number, p: number): number {
  let result = 1;
  let square = base % p;
  for (let n = exponent; n > 0; n = Math.floor(n / 2)) {
    if (n % 2 === 1) result = (result * square) % p;
    square = (square * square) % p;
  }
  return result;
}

/** All factorials up to the limit by prime, so that a formula full of them costs no more than one. */
const factorials = new Map<number, Float64Array>();

function factorialModulo(n: number, p: number): number {
  let table = factorials.get(p);
  if (!table) {
    table = new Float64Array(FACTORIAL_LIMIT + 1).fill(1);
    for (let i = 2; i <= FACTORIAL_LIMIT; i += 1) table[i] = (table[i - 1]! * i) % p;
    factorials.set(p, table);
  }
  return table[n]!;
}

/** FNV-1a of a name and a seed, on [0, 1). */
function hash(name: string, seed: number): number {
  let h = 2166136261 ^ seed;
  for (let i = 0; i < name.length; i += 1) h = Math.imul(h ^ name.charCodeAt(i), 16777619);
  h = Math.imul(h ^ (h >>> 15), 2246822507);
  return ((h ^ (h >>> 13)) >>> 0) / 4294967296;
}
