/**
 * Where graders differ, as switches of the quick check. A verdict names the policy it was made under: {@link policyName} in its version.
 */

export interface Policy {
  /**
   * What `10 %` is. `both`: 10 and 0.1 · `hundredth`: 0.1 · `number`: 10.
   */
  percent: 'both' | 'hundredth' | 'number';
  /** Items of a bare list (`1, 2`) and of braces. `any` order, or as `written`. Tuples and intervals always keep theirs. */
  order: 'any' | 'written';
  /** In sets and lists an item that stands twice: counts `once`, or as often as `written`. */
  repeats: 'once' | 'written';
  /**
   * A formula with a decimal literal is the same within this absolute distance (`0.333333` and 1/3), which shrinks
   * with numbers below a thousandth; 0: only what is exactly the same.
   * Whole numbers and formulas of whole numbers are always compared exactly.
   */
  tolerance: number;
  /** Beside it, the same relative to the gold answer's size, as `isclose` has it; 0: none. */
  relativeTolerance: number;
  /**
   * `literal`: as the tolerances say · `to-gold`: an answer also counts that, rounded to the decimals in which the gold is given, is the gold
   * (`3.14` against π) · `to-fewer`: that holds with either side's decimals.
   */
  rounding: 'literal' | 'to-gold' | 'to-fewer';
  /** A unit or sign of currency. `ignored` · `where-both`: two that differ are another answer · `compared`: one that is missing is, too. */
  units: 'ignored' | 'where-both' | 'compared';
  /** `x = 5` against `5`. `ignored`: the name does not count · `compared`: an equation is no number. */
  names: 'ignored' | 'compared';
  /** `EVELYN` against `Evelyn`. */
  letterCase: 'ignored' | 'compared';
  /** `−2 ≤ x ≤ 7` against `[−2, 7]`. `same`: bounds are an interval · `other`: they are not. */
  bounds: 'same' | 'other';
  /** `2x = 4` against `x = 2`. `same`: an equation multiplied by a constant is itself · `other`: it is not. */
  multiples: 'same' | 'other';
  /** `1,22`. `accepted`: it may also be the decimal number 1.22 · `refused`: it is a list of two. */
  decimalComma: 'accepted' | 'refused';
}

export const DEFAULT_POLICY: Readonly<Policy> = {
  percent: 'both',
  order: 'any',
  repeats: 'once',
  tolerance: 1e-6,
  relativeTolerance: 0,
  rounding: 'literal',
  units: 'ignored',
  names: 'ignored',
  letterCase: 'ignored',
  bounds: 'same',
  multiples: 'same',
  decimalComma: 'accepted',
};

/** The values that each switch takes; the two tolerances take any number from 0 to 1. For flags, forms and checks of input. */
export const POLICY_CHOICES = {
  percent: ['both', 'hundredth', 'number'],
  order: ['any', 'written'],
  repeats: ['once', 'written'],
  rounding: ['literal', 'to-gold', 'to-fewer'],
  units: ['ignored', 'where-both', 'compared'],
  names: ['ignored', 'compared'],
  letterCase: ['ignored', 'compared'],
  bounds: ['same', 'other'],
  multiples: ['same', 'other'],
  decimalComma: ['accepted', 'refused'],
} as const satisfies { [K in keyof Policy]?: readonly Policy[K][] };

const KEYS = Object.keys(DEFAULT_POLICY) as (keyof Policy)[];

/**
 * A name that says every switch that differs from the default, in a fixed order: `default`, `percent=number`, `order=written,units=compared`.
 * The same policy always has the same name, and {@link parsePolicy} reads it back.
 */
export function policyName(policy: Readonly<Policy>): string {
  const differing = KEYS.filter((key) => policy[key] !== DEFAULT_POLICY[key]);
  return differing.length === 0 ? 'default' : differing.map((key) => `${key}=${policy[key]}`).join(',');
}

/**
 * A policy by its name: what is not named is as in the default one.
 * @throws RangeError which says what is wrong and what there is.
 */
export function parsePolicy(name: string): Policy {
  const policy: Policy = { ...DEFAULT_POLICY };
  for (const part of name.split(',').map((piece) => piece.trim())) {
    if (part === '' || part === 'default') continue;
    const [key = '', value = ''] = part.split(/\s*=\s*/, 2);
    Object.assign(policy, { [key]: switchValue(key, value) });
  }
  return policy;
}

function switchValue(key: string, value: string): string | number {
  if (key === 'tolerance' || key === 'relativeTolerance') {
    const number = value === '' ? NaN : Number(value);
    if (!(number >= 0 && number <= 1)) throw new RangeError(`${key} takes a number from 0 to 1, not “${value}”.`);
    return number;
  }
  if (!Object.hasOwn(POLICY_CHOICES, key))
    throw new RangeError(`There is no switch “${key}”. There are ${KEYS.join(', ')}.`);
  const choices: readonly string[] = POLICY_CHOICES[key as keyof typeof POLICY_CHOICES];
  if (!choices.includes(value)) throw new RangeError(`${key} takes ${choices.join(', ')}, not “${value}”.`);
  return value;
}
