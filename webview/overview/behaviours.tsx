/** Behaviours by checkpoint, right against wrong, and controlled for problem and length. A point opens the traces that have them. */
import { useEffect, useMemo, useRef, useState } from 'preact/hooks';
import { labels as allLabels, type Label } from '../../core/behaviours/spans.ts';
import type { Interval } from '../../core/metrics/bootstrap.ts';
import type { LabelRates } from '../../core/protocol/overview.ts';
import type { Result } from '../../core/protocol/methods.ts';
import type { VerdictValue } from '../../core/protocol/events.ts';
import type { ChartLine } from '../charts/model.ts';
import { Chart } from '../dashboard/chart.tsx';
import type { Host } from '../host.ts';
import { Dropdown } from '../ui/controls.ts';
import { count, decimal, plural } from '../ui/format.ts';
import { lookOf } from '../ui/labels.ts';
import { Failure, Skeleton } from '../ui/states.tsx';
import { isFlag, isTextOrNull, useKept } from './kept.ts';
import { checkpointFilter, seriesRef, tracesView, type Place } from './open.ts';
import { Panel } from './panel.tsx';

type Rates = Result<'overview/behaviours'>;

interface BehavioursProps {
  host: Host;
  place: Place;
  version: number;
}

/** What is read of texts: asked for again and again until all of it has been. */
function useRates(host: Host, place: Place, most: number | null | undefined, version: number) {
  const [state, setState] = useState<{ rates: Rates | null; error: unknown }>({ rates: null, error: null });
  const [tries, setTries] = useState(0);
  const key = JSON.stringify([seriesRef(place), most]);
  const last = useRef(key);
  useEffect(() => {
    let current = true;
    if (last.current !== key) setState({ rates: null, error: null });
    last.current = key;
    const read = async () => {
      for (;;) {
        const rates = await host.call(
          'overview/behaviours',
          { ...seriesRef(place), ...(most !== undefined && { most }) },
          { timeout: 120_000 },
        );
        if (!current) return;
        setState({ rates, error: null });
        if (rates.waiting === 0) return;
      }
    };
    read().catch((error: unknown) => current && setState({ rates: null, error }));
    return () => {
      current = false;
    };
  }, [host, key, version, tries]);
  return { ...state, retry: () => setTries(tries + 1) };
}

export function Behaviours({ host, place, version }: BehavioursProps) {
  const [all, setAll] = useKept('behaviours.all', false, isFlag);
  const most = all ? null : undefined;
  const { rates, error, retry } = useRates(host, place, most, version);
  const [chosen, setChosen] = useKept<string | null>('behaviours.label', null, isTextOrNull);
  const whole = rates?.waiting === 0 ? rates : null;
  const present = useMemo(
    () =>
      whole
        ? allLabels.filter((label) => whole.of.some(({ labels }) => labels.some((one) => one.label === label)))
        : [],
    [whole],
  );
  const label = present.find((one) => one === chosen) ?? present[0] ?? null;
  const chosenTexts = rates?.of.reduce((sum, one) => sum + one.chosen, 0) ?? 0;
  const traces = rates?.of.reduce((sum, one) => sum + one.traces, 0) ?? 0;
  const note = !rates
    ? ''
    : rates.waiting > 0
      ? `${count(chosenTexts - rates.waiting)} of ${plural(chosenTexts, 'text')} read so far`
      : `${plural(chosenTexts, 'text')} read${chosenTexts < traces ? ` of ${count(traces)}, evenly chosen` : ''}`;
  return (
    <Panel
      wide
      title="Behaviours"
      note={note}
      tools={
        <>
          {whole && chosenTexts < traces && (
            <button class="chip" onClick={() => setAll(true)}>
              Read all {count(traces)}
            </button>
          )}
          {label && present.length > 1 && (
            <Dropdown
              label="Behaviour"
              value={label}
              options={present.map((one) => ({ value: one, text: lookOf(one).name }))}
              onChange={setChosen}
            />
          )}
        </>
      }
    >
      {error !== null ? (
        <Failure what="The behaviours cannot be shown" error={error} onRetry={retry} />
      ) : !whole ? (
        <div style={{ height: '220px' }}>
          <Skeleton lines={7} label={note || 'Reading texts'} />
        </div>
      ) : !label ? (
        <p class="muted">None of the behaviours was found in these texts.</p>
      ) : (
        <Charts host={host} place={place} rates={whole} present={present} label={label} note={note} />
      )}
    </Panel>
  );
}

