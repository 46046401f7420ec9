/** What a step says, for finding it again in another completion: its equations, its words, and how rare each is. */
import { atOnce } from '../metrics/slices.ts';
import { equationsOf, plainFormulas, type Formulas } from './equations.ts';
import { regions } from './math.ts';
import { steps, type Step } from './steps.ts';

/** Features of one step. */
export interface KeyedStep extends Step {
  /** Steps with the same key say the same in the same order. */
  key: number;
  /** Ids in the {@link StepNames}, ascending, each once. */
  features: Int32Array;
  /** Those of them that are equations. */
  equations: readonly number[];
}

/** Formulas whose normalisation is remembered; more are taken apart anew. */
const FORMULA_CACHE = 50_000;
/** Longest step that is read, in UTF-16 units; the rest of a longer one counts for nothing. */
const STEP_LIMIT = 4_000;
/** Times as alike as they are otherwise: steps that both calculate and have no equation in common. */
const OTHER_EQUATIONS = 0.6;
/** Steps between two yields. */
const SLICE = 64;

/** Ids of words, pairs of words and equations, the same for all texts that are compared with each other. */
export class StepNames {
  readonly #words = new Map<string, number>();
  readonly #pairs = new Map<number, number>();
  /** Words as they stand in the texts. */
  readonly #spelled = new Map<string, number>();
  readonly #formulas = new Map<string, Formulas>();
  /** By feature: what is shown of it. Pairs of words have none of their own. */
  readonly #names: (string | null)[] = [];
  readonly #kinds: ('equation' | 'expression' | 'word' | 'pair')[] = [];

  get size(): number {
    return this.#names.length;
  }

  kindOf(feature: number): 'equation' | 'expression' | 'word' | 'pair' {
    return this.#kinds[feature]!;
  }

  nameOf(feature: number): string | null {
    return this.#names[feature]!;
  }

  named(kind: 'equation' | 'expression' | 'word', name: string): number {
    const key = kind === 'word' ? name : `${kind === 'equation' ? '=' : '~'} ${name}`;
    return this.#words.get(key) ?? this.#add(this.#words, key, kind, name);
  }

  pair(first: number, second: number): number {
    // Ids stay far below 2^26, so that two fit into a number.
    const key = first * 67_108_864 + second;
    return this.#pairs.get(key) ?? this.#add(this.#pairs, key, 'pair', null);
  }

  /** The id of a word in any case, of a number with or without separators of thousands. */
  word(spelled: string): number {
    const known = this.#spelled.get(spelled);
    if (known !== undefined) return known;
    const id = this.named('word', spelled.includes(',') ? spelled.replaceAll(',', '') : spelled.toLowerCase());
    this.#spelled.set(spelled, id);
    return id;
  }

  formulas(content: string): Formulas {
    const known = this.#formulas.get(content);
    if (known) return known;
    const found = equationsOf(content);
    if (this.#formulas.size < FORMULA_CACHE) this.#formulas.set(content, found);
    return found;
  }

  #add<K>(
    into: Map<K, number>,
    key: K,
    kind: 'equation' | 'expression' | 'word' | 'pair',
    name: string | null,
  ): number {
    const id = this.#names.length;
    into.set(key, id);
    this.#names.push(name);
    this.#kinds.push(kind);
    return id;
  }
}

