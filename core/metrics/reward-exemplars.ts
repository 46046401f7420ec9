/**
 * Which completions moved a part of a change of reward most.
 *
 * With w the weight of a completion in its set (both sets weighted to the same mix of problems) and R its reward:
 *
 * - mix: those of problems (or difficulties) that its set has more of; (1/n − w)·(R − mean R of its set), where it has the sign of
 *   the part
 * - no gold, checker, truncation, extraction: those in that state, in the set that has more of them; w·(R − mean R of the others of
 *   the other set that got so far)
 * - accuracy: where it rose, those that are right after and wrong before, and the other way round where it fell; w·(R − mean R of the
 *   wrong or right ones of the other set), those first whose problem both sets sampled and which went the same way
 * - a component's own values: w·(value − its mean in the same state of the other set), where it has the sign of the part
 */
import { branches, states, type Branch } from './reward-factors.ts';
import {
  sum,
  type ChangeKind,
  type Decomposed,
  type RewardComponent,
  type RewardedCompletion,
  type Table,
} from './reward-table.ts';

export interface RewardExemplar {
  side: 'before' | 'after';
  /** Its place among the completions of that set. */
  at: number;
  /** As above, with the sign that it has in after − before. */
  moved: number;
}

const STATES = states.length;
const OF_ONE_PROBLEM = 2;
const RIGHT = states.indexOf('right');
const WRONG = states.indexOf('wrong');
/** Below this a part is rounding. */
const NOTHING = 1e-12;

/** A part of a decomposition. */
export interface PartAt {
  sets: readonly [readonly RewardedCompletion[], readonly RewardedCompletion[]];
  problems: ReadonlyMap<string, number>;
  table: Table;
  whole: Decomposed;
  kind: ChangeKind;
  components: readonly RewardComponent[];
  change: number;
}

/** Those that moved it most first, at most two of a problem. Yields now and then. */
export function* exemplarSteps(part: PartAt, limit: number): Generator<void, RewardExemplar[]> {
  const { sets, change } = part;
  if (Math.abs(change) < NOTHING) return [];
  const movedBy = moves(part);
  const byProblem = new Map<string, Found[]>();
  for (const side of [1, 0] as const) {
    for (const [at, completion] of sets[side].entries()) {
      if (at % 10_000 === 9999) yield;
      const found = movedBy(side, completion);
      if (!found || Math.abs(found.moved) < NOTHING) continue;
      const tokens = completion.tokens ?? 0;
      const one: Found = { side: side === 1 ? 'after' : 'before', at, first: false, tokens, ...found };
      const own = byProblem.get(completion.problem);
      if (!own) byProblem.set(completion.problem, [one]);
      else if (own.length < OF_ONE_PROBLEM || order(one, own.at(-1)!) < 0) {
        own.push(one);
        own.sort(order).splice(OF_ONE_PROBLEM);
      }
    }
  }
  return [...byProblem.values()]
    .flat()
    .toSorted(order)
    .slice(0, limit)
    .map(({ side, at, moved }) => ({ side, at, moved }));
}

type Found = RewardExemplar & { first: boolean; tokens: number };
type Moves = (side: Side, one: RewardedCompletion) => { moved: number; first?: boolean } | null;
type Side = 0 | 1;

/** Those of the later set first where all else is equal, as they are what is new; then longer ones. */
function order(a: Found, b: Found): number {
  const late = ({ side }: Found) => (side === 'after' ? 0 : 1);
  const size = Math.abs(b.moved) - Math.abs(a.moved);
  return (
    Number(b.first) - Number(a.first) || (Math.abs(size) < NOTHING ? late(a) - late(b) || b.tokens - a.tokens : size)
  );
}

const sign = [-1, 1] as const;
const reward = ({ parts }: RewardedCompletion): number => sum(parts);

function moves(part: PartAt): Moves {
  const { kind } = part;
  if (kind === 'mix') return mixMoves(part);
  if (kind === 'accuracy') return accuracyMoves(part);
  const branch = branches.indexOf(kind as Branch);
  return branch >= 0 ? branchMoves(part, branch) : valueMoves(part);
}

