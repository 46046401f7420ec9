/** How many problems have which pass rate, before and after. A bar lists its problems. */
import { useState } from 'preact/hooks';
import { bucketLabels } from '../../core/metrics/difficulty.ts';
import type { Checkpoint } from '../../core/protocol/overview.ts';
import type { BarsModel } from '../charts/model.ts';
import type { Host } from '../host.ts';
import { useWidth } from '../report/use-width.ts';
import { count, plural } from '../ui/format.ts';
import { checkpointFilter, seriesRef, tracesView, type Place } from './open.ts';
import { Panel, Wait } from './panel.tsx';
import { ProblemList, type Listed } from './problem-list.tsx';
import { useAnswer } from './use-answer.ts';

const HEIGHT = 190;
const FOOT = 24;
const HEAD = 16;

interface DifficultyProps {
  host: Host;
  place: Place;
  before: Checkpoint;
  after: Checkpoint;
  version: number;
}

interface Bar {
  bucket: number;
  side: 0 | 1;
}

export function Difficulty({ host, place, before, after, version }: DifficultyProps) {
  const answer = useAnswer(host, 'overview/difficulty', seriesRef(place), version);
  const [chosen, setChosen] = useState<Bar | null>(null);
  const sides = before.key === after.key ? [after] : [before, after];
  const countsOf = (checkpoint: Checkpoint) => {
    const at = answer.value?.checkpoints.findIndex(({ key }) => key === checkpoint.key) ?? -1;
    return answer.value?.counts[at] ?? bucketLabels.map(() => 0);
  };
  const counts = sides.map(countsOf);
  const unjudged = answer.value?.unjudged[answer.value.checkpoints.findIndex(({ key }) => key === after.key)] ?? 0;
  const listed = ({ bucket, side }: Bar): Listed => {
    const own = sides[side]!;
    const other = sides[1 - side] ?? own;
    const open = (checkpoint: Checkpoint) => (row: { problem: string; label: string }) =>
      void host.ask('host/open', {
        view: tracesView(place, `${row.label} · ${checkpoint.label}`, {
          ...checkpointFilter(place, checkpoint),
          problem: row.problem,
        }),
      });
    return {
      key: `${bucket} ${own.key} ${other.key} ${version}`,
      title: `${bucketWords(bucket)} at ${own.label}`,
      ...{ beforeName: other.label, afterName: own.label },
      read: (offset, limit) =>
        host.call('overview/problems', {
          ...seriesRef(place),
          ...{ wanted: { checkpoint: own.key, bucket }, against: other.key, offset, limit },
        }),
      onBefore: open(other),
      onAfter: open(own),
    };
  };
  const model = (): BarsModel => ({
    ...{
      kind: 'bars',
      style: 'grouped',
      title: 'Problems by pass rate',
      xName: 'share of judged samples that is right',
      yName: 'problems',
    },
    categories: [...bucketLabels],
    series: sides.map(({ label }, i) => ({ name: label, color: colorOf(i, sides.length), values: counts[i]! })),
    notes: [
      `${place.name}, ${place.set ?? place.stage}. ${sides.map(({ label }, i) => `${label}: ${plural(sum(counts[i]!), 'problem')}`).join('; ')}. Intervals are open below and closed above.`,
    ],
  });
  return (
    <Panel
      // Alone in its row: two checkpoints have their quadrants beside it.
      wide={sides.length === 1}
      title="Problems by pass rate"
      note={sides.map(({ label }) => label).join(' → ')}
      model={answer.value ? model : null}
    >
      <Wait answer={answer} what="Problems by pass rate" height={HEIGHT + 24}>
        {() => <Bars names={sides.map(({ label }) => label)} counts={counts} chosen={chosen} onChoose={setChosen} />}
      </Wait>
      {unjudged > 0 && <p class="muted panel-foot">{plural(unjudged, 'problem')} without a judged trace.</p>}
      {chosen && sides[chosen.side] && <ProblemList listed={listed(chosen)} onClose={() => setChosen(null)} />}
    </Panel>
  );
}

const sum = (values: readonly number[]): number => values.reduce((total, n) => total + n, 0);
const colorOf = (i: number, n: number): string => (i === n - 1 ? '--lh-right' : '--lh-grey');

function bucketWords(bucket: number): string {
  if (bucket === 0) return 'Never right';
  return bucket === bucketLabels.length - 1 ? 'Always right' : `Right in ${bucketLabels[bucket]}`;
}

interface BarsProps {
  names: readonly string[];
  counts: readonly (readonly number[])[];
  chosen: Bar | null;
  onChoose: (bar: Bar | null) => void;
}

function Bars({ names, counts, chosen, onChoose }: BarsProps) {
  const [box, width] = useWidth(420);
  const most = Math.max(1, ...counts.flat());
  const slot = width / bucketLabels.length;
  const bar = (slot * 0.8) / counts.length;
  const y = (n: number) => HEIGHT - FOOT - (n / most) * (HEIGHT - FOOT - HEAD);
  return (
    <>
      <div class="chart-keys">
        {names.map((name, i) => (
          <span key={name} class="key" style={{ '--c': `var(${colorOf(i, names.length)})` }}>
            <span class={`key-swatch${i < names.length - 1 ? ' outline' : ''}`} /> {name}{' '}
            <span class="num muted">{count(sum(counts[i]!))}</span>
          </span>
        ))}
      </div>
      <div ref={box} class="buckets" role="group" aria-label="Problems by pass rate; each bar lists its problems">
        <svg width={width} height={HEIGHT}>
          <line class="grid-line" x1={0} x2={width} y1={y(0)} y2={y(0)} />
          {bucketLabels.map((label, bucket) => (
            <text key={label} x={(bucket + 0.5) * slot} y={HEIGHT - 6} text-anchor="middle">
              {slot > 44 ? label : bucket === 0 || bucket === bucketLabels.length - 1 ? label : `≤${bucket}/8`}
            </text>
          ))}
          {counts.map((own, side) =>
            own.map((n, bucket) => {
              if (n === 0) return null;
              const words = `${names[side]}, ${bucketWords(bucket).toLowerCase()}: ${plural(n, 'problem')}`;
              const x = bucket * slot + slot * 0.1 + side * bar;
              const isChosen = chosen?.bucket === bucket && chosen.side === side;
              const choose = () => onChoose(isChosen ? null : { bucket, side: side as 0 | 1 });
              return (
                <g
                  key={`${side}/${bucketLabels[bucket]}`}
                  role="button"
                  tabindex={0}
                  aria-label={`${words}. List them.`}
                  aria-pressed={isChosen}
                  class={`bucket${side < counts.length - 1 ? ' outline' : ''}${isChosen ? ' chosen' : ''}`}
                  style={{ '--c': `var(${colorOf(side, counts.length)})` }}
                  onClick={choose}
                  onKeyDown={(event) => {
                    if (event.key !== 'Enter' && event.key !== ' ') return;
                    event.preventDefault();
                    choose();
                  }}
                >
                  <title>{words}</title>
                  <rect class="bucket-room" x={x} y={HEAD} width={bar} height={HEIGHT - FOOT - HEAD} />
                  <rect
                    class="bucket-bar"
                    x={x + 0.5}
                    y={y(n)}
                    width={Math.max(1, bar - 2)}
                    height={HEIGHT - FOOT - y(n)}
                  />
                  {bar > 14 && (
                    <text x={x + bar / 2} y={y(n) - 4} text-anchor="middle">
                      {count(n)}
                    </text>
                  )}
                </g>
              );
            }),
          )}
        </svg>
      </div>
    </>
  );
}
