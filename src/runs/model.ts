/** What the Runs view shows of a run, in words. Pure: no VS Code here. */
import type { TraceSet } from '../../core/protocol/comparison.ts';
import type { CheckpointInfo, RunState, RunSummary, StageInfo, StageRow } from '../../core/protocol/methods.ts';
import { configClass } from '../../core/recipes/trl-keys.ts';
import { bytes, count, duration, oneLine, percent, plural, timeLeft } from '../format.ts';

export type RunNode =
  | { kind: 'run'; run: RunSummary }
  | { kind: 'stage'; run: RunSummary; stage: StageInfo }
  | { kind: 'checkpoint'; run: RunSummary; stage: StageInfo; checkpoint: CheckpointInfo }
  | { kind: 'set'; run: RunSummary; stage: StageInfo; set: TraceSet; result: StageRow | null }
  | { kind: 'more'; run: RunSummary; stage: StageInfo; left: number };

/** Checkpoints that are listed under a stage; the newest come first. */
export const MAX_CHECKPOINTS = 50;

/** Stages of the recipe itself, in its order; those that the planner added are under their parents. */
export function mainStages(run: RunSummary): StageInfo[] {
  const known = new Set(run.stages.map(({ id }) => id));
  return run.stages.filter((stage) => stage.of === null || !known.has(stage.of));
}

export function stageChildren(run: RunSummary, stage: StageInfo): RunNode[] {
  const nested = run.stages.filter((other) => other.of === stage.id && other.id !== stage.id);
  const newest = stage.checkpoints.toSorted((a, b) => b.created - a.created || b.step - a.step);
  const shown = newest.slice(0, MAX_CHECKPOINTS);
  return [
    ...nested.map((other): RunNode => ({ kind: 'stage', run, stage: other })),
    ...shown.map((checkpoint): RunNode => ({ kind: 'checkpoint', run, stage, checkpoint })),
    ...(newest.length > shown.length
      ? [{ kind: 'more' as const, run, stage, left: newest.length - shown.length }]
      : []),
  ];
}

/**
 * The stage that runs now and its place among those of the recipe: stage n of N. An evaluation that goes on when its parent
 * is done has its parent's place.
 */
export function currentStage(run: RunSummary): { stage: StageInfo; n: number; of: number } | null {
  const stages = mainStages(run);
  const live = ({ state }: StageInfo) => state === 'running' || state === 'stopping';
  const stage = stages.find(live) ?? run.stages.find(live);
  if (!stage) return null;
  const n = stages.findIndex(({ id }) => id === stage.id || id === stage.of) + 1;
  return { stage, n: Math.max(1, n), of: stages.length };
}

/** `epoch 3 of 10 · step 74 of 230 · 2 min left`; empty where nothing is known yet. */
export function progressText(stage: StageInfo): string {
  const { progress } = stage;
  if (!progress) return '';
  const parts: string[] = [];
  if (progress.epoch !== null && progress.epochs !== null) {
    parts.push(`epoch ${Math.min(progress.epochs, Math.max(1, Math.ceil(progress.epoch)))} of ${progress.epochs}`);
  }
  const unit = progress.unit.replace(/s$/, '');
  if (unit === 'step') {
    parts.push(
      progress.total === null
        ? `step ${count(progress.done)}`
        : `step ${count(progress.done)} of ${count(progress.total)}`,
    );
  } else if (progress.total !== null) parts.push(`${count(progress.done)} of ${plural(progress.total, unit)}`);
  else parts.push(plural(progress.done, unit));
  const left = timeLeft(progress.secondsLeft);
  if (left && stage.state === 'running') parts.push(left);
  return parts.join(' · ');
}

export function stageDescription(stage: StageInfo): string {
  const attempt = stage.attempts.at(-1);
  switch (stage.state) {
    case 'waiting':
      return 'waiting';
    case 'running':
      return progressText(stage) || (stage.phase ?? 'starting');
    case 'stopping':
      return attempt?.graceLeft ? `stopping, ${Math.ceil(attempt.graceLeft)} s for a checkpoint` : 'stopping';
    case 'stopped':
      return `stopped · ${progressText({ ...stage, progress: stage.progress && { ...stage.progress, secondsLeft: null } })}`.replace(
        / · $/,
        '',
      );
    case 'failed':
      return attempt?.error
        ? `${attempt.error.class}: ${oneLine(attempt.error.message, 80)}`
        : `failed${attempt?.reason ? ` (${attempt.reason})` : ''}`;
    case 'completed':
      return [stage.traces > 0 ? plural(stage.traces, 'trace') : '', took(stage)].filter(Boolean).join(' · ');
    default:
      return stage.state satisfies never;
  }
}

