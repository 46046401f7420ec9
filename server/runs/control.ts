/**
 * Run control: starts the stages of runs as they become possible, stops, resumes and deletes. Everything that changes a run
 * goes through one queue. What is kept here can be found again in the files, so a service that was killed loses nothing.
 */
import { join } from 'node:path';
import { LonghandError } from '../../core/protocol/errors.ts';
import { stopFileSchema } from '../../core/protocol/files.ts';
import type { RunSummary } from '../../core/protocol/methods.ts';
import { attemptStream } from '../../core/protocol/cursor.ts';
import type { EngineFinder } from '../engine.ts';
import { InferenceServers } from '../inference/servers.ts';
import { needOf } from '../inference/wanted.ts';
import { readJson, writeJson } from '../json-files.ts';
import type { Launcher } from '../launchers/launcher.ts';
import type { Logger } from '../log.ts';
import { readPlan, type PlanFile, type PlanStage } from '../recipes/plan-file.ts';
import { holdsAccelerators } from '../stages/registry.ts';
import { DEFAULT_GRACE_S } from '../stages/stage-kind.ts';
import type { AttemptKey, AttemptRecord, RunRecord, TraceStore } from '../store/trace-store.ts';
import { withConfig } from './change-config.ts';
import { decide, type Machine, type ScheduledRun, type StageView } from './scheduler.ts';
import { attemptsOf, writeAttempt } from './start-attempt.ts';
import { RunningAttempts, type RunningAttempt } from './running.ts';
import { isActive, summarise } from './summary.ts';

export interface RunControlOptions {
  store: TraceStore;
  launcher: Launcher;
  engines: EngineFinder;
  machine: Machine;
  log: Logger;
}

/** After this long a start that failed for want of disk is tried again. */
const RETRY_MS = 10_000;
const PLANS_KEPT = 200;

export class RunControl {
  readonly #options: RunControlOptions;
  readonly #running: RunningAttempts;
  readonly #servers: InferenceServers;
  /** Runs in which something runs or may start. */
  readonly #live = new Set<string>();
  /** `run/stage` that someone asked to run again and that has not started yet. */
  readonly #again = new Set<string>();
  readonly #plans = new Map<string, PlanFile | null>();
  #queue: Promise<unknown> = Promise.resolve();
  #retry: NodeJS.Timeout | undefined;
  #opened = false;
  #closed = false;

