/** What clients are told of a run, from the store's record, the plan, and the wishes to stop. Pure. */
import type {
  AttemptInfo,
  Progress,
  RunState,
  RunSummary,
  StageInfo,
  StageState,
} from '../../core/protocol/methods.ts';
import type { AttemptRecord, RunRecord } from '../store/trace-store.ts';
import type { PlanFile } from '../recipes/plan-file.ts';

/** When the stage was asked to stop, and the seconds that it was given. */
export interface StopWish {
  t: number;
  grace_s: number;
}

export interface SummaryInput {
  record: RunRecord;
  /** Null for imports. */
  plan: PlanFile | null;
  /** By stream of the attempt. */
  stops: ReadonlyMap<string, StopWish>;
  /** `run/stage` that will run again as soon as there is room. */
  again: ReadonlySet<string>;
  now: number;
}

export function summarise({ record, plan, stops, again, now }: SummaryInput): RunSummary {
  const attemptsOf = new Map(record.stages.map(({ stage, attempts }) => [stage, attempts]));
  const planned =
    plan?.stages ?? record.stages.map(({ stage }) => ({ id: stage, kind: 'import', of: null, needs: [] }));
  const stages = planned.map((stage): StageInfo => {
    const attempts = attemptsOf.get(stage.id) ?? [];
    const newest = attempts.at(-1);
    return {
      id: stage.id,
      kind: stage.kind,
      of: stage.of,
      needs: stage.needs,
      state: newest && !again.has(`${record.run}/${stage.id}`) ? attemptState(newest, stops) : 'waiting',
      phase: newest && isActive(newest) ? newest.phase : null,
      progress: newest ? progressOf(newest, now) : null,
      attempts: attempts.map((attempt) => attemptInfo(attempt, stops, now)),
      checkpoints: attempts.flatMap((attempt) => attempt.checkpoints),
      traces: attempts.reduce((sum, attempt) => sum + attempt.traces, 0),
      folder: newest?.folder ?? `${record.folder}/stages/${stage.id}`,
    };
  });
  const state = runState(stages, record);
  const ends = stages.flatMap((stage) => stage.attempts.at(-1)?.ended ?? []);
  const over = state === 'completed' || state === 'failed' || state === 'stopped';
  return {
    run: record.run,
    name: record.name,
    kind: record.kind,
    source: record.source,
    created: record.created,
    ended: over && ends.length > 0 ? Math.max(...ends) : null,
    state,
    stages,
    traces: record.traces,
    folder: record.folder,
  };
}

/** True until the service has said how the attempt ended. An import is written by the service and has no runner. */
export function isActive(attempt: AttemptRecord): boolean {
  if (attempt.kind === 'import') return attempt.end === null;
  return attempt.outcome === null;
}

export function attemptState(attempt: AttemptRecord, stops: ReadonlyMap<string, StopWish>): StageState {
  if (isActive(attempt)) return stops.has(attempt.stream) ? 'stopping' : 'running';
  if (attempt.kind === 'import') return 'completed';
  if (attempt.outcome === 'completed' || attempt.outcome === 'stopped') return attempt.outcome;
  return 'failed';
}

function runState(stages: StageInfo[], record: RunRecord): RunState {
  const states = stages.map((stage) => stage.state);
  if (states.length > 0 && states.every((state) => state === 'completed')) return 'completed';
  if (states.includes('stopping') && record.wanted === 'stopped') return 'stopping';
  if (states.includes('running') || states.includes('stopping')) return 'running';
  if (states.includes('failed')) return 'failed';
  if (record.wanted !== 'running' || states.includes('stopped')) return 'stopped';
  return 'waiting';
}

function attemptInfo(attempt: AttemptRecord, stops: ReadonlyMap<string, StopWish>, now: number): AttemptInfo {
  const state = attemptState(attempt, stops);
  const stop = stops.get(attempt.stream);
  const { exit, outcome } = attempt;
  const ended = isActive(attempt) ? null : (exit?.ended ?? attempt.end?.t ?? attempt.lastEvent ?? attempt.created);
  return {
    attempt: attempt.attempt,
    state,
    outcome,
    started: exit?.started ?? attempt.firstEvent ?? attempt.created,
    ended,
    resumedFrom: attempt.resumedFrom,
    reason: outcome === 'lost' ? 'lost' : (exit?.reason ?? null),
    error: stageError(attempt),
    warnings: attempt.warnings.map(({ code, message }) => ({ code, message })),
    cpuSeconds: exit?.cpu_s ?? null,
    peakRss: exit?.peak_rss ?? null,
    graceLeft: state === 'stopping' && stop ? Math.max(0, stop.grace_s - (now - stop.t) / 1000) : null,
  };
}

/** The worker's own error where it could record one, otherwise what the runner, or the service, made of its end. */
function stageError(attempt: AttemptRecord): AttemptInfo['error'] {
  if (attempt.error) {
    const { class: name, message, traceback, hint } = attempt.error;
    return { class: name, message, traceback, hint };
  }
  if (attempt.outcome === 'lost') {
    const message =
      attempt.exit?.message ??
      'The runner is gone without a last word: it was killed, or the machine went down. What was recorded is kept.';
    return { class: 'lost', message, traceback: '', hint: 'Resume the stage: it goes on from its newest checkpoint.' };
  }
  if (attempt.outcome !== 'failed') return null;
  const message = attempt.exit?.message ?? 'The worker ended before its work was done.';
  return { class: attempt.exit?.reason ?? 'failed', message, traceback: '', hint: null };
}

function progressOf(attempt: AttemptRecord, now: number): Progress | null {
  const { train, lastMetrics, firstMetrics, progress, end } = attempt;
  if (train) {
    const checkpoint = attempt.checkpoints.at(-1)?.step ?? 0;
    const done = end?.step ?? Math.max(lastMetrics?.step ?? 0, checkpoint, train.resumedStep);
    return {
      done,
      total: train.maxSteps,
      unit: 'steps',
      epoch: lastMetrics?.epoch ?? null,
      epochs: train.epochs,
      secondsLeft: isActive(attempt) ? secondsLeft(firstMetrics, lastMetrics, train.maxSteps, now) : null,
    };
  }
  if (!progress) return null;
  const begun = attempt.firstEvent === null ? null : { step: 0, t: attempt.firstEvent };
  const at = { step: progress.done, t: progress.t };
  return {
    done: progress.done,
    total: progress.total,
    unit: progress.unit,
    epoch: null,
    epochs: null,
    // An evaluation counts from 0 again for each checkpoint, so its mean rate says nothing; nor does the rate of the first ones
    // of many that are worked on together.
    secondsLeft:
      isActive(attempt) &&
      attempt.kind !== 'evaluate' &&
      progress.total !== null &&
      progress.done >= FIRST_SHARE * progress.total
        ? secondsLeft(begun, at, progress.total, now)
        : null,
  };
}

/** Of the items, before a time is told. */
const FIRST_SHARE = 0.05;

interface Point {
  step: number;
  t: number;
}

/** By the mean rate between two points; null until there are two. */
function secondsLeft(first: Point | null, last: Point | null, total: number, now: number): number | null {
  if (!first || !last || last.step <= first.step) return null;
  const perStep = (last.t - first.t) / (last.step - first.step);
  const left = (total - last.step) * perStep - Math.max(0, now - last.t);
  return Math.max(0, Math.round(left / 100) / 10);
}
