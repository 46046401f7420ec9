/** A re-score as a preview: asked for with each change of the rules, worked out piece by piece, applied when the reader says so. */
import type {
  AppliedRescore,
  RescoreChange,
  RescoreChecker,
  RescorePreview,
  RescoreWish,
} from '../../core/protocol/audit.ts';
import type { VerdictValue } from '../../core/protocol/events.ts';
import type { EventBatch } from '../../core/protocol/methods.ts';
import type { Host } from '../host.ts';
import { Store } from '../ui/store.ts';
import type { Scope } from './audit-model.ts';
import { policyWith } from './audit-words.ts';

export interface RescoreState {
  checker: RescoreChecker;
  /** Switches that differ from the default, by name. */
  chosen: Readonly<Record<string, string>>;
  over: readonly VerdictValue[] | null;
  preview: RescorePreview | null;
  changes: RescoreChange[];
  running: boolean;
  cancelled: boolean;
  applying: boolean;
  applied: AppliedRescore[];
  said: string;
  error: unknown;
}

const PAGE = 200;
const MOST = 5000;

export class Rescoring extends Store<RescoreState> {
  readonly #host: Host;
  #scope: Scope = { filter: {} };
  #asked = 0;
  #busy = false;
  #next: number | undefined;

  constructor(host: Host) {
    super({
      checker: 'quick',
      chosen: {},
      over: null,
      preview: null,
      changes: [],
      running: false,
      cancelled: false,
      applying: false,
      applied: [],
      said: '',
      error: null,
    });
    this.#host = host;
  }

  get #wish(): RescoreWish {
    const { chosen, over, checker } = this.value;
    return {
      ...this.#scope,
      policy: checker === 'quick' ? policyWith(chosen) : 'default',
      ...(checker === 'engine' && { checker }),
      ...(over && { over: [...over] }),
    };
  }

  /** Works the preview out for these traces. */
  async show(scope: Scope): Promise<void> {
    this.#scope = scope;
    void this.#readApplied();
    await this.#run();
  }

  async choose(change: Partial<Pick<RescoreState, 'chosen' | 'over' | 'checker'>>): Promise<void> {
    this.set({ ...change, said: '' });
    await this.#run();
  }

  /** Stops the work; what is whole already stays. */
  cancel(): void {
    this.#asked += 1;
    this.set({ running: false, cancelled: true });
  }

  async again(): Promise<void> {
    await this.#run();
  }

  async #run(): Promise<void> {
    const asked = (this.#asked += 1);
    if (this.#scope.filter.run === undefined) return;
    this.#busy = true;
    this.set({ running: true, cancelled: false, error: null });
    const wish = this.#wish;
    try {
      for (;;) {
        const preview = await this.#host.call('audit/rescore', { ...wish, limit: PAGE });
        if (asked !== this.#asked) return;
        const whole = preview.waiting === 0;
        // Changes are listed when all are known: nothing moves while they are read.
        if (whole) this.#next = preview.next;
        this.set({ preview, running: !whole, ...(whole ? { changes: preview.changes } : {}) });
        if (whole) return;
      }
    } catch (error) {
      if (asked === this.#asked) this.set({ error, running: false });
    } finally {
      if (asked === this.#asked) this.#busy = false;
    }
  }

  /** The last row in view: changes up to there are read. */
  look(last: number): void {
    const { changes } = this.value;
    if (this.#busy || this.#next === undefined || last + PAGE / 2 < changes.length || changes.length >= MOST) return;
    const asked = this.#asked;
    this.#busy = true;
    this.#host
      .call('audit/rescore', { ...this.#wish, cursor: this.#next, limit: PAGE })
      .then(
        (preview) => {
          if (asked !== this.#asked || preview.waiting > 0) return;
          this.#next = preview.next;
          this.set({ changes: [...this.value.changes, ...preview.changes] });
        },
        () => undefined,
      )
      .finally(() => {
        if (asked === this.#asked) this.#busy = false;
      });
  }

  async apply(): Promise<void> {
    const { preview } = this.value;
    if (!preview || preview.waiting > 0) return;
    await this.#change(async () => {
      const { changes } = await this.#host.call('audit/apply', { ...this.#wish, changes: preview.total });
      return changes === 1 ? 'One verdict counts anew.' : `${changes} verdicts count anew.`;
    });
  }

  async undo(rescore: number): Promise<void> {
    const run = this.#scope.filter.run!;
    await this.#change(async () => {
      const { changes } = await this.#host.call('audit/undo', { run, rescore });
      return changes === 1 ? 'One verdict is as it was.' : `${changes} verdicts are as they were.`;
    });
  }

  onEvents({ stream, events }: EventBatch): void {
    const { run } = this.#scope.filter;
    const ours = events.some(
      (event) => (event.type === 'rescored' || event.type === 'rescore_undone') && event.run === run,
    );
    if (stream === 'journal' && ours && !this.value.applying) void this.show(this.#scope);
  }

  async #change(work: () => Promise<string>): Promise<void> {
    this.set({ applying: true, error: null });
    try {
      this.set({ said: await work() });
      await Promise.all([this.#readApplied(), this.#run()]);
    } catch (error) {
      this.set({ error });
    } finally {
      this.set({ applying: false });
    }
  }

  async #readApplied(): Promise<void> {
    const { run } = this.#scope.filter;
    if (run === undefined) return;
    const { rescores } = await this.#host.call('audit/rescores', { run }).catch(() => ({ rescores: [] }));
    this.set({ applied: rescores });
  }
}
