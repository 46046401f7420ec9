/** What tells whether GRPO still learns: groups without signal, cut completions, cosine at its end, length of right and wrong. */
import { useMemo } from 'preact/hooks';
import type { GroupHealth } from '../../core/protocol/groups.ts';
import type { ChartLine } from '../charts/model.ts';
import { Chart } from '../dashboard/chart.tsx';
import { percent, short } from '../ui/format.ts';

interface HealthProps {
  health: readonly GroupHealth[];
  /** The step of the group that is shown. */
  at: number | null;
  onStep: (step: number) => void;
  /** Shows why the reward changed; null where that is shown. */
  onWhy: (() => void) | null;
}

export function Health({ health, at, onStep, onWhy }: HealthProps) {
  const x = useMemo(() => health.map(({ step }) => step), [health]);
  const lines = useMemo(() => linesOf(health), [health]);
  const marks = at === null ? [] : [{ x: at, text: `step ${at}` }];
  const shared = { x, xName: 'step', marks, onPick: (index: number) => onStep(x[index] ?? 0) };
  const share = (value: number) => percent(value, value === 0 || value === 1 ? 0 : 1);
  return (
    <section aria-label="Health of the groups">
      <div class="section-head">
        <h2 class="title">Groups by step</h2>
        <span class="muted">a click shows a group of that step</span>
        {onWhy && (
          <button class="chip" onClick={onWhy}>
            Why did the reward change?
          </button>
        )}
      </div>
      <div class="charts">
        <Chart {...shared} title="Groups without signal" unit="%" lines={lines.flat} format={share} />
        <Chart {...shared} title="Cut completions" unit="%" lines={lines.cut} format={share} />
        {lines.cosine && (
          <Chart {...shared} title="Cosine reward at its end" unit="%" lines={lines.cosine} format={share} />
        )}
        <Chart
          {...shared}
          title="Mean tokens"
          unit="right and wrong"
          lines={lines.tokens}
          format={(value) => short(Math.round(value))}
        />
      </div>
    </section>
  );
}

/** Lines of the four charts over the steps; shares between 0 and 1. */
export function linesOf(health: readonly GroupHealth[]): Record<'flat' | 'cut' | 'tokens', ChartLine[]> & {
  cosine: ChartLine[] | null;
} {
  const line = (name: string, color: string, value: (step: GroupHealth) => number | null): ChartLine => ({
    name,
    color,
    values: health.map(value),
  });
  const other = health.some(({ flat }) => flat.other > 0);
  return {
    flat: [
      line('all right', '--lh-right', ({ flat, groups }) => flat.right / groups),
      line('all wrong', '--lh-wrong', ({ flat, groups }) => flat.wrong / groups),
      ...(other ? [line('neither', '--lh-grey', ({ flat, groups }) => flat.other / groups)] : []),
    ],
    cut: [line('cut', '--lh-cut', ({ cut, completions }) => cut / completions)],
    cosine: health.some(({ cosine }) => cosine !== null)
      ? [line('at its end', '--lh-subgoal', ({ cosine }) => (cosine ? cosine.saturated / cosine.n : null))]
      : null,
    tokens: [
      line('right', '--lh-right', ({ tokensRight }) => tokensRight),
      line('wrong', '--lh-wrong', ({ tokensWrong }) => tokensWrong),
    ],
  };
}
