/** GRPO: the health of the groups over the steps, and the group of one problem at one step beside its other steps. */
import { useEffect, useMemo, useState } from 'preact/hooks';
import type { GroupAtStep, ProblemGroups } from '../../core/protocol/groups.ts';
import type { View } from '../../core/protocol/webview.ts';
import { Chart } from '../dashboard/chart.tsx';
import type { Page } from '../inspector/page.ts';
import { TextField } from '../ui/controls.ts';
import { count, decimal, percent, plural, short } from '../ui/format.ts';
import { Grid } from '../ui/grid.tsx';
import { Icon } from '../ui/icon.tsx';
import { TYPED, useSaid } from '../ui/say.ts';
import { Empty, Failure, Skeleton } from '../ui/states.tsx';
import { useStore } from '../ui/store.ts';
import { GroupTable } from './group-table.tsx';
import { GroupsModel } from './groups-model.ts';
import { Health } from './health.tsx';

type ReportView = Extract<View, { page: 'report' }>;

interface GroupsProps {
  page: Page;
  view: ReportView;
  onTrace: (trace: string) => void;
}

export function Groups({ page, view, onTrace }: GroupsProps) {
  const { host } = page;
  const { run, stage } = view;
  const model = useMemo(() => new GroupsModel(host, run, stage), [host, run, stage]);
  const { health, problems, total, problem, groups, more, at, group, loaded, error } = useStore(model);
  useEffect(() => {
    void model.start(view.problem, view.step);
    const stop = host.on('events/batch', (batch) => model.onEvents(batch));
    return () => {
      stop();
      model.close();
    };
  }, [model]);
  const shown = groups[at];
  // Kept for a reload of the page.
  useEffect(() => {
    if (problem !== null && shown && (view.problem !== problem || view.step !== shown.step))
      page.change<ReportView>({ problem, step: shown.step });
  }, [problem, shown?.step]);

  if (error !== null && !loaded)
    return <Failure what="The groups cannot be shown" error={error} onRetry={() => void model.retry()} />;
  if (!loaded) return <Skeleton lines={8} label="Reading the groups" />;
  if (health.length === 0 && problems.length === 0)
    return (
      <div class="groups-none">
        <Empty icon="graph-line" title="No groups yet">
          <p>The completions of each step appear here with their rewards as soon as the first step has them.</p>
        </Empty>
      </div>
    );
  return (
    <div class="groups">
      <Health
        health={health}
        at={shown?.step ?? null}
        onStep={(step) => void model.goToStep(step)}
        onWhy={view.why ? null : () => page.change<ReportView>({ why: {} })}
      />
      <div class="group-columns">
        <Problems
          problems={problems}
          total={total}
          chosen={problem}
          onChoose={(one) => void model.choose(one, shown?.step)}
          onSearch={(text) => void model.search(text)}
          onLook={(last) => void model.look(last)}
        />
        <section class="group-view" aria-label="Group">
          {problem === null || !shown ? (
            <p class="muted">No group of this problem.</p>
          ) : (
            <>
              <Steps groups={groups} at={at} more={more} onGo={(to) => void model.go(to)} />
              {group && group.members.length > 0 && (
                <GroupTable
                  group={group}
                  onTrace={onTrace}
                  onSides={(left, right) =>
                    void host.ask('host/open', { view: { page: 'sides', title: group.problemLabel, left, right } })
                  }
                />
              )}
            </>
          )}
        </section>
      </div>
    </div>
  );
}

interface StepsProps {
  groups: readonly GroupAtStep[];
  at: number;
  more: number;
  onGo: (at: number) => void;
}

