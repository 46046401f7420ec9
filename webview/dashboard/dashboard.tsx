/** The dashboard of a run: its stages, what training measures, what evaluation found, the stage table. */
import { useEffect, useMemo, useState } from 'preact/hooks';
import type { StageRow } from '../../core/protocol/methods.ts';
import type { WebviewInit } from '../../core/protocol/webview.ts';
import { markerName } from '../../core/traces/marker-name.ts';
import type { Host } from '../host.ts';
import { Button } from '../ui/controls.ts';
import { count, duration, percent, plural } from '../ui/format.ts';
import { useSheet } from '../ui/help.tsx';
import { usePulled } from '../ui/pulls.ts';
import { BackendBanner, Empty, Failure, Skeleton } from '../ui/states.tsx';
import { useStore } from '../ui/store.ts';
import { Advisories } from './advisories.tsx';
import { Chart } from './chart.tsx';
import { EvaluationCharts, EvaluationHead, perCent } from './evaluation-charts.tsx';
import { budgetLines, evaluationPoints, evaluationSets, stageCharts, type EvaluationPoint } from './figures.ts';
import { dashboardKeyLines } from './keys.ts';
import { RunHead } from './run-head.tsx';
import { RunModel } from './run-model.ts';
import { StepCharts } from './step-charts.tsx';

interface DashboardProps {
  host: Host;
  run: string;
  backend: WebviewInit['backend'];
}

export function Dashboard({ host, run, backend }: DashboardProps) {
  const model = useMemo(() => new RunModel(host, run), [host, run]);
  const state = useStore(model);
  const { button, sheet } = useSheet(host, dashboardKeyLines);
  usePulled(model, host, backend.state === 'connected');
  useEffect(() => {
    // Time left goes down without events.
    const timer = setInterval(() => model.value.run?.state === 'running' && model.soon(), 5000);
    return () => clearInterval(timer);
  }, [model]);

  return (
    <div class="dashboard">
      <BackendBanner backend={backend} host={host} />
      {state.run ? (
        <main class="dashboard-scroll" tabIndex={0} aria-label="Dashboard">
          <RunHead run={state.run} host={host}>
            {button}
          </RunHead>
          <Advisories host={host} run={run} connected={backend.state === 'connected'} />
          <Figures host={host} model={model} />
        </main>
      ) : state.error !== null ? (
        <main class="dashboard-scroll">
          <Failure page what="The run cannot be shown" error={state.error} onRetry={() => void model.pull()} />
        </main>
      ) : (
        <Skeleton lines={12} label="Reading the run" />
      )}
      {sheet}
    </div>
  );
}

function Figures({ host, model }: { host: Host; model: RunModel }) {
  const { run, metrics, table } = useStore(model);
  const sets = useMemo(() => (metrics ? evaluationSets(metrics) : []), [metrics]);
  const [chosen, setSet] = useState('');
  const [others, setOthers] = useState(false);
  const set = sets.includes(chosen) ? chosen : (sets[0] ?? '');
  const points = useMemo(
    () => (metrics ? evaluationPoints(metrics, run, set) : []),
    [metrics, run?.stages.length, set],
  );
  const trained = useMemo(
    () =>
      metrics && run
        ? run.stages
            .map(({ id }) => ({ id, ...stageCharts(metrics, id) }))
            .filter(({ charts, others: more }) => charts.length + more.length > 0)
        : [],
    [metrics, run?.stages.length],
  );
  if (!run || !metrics) return null;
  const openPoint = (point: EvaluationPoint | undefined) =>
    point &&
    void host.ask('host/open', {
      view: {
        page: 'inspector',
        title: `${run.name} · ${point.label}`,
        filter: {
          run: run.run,
          stage: point.stage,
          step: point.step,
          set: point.set,
          ...(points.some(({ marker }) => marker) && { marker: point.marker ?? null }),
        },
      },
    });
  if (points.length === 0 && trained.length === 0) {
    return (
      <div class="dashboard-empty">
        <Empty icon="graph-line" title={run.state === 'completed' ? 'This run measured nothing' : 'No figures yet'}>
          <p>
            {run.kind === 'import'
              ? 'An import has traces to read, but no training to follow.'
              : 'Charts appear here with the first logged step and the first evaluation.'}
          </p>
          {run.traces > 0 && (
            <Button
              onClick={() =>
                void host.ask('host/open', { view: { page: 'inspector', title: run.name, filter: { run: run.run } } })
              }
            >
              Open traces
            </Button>
          )}
        </Empty>
      </div>
    );
  }
  const budgets = budgetLines(points);
  return (
    <>
      {points.length > 0 && (
        <section aria-label="Evaluations">
          <EvaluationHead title="Evaluations" points={points} sets={sets} set={set} onSet={setSet} />
          <div class="charts wide">
            <EvaluationCharts points={points} onPick={openPoint} />
            {budgets.lines.length > 0 && (
              <Chart
                title="Accuracy at a token budget"
                unit="%"
                x={budgets.x}
                xName="budget"
                splits={budgets.x}
                lines={budgets.lines}
                format={perCent}
              />
            )}
          </div>
        </section>
      )}
      {trained.map(({ id, charts, others: more }) => (
        <StepCharts
          key={id}
          title={id}
          label={`Training of ${id}`}
          note="by step"
          charts={charts}
          others={more}
          more={others}
          onMore={setOthers}
          {...(run.stages.find((stage) => stage.id === id)?.kind === 'grpo' && {
            onWhy: () => void host.ask('host/open', { view: { page: 'report', run: run.run, stage: id, why: {} } }),
          })}
        />
      ))}
      {table && table.rows.length > 0 && (
        <section aria-label="Stage table">
          <div class="section-head">
            <h2 class="title">Stages</h2>
            <span class="muted">{duration(table.secondsTotal)} in all</span>
          </div>
          <StageTable
            rows={table.rows}
            onOpen={(row) =>
              openPoint(
                points.find(
                  (point) =>
                    (point.of === row.id || row.id === 'base') &&
                    point.step === row.step &&
                    point.set === row.set &&
                    point.marker === row.marker,
                ),
              )
            }
          />
        </section>
      )}
    </>
  );
}

