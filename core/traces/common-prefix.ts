/** Where completions with a common beginning part: of one text exactly, or by steps that are no longer alike. Pure. */
import { ALIKE } from './align.ts';
import { keyedSteps, similarityOf, StepNames, weighAll, type KeyedStep } from './step-keys.ts';

/** Steps that are compared between two yields. */
const COMPARED = 1024;

/** What became of a completion: right, wrong, or nothing that counts yet. */
export type BranchEnd = 'right' | 'wrong' | 'open';

/** A completion, or as much of its beginning as is known. */
export interface BranchMember {
  text: string;
  /** All of it is known. */
  complete: boolean;
  end: BranchEnd;
}

/** Completions that go together from `from` on until they part, or to their ends. */
export interface Branch {
  /** Indices of the completions, ascending. */
  members: number[];
  /** By member: where this branch begins and ends in its text, in UTF-16 units. By text they are the same for all. */
  from: number[];
  to: number[];
  /** How many ended right, wrong, or neither. */
  ends: Record<BranchEnd, number>;
  /** How like the branches' first steps are at most, 0 to 1; by text, and where there are none, null. */
  similarity: number | null;
  /** In the order of their first members; none where one is left, or where all are equal to their ends. */
  children: Branch[];
}

export interface BranchTree {
  root: Branch;
  /** Completions that are not complete and still go with another at the end of what is known: more of them may be asked for. */
  unfinished: number[];
}

/** The length of the longest common beginning, in UTF-16 units, of two texts that are the same up to `from`; it never ends inside a character. */
export function commonPrefix(a: string, b: string, from = 0): number {
  const limit = Math.min(a.length, b.length);
  let at = from;
  // By pieces first: comparing strings is quicker than comparing signs.
  for (let size = 4096; size >= 64; size /= 8)
    while (at + size <= limit && a.slice(at, at + size) === b.slice(at, at + size)) at += size;
  while (at < limit && a.charCodeAt(at) === b.charCodeAt(at)) at += 1;
  return beforePair(a, at);
}

/** The place itself, or the one before it where it would cut a pair of surrogates. */
function beforePair(text: string, at: number): number {
  const code = at > 0 ? text.charCodeAt(at - 1) : 0;
  return code >= 0xd800 && code <= 0xdbff ? at - 1 : at;
}

/** The trie of some completions by their texts, paths without a branching as one. At least one completion. */
export function branchesByText(members: readonly BranchMember[]): BranchTree {
  const unfinished = new Set<number>();
  const grow = (group: readonly number[], from: number): Branch => {
    const first = members[group[0]!]!;
    const to = group.reduce(
      (least, index) => Math.min(least, commonPrefix(first.text, members[index]!.text, from)),
      first.text.length,
    );
    const isCut = group.length > 1 && group.some((i) => !members[i]!.complete && members[i]!.text.length === to);
    if (isCut) for (const i of group) if (!members[i]!.complete && members[i]!.text.length === to) unfinished.add(i);
    const parts =
      group.length === 1 ? new Map<string, number[]>() : Map.groupBy(group, (i) => signAt(members[i]!.text, to));
    const children = parts.size > 1 ? [...parts.values()].map((part) => grow(part, to)) : [];
    return branch(
      members,
      group,
      group.map(() => from),
      group.map(() => to),
      null,
      children,
    );
  };
  const root = grow(
    members.map((_, i) => i),
    0,
  );
  return { root, unfinished: [...unfinished].sort((a, b) => a - b) };
}

const signAt = (text: string, at: number): string => String.fromCodePoint(text.codePointAt(at) ?? 0x10ffff);

/**
 * The same by steps: completions stay together while their next steps are the same or alike (`ALIKE` of core/traces/align.ts, against
 * the first of the branch), however they are worded. The last step of a text that is not complete may still grow and is left out.
 */
export function* branchesBySteps(members: readonly BranchMember[]): Generator<void, BranchTree> {
  const names = new StepNames();
  const sides: KeyedStep[][] = [];
  for (const { text, complete } of members) {
    const found = yield* keyedSteps(text, names);
    sides.push(complete ? found : found.slice(0, -1));
  }
  const weights = yield* weighAll(names, sides);
  const unfinished = new Set<number>();
  const alike = (a: KeyedStep, b: KeyedStep) => similarityOf(a, b, weights).similarity;
  let compared = 0;
  const grow = function* (group: readonly number[], depth: number): Generator<void, Branch> {
    let at = depth;
    let parts: number[][] = [];
    for (; ; at += 1) {
      compared += group.length;
      if (compared > COMPARED) {
        compared = 0;
        yield;
      }
      const ended = group.filter((i) => at >= sides[i]!.length);
      for (const i of ended) if (group.length > 1 && !members[i]!.complete) unfinished.add(i);
      parts = [];
      for (const i of group) {
        const step = sides[i]![at];
        const mate = parts.find(([other]) => {
          const its = sides[other!]![at];
          return step === undefined ? its === undefined : its !== undefined && alike(step, its) >= ALIKE;
        });
        if (mate) mate.push(i);
        else parts.push([i]);
      }
      if (parts.length > 1 || ended.length > 0) break;
    }
    const isLeaf = group.length === 1 || parts.length < 2;
    let nearest: number | null = null;
    if (!isLeaf)
      for (const [n, [a]] of parts.entries())
        for (const [b] of parts.slice(n + 1)) {
          const [x, y] = [sides[a!]![at], sides[b!]![at]];
          if (x && y) nearest = Math.max(nearest ?? 0, alike(x, y));
        }
    const children: Branch[] = [];
    if (!isLeaf) for (const part of parts) children.push(yield* grow(part, at));
    const place = (i: number, n: number) => (n === 0 ? 0 : (sides[i]![n]?.start ?? members[i]!.text.length));
    return branch(
      members,
      group,
      group.map((i) => place(i, depth)),
      group.map((i) => (isLeaf ? members[i]!.text.length : place(i, at))),
      nearest,
      children,
    );
  };
  const root = yield* grow(
    members.map((_, i) => i),
    0,
  );
  return { root, unfinished: [...unfinished].sort((a, b) => a - b) };
}

function branch(
  members: readonly BranchMember[],
  group: readonly number[],
  from: number[],
  to: number[],
  similarity: number | null,
  children: Branch[],
): Branch {
  const ends = { right: 0, wrong: 0, open: 0 };
  for (const i of group) ends[members[i]!.end] += 1;
  return { members: [...group], from, to, ends, similarity, children };
}

/** How long the beginning is that two completions of a tree have in common: for each pair, where their branches part, in the text of the first. */
export function pairPrefixes({ root }: BranchTree): number[][] {
  const found = root.members.map(() => root.members.map(() => 0));
  const walk = ({ members, to, children }: Branch): void => {
    for (const [k, a] of members.entries()) for (const b of members) found[a]![b] = to[k]!;
    for (const child of children) walk(child);
  };
  walk(root);
  return found;
}
