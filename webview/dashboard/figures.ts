/** From a snapshot of a run's metrics to what the charts draw. Pure. */
import type { MetricsSnapshot, RunSummary, Series } from '../../core/protocol/methods.ts';
import { shortMarkerNames } from '../../core/traces/marker-name.ts';
import type { ChartLine } from '../charts/model.ts';

export interface StageChart {
  id: string;
  title: string;
  unit?: string;
  x: number[];
  lines: ChartLine[];
  marks: { x: number; text: string }[];
}

/** Colours of several lines in one chart. */
const palette = [
  'verification',
  'backtracking',
  'backward_reasoning',
  'subgoal',
  'uncertainty',
  'restart',
  'case_split',
].map((label) => `--lh-${label}`);

interface ChartSpec {
  title: string;
  unit?: string;
  /** The names of its lines among a stage's series, in the trainer's own words. */
  match: RegExp;
  /** What stands at a line's end. */
  name?: (series: string) => string;
}

/** In the order of the page. What matches nothing is under "other". */
const specs: readonly ChartSpec[] = [
  { title: 'Reward', unit: 'mean', match: /^reward$/ },
  {
    title: 'Rewards',
    unit: 'mean of each',
    match: /^rewards\/.+\/mean$/,
    name: (series) => series.split('/')[1]!.replaceAll('_', ' '),
  },
  { title: 'Completion length', unit: 'tokens', match: /^completions\/mean_length$/ },
  { title: 'Cut completions', unit: 'share', match: /^completions\/clipped_ratio$/ },
  { title: 'Loss', match: /^loss$/ },
  {
    title: 'Loss by segment',
    unit: 'mean of its tokens',
    match: /^loss\/(?!source\/)/,
    name: (series) => series.slice('loss/'.length).replaceAll('_', ' '),
  },
  {
    title: 'Loss by source',
    unit: 'mean of its tokens',
    match: /^loss\/source\//,
    name: (series) => series.slice('loss/source/'.length),
  },
  { title: 'Token accuracy', match: /^mean_token_accuracy$/ },
  { title: 'Entropy', match: /^entropy$/ },
  { title: 'KL', match: /^kl$/ },
  { title: 'Groups without signal', unit: 'share', match: /^frac_reward_zero_std$/ },
  { title: 'Learning rate', match: /^learning_rate$/ },
];

/** The charts of one stage's training metrics. */
export function stageCharts(snapshot: MetricsSnapshot, stage: string): { charts: StageChart[]; others: StageChart[] } {
  const own = snapshot.series.filter((series) => series.stage === stage && series.step.length > 0);
  const marks = (snapshot.epochSteps[stage] ?? []).map((x, i) => ({ x, text: `e${i + 1}` }));
  const used = new Set<Series>();
  const charts: StageChart[] = [];
  for (const spec of specs) {
    const found = own.filter(({ name }) => spec.match.test(name));
    if (!found.some(({ value }) => value.some((one) => one !== null))) continue;
    for (const series of found) used.add(series);
    charts.push({
      id: `${stage}/${spec.title}`,
      title: spec.title,
      ...(spec.unit ? { unit: spec.unit } : {}),
      ...aligned(found, spec.name ?? ((name) => name)),
      marks,
    });
  }
  const others = own
    .filter((series) => !used.has(series) && series.value.some((one) => one !== null))
    .map((series) => ({
      id: `${stage}/${series.name}`,
      title: series.name,
      ...aligned([series], (name) => name),
      marks,
    }));
  return { charts, others };
}

/** Several series over the union of their steps. */
function aligned(found: readonly Series[], name: (series: string) => string): Pick<StageChart, 'x' | 'lines'> {
  const x = [...new Set(found.flatMap(({ step }) => step))].sort((a, b) => a - b);
  const place = new Map(x.map((step, i) => [step, i]));
  const lines = found.map((series, i): ChartLine => {
    const values: (number | null)[] = x.map(() => null);
    for (const [k, step] of series.step.entries()) values[place.get(step)!] = series.value[k] ?? null;
    return { name: name(series.name), color: palette[i % palette.length]!, values };
  });
  return { x, lines };
}

type Evaluated = MetricsSnapshot['evaluations'][number];

export interface EvaluationPoint extends Evaluated {
  /** What the axis says: base, e1 … e10, grpo 30; the words of its style marker where it has one. */
  label: string;
}

