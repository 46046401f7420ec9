/**
 * The attempts that run: those that this service started and those that it found. Watches for their end, by exit.json or by
 * a runner that is gone, asks them to stop, and journals how they ended.
 */
import { join } from 'node:path';
import {
  exitSchema,
  specSchema,
  stopFileSchema,
  type Exit,
  type Outcome,
  type StopFile,
} from '../../core/protocol/files.ts';
import { readJson, writeJson } from '../json-files.ts';
import type { Launcher } from '../launchers/launcher.ts';
import { runnerLogTail } from '../launchers/local.ts';
import type { Logger } from '../log.ts';
import type { AttemptKey, RunRecord, TraceStore } from '../store/trace-store.ts';
import { writeMissingExit } from './missing-exit.ts';
import { isActive, type StopWish } from './summary.ts';

/** An attempt whose end has not been journalled. */
export interface RunningAttempt extends AttemptKey {
  stream: string;
  folder: string;
  /** Accelerators that it was given. */
  devices: number[];
  /** Path of the server.json of the inference server that it uses; null where it uses none of ours. */
  server: string | null;
  /** An earlier service made it. */
  adopted: boolean;
}

export interface RunningOptions {
  store: TraceStore;
  launcher: Launcher;
  log: Logger;
  /** Runs work that changes runs, one at a time. */
  enqueue: (work: () => Promise<void>) => Promise<void>;
  /** Within the queue, before the end is journalled, of an adopted attempt of which nothing has run. */
  onNeverStarted: (attempt: RunningAttempt) => Promise<void>;
  /** Within the queue, after the end is journalled. */
  onEnded: () => Promise<void>;
}

const WATCH_MS = 200;
/** Every so many looks also at the process, not only for exit.json. */
const LOOKS_PER_CHECK = 5;
/** What is left of a stage whose runner is gone gets this long to save. */
const SWEEP_GRACE_MS = 30_000;

export class RunningAttempts {
  /** By stream: when each was asked to stop, and the seconds that it was given. */
  readonly stops = new Map<string, StopWish>();
  readonly #options: RunningOptions;
  readonly #attempts = new Map<string, RunningAttempt>();
  /** Streams that are being looked at. */
  readonly #looking = new Set<string>();
  #timer: NodeJS.Timeout | undefined;
  #looks = 0;

  constructor(options: RunningOptions) {
    this.#options = options;
  }

