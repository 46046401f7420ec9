/**
 * Why did the mean reward change between two sets of completions (two windows of steps of a GRPO stage)?
 *
 * An exact decomposition: the parts sum to mean(after) − mean(before), and no order of the factors is preferred.
 *
 * 1. **Mix of problems** against the rest (Kitagawa 1955, J. Am. Stat. Assoc. 50:1168; Oaxaca and Blinder 1973). Completions are put
 *    in strata: a problem that both sets sampled is one; others go by their difficulty where that is known (the share of right
 *    answers outside of both sets, in five steps), or are one stratum together. With q the share of a stratum and m its mean reward
 *    in each set: mix = Σ (q₂ − q₁)·(m₁ + m₂)/2, rest = Σ (q₁ + q₂)/2·(m₂ − m₁). A stratum that one set does not have takes the
 *    mean of that set for it. The rest is the difference of two sets that are weighted to the same mix.
 * 2. The rest by **factor**: the Shapley values of the chances along the tree of `reward-factors.ts` (no gold, checker failures,
 *    truncation, extraction, true accuracy) and of each reward component's mean within the states. The components are the recorded
 *    parts of the reward with their weights, so these last are format where it is the format's reward, length terms where it depends
 *    on length, and so on.
 *
 * Intervals are 95 % by bootstrap over problems: a resample draws problems, with all their completions in both sets.
 *
 * Which completions moved a part most: `reward-exemplars.ts`.
 */
import { intervalOf, random, type Interval } from './bootstrap.ts';
import { branches, states, type CompletionState } from './reward-factors.ts';
import { exemplarSteps, type RewardExemplar } from './reward-exemplars.ts';
import {
  changeKinds,
  changesOf,
  decompose,
  sum,
  tableOf,
  type ChangeKind,
  type RewardComponent,
  type RewardedCompletion,
  type Table,
} from './reward-table.ts';

export interface RewardPart {
  kind: ChangeKind;
  change: number;
  /** Null with fewer than two problems. */
  interval: Interval | null;
  /** The same by component, in their order; those that are 0 too. */
  byComponent: number[];
  /** Those that moved it most first. */
  exemplars: RewardExemplar[];
}

export interface RewardChangeFigures {
  before: RewardSet;
  after: RewardSet;
  change: number;
  interval: Interval | null;
  /** All kinds in the order of `changeKinds`; those that cannot occur (no such component) are left out. */
  parts: RewardPart[];
  /** Completions of both sets by how their stratum was found. Where all are `unknown`, nothing is known of the mix. */
  strata: { problem: number; difficulty: number; unknown: number };
  /** Resamples of the bootstrap. */
  resamples: number;
}

export interface RewardSet {
  completions: number;
  problems: number;
  mean: number;
  /** Mean of what each component adds. */
  components: number[];
  states: Record<CompletionState, number>;
  /** Null where no length is known. */
  tokens: number | null;
}

export interface RewardChangeOptions {
  /** Share of right answers of a problem, from outside of both sets. */
  difficulty?: ReadonlyMap<string, number>;
  seed?: number;
  /** Most exemplars of a part, and of one problem among them. */
  exemplars?: number;
}

const MOST_RESAMPLES = 1000;
const LEAST_RESAMPLES = 200;
/** Additions of all resamples together. */
const ADDITIONS = 3e8;
/** Between two yields. */
const SLICE = 500_000;
const EXEMPLARS = 20;

/**
 * The decomposition. Yields every few milliseconds. Null where one of the sets is empty.
 * @throws RangeError where a completion has not as many parts as there are components
 */
