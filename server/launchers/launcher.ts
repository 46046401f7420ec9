/** What starts a stage's runner on some machine, and finds it again. Files in the attempt's folder do the rest. */
import type { Heartbeat, ProcessIdentity } from '../../core/protocol/files.ts';
import type { Engine } from '../engine.ts';

/**
 * `starting`: asked for, not seen yet. `running`: the runner lives. `gone`: it does not; whether it left an exit.json is for
 * the caller to look at, after this answer.
 */
export type RunnerState = 'starting' | 'running' | 'gone';

export interface Launcher {
  readonly name: string;
  /**
   * Starts the runner of an attempt whose spec.json is written, detached: it outlives this process. Resolves when it has been
   * asked for, not when it runs.
   * @throws LonghandError `engine_missing` where the Python cannot be started.
   */
  start(folder: string, engine: Engine): Promise<void>;
  /** Also for attempts that an earlier service started. */
  state(folder: string): Promise<RunnerState>;
  /** Wakes the runner to obey stop.json, which must be written. */
  signalStop(folder: string): Promise<void>;
  /**
   * Ends what a runner that is gone may have left: TERM, then KILL after `graceMs`. Resolves with the processes that
   * could not be killed.
   */
  sweep(folder: string, graceMs: number): Promise<number[]>;
  /** What runs the stage: the runner's identity, once known. */
  runner(folder: string): Promise<ProcessIdentity | null>;
  heartbeat(folder: string): Promise<Heartbeat | null>;
}