/**
 * Evaluations of one set in the order of training: stage by stage as the recipe runs them, by step within each. The newest of
 * several at one place wins; superseded ones are left out.
 */
export function evaluationPoints(snapshot: MetricsSnapshot, run: RunSummary | null, set: string): EvaluationPoint[] {
  const order = new Map((run?.stages ?? []).map(({ id }, i) => [id, i]));
  const byPlace = new Map<string, Evaluated>();
  for (const one of snapshot.evaluations) {
    if (one.set === set && !one.superseded) byPlace.set(`${one.of}/${one.step}/${one.marker ?? ''}`, one);
  }
  const sorted = [...byPlace.values()].sort(
    (a, b) => (order.get(a.of) ?? 99) - (order.get(b.of) ?? 99) || a.step - b.step,
  );
  const stages = new Set(sorted.map(({ of }) => of));
  const first = sorted[0]?.of;
  const markers = markerNames(sorted);
  return sorted.map((one) => {
    const base = one.step === 0 && one.of === first;
    const epoch = one.epoch !== null && one.of === first && Number.isInteger(Math.round(one.epoch * 1000) / 1000);
    const label = base
      ? 'base'
      : epoch
        ? `e${Math.round(one.epoch!)}`
        : stages.size > 1 || one.of !== first
          ? `${one.of} ${one.step}`
          : `${one.step}`;
    return { ...one, label: one.marker ? `${label} ${markers.get(one.marker)}` : label };
  });
}

function markerNames(points: readonly Evaluated[]): Map<string, string> {
  return shortMarkerNames([...new Set(points.flatMap(({ marker }) => marker ?? []))]);
}

/** One figure of all evaluations: a line through those without a marker, and one of its own for each style marker. */
export function evaluationLines(
  points: readonly EvaluationPoint[],
  line: Pick<ChartLine, 'name' | 'color' | 'dash' | 'label'>,
  value: (point: EvaluationPoint) => number | null,
  interval?: (point: EvaluationPoint) => [number, number] | null | undefined,
): ChartLine[] {
  const markers = markerNames(points);
  return [undefined, ...markers.keys()].flatMap((marker, i) => {
    const own = <T>(read: (point: EvaluationPoint) => T) =>
      points.map((point) => (point.marker === marker ? read(point) : null));
    const values = own(value);
    if (values.every((one) => one === null)) return [];
    return {
      ...line,
      ...(marker !== undefined && {
        name: `${line.name} ${markers.get(marker)}`,
        color: line.dash ? line.color : palette[i % palette.length]!,
        label: '',
      }),
      values,
      ...(interval && {
        low: own((point) => interval(point)?.[0] ?? null),
        high: own((point) => interval(point)?.[1] ?? null),
        points: true,
      }),
    };
  });
}

/** The sets that were evaluated, the most evaluated first. */
export function evaluationSets(snapshot: MetricsSnapshot): string[] {
  const counts = new Map<string, number>();
  for (const { set } of snapshot.evaluations) counts.set(set, (counts.get(set) ?? 0) + 1);
  return [...counts].sort((a, b) => b[1] - a[1]).map(([set]) => set);
}

/** Accuracy at each budget, one line a checkpoint: the last with its interval, the first and the last of each stage named. */
export function budgetLines(points: readonly EvaluationPoint[]): { x: number[]; lines: ChartLine[] } {
  const x = [...new Set(points.flatMap(({ budgets }) => budgets.map(({ budget }) => budget)))].sort((a, b) => a - b);
  const withBudgets = points.filter(({ budgets }) => budgets.length > 0);
  const lines = withBudgets.map((point, i): ChartLine => {
    const at = new Map(point.budgets.map((one) => [one.budget, one]));
    const last = i === withBudgets.length - 1;
    const ends = i === 0 || last || withBudgets[i + 1]?.of !== point.of;
    return {
      name: point.label,
      label: ends ? point.label : '',
      color: last ? '--lh-right' : i === 0 ? '--lh-grey' : ends ? '--lh-verification' : '--lh-faint',
      values: x.map((budget) => at.get(budget)?.accuracy ?? null),
      points: ends,
      ...(last
        ? {
            low: x.map((budget) => at.get(budget)?.accuracy_ci95?.[0] ?? null),
            high: x.map((budget) => at.get(budget)?.accuracy_ci95?.[1] ?? null),
          }
        : {}),
    };
  });
  return { x, lines };
}
