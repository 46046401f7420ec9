/** The run and its stages: state, progress, time left, and what can be done with each. */
import type { ComponentChildren } from 'preact';
import type { RunSummary, StageInfo, StageState } from '../../core/protocol/methods.ts';
import type { Host } from '../host.ts';
import { Button } from '../ui/controls.ts';
import { count, duration, plural } from '../ui/format.ts';
import { Icon } from '../ui/icon.tsx';

/** Icon and tone of each state. */
export const looks: Record<StageState, { icon: string; tone: string }> = {
  waiting: { icon: 'circle-outline', tone: 'muted' },
  running: { icon: 'play-circle', tone: 'running' },
  stopping: { icon: 'debug-pause', tone: 'cut' },
  stopped: { icon: 'circle-slash', tone: 'cut' },
  failed: { icon: 'error', tone: 'wrong' },
  completed: { icon: 'pass', tone: 'right' },
};

/** `children`: further buttons. */
export function RunHead({ run, host, children }: { run: RunSummary; host: Host; children?: ComponentChildren }) {
  const running = run.state === 'running' || run.state === 'waiting';
  const look = looks[run.state];
  return (
    <div class="run-head">
      <div class="run-title">
        <span class={look.tone}>
          <Icon name={look.icon} />
        </span>
        <h1>{run.name}</h1>
        <span class={look.tone}>{run.state}</span>
        <span class="muted">{run.source}</span>
        <button
          class="link"
          onClick={() =>
            void host.ask('host/open', { view: { page: 'inspector', title: run.name, filter: { run: run.run } } })
          }
        >
          {plural(run.traces, 'trace')}
        </button>
        {run.traces > 0 && (
          <button class="chip" onClick={() => void host.ask('host/open', { view: { page: 'overview', run: run.run } })}>
            Overview of the traces
          </button>
        )}
        <span class="grow" />
        {running && (
          <Button onClick={() => void host.ask('host/command', { command: 'longhand.stopRun', run: run.run })}>
            Stop run
          </Button>
        )}
        <Button onClick={() => void host.ask('host/command', { command: 'longhand.revealRun', run: run.run })}>
          Show folder
        </Button>
        {children}
      </div>
      <ul class="stages" aria-label="Stages">
        {run.stages.map((stage) => (
          <Stage key={stage.id} run={run.run} stage={stage} host={host} />
        ))}
      </ul>
    </div>
  );
}

function Stage({ run, stage, host }: { run: string; stage: StageInfo; host: Host }) {
  const look = looks[stage.state];
  const { progress } = stage;
  const share = progress?.total ? progress.done / progress.total : stage.state === 'completed' ? 1 : null;
  const attempt = stage.attempts.at(-1);
  const busy = stage.state === 'running' || stage.state === 'stopping';
  const words =
    stage.state === 'stopping' && attempt?.graceLeft
      ? `stopping, ${duration(attempt.graceLeft)} of grace left`
      : progress && (busy || progress.done > 0)
        ? `${count(progress.done)}${progress.total === null ? '' : ` of ${count(progress.total)}`} ${progress.unit}`
        : (stage.phase ?? stage.state);
  return (
    <li class="stage">
      <div class="stage-title">
        <span class={look.tone}>
          <Icon name={look.icon} />
        </span>
        <span class="stage-name" title={`${stage.id} (${stage.kind})`}>
          <strong>{stage.id}</strong>
          {stage.kind !== stage.id && <span class="muted"> {stage.kind}</span>}
        </span>
        {busy && (
          <button
            class="tool"
            aria-label={`Stop ${stage.id}`}
            title="Stop stage"
            onClick={() => void host.ask('host/command', { command: 'longhand.stopStage', run, stage: stage.id })}
          >
            <Icon name="debug-stop" />
          </button>
        )}
        {(stage.state === 'stopped' || stage.state === 'failed') && (
          <button
            class="tool"
            aria-label={`Resume ${stage.id}`}
            title="Resume stage"
            onClick={() => void host.ask('host/command', { command: 'longhand.resumeStage', run, stage: stage.id })}
          >
            <Icon name="debug-restart" />
          </button>
        )}
        {stage.attempts.length > 0 && stage.kind !== 'import' && stage.kind !== 'command' && (
          <button
            class="tool"
            aria-label={`Report of ${stage.id}`}
            title="Open report"
            onClick={() => void host.ask('host/open', { view: { page: 'report', run, stage: stage.id } })}
          >
            <Icon name="note" />
          </button>
        )}
        {stage.attempts.length > 0 && (
          <button
            class="tool"
            aria-label={`Log of ${stage.id}`}
            title="Show log"
            onClick={() => void host.ask('host/command', { command: 'longhand.showStageLog', run, stage: stage.id })}
          >
            <Icon name="output" />
          </button>
        )}
      </div>
      <div
        class="stage-bar"
        role="progressbar"
        aria-label={`${stage.id}: ${words}`}
        aria-valuemin={0}
        aria-valuemax={100}
        aria-valuenow={share === null ? undefined : Math.round(100 * share)}
      >
        <span class={`stage-fill state-${stage.state}`} style={{ width: `${100 * (share ?? 0)}%` }} />
      </div>
      <div class="stage-words muted num-left">
        <span>{words}</span>
        {busy && progress?.secondsLeft != null && <span>{duration(progress.secondsLeft)} left</span>}
      </div>
      {stage.state === 'failed' && attempt?.error && (
        <div class="stage-error wrong" title={attempt.error.hint ?? ''}>
          {attempt.error.class}: {attempt.error.message}
        </div>
      )}
    </li>
  );
}
