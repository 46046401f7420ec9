/** Lengths and behaviours before and after, for each benchmark and marker; every number opens the traces behind it. */
import { useEffect, useMemo } from 'preact/hooks';
import type { Label } from '../../core/behaviours/spans.ts';
import type { Interval } from '../../core/metrics/bootstrap.ts';
import type { BehaviourSet } from '../../core/protocol/comparison.ts';
import type { TraceFilter } from '../../core/protocol/traces.ts';
import type { CompareSide } from '../../core/protocol/webview.ts';
import { markerName } from '../../core/traces/marker-name.ts';
import type { Host } from '../host.ts';
import { count, decimal, plural, signed } from '../ui/format.ts';
import { labelLooks, lookOf } from '../ui/labels.ts';
import { useProgress } from '../ui/say.ts';
import { Empty, Failure, Skeleton } from '../ui/states.tsx';
import { useStore } from '../ui/store.ts';
import { BehavioursModel, type SidePair } from './behaviours-model.ts';

interface BehavioursProps {
  host: Host;
  before: CompareSide;
  after: CompareSide;
}

export function Behaviours({ host, before, after }: BehavioursProps) {
  const model = useMemo(() => new BehavioursModel(host), [host, JSON.stringify([before, after])]);
  const { found, pairs, error } = useStore(model);
  const read = () => void model.read(before, after);
  useEffect(() => {
    read();
    return () => model.close();
  }, [model]);
  useProgress('behaviours', found && found.waiting > 0 ? `${count(found.waiting)} completions still to be read` : '');
  if (error !== null) return <Failure what="Behaviours cannot be shown" error={error} onRetry={read} />;
  if (!found) return <Skeleton lines={8} label="Counting behaviours" />;
  if (found.waiting === 0 && pairs.length === 0)
    return <Empty icon="graph" title="Both sides are the same traces, or have no problem in common" />;
  return (
    <div class="behaviours" role="region" aria-label="Lengths and behaviours" tabIndex={0}>
      {found.waiting > 0 ? (
        <p class="muted">
          {plural(found.waiting, 'completion is', 'completions are')} still to be read by the detector.
        </p>
      ) : (
        pairs.map((pair, i) => <PairFigures key={i} host={host} pair={pair} />)
      )}
      <p class="muted">
        Spans for each thousand tokens, counted by {found.detector.name} {found.detector.version}; in brackets 95 %
        intervals by bootstrap over problems. Changes are over the problems that both sides have.
        {found.more > 0 && ` ${plural(found.more, 'set')} more are not shown.`}
      </p>
    </div>
  );
}

function PairFigures({ host, pair: { before, after } }: { host: Host; pair: SidePair }) {
  const shown = labelLooks.filter(
    ({ label }) => label !== 'marker' && [before, after].some((set) => figureOf(set, label)?.spans),
  );
  const open = (set: BehaviourSet, label: Label | null) => {
    const { run, stage, step, marker } = set;
    const filter: TraceFilter = { run, stage, marker };
    if (step !== null) filter.step = step;
    if (set.set !== null) filter.set = set.set;
    if (label) filter.behaviour = label;
    const title = `${placeOf(set)}${label ? ` · with ${lookOf(label).name.toLowerCase()}` : ''}`;
    void host.ask('host/open', { view: { page: 'inspector', title, filter } });
  };
  const cell = (set: BehaviourSet | null, label: Label | null, value: Interval | null | undefined, says: string) => (
    <td class="num">
      {set && value ? (
        <button class="link" title={`${says}: show the traces`} onClick={() => open(set, label)}>
          {decimal(value.mean, label ? 2 : 0)} <span class="muted">{range(value, label ? 2 : 0)}</span>
        </button>
      ) : (
        '–'
      )}
    </td>
  );
  return (
    <table class="figure-table">
      <caption>
        {after.set ?? placeOf(after)} <span class="muted">{notes(before, after)}</span>
      </caption>
      <thead>
        <tr>
          <th scope="col">
            <span class="hidden-text">Figure</span>
          </th>
          <th scope="col" class="num">
            {before ? placeOf(before) : 'before'}
          </th>
          <th scope="col" class="num">
            {placeOf(after)}
          </th>
          <th scope="col" class="num">
            Change
          </th>
        </tr>
      </thead>
      <tbody>
        <tr>
          <th scope="row">Mean tokens</th>
          {cell(before, null, before?.tokens, `${before?.traces ?? 0} completions`)}
          {cell(after, null, after.tokens, `${after.traces} completions`)}
          <td class="num">
            {after.ratio ? (
              <>
                × {decimal(after.ratio.mean)} <span class="muted">{range(after.ratio, 2)}</span>
              </>
            ) : (
              '–'
            )}
          </td>
        </tr>
        {shown.map(({ label, name }) => {
          const [was, is] = [figureOf(before, label), figureOf(after, label)];
          const says = (one: typeof is) =>
            one ? `${plural(one.spans, 'span')} in ${plural(one.completions, 'completion')}` : '';
          return (
            <tr key={label}>
              <th scope="row">{name}</th>
              {cell(before, label, was?.rate, says(was))}
              {cell(after, label, is?.rate, says(is))}
              <td class="num">
                {is?.change ? (
                  <>
                    {signed(is.change.mean)} <span class="muted">{range(is.change, 2)}</span>
                  </>
                ) : (
                  '–'
                )}
              </td>
            </tr>
          );
        })}
      </tbody>
    </table>
  );
}

const figureOf = (set: BehaviourSet | null, label: Label) => set?.labels?.find((one) => one.label === label);

const range = ({ low, high }: Interval, digits: number) => `[${decimal(low, digits)}, ${decimal(high, digits)}]`;

function placeOf({ of, stage, step, marker }: BehaviourSet): string {
  const parts = [of ?? stage];
  if (step !== null) parts.push(count(step));
  if (marker !== null) parts.push(markerName(marker));
  return parts.join(' · ');
}

/** On how many problems, and what is in no figure. */
function notes(before: BehaviourSet | null, after: BehaviourSet): string {
  const both = [before, after].flatMap((set) => set ?? []);
  const sum = (of: (set: BehaviourSet) => number) => both.reduce((total, set) => total + of(set), 0);
  const [gone, unknown, cut] = [sum((set) => set.unreadable), sum((set) => set.unknownLength), sum((set) => set.cut)];
  const parts = [plural(after.base?.paired ?? 0, 'problem')];
  if (gone > 0) parts.push(`the text of ${plural(gone, 'completion')} is gone`);
  if (unknown > 0) parts.push(`${plural(unknown, 'completion')} of unknown length left out`);
  if (cut > 0) parts.push(`${plural(cut, 'completion')} read up to 524,288 characters`);
  if (both.some(({ tokensExact }) => !tokensExact)) parts.push('lengths are estimates');
  return parts.join(', ');
}