export function runDescription(run: RunSummary): string {
  if (run.kind === 'import') return plural(run.traces, 'trace');
  const current = currentStage(run);
  if (current) {
    const text = stageDescription(current.stage);
    return `stage ${current.n} of ${current.of}: ${current.stage.id}${text ? ` · ${text}` : ''}`;
  }
  const failed = run.stages.find(({ state }) => state === 'failed');
  if (run.state === 'failed' && failed) return `failed in ${failed.id}`;
  const when = new Date(run.ended ?? run.created).toLocaleString('en', {
    month: 'short',
    day: 'numeric',
    hour: '2-digit',
    minute: '2-digit',
    hour12: false,
  });
  return `${run.state} · ${when}`;
}

/** How long the attempts of a stage took together; empty where that is not known. */
function took(stage: StageInfo): string {
  const spans = stage.attempts.map(({ started, ended }) =>
    started === null || ended === null ? Number.NaN : ended - started,
  );
  const total = spans.reduce((sum, span) => sum + span, 0);
  return spans.length > 0 && Number.isFinite(total) ? duration(total / 1000) : '';
}

export function checkpointDescription(checkpoint: CheckpointInfo): string {
  const parts = [bytes(checkpoint.bytes)];
  if (checkpoint.epoch !== null) parts.unshift(`epoch ${Math.round(checkpoint.epoch * 100) / 100}`);
  if (checkpoint.superseded) parts.push('superseded');
  return parts.join(' · ');
}

/** The evaluations of a stage, each with its row of the stage table where there is one. */
export function evaluationNodes(
  run: RunSummary,
  stage: StageInfo,
  sets: readonly TraceSet[],
  rows: readonly StageRow[],
): RunNode[] {
  return sets
    .filter((set) => set.stage === stage.id && set.step !== null)
    .map((set) => {
      const result = rows.find(
        ({ id, step }) => step === set.step && (id === stage.of || (step === 0 && id === 'base')),
      );
      return { kind: 'set', run, stage, set, result: result ?? null };
    });
}

/** A short name for an evaluation under the stage that it belongs to: `base`, `epoch 3`, `step 40`; else what the backend says. */
export function evaluationLabel(stage: StageInfo, set: TraceSet, result: StageRow | null): string {
  if (result?.id === 'base') return 'base';
  const prefix = `${stage.of ?? stage.id} · `;
  if (!result || set.step === null) return set.label.startsWith(prefix) ? set.label.slice(prefix.length) : set.label;
  const whole = result.epoch !== null && Number.isInteger(result.epoch) && result.epoch > 0;
  return whole ? `epoch ${result.epoch}` : `step ${count(set.step)}`;
}

export function evaluationDescription(set: TraceSet, result: StageRow | null): string {
  const parts = [
    typeof result?.accuracy === 'number' ? `${percent(result.accuracy)} right` : '',
    typeof result?.tokens_mean === 'number' ? `${count(Math.round(result.tokens_mean))} tokens` : '',
  ].filter(Boolean);
  return parts.length > 0 ? parts.join(' · ') : plural(set.traces, 'trace');
}

/** What a stage or run can be asked to do in its state; words of `viewItem`. */
export function abilities(state: RunState, kind: 'recipe' | 'import'): string[] {
  if (kind === 'import') return [];
  if (state === 'running' || state === 'waiting') return ['stoppable'];
  if (state === 'stopped' || state === 'failed') return ['resumable'];
  return [];
}

/** Whether the stage is a training with TRL, whose `config` can be changed when it is resumed. */
export const hasConfig = ({ kind }: { kind: string }): boolean => configClass(kind) !== null;

/** Whether a stage may have something to report: it has begun, and it is neither an import nor a program of the user's. */
export function mayReport({ kind, attempts }: Pick<StageInfo, 'attempts'> & { kind: string }): boolean {
  return attempts.length > 0 && kind !== 'import' && kind !== 'command';
}

export function nodeId(node: RunNode): string {
  switch (node.kind) {
    case 'run':
      return node.run.run;
    case 'stage':
      return `${node.run.run}/${node.stage.id}`;
    case 'checkpoint':
      return node.checkpoint.id;
    case 'set':
      return `${node.run.run}/${node.stage.id}#${node.set.step ?? 'all'}#${node.set.label}`;
    case 'more':
      return `${node.run.run}/${node.stage.id}+more`;
    default:
      return node satisfies never;
  }
}

/** What the status bar says of all runs: the one that runs, or the newest that does. */
export function runningSummary(
  runs: readonly RunSummary[],
): { run: RunSummary; stage: StageInfo; n: number; of: number; others: number } | null {
  const active = runs.flatMap((run) => {
    const current = currentStage(run);
    return current ? [{ run, ...current }] : [];
  });
  const first = active[0];
  return first ? { ...first, others: active.length - 1 } : null;
}