function weightIn({ problems, table, whole }: PartAt): (side: Side, problem: string) => number {
  return (side, problem) => whole.weights[side][table.stratum[problems.get(problem)!]!]!;
}

function mixMoves(part: PartAt): Moves {
  const { sets, change } = part;
  const weight = weightIn(part);
  const means = sets.map((set) => set.reduce((total, one) => total + reward(one), 0) / set.length);
  return (side, one) => {
    const more = 1 / sets[side].length - weight(side, one.problem);
    const moved = sign[side] * more * (reward(one) - means[side]!);
    return more > 0 && moved * change > 0 ? { moved } : null;
  };
}

/** Mean reward in some states of the set, weighted; that of the other where it has none, and 0 where neither has. */
function meanIn({ whole: { sums }, components }: PartAt, side: Side, some: readonly number[]): number {
  for (const own of [sums[side], sums[side === 0 ? 1 : 0]]) {
    const weight = sum(some.map((s) => own.weights[s]!));
    if (weight > 0) return sum(some.flatMap((s) => components.map((_, c) => own.values[c * STATES + s]!))) / weight;
  }
  return 0;
}

const beyond = (branch: number): number[] => states.flatMap((_, s) => (s > branch ? [s] : []));

/** The states stand in the order of the branches: those after a branch's own are those that got past it. */
function branchMoves(part: PartAt, branch: number): Moves {
  const { sums } = part.whole;
  const share = (side: Side) => {
    const own = sums[side].weights[branch]!;
    const past = sum(beyond(branch).map((s) => sums[side].weights[s]!));
    return own === 0 ? 0 : own / (own + past);
  };
  const more: Side = share(1) >= share(0) ? 1 : 0;
  const others = meanIn(part, more === 1 ? 0 : 1, beyond(branch));
  const weight = weightIn(part);
  return (side, one) =>
    side === more && one.state === states[branch]
      ? { moved: sign[side] * weight(side, one.problem) * (reward(one) - others) }
      : null;
}

function accuracyMoves(part: PartAt): Moves {
  const { whole, table, problems } = part;
  const share = (side: Side) => {
    const [right, wrong] = [whole.sums[side].weights[RIGHT]!, whole.sums[side].weights[WRONG]!];
    return right + wrong === 0 ? NaN : right / (right + wrong);
  };
  const rose = share(1) >= share(0);
  const weight = weightIn(part);
  const sharesOf = (problem: string) =>
    table.rows.map((rows) => {
      const at = problems.get(problem)! * table.width + 1;
      return rows[at + RIGHT]! / (rows[at + RIGHT]! + rows[at + WRONG]!);
    }) as [number, number];
  const means = ([0, 1] as const).map((side) => ({
    right: meanIn(part, side, [RIGHT]),
    wrong: meanIn(part, side, [WRONG]),
  }));
  return (side, one) => {
    const wanted = rose === (side === 1) ? 'right' : 'wrong';
    if (one.state !== wanted) return null;
    const against = means[1 - side]![wanted === 'right' ? 'wrong' : 'right'];
    const [was, is] = sharesOf(one.problem);
    return {
      moved: sign[side] * weight(side, one.problem) * (reward(one) - against),
      first: rose ? is > was : is < was,
    };
  };
}

function valueMoves(part: PartAt): Moves {
  const { whole, components, kind, change } = part;
  const own = components.flatMap((component, c) => (component.kind === kind ? [c] : []));
  const mean = (side: Side, s: number, c: number) =>
    whole.sums[side].values[c * STATES + s]! / whole.sums[side].weights[s]!;
  const weight = weightIn(part);
  return (side, one) => {
    const s = states.indexOf(one.state);
    // A state that the other set does not have changes nothing within it.
    if (whole.sums[1 - side]!.weights[s] === 0) return null;
    const away = sum(own.map((c) => one.parts[c]! - mean((1 - side) as Side, s, c)));
    const moved = sign[side] * weight(side, one.problem) * away;
    return moved * change > 0 ? { moved } : null;
  };
}