  constructor(options: RunControlOptions) {
    this.#options = options;
    this.#running = new RunningAttempts({
      store: options.store,
      launcher: options.launcher,
      log: options.log,
      enqueue: (work) => this.#enqueue(work),
      onNeverStarted: (attempt) => this.#runAgain(attempt),
      onEnded: () => this.#schedule(),
    });
    this.#servers = new InferenceServers({
      launcher: options.launcher,
      log: options.log,
      onEnded: () => this.#scheduleSoon(),
    });
  }

  /** Finds the runs that an earlier service left, adopts their runners and goes on. What is asked meanwhile waits. */
  open(): Promise<void> {
    return this.#enqueue(() => this.#open());
  }

  async #open(): Promise<void> {
    // What ended while no service ran must be known before anything is decided.
    await this.#options.store.catchUp();
    let cursor: string | undefined;
    do {
      const page = await this.#options.store.runs({ limit: 1000, ...(cursor === undefined ? {} : { cursor }) });
      for (const record of page.runs) await this.#adopt(record);
      cursor = page.next;
    } while (cursor !== undefined);
    if (this.#closed) return;
    this.#running.watch();
    this.#opened = true;
    await this.#schedule();
  }

  async #adopt(record: RunRecord): Promise<void> {
    if (record.kind === 'import') return;
    await this.#running.adopt(record);
    await this.#servers.adopt(record.folder, () => this.#options.engines.find());
    if (record.wanted === 'running' || this.#running.of(record.run).length > 0) this.#live.add(record.run);
  }

  /** Stops watching; runners go on. */
  async close(): Promise<void> {
    this.#closed = true;
    this.#running.close();
    clearTimeout(this.#retry);
    await this.#servers.close();
    await this.#queue.catch(() => undefined);
  }

  /** Stages that run or are stopping now. */
  get activeStages(): AttemptKey[] {
    return this.#running.all.map(({ run, stage, attempt }) => ({ run, stage, attempt }));
  }

  /** True while a stage runs or could start as soon as there is room, and before all of that is known. */
  get isBusy(): boolean {
    return !this.#opened || this.#running.all.length > 0 || this.#live.size > 0 || this.#servers.isBusy;
  }

  // ---- what clients ask ----------------------------------------------------------------------------------------------

  async list(cursor: string | undefined, limit: number | undefined): Promise<{ runs: RunSummary[]; next?: string }> {
    const page = await this.#options.store.runs({
      ...(cursor === undefined ? {} : { cursor }),
      ...(limit === undefined ? {} : { limit }),
    });
    const runs = await Promise.all(page.runs.map((record) => this.#summary(record)));
    return page.next === undefined ? { runs } : { runs, next: page.next };
  }

  async get(run: string): Promise<RunSummary> {
    return this.#summary(await this.#options.store.run(run));
  }

  /** Takes over a run whose files have just been written and journalled. */
  added(run: string): Promise<void> {
    return this.#enqueue(async () => {
      await this.#options.store.appendJournal({ type: 'run_wanted', run, wanted: 'running' });
      this.#live.add(run);
      await this.#schedule();
    });
  }

  /** The stages that were asked to stop. */
  stop(run: string): Promise<string[]> {
    return this.#enqueue(async () => {
      const record = await this.#options.store.run(run);
      if (record.wanted === 'running') {
        await this.#options.store.appendJournal({ type: 'run_wanted', run, wanted: 'stopped' });
      }
      for (const key of this.#again) if (key.startsWith(`${run}/`)) this.#again.delete(key);
      const active = this.#running.of(run);
      for (const one of active) await this.#askToStop(one, one.stage.endsWith('.eval') ? 'parent' : 'user', false);
      await this.#schedule();
      return active.map(({ stage }) => stage);
    });
  }

  stopStage(run: string, stage: string, force: boolean): Promise<void> {
    return this.#enqueue(async () => {
      const active = this.#running.find(run, stage);
      if (!active) {
        await this.#stage(run, stage);
        throw new LonghandError('not_runnable', `The stage ${stage} of ${run} is not running.`);
      }
      await this.#askToStop(active, 'user', force);
      await this.#schedule();
    });
  }

  /** The stages that will run again; those that cannot start at once wait for room. */
  resume(run: string): Promise<string[]> {
    return this.#enqueue(async () => {
      const record = await this.#options.store.run(run);
      const plan = await this.#planOf(record);
      if (!plan) throw new LonghandError('not_runnable', `${run} is an import: there is nothing to run.`);
      const resumed = plan.stages.filter((stage) => this.#isEnded(record, stage)).map(({ id }) => id);
      const waiting = plan.stages.some((stage) => attemptsOf(record, stage.id).length === 0);
      if (resumed.length === 0 && (!waiting || record.wanted === 'running')) {
        if (this.#live.has(run)) throw new LonghandError('already_running', `${run} is running.`);
        throw new LonghandError('not_runnable', `${run} is complete: there is nothing to resume.`);
      }
      await this.#options.engines.find();
      await this.#want(record, resumed);
      return resumed;
    });
  }

  /** The number of the new attempt. `config`: keys of a training's `config` that are other from now on. */
  resumeStage(run: string, stage: string, config: Readonly<Record<string, unknown>> = {}): Promise<number> {
    return this.#enqueue(async () => {
      const { record, planned } = await this.#stage(run, stage);
      const newest = attemptsOf(record, stage).at(-1);
      if (newest && isActive(newest)) throw new LonghandError('already_running', `The stage ${stage} is running.`);
      if (newest?.outcome === 'completed') {
        throw new LonghandError('not_runnable', `The stage ${stage} is complete: there is nothing to resume.`);
      }
      const plan = (await this.#planOf(record))!;
      const other = Object.keys(config).length > 0 ? withConfig(plan, stage, config) : null;
      await this.#options.engines.find();
      if (other) {
        await writeJson(join(record.folder, 'plan.json'), other);
        this.#plans.set(run, other);
      }
      const beside = plan.stages.filter((one) => one.of === planned.id);
      const again = beside.filter((one) => this.#isEnded(record, one)).map(({ id }) => id);
      await this.#want(record, [stage, ...again]);
      return (newest?.attempt ?? 0) + 1;
    });
  }

  delete(run: string): Promise<void> {
    return this.#enqueue(async () => {
      const { folder } = await this.#options.store.run(run);
      const stages = this.#running.of(run).map(({ stage }) => stage);
      if (stages.length > 0) {
        throw new LonghandError('not_runnable', `${run} is running (${stages.join(', ')}). Stop it first.`);
      }
      await this.#servers.end(folder);
      await this.#options.store.deleteRun(run);
      this.#live.delete(run);
      this.#plans.delete(run);
    });
  }

  async rename(run: string, name: string): Promise<void> {
    await this.#options.store.run(run);
    await this.#options.store.appendJournal({ type: 'run_renamed', run, name });
  }

  // ---- starting ------------------------------------------------------------------------------------------------------

  async #want(record: RunRecord, stages: string[]): Promise<void> {
    const { run } = record;
    if (record.wanted !== 'running') {
      await this.#options.store.appendJournal({ type: 'run_wanted', run, wanted: 'running' });
    }
    for (const stage of stages) this.#again.add(`${run}/${stage}`);
    this.#live.add(run);
    await this.#schedule();
  }

  /** Stops what must stop and starts what can start, until nothing more is to be done. */
  async #schedule(): Promise<void> {
    if (this.#closed) return;
    for (;;) {
      const { runs, records } = await this.#view();
      const { start, stop } = decide(runs, { ...this.#options.machine, held: this.#servers.devices });
      for (const { run, stage } of stop) {
        const active = this.#running.find(run, stage);
        if (active) await this.#askToStop(active, 'parent', false);
      }
      if (!start) break;
      try {
        await this.#start(records.get(start.run)!, start.stage, start.devices);
      } catch (error) {
        this.#options.log.error(
          { run: start.run, stage: start.stage, error: String(error) },
          'stage cannot be started',
        );
        clearTimeout(this.#retry);
        this.#retry = setTimeout(() => this.#scheduleSoon(), RETRY_MS);
        this.#retry.unref();
        break;
      }
    }
    this.#servers.release(this.#running.servers);
  }

  #scheduleSoon(): void {
    void this.#enqueue(() => this.#schedule()).catch((error: unknown) =>
      this.#options.log.error({ error: String(error) }, 'schedule'),
    );
  }

  async #start(record: RunRecord, stage: string, devices: number[]): Promise<void> {
    const { store, launcher, engines, machine, log } = this.#options;
    const plan = (await this.#planOf(record))!;
    const planned = plan.stages.find(({ id }) => id === stage)!;
    const engine = await engines.find().catch((error: unknown) => error as LonghandError);
    const accelerated = machine.gpus.length > 0;
    const servers = this.#servers;
    const made = await writeAttempt({ store, record, plan, stage: planned, engine, devices, accelerated, servers });
    const { attempt, folder, resumedFrom, server } = made;
    const stream = attemptStream(record.run, stage, attempt);
    await store.appendJournal({ type: 'attempt_created', run: record.run, stage, attempt, resumed_from: resumedFrom });
    this.#again.delete(`${record.run}/${stage}`);
    this.#running.add({ run: record.run, stage, attempt, stream, folder, devices, server, adopted: false });
    log.info({ stream, resumedFrom, problem: made.problem?.message }, 'attempt created');
    if (made.problem || engine instanceof LonghandError) return;
    try {
      await launcher.start(folder, engine);
    } catch (error) {
      // The watch finds no runner and says so, with the runner's log.
      log.error({ stream, error: String(error) }, 'runner cannot be started');
    }
  }

  /** What the scheduler looks at: the live runs, oldest first. Runs in which nothing can happen any more are dropped. */
  async #view(): Promise<{ runs: ScheduledRun[]; records: Map<string, RunRecord> }> {
    const records = new Map<string, RunRecord>();
    const runs: ScheduledRun[] = [];
    for (const run of this.#live) {
      const record = await this.#options.store.run(run);
      const plan = await this.#planOf(record);
      const stages = await Promise.all((plan?.stages ?? []).map((stage) => this.#scheduled(record, stage)));
      const scheduled = { run, wanted: record.wanted === 'running', stages };
      const waiting = scheduled.wanted && this.#mayStart(scheduled);
      if (!waiting && !stages.some(({ view }) => view === 'active' || view === 'stopping')) {
        this.#live.delete(run);
        continue;
      }
      records.set(run, record);
      runs.push(scheduled);
    }
    return { runs: runs.toSorted((a, b) => records.get(a.run)!.created - records.get(b.run)!.created), records };
  }

  /** True where a stage could start if the whole machine were free. */
  #mayStart(run: ScheduledRun): boolean {
    return decide([run], { gpus: [], others: Infinity }).start !== null;
  }

  async #scheduled(record: RunRecord, stage: PlanStage) {
    const newest = attemptsOf(record, stage.id).at(-1);
    const devices = newest ? this.#running.devicesOf(newest.stream) : [];
    const view = await this.#viewOf(record.run, stage, newest);
    const { id, of, needs, gpus } = stage;
    const need = needOf(stage);
    const served = need === null ? null : this.#servers.devicesFor(record.folder, need);
    return {
      id,
      of,
      needs,
      gpus,
      trains: holdsAccelerators(stage),
      isServed: need !== null,
      served,
      view,
      devices,
    };
  }

  async #viewOf(run: string, stage: PlanStage, newest: AttemptRecord | undefined): Promise<StageView> {
    if (!newest) return 'none';
    if (isActive(newest)) return this.#running.stops.has(newest.stream) ? 'stopping' : 'active';
    if (newest.outcome === 'completed') return 'completed';
    if (this.#again.has(`${run}/${stage.id}`)) return 'none';
    if (newest.outcome !== 'stopped') return 'failed';
    const stop = stage.of === null ? null : await readJson(join(newest.folder, 'stop.json'), stopFileSchema);
    return stop?.by === 'parent' ? 'stopped_with_parent' : 'stopped_by_user';
  }

  // ---- ends and stops ------------------------------------------------------------------------------------------------

  /** The service was killed between writing the attempt and starting its runner: nothing has run, so it runs now. */
  async #runAgain({ run, stage }: RunningAttempt): Promise<void> {
    if ((await this.#options.store.run(run)).wanted === 'running') this.#again.add(`${run}/${stage}`);
  }

  async #askToStop(attempt: RunningAttempt, by: 'user' | 'parent', force: boolean): Promise<void> {
    const plan = await this.#planOf(await this.#options.store.run(attempt.run));
    const grace = plan?.stages.find(({ id }) => id === attempt.stage)?.grace ?? DEFAULT_GRACE_S;
    await this.#running.askToStop(attempt, by, grace, force);
  }

  // ---- small things --------------------------------------------------------------------------------------------------

  #enqueue<T>(work: () => Promise<T>): Promise<T> {
    const result = this.#queue.then(work);
    this.#queue = result.catch(() => undefined);
    return result;
  }

  async #summary(record: RunRecord): Promise<RunSummary> {
    const plan = record.kind === 'import' ? null : await this.#planOf(record);
    return summarise({ record, plan, stops: this.#running.stops, again: this.#again, now: Date.now() });
  }

  async #stage(run: string, stage: string): Promise<{ record: RunRecord; planned: PlanStage }> {
    const record = await this.#options.store.run(run);
    const planned = (await this.#planOf(record))?.stages.find(({ id }) => id === stage);
    if (!planned) throw new LonghandError('not_found', `The run ${run} has no stage ${stage}.`);
    return { record, planned };
  }

  #isEnded(record: RunRecord, stage: PlanStage): boolean {
    const newest = attemptsOf(record, stage.id).at(-1);
    return newest !== undefined && !isActive(newest) && newest.outcome !== 'completed';
  }

  async #planOf(record: RunRecord): Promise<PlanFile | null> {
    const known = this.#plans.get(record.run);
    if (known !== undefined) return known;
    const plan = await readPlan(record.folder);
    if (this.#plans.size >= PLANS_KEPT) this.#plans.delete(this.#plans.keys().next().value!);
    this.#plans.set(record.run, plan);
    return plan;
  }
}
