/**
 * One job: asks about every stretch of the chosen traces, a few at a time, and writes a record for each trace whose stretches were
 * all answered. Every answer is kept in the cache before anything is made of it, so a job that is stopped or killed goes on where it
 * was when the same is asked for again.
 */
import { parseAnswer } from '../../core/judge/answer.ts';
import { costOf, answerTokens, questionTokens } from '../../core/judge/cost.ts';
import type { AnswerLabel } from '../../core/judge/definitions.ts';
import { judgedSpans, judgedStretches } from '../../core/judge/spans.ts';
import { mergeJudgements } from '../../core/judge/stretches.ts';
import { LonghandError } from '../../core/protocol/errors.ts';
import type { JudgeEndpoint, JudgeJob, JudgeSelection } from '../../core/protocol/judge.ts';
import type { TraceStore } from '../store/trace-store.ts';
import type { AnswerCache } from './cache.ts';
import { chooseTraces } from './choose.ts';
import { EndpointError, type Answered, type Endpoint } from './endpoint.ts';
import { isJudged } from './estimate.ts';
import { questionsOf, type Judge, type TraceQuestions } from './question-source.ts';
import { appendJudged, type JudgedRecords } from './records.ts';

/** So many questions given up one after another, and the job ends. */
const FAILURES = 5;
const FAULTS = 10;

export interface JobOptions {
  store: Pick<TraceStore, 'read' | 'sliced' | 'root'>;
  cache: AnswerCache;
  records: JudgedRecords;
  endpoint: Endpoint;
  judge: Judge;
  settings: JudgeEndpoint & { concurrency: number };
  selection: JudgeSelection;
}

/** A trace whose stretches are being asked about. */
interface Work extends TraceQuestions {
  judged: ReadonlyMap<number, AnswerLabel[]>[];
  left: number;
  failed: boolean;
}

export class Job {
  readonly status: JudgeJob;
  readonly #options: JobOptions;
  readonly #stop = new AbortController();
  #failures = 0;
  /** Time and number of the questions that were sent, for the time that is left. */
  #sent = 0;
  #began = 0;
  /** Of all chosen traces: UTF-16 units, and those that are done. */
  #units = { all: 0, done: 0, before: 0 };

  constructor(options: JobOptions) {
    this.#options = options;
    const { settings, selection, judge, cache } = options;
    this.status = {
      run: selection.run,
      state: 'running',
      endpoint: settings,
      prompt: judge.prompt,
      selection,
      started: Date.now(),
      ended: null,
      traces: { chosen: 0, judged: 0, before: 0, incomplete: 0, unreadable: 0 },
      stretches: { answered: 0, cached: 0, failed: 0 },
      steps: { judged: 0, unparsed: 0 },
      twice: { steps: 0, same: 0 },
      tokens: { input: 0, output: 0, estimated: false },
      cost: settings.price ? 0 : null,
      retries: 0,
      secondsLeft: null,
      message: null,
      faults: [],
      cache: { bytes: cache.bytes, limit: cache.limit },
    };
  }

  /** False: it has ended, and is being written down at most. */
  get isGoing(): boolean {
    return this.status.state === 'running' || this.status.state === 'stopping';
  }

  stop(): void {
    if (this.status.state !== 'running') return;
    this.status.state = 'stopping';
    this.#stop.abort(new LonghandError('cancelled', 'The judging was stopped.'));
  }

  noteRetry(why: string): void {
    this.status.retries += 1;
    this.status.message = why;
  }

  /** Resolves when the job has ended in whatever way; `status` says in which. */
  async run(): Promise<void> {
    const { status } = this;
    try {
      await this.#judgeAll();
      status.state = 'done';
    } catch (error) {
      const stopped = LonghandError.is(error, 'cancelled');
      status.state = stopped ? 'stopped' : 'failed';
      if (!stopped) status.message = error instanceof Error ? error.message : String(error);
    }
    status.ended = Date.now();
    status.secondsLeft = null;
    status.cache.bytes = this.#options.cache.bytes;
  }

