/** Accuracy and length over the checkpoints that were evaluated, with their intervals; a click opens the traces. */
import { Dropdown } from '../ui/controls.ts';
import { count, short } from '../ui/format.ts';
import { Chart } from './chart.tsx';
import { evaluationLines, type EvaluationPoint } from './figures.ts';

interface EvaluationChartsProps {
  points: readonly EvaluationPoint[];
  onPick: (point: EvaluationPoint | undefined) => void;
}

/** A share as per cent, for a chart whose unit is that. */
export function perCent(value: number): string {
  return (value * 100).toFixed(value === 0 || value === 1 ? 0 : 1);
}

interface EvaluationHeadProps {
  title: string;
  points: readonly EvaluationPoint[];
  sets: readonly string[];
  set: string;
  onSet: (set: string) => void;
}

/** What the charts below are of, and which set where there are several. */
export function EvaluationHead({ title, points, sets, set, onSet }: EvaluationHeadProps) {
  const last = points.at(-1);
  return (
    <div class="section-head">
      <h2 class="title">{title}</h2>
      <span class="muted">
        95 % intervals over problems, {count(last?.problems)} × {count(last?.samples)} samples; a click opens the traces
      </span>
      {sets.length > 1 && (
        <Dropdown label="Set" value={set} options={sets.map((one) => ({ value: one, text: one }))} onChange={onSet} />
      )}
    </div>
  );
}

export function EvaluationCharts({ points, onPick }: EvaluationChartsProps) {
  const shared = {
    x: points.map((_, i) => i),
    xName: 'checkpoint',
    names: points.map(({ label }) => label),
    onPick: (index: number) => onPick(points[index]),
  };
  return (
    <>
      <Chart
        {...shared}
        title="Accuracy"
        unit="%"
        marks={[]}
        format={perCent}
        lines={evaluationLines(
          points,
          { name: 'accuracy', color: '--lh-right' },
          ({ accuracy }) => accuracy,
          ({ accuracy_ci95 }) => accuracy_ci95,
        )}
      />
      <Chart
        {...shared}
        title="Mean tokens"
        unit="all outputs"
        format={(value) => short(Math.round(value))}
        lines={[
          ...evaluationLines(
            points,
            { name: 'all', color: '--lh-verification' },
            ({ tokens_mean }) => tokens_mean,
            ({ tokens_mean_ci95 }) => tokens_mean_ci95,
          ),
          ...evaluationLines(
            points,
            { name: 'finished', color: '--lh-grey', dash: [4, 3] },
            ({ tokens_mean_finished }) => tokens_mean_finished,
          ),
        ]}
      />
    </>
  );
}