interface ChartsProps {
  host: Host;
  place: Place;
  rates: Rates;
  present: readonly Label[];
  label: Label;
  note: string;
}

function Charts({ host, place, rates, present, label, note }: ChartsProps) {
  const { checkpoints, of } = rates;
  const x = checkpoints.map((_, i) => i);
  const names = checkpoints.map((one) => one.label);
  const find = (c: number, one: Label): LabelRates | undefined => of[c]!.labels.find((rate) => rate.label === one);
  const open = (c: number, one: Label, verdict: readonly VerdictValue[] | null) => {
    const checkpoint = checkpoints[c]!;
    const filter = {
      ...checkpointFilter(place, checkpoint),
      behaviour: one,
      ...(verdict !== null && { verdict: [...verdict] }),
    };
    void host.ask('host/open', { view: tracesView(place, `${lookOf(one).name} · ${checkpoint.label}`, filter) });
  };
  const ofInterval = (read: (rate: LabelRates | undefined) => Interval | null | undefined, one: Label) => {
    const found = x.map((c) => read(find(c, one)) ?? null);
    return {
      values: found.map((interval) => interval?.mean ?? null),
      low: found.map((interval) => interval?.low ?? null),
      high: found.map((interval) => interval?.high ?? null),
      points: true,
    };
  };
  const overall = present.map((one): ChartLine => ({
    name: lookOf(one).name,
    color: `--lh-${one}`,
    values: x.map((c) => find(c, one)?.all?.mean ?? (of[c]!.chosen > 0 ? 0 : null)),
    points: true,
    label: lookOf(one).short ?? lookOf(one).name,
    aside: one !== label && present.length > 6,
  }));
  const byVerdict: ChartLine[] = [
    { name: 'right', color: '--lh-right', ...ofInterval((rate) => rate?.right, label) },
    { name: 'wrong', color: '--lh-wrong', dash: [4, 3], ...ofInterval((rate) => rate?.wrong, label) },
  ];
  const controlled = x.map((c) => find(c, label)?.controlled ?? null);
  const ratio: ChartLine = {
    ...{ name: 'ratio', color: `--lh-${label}`, points: true },
    values: controlled.map((one) => one?.ratio ?? null),
    low: controlled.map((one) => one?.interval?.low ?? null),
    high: controlled.map((one) => one?.interval?.high ?? null),
  };
  const shared = { x, xName: 'checkpoint', names };
  const name = lookOf(label).name;
  const notes = [
    `${place.name}, ${place.set ?? place.stage}; ${note}; ${rates.detector.name} ${rates.detector.version}.`,
  ];
  return (
    <div class="charts">
      <Chart
        {...shared}
        title="All behaviours"
        unit="per 1,000 tokens"
        lines={overall}
        notes={notes}
        onPick={(c, line) => open(c, present[line]!, null)}
      />
      <Chart
        {...shared}
        title={`${name} by verdict`}
        unit="per 1,000 tokens"
        lines={byVerdict}
        notes={[...notes, '95 % bootstrap over problems.']}
        onPick={(c, line) => open(c, label, [line === 0 ? 'right' : 'wrong'])}
      />
      {ratio.values.some((value) => value !== null) ? (
        <Chart
          {...shared}
          title={`${name}: right ÷ wrong`}
          unit="at like length"
          lines={[ratio]}
          format={(value) => decimal(value)}
          notes={[
            ...notes,
            'Mantel–Haenszel rate ratio over problems and doublings of length, with its 95 % interval.',
          ]}
          onPick={(c) => open(c, label, ['right', 'wrong'])}
        />
      ) : (
        <p class="muted">
          No problem has right and wrong completions of like length in which it occurs: nothing can be compared at the
          same length.
        </p>
      )}
    </div>
  );
}
