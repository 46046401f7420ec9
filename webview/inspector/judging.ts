/** A reader's verdicts from this page, and what undoes them. What counts is on disk before the page shows it. */
import type { AnswerCandidate, TraceAnswers } from '../../core/protocol/audit.ts';
import type { GivenVerdict } from '../../core/protocol/files.ts';
import type { Host } from '../host.ts';
import { say } from '../ui/say.ts';
import { Store } from '../ui/store.ts';

export interface JudgingState {
  /** What decided over the answer of the open trace; null: not read (yet). */
  answers: TraceAnswers | null;
  /** A word that is on its way. */
  saving: boolean;
  /** How many words can be taken back. */
  undo: number;
  error: unknown;
}

/** Most words that can be undone. */
const UNDO_LIMIT = 200;
const words: Record<GivenVerdict, string> = { right: 'right', wrong: 'wrong', undecided: 'undecided' };

export class Judging extends Store<JudgingState> {
  readonly #host: Host;
  readonly #undo: { trace: string; verdict: GivenVerdict | null }[] = [];
  #wanted: string | null = null;
  #shown: { trace: string; at: number } | null = null;

  constructor(host: Host) {
    super({ answers: null, saving: false, undo: 0, error: null });
    this.#host = host;
  }

  /** Reads what decided over the answer of a trace. What is shown of it already stays until then. */
  async read(trace: string | null): Promise<void> {
    this.#wanted = trace;
    if (this.value.answers?.trace !== trace) this.set({ answers: null });
    if (trace === null) return;
    const answers = await this.#host.call('traces/answers', { trace }).catch(() => null);
    if (this.#wanted === trace && answers) this.set({ answers });
  }

  /** The next candidate of the open trace from the one shown last, round and round; null: there is none. */
  next(by: 1 | -1): AnswerCandidate | null {
    const { answers } = this.value;
    const found = answers?.candidates ?? [];
    if (found.length === 0) return null;
    // The first key shows the one that counts.
    const counting = found.findLastIndex(({ extracted }) => extracted);
    const from =
      this.#shown?.trace === answers?.trace ? this.#shown!.at : (counting < 0 ? found.length : counting) - by;
    const at = (from + by + found.length) % found.length;
    this.#shown = { trace: answers!.trace, at };
    return found[at]!;
  }

  async judge(trace: string, verdict: GivenVerdict | null): Promise<void> {
    const before = await this.#say(trace, verdict);
    if (before === undefined || before === verdict) return;
    this.#undo.push({ trace, verdict: before });
    if (this.#undo.length > UNDO_LIMIT) this.#undo.shift();
    this.set({ undo: this.#undo.length });
  }

  /** Takes back the last word from this page. Resolves to its trace, or null: there is none. */
  async undo(): Promise<string | null> {
    const last = this.#undo.pop();
    this.set({ undo: this.#undo.length });
    if (!last) return null;
    const done = await this.#say(last.trace, last.verdict, 'Undone. ');
    if (done === undefined) {
      this.#undo.push(last);
      this.set({ undo: this.#undo.length });
      return null;
    }
    return last.trace;
  }

  /** The reader's word before, or undefined: it could not be said. */
  async #say(trace: string, verdict: GivenVerdict | null, what = ''): Promise<GivenVerdict | null | undefined> {
    this.set({ saving: true, error: null });
    try {
      const { before } = await this.#host.call('traces/judge', { trace, verdict });
      this.set({ saving: false });
      say('verdict', `${what}${verdict === null ? 'Your verdict is taken back.' : `You say ${words[verdict]}.`}`);
      return before;
    } catch (error) {
      this.set({ saving: false, error });
      return undefined;
    }
  }
}
