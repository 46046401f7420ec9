/** The judging of a root: at most one job a run, what jobs left behind, and the kept answers. */
import * as z from 'zod';
import { LonghandError } from '../../core/protocol/errors.ts';
import type { JudgeEndpoint, JudgeEstimate, JudgeJob, JudgeKey, JudgeSelection } from '../../core/protocol/judge.ts';
import { readJson, writeJson } from '../json-files.ts';
import type { Logger } from '../log.ts';
import type { TraceStore } from '../store/trace-store.ts';
import { AnswerCache } from './cache.ts';
import { checkedKey, checkedUrl, Endpoint } from './endpoint.ts';
import { estimate } from './estimate.ts';
import { Job } from './job.ts';
import { judgeOf, type Judge } from './question-source.ts';
import { JudgedRecords, jobPath } from './records.ts';

export const CONCURRENCY = 4;
export const MAX_TOKENS = 4096;
/** How often a job's file is brought up to date. */
const SAVE_MS = 5000;
/** Ended jobs that are kept in memory; their files have them too. */
const KEPT = 50;

/** A job's file, as far as it must be whole to be shown. */
const jobFileSchema = z.looseObject({ v: z.literal(1), run: z.string(), state: z.string(), started: z.number() });

type Settings = JudgeEndpoint & { concurrency: number; maxTokens: number };

interface Running {
  job: Job;
  ended: Promise<void>;
}

export class Judges {
  readonly #store: TraceStore;
  readonly #log: Logger;
  readonly #env: NodeJS.ProcessEnv;
  readonly #running = new Map<string, Running>();
  readonly #last = new Map<string, JudgeJob>();
  #cache: Promise<AnswerCache> | null = null;
  #closed = false;

  constructor(store: TraceStore, log: Logger, env: NodeJS.ProcessEnv = process.env) {
    this.#store = store;
    this.#log = log;
    this.#env = env;
  }

  get isBusy(): boolean {
    return this.#running.size > 0;
  }

  async estimate(endpoint: JudgeEndpoint, selection: JudgeSelection): Promise<JudgeEstimate> {
    const { settings, judge } = completed(endpoint);
    await this.#store.run(selection.run);
    const records = new JudgedRecords(this.#store.root, selection.run).refresh();
    return estimate({ store: this.#store, cache: await this.#answers(), records }, judge, settings, selection);
  }

  /** @throws `already_running`, `invalid_params`, `not_found` */
  async start(endpoint: JudgeEndpoint, selection: JudgeSelection, given: JudgeKey | undefined): Promise<JudgeJob> {
    const { run } = selection;
    const { settings, judge } = completed(endpoint);
    const key = this.#keyOf(given);
    await this.#store.run(run);
    const cache = await this.#answers();
    if (this.#closed) throw new LonghandError('cancelled', 'The backend is ending.');
    for (let going = this.#running.get(run); going; going = this.#running.get(run)) {
      if (going.job.isGoing) throw new LonghandError('already_running', `${run} is being judged already.`);
      await going.ended;
    }
    const { url, model, maxTokens } = judge;
    const asked = new Endpoint({ url, model, maxTokens, key, onRetry: (why) => job.noteRetry(why) });
    const records = new JudgedRecords(this.#store.root, run).refresh();
    const job: Job = new Job({ store: this.#store, cache, records, endpoint: asked, judge, settings, selection });
    this.#running.set(run, { job, ended: this.#watch(job) });
    return structuredClone(job.status);
  }

  async status(run: string): Promise<JudgeJob | null> {
    await this.#store.run(run);
    const known = this.#running.get(run)?.job.status ?? this.#last.get(run);
    if (known) return structuredClone(known);
    const file = await readJson(jobPath(this.#store.root, run), jobFileSchema);
    if (!file) return null;
    const { v: _v, ...job } = file as unknown as JudgeJob & { v: 1 };
    return job.state === 'running' || job.state === 'stopping'
      ? { ...job, state: 'interrupted', secondsLeft: null }
      : job;
  }

  /** Resolves when nothing of the run is asked any more. False: nothing was. */
  async stop(run: string): Promise<boolean> {
    const running = this.#running.get(run);
    running?.job.stop();
    await running?.ended;
    return running !== undefined;
  }

  /** For a run that is deleted. */
  async forget(run: string): Promise<void> {
    await this.stop(run);
    this.#last.delete(run);
  }

  /** What runs is interrupted: its files say so to the next service. */
  async close(): Promise<void> {
    this.#closed = true;
    for (const { job } of this.#running.values()) job.stop();
    await Promise.all([...this.#running.values()].map(({ ended }) => ended));
    (await this.#cache)?.close();
  }

  async #watch(job: Job): Promise<void> {
    const { status } = job;
    const { run, endpoint } = status;
    this.#log.info({ run, url: endpoint.url, model: endpoint.model }, 'judging starts');
    let saved = this.#save(status);
    const timer = setInterval(() => {
      saved = saved.then(() => this.#save(status));
    }, SAVE_MS);
    await job.run();
    clearInterval(timer);
    // An earlier write must not come after the last one, nor after the run was deleted.
    await saved;
    if (!this.#closed) await this.#save(status);
    await this.#journal(status);
    this.#running.delete(run);
    this.#last.delete(run);
    this.#last.set(run, structuredClone(status));
    for (const oldest of this.#last.keys()) {
      if (this.#last.size <= KEPT) break;
      this.#last.delete(oldest);
    }
    const { state, traces, stretches, message } = status;
    this.#log.info({ run, state, traces, stretches, ...(state === 'failed' && { message }) }, 'judging ends');
  }

  /** So that who looks at the run reads its layers again. */
  async #journal({ run, endpoint: { url, model }, prompt, traces }: JudgeJob): Promise<void> {
    const said = traces.judged - traces.before;
    if (said === 0) return;
    try {
      await this.#store.appendJournal({ type: 'run_judged', run, url, model, prompt, traces: said });
    } catch (error) {
      this.#log.warn({ run, error: String(error) }, 'the judging cannot be journalled');
    }
  }

  /** Never throws: the file is for the next service alone. */
  async #save(status: JudgeJob): Promise<void> {
    const path = jobPath(this.#store.root, status.run);
    try {
      await writeJson(path, { v: 1, ...status }, 0o600);
    } catch (error) {
      this.#log.warn({ run: status.run, error: String(error) }, 'the job of a judge cannot be written');
    }
  }

  #answers(): Promise<AnswerCache> {
    this.#cache ??= AnswerCache.open(this.#store.root).catch((error: unknown) => {
      this.#cache = null;
      throw error;
    });
    return this.#cache;
  }

  #keyOf(given: JudgeKey | undefined): string | null {
    if (given === undefined) return null;
    if ('value' in given) return checkedKey(given.value);
    const value = this.#env[given.env];
    if (value === undefined || value === '')
      throw new LonghandError(
        'invalid_params',
        `The backend's environment has no variable ${given.env}. Set it and restart the backend, or name another one.`,
      );
    return checkedKey(value);
  }
}

function completed(endpoint: JudgeEndpoint): { settings: Settings; judge: Judge } {
  const settings = {
    ...endpoint,
    url: checkedUrl(endpoint.url),
    concurrency: endpoint.concurrency ?? CONCURRENCY,
    maxTokens: endpoint.maxTokens ?? MAX_TOKENS,
  };
  const { url, model, maxTokens } = settings;
  return { settings, judge: judgeOf({ url, model, maxTokens }) };
}
