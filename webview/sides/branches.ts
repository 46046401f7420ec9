/** The branches of a group: as much of the beginnings as it takes to part them, asked for in growing pieces. */
import {
  branchesBySteps,
  branchesByText,
  type Branch,
  type BranchEnd,
  type BranchMember,
  type BranchTree,
} from '../../core/traces/common-prefix.ts';
import type { TraceRow } from '../../core/protocol/traces.ts';
import type { Host } from '../host.ts';
import { Store } from '../ui/store.ts';

export type BranchKind = 'text' | 'steps';

export interface BranchesState {
  by: BranchKind;
  rows: readonly TraceRow[];
  tree: BranchTree | null;
  /** Beginnings as far as they were read. */
  texts: readonly string[];
  reading: boolean;
  error: unknown;
  /** Completions beyond the limit, and those that still went together where reading ended. */
  more: number;
  undivided: number;
}

/** Completions of a group that are read. */
export const BRANCH_MEMBERS = 64;
/** UTF-16 units of a beginning: asked for first, and read at most. */
const FIRST = 6 * 1024;
const MOST = 512 * 1024;
/** Milliseconds of a slice. */
const SLICE = 12;

const nothing: BranchesState = {
  ...{ by: 'text', rows: [], tree: null, texts: [] },
  ...{ reading: false, error: null, more: 0, undivided: 0 },
};

const endOf = ({ verdict, live }: TraceRow): BranchEnd =>
  !live && (verdict === 'right' || verdict === 'wrong') ? verdict : 'open';

export class Branches extends Store<BranchesState> {
  readonly #host: Host;
  #begun = 0;

  constructor(host: Host) {
    super(nothing);
    this.#host = host;
  }

  /** Reads the beginnings of these completions until all of them have parted, or all there is to read of them is read. */
  async read(all: readonly TraceRow[], by: BranchKind): Promise<void> {
    const begun = (this.#begun += 1);
    const rows = all.slice(0, BRANCH_MEMBERS);
    const more = all.length - rows.length;
    this.set({ ...nothing, by, rows, more, reading: rows.length > 0 });
    if (rows.length === 0) return;
    const members: BranchMember[] = rows.map((row) => ({ text: '', complete: false, end: endOf(row) }));
    try {
      let wanted = rows.map((_, i) => i);
      for (let size = FIRST; wanted.length > 0; size *= 2) {
        const till = Math.min(size, MOST);
        await Promise.all(wanted.map((i) => this.#fetch(rows[i]!, members[i]!, till)));
        if (begun !== this.#begun) return;
        const tree = await this.#tree(members, by, begun);
        if (!tree) return;
        wanted = till < MOST ? tree.unfinished : [];
        const undivided = tree.unfinished.length;
        this.set({ tree, texts: members.map(({ text }) => text), reading: wanted.length > 0, undivided });
      }
    } catch (error) {
      if (begun === this.#begun) this.set({ error, reading: false });
    }
  }

  async #fetch(row: TraceRow, member: BranchMember, till: number): Promise<void> {
    while (!member.complete && member.text.length < till) {
      const start = member.text.length;
      const slice = await this.#host.call('traces/slice', { trace: row.trace, in: 'completion', start, end: till });
      member.text += slice.text;
      member.complete = member.text.length >= slice.length && !slice.live;
      // One that is being written may have nothing more yet.
      if (slice.text === '') return;
    }
  }

  async #tree(members: readonly BranchMember[], by: BranchKind, begun: number): Promise<BranchTree | null> {
    if (by === 'text') return branchesByText(members);
    const work = branchesBySteps(members);
    for (;;) {
      const until = performance.now() + SLICE;
      let step = work.next();
      while (!step.done && performance.now() < until) step = work.next();
      if (step.done) return step.value;
      await new Promise((resolve) => setTimeout(resolve));
      if (begun !== this.#begun) return null;
    }
  }
}

/** One line of the tree: a place where some part, or completions that have parted from all others. */
export interface BranchLine {
  branch: Branch;
  /** Depth from 1, place among its siblings from 1, and how many they are. */
  level: number;
  at: number;
  of: number;
  path: string;
}

/** The lines of a tree, without those under a closed one. */
export function linesOf(tree: BranchTree, closed: ReadonlySet<string>): BranchLine[] {
  const found: BranchLine[] = [];
  const walk = (branch: Branch, level: number, at: number, of: number, path: string): void => {
    found.push({ branch, level, at, of, path });
    if (closed.has(path)) return;
    for (const [n, child] of branch.children.entries())
      walk(child, level + 1, n + 1, branch.children.length, `${path}.${n}`);
  };
  walk(tree.root, 1, 1, 1, '0');
  return found;
}

/** Two completions that say what a parting means: a right one of one branch and a wrong one of another, where there are such. */
export function exemplars({ children }: Branch, rows: readonly TraceRow[]): readonly [number, number] | null {
  const [first, second] = children;
  if (!first || !second) return null;
  const pick = (branch: Branch, end: BranchEnd) => branch.members.find((i) => endOf(rows[i]!) === end);
  for (const a of children)
    for (const b of children) {
      if (a === b) continue;
      const [right, wrong] = [pick(a, 'right'), pick(b, 'wrong')];
      if (right !== undefined && wrong !== undefined) return [right, wrong];
    }
  return [first.members[0]!, second.members[0]!];
}