  async #judgeAll(): Promise<void> {
    const { store, selection, settings } = this.#options;
    const { chosen } = await chooseTraces(store, selection);
    this.status.traces.chosen = chosen.length;
    this.#units.all = chosen.reduce((sum, { length }) => sum + length, 0);
    this.#began = Date.now();
    const next = this.#questions(chosen);
    const worker = async (): Promise<void> => {
      for (;;) {
        const { done, value } = await next.next();
        if (done) return;
        await this.#answer(value.work, value.index);
      }
    };
    const workers = Array.from({ length: settings.concurrency }, async () => {
      try {
        await worker();
      } catch (error) {
        // The others end too, and the first reason is the job's.
        this.#stop.abort(error);
        throw error;
      }
    });
    await Promise.allSettled(workers);
    this.#stop.signal.throwIfAborted();
  }

  /** The stretches of the traces that are still to be judged, one trace after the other. */
  async *#questions(
    chosen: readonly { trace: string; length: number }[],
  ): AsyncGenerator<{ work: Work; index: number }, void> {
    const { store, records, judge, selection } = this.#options;
    const { traces } = this.status;
    for (const { trace, length } of chosen) {
      this.#stop.signal.throwIfAborted();
      if (selection.again !== true && isJudged(records, trace, judge, length)) {
        traces.before += 1;
        traces.judged += 1;
        this.#units.before += length;
        continue;
      }
      let questions: TraceQuestions;
      try {
        questions = await questionsOf(store, trace, judge);
      } catch (error) {
        if (!LonghandError.is(error, 'corrupt') && !LonghandError.is(error, 'not_found')) throw error;
        traces.unreadable += 1;
        this.status.message = error.message;
        continue;
      }
      const work: Work = { ...questions, judged: [], left: questions.cut.length, failed: false };
      if (work.left === 0) this.#finish(work);
      for (const index of questions.cut.keys()) yield { work, index };
    }
  }

  async #answer(work: Work, index: number): Promise<void> {
    const { cache, selection, judge, endpoint } = this.#options;
    const { status } = this;
    const { stretch, messages, key } = work.question(index);
    let answer = selection.again === true ? null : cache.get(key);
    if (answer) status.stretches.cached += 1;
    else {
      try {
        answer = await endpoint.ask(messages, this.#stop.signal);
        this.#failures = 0;
        this.#sent += 1;
      } catch (error) {
        if (!(error instanceof EndpointError)) throw error;
        this.#giveUp(work, error);
        return;
      }
      cache.put(key, judge.key, answer);
      this.#count(answer, questionTokens(messages), answerTokens(stretch));
    }
    status.stretches.answered += 1;
    const { labels, faults } = parseAnswer(answer.text, stretch.from + 1, stretch.to);
    for (const fault of faults) this.#fault(fault);
    if (answer.cut)
      this.#fault({ line: answer.text.slice(-80), why: `ends at the limit of ${judge.maxTokens} tokens` });
    work.judged[index] = new Map([...labels].map(([step, said]) => [step - 1, said]));
    work.left -= 1;
    if (work.left === 0) this.#finish(work);
  }

  /** One of each kind: the same is said of many answers. */
  #fault(fault: JudgeJob['faults'][number]): void {
    const { faults } = this.status;
    if (faults.length < FAULTS && !faults.some(({ why }) => why === fault.why)) faults.push(fault);
  }

  /** @throws the error where nothing else would be answered either */
  #giveUp(work: Work, error: EndpointError): void {
    const { status } = this;
    status.stretches.failed += 1;
    status.message = error.message;
    if (!work.failed) status.traces.incomplete += 1;
    work.failed = true;
    work.left -= 1;
    this.#failures += 1;
    if (error.fatal || this.#failures >= FAILURES) throw error;
  }

  #count({ input, output }: Answered, inputEstimate: number, outputEstimate: number): void {
    const { tokens } = this.status;
    if (input === null || output === null) tokens.estimated = true;
    tokens.input += input ?? inputEstimate;
    tokens.output += output ?? outputEstimate;
    this.status.cost = costOf(tokens, this.status.endpoint.price);
    this.status.cache.bytes = this.#options.cache.bytes;
  }

  #finish(work: Work): void {
    this.#units.done += work.text.length;
    this.#expect();
    if (work.failed) return;
    const { store, judge } = this.#options;
    const { run, steps, twice, traces } = this.status;
    const merged = mergeJudgements(work.cut, work.judged);
    const record = { judged: merged.labels.size, unparsed: work.steps.length - merged.labels.size };
    appendJudged(store.root, run, {
      v: 1,
      t: Date.now(),
      trace: work.trace,
      judge: { model: judge.model, prompt: judge.prompt, url: judge.url, key: judge.key },
      length: work.text.length,
      spans: judgedSpans(work.text, work.steps, merged.labels),
      read: judgedStretches(work.steps, merged.labels),
      steps: record,
    });
    steps.judged += record.judged;
    steps.unparsed += record.unparsed;
    twice.steps += merged.twice.steps;
    twice.same += merged.twice.same;
    traces.judged += 1;
  }

  /** From what was done since the start, by the length of texts. */
  #expect(): void {
    const { all, done, before } = this.#units;
    if (this.#sent < 3 || done === 0) return;
    this.status.secondsLeft = ((Date.now() - this.#began) / 1000 / done) * Math.max(0, all - before - done);
  }
}
