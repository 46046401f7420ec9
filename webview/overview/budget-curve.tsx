/** Accuracy at a budget of tokens for each checkpoint, over the budget or over the tokens spent; a point lists the problems that change there. */
import { useMemo, useState } from 'preact/hooks';
import type { Checkpoint } from '../../core/protocol/overview.ts';
import type { Result } from '../../core/protocol/methods.ts';
import type { ChartLine } from '../charts/model.ts';
import { octaves } from '../charts/frame.ts';
import { Chart } from '../dashboard/chart.tsx';
import { perCent } from '../dashboard/evaluation-charts.tsx';
import type { Host } from '../host.ts';
import { count, plural, short } from '../ui/format.ts';
import { isFlag, useKept } from './kept.ts';
import { checkpointFilter, seriesRef, tracesView, type Place } from './open.ts';
import { Panel, Wait } from './panel.tsx';
import { ProblemList, type Listed } from './problem-list.tsx';
import { useAnswer } from './use-answer.ts';

type Budgets = Result<'overview/budgets'>;

/** Lines from which on those between are hardly more than a trace. */
const MANY = 12;

interface CurveProps {
  host: Host;
  place: Place;
  before: Checkpoint;
  after: Checkpoint;
  version: number;
}

/** A point of a curve: of which checkpoint, at which budget. */
interface At {
  curve: number;
  budget: number;
}

export function BudgetCurve({ host, place, before, after, version }: CurveProps) {
  const answer = useAnswer(host, 'overview/budgets', seriesRef(place), version);
  const [spent, setSpent] = useKept('budgets.spent', false, isFlag);
  const [at, setAt] = useState<At | null>(null);
  const drawn = useMemo(
    () => answer.value && linesOf(answer.value, [before.key, after.key], spent),
    [answer.value, before.key, after.key, spent],
  );
  const listed = ({ curve, budget }: At): Listed => {
    const { budgets, checkpoints, curves } = answer.value!;
    const [now, below] = [budgets[budget]!, budgets[budget - 1] ?? null];
    const checkpoint = checkpoints[curve]!;
    // As the service counts: right, not cut, and at most so long.
    const right = 'verdict:right -finish:length,error';
    const view = (what: string, problem: string | null, query: string) =>
      void host.ask('host/open', {
        view: tracesView(
          place,
          what,
          { ...checkpointFilter(place, checkpoint), ...(problem !== null && { problem }) },
          query,
        ),
      });
    return {
      key: `${checkpoint.key} ${now} ${version}`,
      title: `${checkpoint.label}: more right within ${count(now)} tokens than within ${below === null ? 'none' : count(below)}`,
      ...{ beforeName: below === null ? '0' : short(below), afterName: short(now) },
      read: (offset, limit) =>
        host.call('overview/problems', {
          ...seriesRef(place),
          ...{ wanted: { checkpoint: curves[curve]!.checkpoint, budget: now, below }, offset, limit },
        }),
      within: true,
      onBefore:
        below === null
          ? null
          : (row) =>
              view(`${row.label} · ${checkpoint.label} · ${short(below)}`, row.problem, `tokens:..${below} ${right}`),
      onAfter: (row) =>
        view(`${row.label} · ${checkpoint.label} · ${short(now)}`, row.problem, `tokens:..${now} ${right}`),
      onAll: () =>
        view(
          `${checkpoint.label} · ${short(below ?? 0)}–${short(now)} tokens`,
          null,
          `tokens:${below === null ? 0 : below + 1}..${now} ${right}`,
        ),
    };
  };
  return (
    <Panel
      wide
      title="Accuracy at a token budget"
      tools={
        <span role="group" aria-label="Horizontal axis">
          <button class="chip" aria-pressed={!spent} onClick={() => setSpent(false)}>
            Budget
          </button>{' '}
          <button class="chip" aria-pressed={spent} onClick={() => setSpent(true)}>
            Mean tokens spent
          </button>
        </span>
      }
    >
      <Wait answer={answer} what="Accuracy at a token budget" height={214}>
        {({ curves, budgets }) =>
          budgets.length === 0 || !drawn || drawn.x.length === 0 ? (
            <p class="muted">Nothing here is judged and has a length yet.</p>
          ) : (
            <Chart
              key={String(spent)}
              title="Right within the budget"
              unit="%"
              x={drawn.x}
              xName={spent ? 'mean tokens spent' : 'budget'}
              xText={(value) => short(Math.round(2 ** value))}
              splits={octaves(2 ** drawn.x[0]!, 2 ** drawn.x.at(-1)!).map(Math.log2)}
              lines={drawn.lines}
              format={perCent}
              notes={[
                `${place.name}, ${place.set ?? place.stage}: right and finished within the budget, mean over problems; 95 % bootstrap over problems for the marked checkpoints. ${noteOf(curves, answer.value!)}`,
              ]}
              onPick={(index, line) => {
                const point = drawn.at(index, line);
                if (point) setAt(point);
              }}
            />
          )
        }
      </Wait>
      {answer.value && answer.value.curves.some(({ unknownLength }) => unknownLength > 0) && (
        <p class="muted panel-foot">
          {count(answer.value.curves.reduce((sum, { unknownLength }) => sum + unknownLength, 0))} judged traces have no
          length: they are over every budget.
        </p>
      )}
      {at && answer.value?.curves[at.curve] && <ProblemList listed={listed(at)} onClose={() => setAt(null)} />}
    </Panel>
  );
}

