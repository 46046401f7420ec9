/** Which stage this is, how far it is, and the ways to its run, traces and log. */
import type { ComponentChildren } from 'preact';
import type { RunSummary } from '../../core/protocol/methods.ts';
import { looks } from '../dashboard/run-head.tsx';
import type { Host } from '../host.ts';
import { count, duration, plural } from '../ui/format.ts';
import { Icon } from '../ui/icon.tsx';

interface HeadProps {
  host: Host;
  run: RunSummary;
  stage: string;
  attempt: number | null;
  /** Further buttons. */
  children?: ComponentChildren;
}

export function Head({ host, run, stage, attempt, children }: HeadProps) {
  const info = run.stages.find(({ id }) => id === stage);
  const look = info && looks[info.state];
  const { progress } = info ?? {};
  const live = info?.state === 'running' || info?.state === 'stopping';
  const error = info?.state === 'failed' ? info.attempts.at(-1)?.error : null;
  return (
    <header class="page-head">
      {look && (
        <span class={look.tone} title={info.state}>
          <Icon name={look.icon} />
        </span>
      )}
      <h1>{stage}</h1>
      {info && <span class="muted">{info.kind}</span>}
      {info && <span class={look?.tone}>{info.state}</span>}
      {live && progress && (
        <span class="muted num">
          {count(progress.done)}
          {progress.total === null ? '' : ` of ${count(progress.total)}`} {progress.unit}
          {progress.secondsLeft === null ? '' : ` · ${duration(progress.secondsLeft)} left`}
        </span>
      )}
      {error && (
        <span class="wrong report-error" title={error.hint ?? error.message}>
          {error.class}: {error.message}
        </span>
      )}
      <span class="grow" />
      {attempt !== null && attempt > 1 && <span class="muted">attempt {attempt}</span>}
      <button
        class="link"
        title="Open the dashboard"
        onClick={() => void host.ask('host/open', { view: { page: 'dashboard', run: run.run } })}
      >
        {run.name}
      </button>
      {info && info.traces > 0 && (
        <button
          class="link"
          onClick={() =>
            void host.ask('host/open', {
              view: { page: 'inspector', title: `${stage} · ${run.name}`, filter: { run: run.run, stage } },
            })
          }
        >
          {plural(info.traces, 'trace')}
        </button>
      )}
      <button
        class="tool"
        aria-label="Show the log"
        title="Show log"
        onClick={() => void host.ask('host/command', { command: 'longhand.showStageLog', run: run.run, stage })}
      >
        <Icon name="output" />
      </button>
      {children}
    </header>
  );
}
