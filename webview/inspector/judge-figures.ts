/** What the service says of judge and detector over the open trace, its stage or its run. */
import type { Params, Result } from '../../core/protocol/methods.ts';
import type { Host } from '../host.ts';
import { Store } from '../ui/store.ts';

export type Scope = 'trace' | 'stage' | 'run';
type Answer = Result<'judge/agreement'>;

export interface JudgeFiguresState {
  scope: Scope;
  /** Of the judge that was asked for; null: not known yet. */
  answer: Answer | null;
  /** Name and version of the judge that is shown; null: the one that spoke last. */
  judge: { name: string; version: string } | null;
  error: unknown;
}

export class JudgeFigures extends Store<JudgeFiguresState> {
  readonly #host: Host;
  #asked = 0;
  #trace: string | null = null;
  #isJudged = false;

  constructor(host: Host) {
    super({ scope: 'trace', answer: null, judge: null, error: null });
    this.#host = host;
  }

  /**
   * `isJudged`: a judge has a layer of the trace; of one that was not judged the run is asked for. What is known of a run or stage
   * stays while the trace changes within it.
   */
  of(trace: string | null, isJudged: boolean): void {
    const before = this.#params();
    this.#trace = trace;
    this.#isJudged = isJudged;
    if (JSON.stringify(this.#params()) !== JSON.stringify(before)) void this.#ask();
  }

  choose(change: Partial<Pick<JudgeFiguresState, 'scope' | 'judge'>>): void {
    this.set({ ...change, answer: null });
    void this.#ask();
  }

  /** The run was judged on. */
  again(): void {
    void this.#ask();
  }

  close(): void {
    this.#asked += 1;
  }

  #params(): Params<'judge/agreement'> | null {
    const [run = '', stage = ''] = this.#trace?.split('/') ?? [];
    if (this.#trace === null) return null;
    const { judge } = this.value;
    const scope = this.value.scope === 'trace' && !this.#isJudged ? 'run' : this.value.scope;
    return {
      run,
      ...(scope === 'trace' && { trace: this.#trace }),
      ...(scope === 'stage' && { stage }),
      ...(judge && { judge }),
    };
  }

  async #ask(): Promise<void> {
    const asked = (this.#asked += 1);
    const params = this.#params();
    if (!params) return this.set({ answer: null, error: null });
    try {
      for (;;) {
        const answer = await this.#host.call('judge/agreement', params);
        if (asked !== this.#asked) return;
        this.set({ answer, error: null });
        if (!answer.agreement?.waiting) return;
      }
    } catch (error) {
      if (asked === this.#asked) this.set({ error });
    }
  }
}