/** A slider over the steps at which the problem was sampled, and how its length and its share of right ones went. */
function Steps({ groups, at, more, onGo }: StepsProps) {
  const shown = groups[at]!;
  const words = `step ${count(shown.step)}: ${count(shown.right)} of ${count(shown.n)} right, mean ${count(shown.tokens)} tokens, reward ${decimal(shown.reward)}`;
  // Two groups of one step stand next to each other.
  const x = useMemo(() => groups.map((_, i) => i), [groups]);
  const names = useMemo(() => groups.map(({ step }) => String(step)), [groups]);
  const length = useMemo(
    () => [{ name: 'tokens', color: '--lh-verification', values: groups.map(({ tokens }) => tokens), points: true }],
    [groups],
  );
  const right = useMemo(
    () => [{ name: 'right', color: '--lh-right', values: groups.map(({ right: n, n: of }) => n / of), points: true }],
    [groups],
  );
  const marks = [{ x: at, text: `step ${shown.step}` }];
  return (
    <>
      <div class="step-bar">
        <button
          class="tool"
          aria-label="Earlier group"
          title="Earlier"
          disabled={at === 0}
          onClick={() => onGo(at - 1)}
        >
          <Icon name="chevron-left" />
        </button>
        <input
          type="range"
          class="slider"
          min={0}
          max={groups.length - 1}
          value={at}
          disabled={groups.length < 2}
          aria-label="Step"
          aria-valuetext={words}
          onInput={(event) => onGo(Number(event.currentTarget.value))}
        />
        <button
          class="tool"
          aria-label="Later group"
          title="Later"
          disabled={at === groups.length - 1}
          onClick={() => onGo(at + 1)}
        >
          <Icon name="chevron-right" />
        </button>
        <span class="num step-words">{words}</span>
        <span class="muted num">
          {groups.length === 1 ? 'its only group' : `${count(at + 1)} of ${plural(groups.length, 'group')}`}
          {more > 0 ? `; ${count(more)} more are not listed` : ''}
        </span>
      </div>
      {groups.length > 1 && (
        <div class="charts step-charts">
          <Chart
            title="Mean tokens"
            unit="this problem"
            x={x}
            names={names}
            xName="step"
            lines={length}
            marks={marks}
            format={(value) => short(Math.round(value))}
            onPick={onGo}
          />
          <Chart
            title="Right"
            unit="%, this problem"
            x={x}
            names={names}
            xName="step"
            lines={right}
            marks={marks}
            range={[0, 1]}
            format={(value) => percent(value, 0)}
            onPick={onGo}
          />
        </div>
      )}
    </>
  );
}

interface ProblemsProps {
  problems: readonly ProblemGroups[];
  total: number;
  chosen: string | null;
  onChoose: (problem: string) => void;
  onSearch: (text: string) => void;
  onLook: (last: number) => void;
}

function Problems({ problems, total, chosen, onChoose, onSearch, onLook }: ProblemsProps) {
  const [text, setText] = useState('');
  useEffect(() => {
    const timer = setTimeout(() => onSearch(text), text === '' ? 0 : 150);
    return () => clearTimeout(timer);
  }, [text]);
  const words =
    problems.length < total ? `${count(problems.length)} of ${plural(total, 'problem')}` : plural(total, 'problem');
  // What the reader looked for, not what comes in while the stage runs.
  useSaid('problems', text === '' ? '' : plural(total, 'problem'), `${text} ${total}`, TYPED);
  const index = useMemo(() => problems.findIndex(({ problem }) => problem === chosen), [problems, chosen]);
  return (
    <section class="group-problems" aria-label="Problems">
      <TextField label="Find a problem" placeholder="Find a problem" value={text} onInput={setText} />
      <Grid
        label="Problems"
        id="problem"
        rows={problems}
        columns={3}
        index={index}
        selected={chosen}
        head={
          <div role="row" class="grid-head" aria-rowindex={1}>
            <span role="columnheader">Problem</span>
            <span role="columnheader" class="num" title="Groups: steps at which it was sampled">
              Groups
            </span>
            <span role="columnheader" class="num">
              Right %
            </span>
          </div>
        }
        onEnter={() => undefined}
        onMove={(to) => problems[to] && onChoose(problems[to].problem)}
        onView={(_, last) => onLook(last)}
      >
        {(one, i) => (
          <div
            key={one.problem}
            role="row"
            id={`problem-${i}`}
            class="grid-row"
            aria-rowindex={i + 2}
            aria-selected={one.problem === chosen}
            title={`${one.label}: ${plural(one.groups, 'group')}, ${count(one.right)} of ${count(one.graded)} right, steps ${count(one.firstStep)} to ${count(one.lastStep)}`}
            onClick={() => onChoose(one.problem)}
          >
            <span role="gridcell">{one.label}</span>
            <span role="gridcell" class="num">
              {count(one.groups)}
            </span>
            <span role="gridcell" class="num">
              {one.graded > 0 ? percent(one.right / one.graded, 0) : '–'}
            </span>
          </div>
        )}
      </Grid>
      <p class="muted num groups-count">{words}</p>
    </section>
  );
}
