/** Two sets of completions by problem, and the two steps of the decomposition on them (`reward-change.ts` says which). */
import { branches, emptySums, factorChanges, states, type CompletionState, type StateSums } from './reward-factors.ts';

/** A completion that was given a reward. */
export interface RewardedCompletion {
  problem: string;
  state: CompletionState;
  /** What each component adds to its reward (value times weight; 0 where it was not applicable), in the order of the components. */
  parts: readonly number[];
  tokens: number | null;
}

/** What a component's value depends on, beside the state: how its change within the states is called. */
export type ComponentKind = 'format' | 'length' | 'repetition' | 'value';

export interface RewardComponent {
  name: string;
  kind: ComponentKind;
}

/** What the values of a reward of that name depend on; `cosine_2` is a second `cosine`. */
export function componentKind(name: string): ComponentKind {
  if (/format|tag|structure/i.test(name)) return 'format';
  if (/repeti|n.?gram/i.test(name)) return 'repetition';
  return /length|cosine|overlong|brevity/i.test(name) ? 'length' : 'value';
}

export const changeKinds = [
  'mix',
  'accuracy',
  'extraction',
  'format',
  'checker',
  'truncation',
  'length',
  'repetition',
  'value',
  'gold',
] as const;
export type ChangeKind = (typeof changeKinds)[number];

const STATES = states.length;
const PLAYERS = branches.length + 1;
/** Completions between two yields. */
const SLICE = 5000;
/** Steps of difficulty. */
const BUCKETS = 5;

/** Completions of both sets by how their stratum was found. */
export interface Strata {
  problem: number;
  difficulty: number;
  unknown: number;
}

/** Two sets by problem: what the decomposition needs of them. */
export interface Table {
  components: number;
  /** By problem its stratum. */
  stratum: Int32Array;
  strata: number;
  /** By side and problem: completions, weights of states, values of components in states. */
  rows: [Float64Array, Float64Array];
  width: number;
}

export interface Decomposed {
  change: number;
  /** By component: the mix. */
  mix: Float64Array;
  /** By component and player. */
  factors: Float64Array;
  sums: [StateSums, StateSums];
  /** By side and stratum the weight of one completion. */
  weights: [Float64Array, Float64Array];
}

/** Yields now and then. @param difficulty share of right answers by problem, from outside of both sets */
export function* tableOf(
  sets: readonly [readonly RewardedCompletion[], readonly RewardedCompletion[]],
  problems: ReadonlyMap<string, number>,
  components: number,
  difficulty: ReadonlyMap<string, number> | undefined,
): Generator<void, { table: Table; strata: Strata }> {
  const width = 1 + STATES + STATES * components;
  const rows = [new Float64Array(problems.size * width), new Float64Array(problems.size * width)] as Table['rows'];
  for (const [side, set] of sets.entries()) {
    const found = rows[side]!;
    for (const [i, { problem, state, parts }] of set.entries()) {
      const at = problems.get(problem)! * width;
      const s = states.indexOf(state);
      found[at]! += 1;
      found[at + 1 + s]! += 1;
      for (const [c, part] of parts.entries()) found[at + 1 + STATES + c * STATES + s]! += part;
      if (i % SLICE === SLICE - 1) yield;
    }
  }
  const strata: Strata = { problem: 0, difficulty: 0, unknown: 0 };
  const stratum = new Int32Array(problems.size);
  // The first strata are the steps of difficulty, then that of problems of which nothing is known, then one for each problem of both.
  let next = BUCKETS + 1;
  for (const [problem, p] of problems) {
    const [was, is] = [rows[0][p * width]!, rows[1][p * width]!];
    const rate = difficulty?.get(problem);
    const kind = was > 0 && is > 0 ? 'problem' : rate === undefined ? 'unknown' : 'difficulty';
    strata[kind] += was + is;
    if (kind === 'problem') stratum[p] = next++;
    else stratum[p] = kind === 'unknown' ? BUCKETS : Math.min(BUCKETS - 1, Math.floor(rate! * BUCKETS));
  }
  return { table: { components, stratum, strata: next, rows, width }, strata };
}

/** Of the sets in which each problem stands as often as `times` says; null where one of them is empty then. */
export function decompose({ components, stratum, strata, rows, width }: Table, times: Float64Array): Decomposed | null {
  const counts = [new Float64Array(strata), new Float64Array(strata)] as [Float64Array, Float64Array];
  const totals: [number, number] = [0, 0];
  const plain = [emptySums(components), emptySums(components)] as [StateSums, StateSums];
  for (const side of [0, 1] as const) {
    for (let p = 0; p < times.length; p += 1) {
      const n = times[p]! * rows[side][p * width]!;
      counts[side][stratum[p]!]! += n;
      totals[side] += n;
    }
    if (totals[side] === 0) return null;
  }
  const weights = weightsOf(counts, totals);
  const sums = [emptySums(components), emptySums(components)] as [StateSums, StateSums];
  for (const side of [0, 1] as const) {
    for (let p = 0; p < times.length; p += 1) {
      const at = p * width;
      if (times[p] === 0 || rows[side][at] === 0) continue;
      const weight = times[p]! * weights[side][stratum[p]!]!;
      const once = times[p]! / totals[side];
      for (let i = 0; i < STATES; i += 1) sums[side].weights[i]! += weight * rows[side][at + 1 + i]!;
      for (let i = 0; i < STATES * components; i += 1) {
        const value = rows[side][at + 1 + STATES + i]!;
        sums[side].values[i]! += weight * value;
        plain[side].values[i]! += once * value;
      }
    }
  }
  const mix = new Float64Array(components);
  let change = 0;
  for (let c = 0; c < components; c += 1) {
    const difference = componentMean(plain[1], c) - componentMean(plain[0], c);
    change += difference;
    mix[c] = difference - (componentMean(sums[1], c) - componentMean(sums[0], c));
  }
  return { change, mix, factors: factorChanges(sums[0], sums[1], components), sums, weights };
}

/** By side and stratum the weight of one completion, so that both sets have the mean mix of the two. */
function weightsOf(counts: [Float64Array, Float64Array], totals: [number, number]): [Float64Array, Float64Array] {
  const strata = counts[0].length;
  const share = (s: number) => (counts[0][s]! / totals[0] + counts[1][s]! / totals[1]) / 2;
  return [0, 1].map((side) => {
    const [own, total] = [counts[side]!, totals[side]!];
    let lacking = 0;
    for (let s = 0; s < strata; s += 1) if (own[s] === 0) lacking += share(s);
    const found = new Float64Array(strata);
    for (let s = 0; s < strata; s += 1) if (own[s]! > 0) found[s] = share(s) / own[s]! + lacking / total;
    return found;
  }) as [Float64Array, Float64Array];
}

function componentMean({ values }: StateSums, c: number): number {
  let total = 0;
  for (let s = 0; s < STATES; s += 1) total += values[c * STATES + s]!;
  return total;
}

/** What a kind of part has in the change, by component. */
export function changesOf(
  { mix, factors }: Decomposed,
  kind: ChangeKind,
  components: readonly RewardComponent[],
): number[] {
  return components.map((component, c) => {
    if (kind === 'mix') return mix[c]!;
    const branch = (branches as readonly string[]).indexOf(kind);
    if (branch >= 0) return factors[c * PLAYERS + branch]!;
    return component.kind === kind ? factors[c * PLAYERS + PLAYERS - 1]! : 0;
  });
}

export const sum = (values: readonly number[]): number => values.reduce((total, value) => total + value, 0);