export function* rewardChangeSteps(
  before: readonly RewardedCompletion[],
  after: readonly RewardedCompletion[],
  components: readonly RewardComponent[],
  { difficulty, seed = 0, exemplars = EXEMPLARS }: RewardChangeOptions = {},
): Generator<void, RewardChangeFigures | null> {
  if (before.length === 0 || after.length === 0) return null;
  const sets = [before, after] as const;
  const problems = new Map<string, number>();
  for (const set of sets) {
    for (const { problem, parts } of set) {
      if (parts.length !== components.length)
        throw new RangeError(`A completion has ${parts.length} parts of its reward, not ${components.length}.`);
      if (!problems.has(problem)) problems.set(problem, problems.size);
    }
    yield;
  }
  const { table, strata } = yield* tableOf(sets, problems, components.length, difficulty);
  yield;
  const ones = new Float64Array(problems.size).fill(1);
  const whole = decompose(table, ones)!;
  const kinds = kindsOf(components);
  const drawn = yield* resample(table, kinds, components, seed);
  const changeOf = (kind: ChangeKind): number => sum(changesOf(whole, kind, components));
  const parts: RewardPart[] = [];
  for (const [k, kind] of kinds.entries()) {
    const change = changeOf(kind);
    parts.push({
      kind,
      change,
      interval: drawn && intervalOf(change, drawn.parts[k]!),
      byComponent: changesOf(whole, kind, components),
      exemplars: yield* exemplarSteps({ sets, problems, table, whole, kind, components, change }, exemplars),
    });
  }
  const figures = [setOf(before, components.length)];
  yield;
  figures.push(setOf(after, components.length));
  return {
    before: figures[0]!,
    after: figures[1]!,
    change: whole.change,
    interval: drawn && intervalOf(whole.change, drawn.change),
    parts,
    strata,
    resamples: drawn?.change.length ?? 0,
  };
}

/** {@link rewardChangeSteps} at once. */
export function rewardChange(...args: Parameters<typeof rewardChangeSteps>): RewardChangeFigures | null {
  const steps = rewardChangeSteps(...args);
  for (;;) {
    const step = steps.next();
    if (step.done) return step.value;
  }
}

function kindsOf(components: readonly RewardComponent[]): ChangeKind[] {
  const own = new Set<ChangeKind>(components.map(({ kind }) => kind));
  const always = new Set<ChangeKind>(['mix', ...branches]);
  return changeKinds.filter((kind) => always.has(kind) || own.has(kind));
}

function* resample(
  table: Table,
  kinds: readonly ChangeKind[],
  components: readonly RewardComponent[],
  seed: number,
): Generator<void, { change: Float64Array; parts: Float64Array[] } | null> {
  const n = table.stratum.length;
  if (n < 2) return null;
  const cost = n * 2 * table.width;
  const times = Math.max(LEAST_RESAMPLES, Math.min(MOST_RESAMPLES, Math.floor(ADDITIONS / cost)));
  const draw = random(seed);
  const change = new Float64Array(times);
  const parts = kinds.map(() => new Float64Array(times));
  let additions = 0;
  for (let r = 0; r < times; r += 1) {
    const counts = new Float64Array(n);
    for (let i = 0; i < n; i += 1) counts[Math.floor(draw() * n)]! += 1;
    const found = decompose(table, counts);
    change[r] = found?.change ?? NaN;
    for (const [k, kind] of kinds.entries()) parts[k]![r] = found ? sum(changesOf(found, kind, components)) : NaN;
    additions += cost;
    if (additions >= SLICE) {
      additions = 0;
      yield;
    }
  }
  return { change, parts };
}

function setOf(set: readonly RewardedCompletion[], components: number): RewardSet {
  const known = set.flatMap(({ tokens }) => tokens ?? []);
  const means = Array.from(
    { length: components },
    (_, c) => set.reduce((total, { parts }) => total + parts[c]!, 0) / set.length,
  );
  const count = Object.fromEntries(states.map((state) => [state, 0])) as RewardSet['states'];
  for (const { state } of set) count[state] += 1;
  return {
    completions: set.length,
    problems: new Set(set.map(({ problem }) => problem)).size,
    mean: sum(means),
    components: means,
    states: count,
    tokens: known.length === 0 ? null : sum(known) / known.length,
  };
}
