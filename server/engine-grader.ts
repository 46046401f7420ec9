/** The engine's checker as a filter: rows go in, verdicts come out in their order, and only a bounded number is under way. */
import { spawn, type ChildProcess } from 'node:child_process';
import { createInterface } from 'node:readline';
import type { FoundAnswer } from '../core/protocol/events.ts';
import { engineEnvironment, type Engine } from './engine.ts';

/** What the checker says of one row. */
export interface Judged {
  verdict: boolean | null;
  checker: string;
  version: string;
  extracted: FoundAnswer | null;
  reason: string | null;
}

/** Rows that were read and have no verdict yet. */
const UNDER_WAY = 2_048;

/** Wakes everybody who waits for a change; each looks for itself whether it was theirs. */
class Signal {
  #waiting: (() => void)[] = [];

  wait(): Promise<void> {
    return new Promise((resolve) => this.#waiting.push(resolve));
  }

  fire(): void {
    const woken = this.#waiting;
    this.#waiting = [];
    for (const wake of woken) wake();
  }
}

export class EngineGrader {
  readonly #child: ChildProcess & { stdin: NodeJS.WritableStream; stdout: NodeJS.ReadableStream };
  readonly #exited: Promise<number>;
  readonly #changed = new Signal();
  #isFull = false;
  #hasEnded = false;
  #left = 0;

  constructor(engine: Engine, options: readonly string[]) {
    this.#child = spawn(engine.python, ['-m', 'longhand_engine.checker.grade', ...options], {
      stdio: ['pipe', 'pipe', 'inherit'],
      env: engineEnvironment(),
    });
    this.#exited = new Promise((resolve) => {
      this.#child.once('error', () => resolve(-1));
      this.#child.once('close', (code) => resolve(code ?? 1));
    });
    void this.#exited.then(() => {
      this.#hasEnded = true;
      this.#changed.fire();
    });
    this.#child.stdin.on('drain', () => {
      this.#isFull = false;
      this.#changed.fire();
    });
    // A checker that died says so by its exit code.
    this.#child.stdin.on('error', () => undefined);
  }

  /**
   * For each row what `own` makes of it and the checker's verdict, in order; a row that has a `problem` is not asked about, and gets null.
   * Ends early when the checker does.
   */
  async *judge<R extends { line: string }, O extends { problem: string | null }>(
    rows: AsyncIterable<R>,
    own: (row: R) => O,
  ): AsyncGenerator<{ own: O; line: Judged | null }> {
    const waiting: O[] = [];
    const state: { fed: boolean; failed: unknown } = { fed: false, failed: null };
    const feed = async () => {
      for await (const row of rows) {
        const opinion = own(row);
        if (opinion.problem === null) this.#isFull = !this.#child.stdin.write(`${row.line}\n`);
        waiting.push(opinion);
        this.#changed.fire();
        while ((this.#isFull || waiting.length >= UNDER_WAY) && !this.#hasEnded) await this.#changed.wait();
        if (this.#hasEnded) break;
      }
      this.#child.stdin.end();
    };
    void feed()
      .catch((error: unknown) => (state.failed = error))
      .finally(() => {
        state.fed = true;
        this.#changed.fire();
      });
    const verdicts = createInterface({ input: this.#child.stdout })[Symbol.asyncIterator]();
    for (;;) {
      while (waiting.length === 0 && !state.fed) await this.#changed.wait();
      const next = waiting[0];
      if (!next) break;
      let line: Judged | null = null;
      if (next.problem === null) {
        const said = await verdicts.next();
        if (said.done) break;
        line = JSON.parse(said.value) as Judged;
      }
      waiting.shift();
      this.#changed.fire();
      yield { own: next, line };
    }
    this.#left = waiting.length;
    if (state.failed !== null) throw state.failed;
  }

  /** Null when all went well, otherwise what did not. */
  async end(): Promise<string | null> {
    const code = await this.#exited;
    if (code === 0 && this.#left === 0) return null;
    return `the checker ended with code ${code}; ${this.#left} rows that were read have no verdict. With --quick the quick check decides alone.`;
  }
}