function noteOf(curves: Budgets['curves'], { checkpoints }: Budgets): string {
  const words = curves.map(
    ({ n, problems }, i) => `${checkpoints[i]!.label}: ${plural(n, 'sample')} of ${plural(problems, 'problem')}`,
  );
  return words.length > 6 ? `${words.slice(0, 3).join('; ')}; …; ${words.at(-1)}.` : `${words.join('; ')}.`;
}

/** Those that are compared with their bands, the first and the last by name, the others faint. x is a logarithm. */
function linesOf({ checkpoints, budgets, curves }: Budgets, marked: readonly string[], spent: boolean) {
  const places = curves.map((curve) =>
    budgets.map((budget, b) => Math.log2(spent ? Math.max(1, curve.tokens[b] ?? budget) : budget)),
  );
  const x = [...new Set(places.flat())].sort((a, b) => a - b);
  const shown = curves.flatMap((curve, c) => (curve.accuracy.some((one) => one !== null) ? [c] : []));
  const lines = shown.map((c): ChartLine => {
    const where = new Map(places[c]!.map((value, b) => [value, b]));
    const values = (read: (b: number) => number | null | undefined) =>
      x.map((value) => {
        const b = where.get(value);
        return b === undefined ? null : (read(b) ?? null);
      });
    const { key, label } = checkpoints[c]!;
    const { accuracy } = curves[c]!;
    const isMarked = marked.includes(key);
    const isEnd = c === shown[0] || c === shown.at(-1);
    return {
      name: label,
      label: isMarked || isEnd || shown.length < 5 ? label : '',
      color:
        key === marked[1]
          ? '--lh-right'
          : key === marked[0]
            ? '--lh-grey'
            : isEnd
              ? '--lh-verification'
              : shown.length > MANY
                ? '--lh-grid'
                : '--lh-faint',
      values: values((b) => accuracy[b]?.mean),
      points: isMarked,
      ...(isMarked && { low: values((b) => accuracy[b]?.low), high: values((b) => accuracy[b]?.high) }),
    };
  });
  const at = (index: number, line: number): At | null => {
    const curve = shown[line];
    if (curve === undefined) return null;
    const budget = places[curve]!.indexOf(x[index]!);
    return budget < 0 ? null : { curve, budget };
  };
  return { x, lines, at };
}
