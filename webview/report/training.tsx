/** SFT: its loss by step with a tick at the end of each epoch, and its checkpoints as they were evaluated. */
import { useMemo, useState } from 'preact/hooks';
import type { RunSummary } from '../../core/protocol/methods.ts';
import { EvaluationCharts, EvaluationHead } from '../dashboard/evaluation-charts.tsx';
import { evaluationPoints, evaluationSets, stageCharts } from '../dashboard/figures.ts';
import { StepCharts } from '../dashboard/step-charts.tsx';
import type { Host } from '../host.ts';
import { plural } from '../ui/format.ts';
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
          <EvaluationHead title="Evaluation by epoch" points={points} sets={sets} set={set} onSet={setSet} />
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
        <StepCharts
          title="Training by step"
          label="Training by step"
          note={epochs > 0 && `${plural(epochs, 'epoch')}, a tick at the end of each`}
          charts={charts}
          others={others}
          more={more}
          onMore={setMore}
        />
      )}
    </div>
  );
}
