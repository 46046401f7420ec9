/**
 * Re-scores by the engine's checker: the answers of a run go to Math-Verify in its pool, their verdicts to the store, which makes the
 * preview of them. Goes on as long as somebody asks, and with what is missing when somebody asks again.
 */
import type { Params, Result } from '../../core/protocol/methods.ts';
import type { RescoreWish } from '../../core/protocol/audit.ts';
import { LonghandError } from '../../core/protocol/errors.ts';
import type { VerdictValue } from '../../core/protocol/events.ts';
import { EngineGrader } from '../engine-grader.ts';
import type { EngineFinder } from '../engine.ts';
import type { TraceStore } from '../store/trace-store.ts';

/** Milliseconds after which work that nobody asks for ends, and that an answer may take. */
const PATIENCE_MS = 10_000;
const ANSWER_MS = 400;
/** Verdicts that go to the store at once. */
const BATCH = 200;

interface Work {
  key: string;
  done: number;
  all: number;
  asked: number;
  error: unknown;
  ended: boolean;
  finished: Promise<void>;
}

export class EngineRescores {
  readonly #store: TraceStore;
  readonly #engines: EngineFinder;
  /** One at a time: it takes all cores. */
  #work: Work | null = null;

  constructor(store: TraceStore, engines: EngineFinder) {
    this.#store = store;
    this.#engines = engines;
  }

  /** Answers `audit/rescore` for the engine's checker. @throws `engine_missing`, and what the preview throws */
  async preview(params: Params<'audit/rescore'>): Promise<Result<'audit/rescore'>> {
    if (params.policy !== 'default')
      throw new LonghandError('invalid_params', 'Math-Verify has no switches: the policy is `default`.');
    if (params.filter.run === undefined)
      throw new LonghandError('invalid_params', 'A re-score is of one run: name it in the filter.');
    const { cursor: _cursor, limit: _limit, ...wish } = params;
    const key = JSON.stringify(wish);
    for (;;) {
      const work = await this.#workOf(key, wish);
      if (!work) return this.#store.audit('audit/rescore', params);
      work.asked = Date.now();
      await Promise.race([work.finished, new Promise((resolve) => setTimeout(resolve, ANSWER_MS).unref())]);
      if (!work.ended) return begunPreview(params, Math.max(1, work.all - work.done), work.done);
      this.#work = null;
      if (work.error !== null) throw work.error;
      // Work that nobody had asked for in a while has ended before its time: what is missing is judged now.
      if (work.done === 0) throw new LonghandError('engine_broken', 'The checker gave no verdict.');
    }
  }

  async #workOf(key: string, wish: RescoreWish): Promise<Work | null> {
    if (this.#work?.key === key) return this.#work;
    const { left } = await this.#store.rescoreRows(wish, -1, true);
    if (left === 0) return null;
    if (this.#work && !this.#work.ended) {
      // Another one: what is under way ends with what it has.
      this.#work.asked = 0;
      await this.#work.finished;
    }
    const work: Work = {
      key,
      done: 0,
      all: left,
      asked: Date.now(),
      error: null,
      ended: false,
      finished: Promise.resolve(),
    };
    work.finished = this.#judge(work, wish)
      .catch((error: unknown) => {
        work.error = error;
      })
      .finally(() => {
        work.ended = true;
      });
    this.#work = work;
    return work;
  }

  async #judge(work: Work, wish: RescoreWish): Promise<void> {
    const store = this.#store;
    const grader = new EngineGrader(await this.#engines.find(), []);
    async function* rows(): AsyncGenerator<{ line: string; id: number }> {
      let n = 0;
      for (let after = -1; ;) {
        const page = await store.rescoreRows(wish, after, false);
        for (const { id, gold, answer } of page.rows) {
          // Beyond what was counted a preview does not look.
          if (Date.now() - work.asked > PATIENCE_MS || (n += 1) > work.all) return;
          yield { line: JSON.stringify({ id, pred: answer, gold }), id };
        }
        const last = page.rows.at(-1);
        if (!last) return;
        after = last.id;
      }
    }
    let batch: [number, VerdictValue][] = [];
    const names = new Set<string>();
    const flush = async (): Promise<void> => {
      if (batch.length > 0) await store.giveVerdicts(wish.filter.run ?? '', [...names], batch);
      batch = [];
    };
    for await (const { own, line } of grader.judge(rows(), ({ id }) => ({ id, problem: null }))) {
      if (!line) continue;
      names.add(`${line.checker} ${line.version}`);
      batch.push([own.id, line.verdict === null ? 'undecided' : line.verdict ? 'right' : 'wrong']);
      work.done += 1;
      if (batch.length >= BATCH) await flush();
    }
    await flush();
    const trouble = await grader.end();
    if (trouble !== null) throw new LonghandError('engine_broken', trouble);
  }
}

/** A preview of which nothing is known yet but how many traces wait. */
export function begunPreview(
  { checker = 'quick', policy }: RescoreWish,
  waiting: number,
  done = 0,
): Result<'audit/rescore'> {
  return {
    ...{ checker, version: '', policy, done, waiting, beyond: 0 },
    ...{ moves: [], kept: { undecided: 0, reader: 0 }, sets: [], moreSets: 0, changes: [], total: 0 },
  };
}