/** Words and numbers. */
const PLAIN_WORD = /[A-Za-z]+(?:'[A-Za-z]+)?|\d+(?:[.,]\d+)*/g;
// oxlint-disable-next-line no-control-regex -- all of ASCII
const OTHER_SCRIPT = /[^\x00-\x7f]/;
/** The same in all scripts, and the signs of languages that put no spaces. */
const WORD = /[\p{Script=Han}\p{Script=Hiragana}\p{Script=Katakana}]|[\p{L}\p{M}]+(?:'\p{L}+)?|\d+(?:[.,]\d+)*/gu;

/** The steps of a completion with their keys. Yields now and then. */
export function* keyedSteps(text: string, names: StepNames): Generator<void, KeyedStep[]> {
  const known = regions(text);
  yield;
  const cut = steps(text, known);
  yield;
  const found: KeyedStep[] = [];
  let formula = 0;
  for (const [n, step] of cut.entries()) {
    if (n % SLICE === SLICE - 1) yield;
    const end = Math.min(step.end, step.start + STEP_LIMIT);
    while (formula < known.math.length && known.math[formula]!.end <= step.start) formula += 1;
    const order: number[] = [];
    const features = new Set<number>();
    const equal: number[] = [];
    let last = -1;
    const words = (prose: string, isProse = true) => {
      for (const word of prose.match(OTHER_SCRIPT.test(prose) ? WORD : PLAIN_WORD) ?? []) {
        const id = names.word(word);
        features.add(id);
        if (isProse) order.push(id);
        // What stands side by side in a calculation says little: "sqrt 3".
        if (isProse && last >= 0) features.add(names.pair(last, id));
        last = isProse ? id : -1;
      }
    };
    const equations = (content: string) => {
      const { equations: relations, expressions } = names.formulas(content);
      for (const one of relations) {
        const id = names.named('equation', one);
        features.add(id);
        if (!equal.includes(id)) equal.push(id);
        order.push(id);
      }
      for (const one of expressions) {
        // A formula that is a number or a word is one: `$12$` is 12.
        const id = names.named(/^[\w.]+$/.test(one) ? 'word' : 'expression', one.toLowerCase());
        features.add(id);
        order.push(id);
      }
    };
    const read = (from: number, to: number) => {
      if (to <= from) return;
      const prose = text.slice(from, to);
      let done = 0;
      // What a calculation in prose says in order is its equations, as in a formula; its words are features all the same.
      for (const { start, end: stop } of plainFormulas(prose)) {
        words(prose.slice(done, start));
        equations(prose.slice(start, stop));
        words(prose.slice(start, stop), false);
        done = stop;
      }
      words(prose.slice(done));
    };
    let at = step.start;
    for (let f = formula; f < known.math.length && known.math[f]!.start < end; f += 1) {
      const math = known.math[f]!;
      read(at, math.start);
      equations(text.slice(math.contentStart, math.contentEnd));
      last = -1;
      at = math.end;
    }
    read(at, end);
    found.push({ ...step, key: keyOf(order), features: Int32Array.from(features).sort(), equations: equal });
  }
  return found;
}

/** 53 bits of the ids in order: two steps that differ have the same one by a chance of 1 to 10^15. */
function keyOf(order: readonly number[]): number {
  let [high, low] = [0x811c9dc5, 0x9747b28c];
  for (const id of order) {
    high = Math.imul(high ^ id, 0x01000193);
    low = Math.imul(low ^ (id + 0x7ed55d16), 0x85ebca6b);
    low ^= low >>> 13;
  }
  return (high >>> 0) * 0x20_0000 + ((low >>> 0) & 0x1f_ffff);
}

/** How much each feature says, in nats: rare in both completions together says much. An equation counts as several words. */
export function weigh(names: StepNames, ...sides: readonly (readonly KeyedStep[])[]): Float64Array {
  return atOnce(weighAll(names, sides));
}

/** {@link weigh} for many completions: yields after each. */
export function* weighAll(names: StepNames, sides: readonly (readonly KeyedStep[])[]): Generator<void, Float64Array> {
  const weights = new Float64Array(names.size);
  let n = 0;
  for (const side of sides) {
    n += side.length;
    for (const { features } of side) for (const feature of features) weights[feature]! += 1;
    yield;
  }
  const factor = { equation: 3, expression: 1.5, word: 1, pair: 1 };
  for (let i = 0; i < weights.length; i += 1)
    weights[i] = weights[i] === 0 ? 0 : Math.log(1 + n / weights[i]!) * factor[names.kindOf(i)];
  return weights;
}

/** Weight of what both have, and the similarity: twice that over the sum of the weights of each, 0 to 1 (Dice's coefficient, weighted). */
export function similarityOf(
  a: KeyedStep,
  b: KeyedStep,
  weights: Float64Array,
  sums?: readonly [number, number],
): { shared: number; similarity: number } {
  const shared = a.key === b.key ? weightOf(a, weights) : sharedWeight(a.features, b.features, weights);
  if (a.key === b.key) return { shared, similarity: 1 };
  const [first, second] = sums ?? [weightOf(a, weights), weightOf(b, weights)];
  const all = first + second;
  // Two calculations of different things in the same words are less alike than their words are.
  const factor =
    a.equations.length > 0 && b.equations.length > 0 && !a.equations.some((one) => b.equations.includes(one))
      ? OTHER_EQUATIONS
      : 1;
  return { shared, similarity: all === 0 ? 0 : (factor * 2 * shared) / all };
}

export function weightOf(step: KeyedStep, weights: Float64Array): number {
  let sum = 0;
  for (const feature of step.features) sum += weights[feature]!;
  return sum;
}

function sharedWeight(a: Int32Array, b: Int32Array, weights: Float64Array): number {
  let sum = 0;
  for (let i = 0, j = 0; i < a.length && j < b.length;) {
    const [x, y] = [a[i]!, b[j]!];
    if (x === y) {
      sum += weights[x]!;
      i += 1;
      j += 1;
    } else if (x < y) i += 1;
    else j += 1;
  }
  return sum;
}

/** What both steps say, equations first, then the rarest words; pairs of words are not named. */
export function sharedNames(a: KeyedStep, b: KeyedStep, names: StepNames, weights: Float64Array, limit = 6): string[] {
  const both = a.features.filter((feature) => b.features.includes(feature) && names.nameOf(feature) !== null);
  return [...both]
    .sort((x, y) => weights[y]! - weights[x]!)
    .slice(0, limit)
    .map((feature) => names.nameOf(feature)!);
}