  get all(): RunningAttempt[] {
    return [...this.#attempts.values()];
  }

  of(run: string): RunningAttempt[] {
    return this.all.filter((one) => one.run === run);
  }

  find(run: string, stage: string): RunningAttempt | undefined {
    return this.all.find((one) => one.run === run && one.stage === stage);
  }

  /** The accelerators of an attempt; none where it does not run. */
  devicesOf(stream: string): number[] {
    return this.#attempts.get(stream)?.devices ?? [];
  }

  /** Paths of the server.json of the inference servers that are used. */
  get servers(): Set<string> {
    return new Set(this.all.flatMap(({ server }) => server ?? []));
  }

  add(attempt: RunningAttempt): void {
    this.#attempts.set(attempt.stream, attempt);
  }

  /** Takes over what an earlier service left running. */
  async adopt(record: RunRecord): Promise<void> {
    for (const attempt of record.stages.flatMap(({ attempts }) => attempts)) {
      if (!isActive(attempt) || attempt.kind === 'import') continue;
      const { run, stage, stream, folder } = attempt;
      const stop = await readJson(join(folder, 'stop.json'), stopFileSchema);
      if (stop) this.stops.set(stream, stop);
      const spec = await readJson(join(folder, 'spec.json'), specSchema);
      const visible = spec?.env['CUDA_VISIBLE_DEVICES'] ?? '';
      const devices = visible === '' ? [] : visible.split(',').map(Number);
      const server = spec?.inference?.server ?? null;
      this.add({ run, stage, attempt: attempt.attempt, stream, folder, devices, server, adopted: true });
      this.#options.log.info({ stream }, 'attempt adopted');
    }
  }

  watch(): void {
    this.#timer = setInterval(() => this.#look(), WATCH_MS);
  }

  close(): void {
    clearInterval(this.#timer);
  }

  /** Writes the wish to stop and wakes the runner. A second wish counts only with `force`: then the grace is over. */
  async askToStop(
    attempt: RunningAttempt,
    by: NonNullable<StopFile['by']>,
    graceS: number,
    force: boolean,
  ): Promise<void> {
    const before = this.stops.has(attempt.stream);
    if (before && !force) return;
    const kept = before ? (await readJson(join(attempt.folder, 'stop.json'), stopFileSchema))?.by : undefined;
    await this.#writeStop(attempt, kept ?? by, force ? 0 : graceS);
    await this.#options.launcher.signalStop(attempt.folder);
    this.#options.log.info({ stream: attempt.stream, by, force }, 'stop asked');
  }

  async #writeStop(attempt: RunningAttempt, by: NonNullable<StopFile['by']>, graceS: number): Promise<void> {
    const stop: StopFile = { v: 1, t: Date.now(), grace_s: graceS, by };
    await writeJson(join(attempt.folder, 'stop.json'), stop);
    this.stops.set(attempt.stream, stop);
  }

  #look(): void {
    this.#looks++;
    const thoroughly = this.#looks % LOOKS_PER_CHECK === 0;
    for (const attempt of this.all) {
      if (this.#looking.has(attempt.stream)) continue;
      this.#looking.add(attempt.stream);
      this.#lookAt(attempt, thoroughly)
        .catch((error: unknown) => this.#options.log.error({ stream: attempt.stream, error: String(error) }, 'watch'))
        .finally(() => this.#looking.delete(attempt.stream));
    }
  }

  async #lookAt(attempt: RunningAttempt, thoroughly: boolean): Promise<void> {
    const { launcher, log, enqueue } = this.#options;
    const path = join(attempt.folder, 'exit.json');
    let exit = await readJson(path, exitSchema);
    if (!exit) {
      if (!thoroughly || (await launcher.state(attempt.folder)) !== 'gone') return;
      // Its last act may have come between the two looks.
      exit = await readJson(path, exitSchema);
    }
    if (!exit) {
      log.warn({ stream: attempt.stream }, 'runner is gone');
      // Should one still come late, it finds the wish to stop and starts nothing.
      if (!this.stops.has(attempt.stream)) await this.#writeStop(attempt, 'service', 0);
      const left = await launcher.sweep(attempt.folder, SWEEP_GRACE_MS);
      if (left.length > 0) log.error({ stream: attempt.stream, left }, 'processes cannot be killed');
    }
    await enqueue(() => this.#settle(attempt, exit));
  }

  /** Journals how an attempt ended. */
  async #settle(attempt: RunningAttempt, exit: Exit | null): Promise<void> {
    const { store, launcher, log, onNeverStarted, onEnded } = this.#options;
    const { run, stage, attempt: number, stream, folder } = attempt;
    const key = { run, stage, attempt: number };
    if (!this.#attempts.has(stream)) return;
    await store.catchUp(key);
    const record = await store.attempt(key);
    const neverStarted = exit === null && record.lastSeq < 0 && (await launcher.runner(folder)) === null;
    const outcome = outcomeOf(record.end?.complete === true, exit, neverStarted && !attempt.adopted);
    if (!exit && (outcome !== 'lost' || neverStarted))
      await writeMissingExit(folder, await missingExit(folder, outcome, neverStarted));
    // Before anybody can see it as failed.
    if (neverStarted && attempt.adopted) await onNeverStarted(attempt);
    await store.appendJournal({ type: 'attempt_ended', run, stage, attempt: number, outcome });
    await store.catchUp(key);
    this.#attempts.delete(stream);
    this.stops.delete(stream);
    log.info({ stream, outcome }, 'attempt ended');
    await onEnded();
  }
}

/** Only the worker's own word makes an attempt complete; an exit code never does. */
function outcomeOf(complete: boolean, exit: Exit | null, didNotStart: boolean): Outcome {
  if (complete) return 'completed';
  if (!exit) return didNotStart ? 'failed' : 'lost';
  return exit.outcome === 'completed' ? 'failed' : exit.outcome;
}

/** What is said of an attempt whose runner is gone and wrote no exit. */
async function missingExit(folder: string, outcome: Outcome, neverStarted: boolean) {
  if (!neverStarted) return { outcome, reason: null, message: null };
  const tail = await runnerLogTail(folder);
  return { outcome, reason: 'start_failed', message: `The runner did not start.${tail ? `\n${tail}` : ''}` };
}