function StageTable({ rows, onOpen }: { rows: readonly StageRow[]; onOpen: (row: StageRow) => void }) {
  const marked = rows.some(({ marker }) => marker);
  return (
    <table class="stage-table">
      <thead>
        <tr>
          <th scope="col">Stage</th>
          <th scope="col" class="num">
            Epoch
          </th>
          <th scope="col" class="num">
            Step
          </th>
          <th scope="col">Set</th>
          {marked && <th scope="col">Marker</th>}
          <th scope="col" class="num">
            Accuracy %
          </th>
          <th scope="col" class="num">
            95 %
          </th>
          <th scope="col" class="num">
            Mean tokens
          </th>
          <th scope="col" class="num">
            95 %
          </th>
          <th scope="col" class="num">
            Finished: tokens
          </th>
          <th scope="col" class="num">
            Finished %
          </th>
          <th scope="col" class="num">
            n
          </th>
          <th scope="col" class="num">
            Time
          </th>
        </tr>
      </thead>
      <tbody>
        {rows.map((row) => (
          <tr key={`${row.id}/${row.step}/${row.set}/${row.marker ?? ''}`}>
            <th scope="row">
              <button class="link" title="Open its traces" onClick={() => onOpen(row)}>
                {row.id}
              </button>{' '}
              <span class="muted">{row.kind === row.id ? '' : row.kind}</span>
            </th>
            <td class="num">{row.epoch === null ? '' : Number(row.epoch.toFixed(2))}</td>
            <td class="num">{count(row.step)}</td>
            <td>{row.set}</td>
            {marked && (
              <td class="muted" title={row.marker?.trim()}>
                {row.marker ? markerName(row.marker) : ''}
              </td>
            )}
            <td class="num">
              {percent(row.accuracy)}
              {row.relabelled && (
                <button
                  class="link"
                  aria-label={relabelledWords(row.relabelled)}
                  title={relabelledWords(row.relabelled)}
                  onClick={() => onOpen(row)}
                >
                  *
                </button>
              )}
            </td>
            <td class="num muted">
              {row.accuracy_ci95 ? `${percent(row.accuracy_ci95[0])}–${percent(row.accuracy_ci95[1])}` : ''}
            </td>
            <td class="num">{count(row.tokens_mean)}</td>
            <td class="num muted">
              {row.tokens_mean_ci95 ? `${count(row.tokens_mean_ci95[0])}–${count(row.tokens_mean_ci95[1])}` : ''}
            </td>
            <td class="num">{count(row.tokens_mean_finished)}</td>
            <td class="num">{percent(row.finished, 0)}</td>
            <td class="num">{count(row.n)}</td>
            <td class="num">{duration(row.seconds)}</td>
          </tr>
        ))}
      </tbody>
    </table>
  );
}

const relabelledWords = (n: number): string =>
  `${plural(n, 'verdict')} of it ${n === 1 ? 'is' : 'are'} by a reader or a re-score; the figures are computed from what counts now. Open its traces`;
