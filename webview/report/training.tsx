/** SFT: its loss by step with a tick at the end of each epoch, and its checkpoints as they were evaluated. */
import { useMemo, useState } from 'preact/hooks';
import type { RunSummary } from '../../core/protocol/methods.ts';
import { Chart } from '../dashboard/chart.tsx';
import { EvaluationCharts } from '../dashboard/evaluation-charts.tsx';
import { evaluationPoints, evaluationSets, stageCharts } from '../dashboard/figures.ts';
import type { Host } from '../host.ts';
import { Dropdown } from '../ui/controls.ts';
import { count, plural } from '../ui/format.ts';
import { usePulled } from '../ui/pulls.ts';
import { Failure } from '../ui/states.tsx';
import { useStore } from '../ui/store.ts';
import { TrainingModel } from './training-model.ts';

interface TrainingProps {
  host: Host;
  run: RunSummary;
  stage: string;
  connected: boolean;
}

export function Training({ host, run, stage, connected }: TrainingProps) {
  const model = useMemo(() => new TrainingModel(host, run.run, stage), [host, run.run, stage]);
  usePulled(model, host, connected);
  const { metrics, error } = useStore(model);
  const [more, setMore] = useState(false);
  const [chosen, setSet] = useState('');
  const { charts, others } = useMemo(
    () => (metrics ? stageCharts(metrics, stage) : { charts: [], others: [] }),
    [metrics, stage],
  );
  const sets = useMemo(() => (metrics ? evaluationSets(metrics) : []), [metrics]);
  const set = sets.includes(chosen) ? chosen : (sets[0] ?? '');
  const points = useMemo(() => (metrics ? evaluationPoints(metrics, run, set) : []), [metrics, run, set]);
  if (!metrics) {
    return error === null ? null : (
      <Failure what="The training cannot be shown" error={error} onRetry={() => void model.pull()} />
    );
  }
  const epochs = metrics.epochSteps[stage]?.length ?? 0;
  return (
    <div class="training">
      {points.length > 0 && (
        <section aria-label="Evaluation by epoch">
          <div class="section-head">
            <h2 class="title">Evaluation by epoch</h2>
            <span class="muted">
              95 % intervals over problems, {count(points.at(-1)?.problems)} × {count(points.at(-1)?.samples)} samples;
              a click opens the traces
            </span>
            {sets.length > 1 && (
              <Dropdown
                label="Set"
                value={set}
                options={sets.map((one) => ({ value: one, text: one }))}
                onChange={setSet}
              />
            )}
          </div>
          <div class="charts">
            <EvaluationCharts
              points={points}
              onPick={(point) =>
                point &&
                void host.ask('host/open', {
                  view: {
                    page: 'inspector',
                    title: `${run.name} · ${stage} ${point.label}`,
                    filter: { run: run.run, stage: point.stage, step: point.step, set: point.set },
                  },
                })
              }
            />
          </div>
        </section>
      )}
      {charts.length > 0 && (
        <section aria-label="Training by step">
          <div class="section-head">
            <h2 class="title">Training by step</h2>
            {epochs > 0 && <span class="muted">{plural(epochs, 'epoch')}, a tick at the end of each</span>}
            {others.length > 0 && (
              <button class="chip" aria-pressed={more} onClick={() => setMore(!more)}>
                {more ? 'Fewer' : `${others.length} more`}
              </button>
            )}
          </div>
          <div class="charts">
            {[...charts, ...(more ? others : [])].map((chart) => (
              <Chart
                key={chart.id}
                title={chart.title}
                unit={chart.unit}
                x={chart.x}
                xName="step"
                lines={chart.lines}
                marks={chart.marks}
              />
            ))}
          </div>
        </section>
      )}
    </div>
  );
}
