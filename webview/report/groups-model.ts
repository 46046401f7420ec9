/** The groups of a GRPO stage: its problems, the groups of the chosen one by step, one group, and the health of all by step. */
import type { GroupAtStep, GroupDetail, GroupHealth, ProblemGroups } from '../../core/protocol/groups.ts';
import type { EventBatch } from '../../core/protocol/methods.ts';
import type { Host } from '../host.ts';
import { Pulls } from '../ui/pulls.ts';
import { Store } from '../ui/store.ts';

export interface GroupsState {
  problems: ProblemGroups[];
  /** Problems in all. */
  total: number;
  health: GroupHealth[];
  problem: string | null;
  /** Of the problem, by step. */
  groups: GroupAtStep[];
  /** Groups of the problem beyond those listed. */
  more: number;
  /** Place of the group that is shown among `groups`. */
  at: number;
  group: GroupDetail | null;
  loaded: boolean;
  error: unknown;
}

const PROBLEMS = 100;
/** Most problems and steps that the page holds. */
const LIMIT = 20_000;

export class GroupsModel extends Store<GroupsState> {
  readonly #host: Host;
  readonly #place: { run: string; stage: string };
  readonly #pulls = new Pulls(() => this.#read());
  #text = '';
  #next: number | undefined;
  #asked = 0;

  constructor(host: Host, run: string, stage: string) {
    super({
      problems: [],
      total: 0,
      health: [],
      problem: null,
      groups: [],
      more: 0,
      at: 0,
      group: null,
      loaded: false,
      error: null,
    });
    this.#host = host;
    this.#place = { run, stage };
  }

  close(): void {
    this.#pulls.close();
  }

  /** Reads all; shows the problem and step asked for, else the problem that was sampled most often and its newest group. */
  async start(problem: string | undefined, step: number | undefined): Promise<void> {
    await this.#pulls.now();
    const most = this.value.problems.reduce<ProblemGroups | null>(
      (best, one) => (best && best.groups >= one.groups ? best : one),
      null,
    );
    const first = problem ?? most?.problem;
    if (first !== undefined) await this.choose(first, step);
  }

  /** Narrows the list of problems by words. */
  async search(text: string): Promise<void> {
    this.#text = text;
    await this.#guard(() => this.#readProblems(PROBLEMS));
  }

  /** The problem at `index` is in view: those up to there are read. */
  async look(index: number): Promise<void> {
    if (this.#next === undefined || index + PROBLEMS / 4 < this.value.problems.length) return;
    await this.#guard(() => this.#readProblems(Math.min(LIMIT, this.value.problems.length + PROBLEMS)));
  }

  async choose(problem: string, step?: number): Promise<void> {
    await this.#guard(async () => {
      const asked = (this.#asked += 1);
      const { groups, more } = await this.#host.call('groups/steps', { ...this.#place, problem });
      if (asked !== this.#asked || this.#pulls.closed) return;
      const at = step === undefined ? groups.length - 1 : nearest(groups, step);
      this.set({ problem, groups, more, at: Math.max(0, at) });
      await this.#readGroup();
    });
  }

  /** Shows another group of the problem. */
  async go(at: number): Promise<void> {
    const { groups } = this.value;
    if (groups.length === 0) return;
    this.set({ at: Math.max(0, Math.min(groups.length - 1, at)) });
    await this.#guard(() => this.#readGroup());
  }

  /** Shows the problem's group of `step`; where it has none a group of that step, or else its nearest one. */
  async goToStep(step: number): Promise<void> {
    const { groups } = this.value;
    if (groups.some((group) => group.step === step)) return this.go(nearest(groups, step));
    await this.#guard(async () => {
      const { rows } = await this.#host.call('traces/page', { filter: { ...this.#place, step }, limit: 1 });
      const found = rows[0];
      if (found) await this.choose(found.problem, step);
      else await this.go(nearest(groups, step));
    });
  }

  onEvents(batch: EventBatch): void {
    const { run, stage } = this.#place;
    if (!batch.stream.startsWith(`${run}/${stage}/`)) return;
    if (batch.events.some(({ type }) => type === 'trace_facts' || type === 'trace_end' || type === 'metrics'))
      this.#pulls.soon();
  }

  async retry(): Promise<void> {
    this.set({ error: null });
    await this.start(this.value.problem ?? undefined, this.value.groups[this.value.at]?.step);
  }

  async #read(): Promise<void> {
    await this.#guard(async () => {
      await this.#readHealth();
      await this.#readProblems(Math.max(PROBLEMS, this.value.problems.length));
      const { problem } = this.value;
      if (problem !== null) {
        const asked = this.#asked;
        const { groups, more } = await this.#host.call('groups/steps', { ...this.#place, problem });
        if (asked === this.#asked) {
          // The reader stays at the group where they are.
          const here = this.value.groups[this.value.at]?.group;
          const at = groups.findIndex(({ group }) => group === here);
          this.set({ groups, more, at: at < 0 ? Math.max(0, groups.length - 1) : at });
          const known = this.value.group?.members.every(
            ({ row, advantageLogged }) => row.reward !== null && advantageLogged !== null,
          );
          if (at < 0 || !known) await this.#readGroup();
        }
      }
      this.set({ loaded: true });
    });
  }

  async #readHealth(): Promise<void> {
    // The last two steps may have been incomplete.
    const kept = this.value.health.slice(0, -2);
    let stepFrom: number | undefined = kept.length > 0 ? kept.at(-1)!.step + 1 : 0;
    const health = [...kept];
    while (stepFrom !== undefined && health.length < LIMIT) {
      const page: { steps: GroupHealth[]; next?: number } = await this.#host.call('metrics/groups', {
        ...this.#place,
        stepFrom,
        limit: 500,
      });
      health.push(...page.steps);
      stepFrom = page.next;
    }
    if (!this.#pulls.closed) this.set({ health });
  }

  async #readProblems(wanted: number): Promise<void> {
    const text = this.#text;
    const problems: ProblemGroups[] = [];
    let cursor: number | undefined;
    let total = 0;
    do {
      const page: { problems: ProblemGroups[]; next?: number; total: number } = await this.#host.call(
        'groups/problems',
        {
          ...this.#place,
          limit: Math.min(1000, Math.max(1, wanted - problems.length)),
          ...(text ? { text } : {}),
          ...(cursor === undefined ? {} : { cursor }),
        },
      );
      problems.push(...page.problems);
      total = page.total;
      cursor = page.next;
    } while (cursor !== undefined && problems.length < wanted);
    if (this.#pulls.closed || text !== this.#text) return;
    this.#next = cursor;
    this.set({ problems, total });
  }

  async #readGroup(): Promise<void> {
    const { groups, at } = this.value;
    const wanted = groups[at];
    if (!wanted) return this.set({ group: null });
    const group = await this.#host.call('groups/get', { trace: wanted.trace });
    // The slider may have gone on.
    if (!this.#pulls.closed && this.value.groups[this.value.at]?.trace === wanted.trace) this.set({ group });
  }

  async #guard(work: () => Promise<void>): Promise<void> {
    try {
      await work();
      if (this.value.error !== null && !this.#pulls.closed) this.set({ error: null });
    } catch (error) {
      // What is shown stays; the banner says that the backend is gone.
      if (!this.#pulls.closed) this.set({ error });
    }
  }
}

function nearest(groups: readonly GroupAtStep[], step: number): number {
  let best = 0;
  for (const [i, group] of groups.entries()) {
    if (Math.abs(group.step - step) < Math.abs((groups[best]?.step ?? 0) - step)) best = i;
  }
  return best;
}
