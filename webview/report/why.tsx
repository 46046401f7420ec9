/** Why the reward of a stage changed between two windows of its steps: bars that sum to the change, and the traces behind each. */
import { useEffect, useMemo, useState } from 'preact/hooks';
import type { ChangeKind } from '../../core/metrics/reward-table.ts';
import { mixSentence, partNames, SMALL } from '../../core/metrics/reward-words.ts';
import type { RewardChange, StepWindow } from '../../core/protocol/reward-change.ts';
import type { View } from '../../core/protocol/webview.ts';
import { Chart } from '../dashboard/chart.tsx';
import type { Page } from '../inspector/page.ts';
import { count, decimal, plural, signed } from '../ui/format.ts';
import { Icon } from '../ui/icon.tsx';
import { useSaid } from '../ui/say.ts';
import { Empty, Failure, Skeleton } from '../ui/states.tsx';
import { useStore } from '../ui/store.ts';
import { WhyModel, moved, type WhyWindows } from './why-model.ts';
import { WhyParts } from './why-parts.tsx';
import { windowFilter, windowWords } from './why-words.ts';

type ReportView = Extract<View, { page: 'report' }>;

export function Why({ page, view }: { page: Page; view: ReportView }) {
  const { host } = page;
  const { run, stage } = view;
  const windows: WhyWindows = view.why ?? {};
  const model = useMemo(() => new WhyModel(host, run, stage), [host, run, stage]);
  const { found, loaded, asking, newer, error } = useStore(model);
  const [open, setOpen] = useState<ChangeKind | null>(null);
  const asked = JSON.stringify(windows);
  useEffect(() => {
    // Keys in a field of steps come one after the other.
    const timer = setTimeout(() => void model.read(windows), loaded ? 200 : 0);
    return () => clearTimeout(timer);
  }, [model, asked]);
  useEffect(() => {
    const stop = host.on('events/batch', (batch) => model.onEvents(batch));
    return () => {
      stop();
      model.close();
    };
  }, [model]);
  const choose = (why: WhyWindows) => page.change<ReportView>({ why });
  const close = () => {
    const { why: _why, ...rest } = view;
    page.go(rest);
  };
  const before = windows.before ?? (found && stepsOf(found.before));
  const after = windows.after ?? (found && stepsOf(found.after));
  return (
    <section class="why" aria-label="Why the reward changed" aria-busy={asking}>
      <div class="section-head">
        <h2 class="title">Why the reward changed</h2>
        {newer && (
          <button class="chip" onClick={() => void model.read(windows)}>
            New steps: read again
          </button>
        )}
        <button class="tool" aria-label="Close: why the reward changed" title="Close" onClick={close}>
          <Icon name="close" />
        </button>
      </div>
      {!loaded ? (
        <Skeleton lines={8} label="Taking the change of reward apart" />
      ) : (
        <>
          {error !== null && (
            <Failure what="The change cannot be taken apart" error={error} onRetry={() => void model.read(windows)} />
          )}
          {!found && error === null && (
            <Empty icon="graph-line" title="Fewer than two steps have rewards">
              <p>A change is between two steps of training whose completions have rewards.</p>
            </Empty>
          )}
          {found && before && after && (
            <>
              <Windows found={found} before={before} after={after} own={windows} onChoose={choose} />
              {error === null && (
                <>
                  <Total page={page} place={{ run, stage }} found={found} />
                  <WhyParts host={host} place={{ run, stage }} found={found} open={open} onOpen={setOpen} />
                  <Notes found={found} />
                </>
              )}
            </>
          )}
        </>
      )}
    </section>
  );
}

const stepsOf = ({ from, to }: StepWindow): StepWindow => ({ from, to });

interface WindowsProps {
  found: RewardChange;
  before: StepWindow;
  after: StepWindow;
  own: WhyWindows;
  onChoose: (windows: WhyWindows) => void;
}

/** The reward by step with both windows, and the fields that set them. */
function Windows({ found, before, after, own, onChoose }: WindowsProps) {
  const { step: x, mean } = found.steps;
  const lines = useMemo(() => {
    const inside = ({ from, to }: StepWindow) => mean.map((value, i) => (x[i]! >= from && x[i]! <= to ? value : null));
    const points = x.length < 40;
    return [
      { name: 'reward', color: '--lh-grey', values: mean, label: '' },
      { name: 'before', color: '--lh-backtracking', values: inside(before), label: '', points },
      { name: 'after', color: '--lh-verification', values: inside(after), label: '', points },
    ];
  }, [found, before.from, before.to, after.from, after.to]);
  const middle = ({ from, to }: StepWindow) => (from + to) / 2;
  return (
    <div class="why-windows">
      <Chart
        title="Reward"
        unit="mean by step; a click moves the nearest end of a window"
        x={x}
        xName="step"
        lines={lines}
        marks={[
          { x: middle(before), text: 'before' },
          { x: middle(after), text: 'after' },
        ]}
        onPick={(index) => onChoose(moved(before, after, x[index] ?? 0))}
      />
      <div class="why-fields">
        <Field name="Before" window={before} steps={x} onChange={(next) => onChoose({ before: next, after })} />
        <Field name="After" window={after} steps={x} onChange={(next) => onChoose({ before, after: next })} />
        <button class="chip" disabled={!own.before && !own.after} onClick={() => onChoose({})}>
          First and last fifth
        </button>
      </div>
    </div>
  );
}

interface FieldProps {
  name: string;
  window: StepWindow;
  steps: readonly number[];
  onChange: (window: StepWindow) => void;
}

function Field({ name, window, steps, onChange }: FieldProps) {
  // What is typed and not yet taken: the page may be drawn again meanwhile.
  const [typed, setTyped] = useState<{ end: 'from' | 'to'; text: string } | null>(null);
  const take = (end: 'from' | 'to', text: string) => {
    setTyped(null);
    const value = Math.round(Number(text));
    if (text === '' || !Number.isFinite(value) || value < 0) return;
    // The other end gives way.
    if (end === 'from') onChange({ from: value, to: Math.max(value, window.to) });
    else onChange({ from: Math.min(value, window.from), to: value });
  };
  const input = (end: 'from' | 'to') => (
    <input
      type="number"
      class="why-step"
      aria-label={`${name}: ${end === 'from' ? 'first' : 'last'} step`}
      min={steps[0]}
      max={steps.at(-1)}
      value={typed?.end === end ? typed.text : window[end]}
      onInput={(event) => setTyped({ end, text: event.currentTarget.value })}
      onChange={(event) => take(end, event.currentTarget.value)}
    />
  );
  return (
    <span class="why-field" role="group" aria-label={name}>
      <span class="muted">{name}: steps</span> {input('from')} <span class="muted">to</span> {input('to')}
    </span>
  );
}

function Total({ page, place, found }: { page: Page; place: { run: string; stage: string }; found: RewardChange }) {
  const { before, after, change, interval } = found;
  const end = (window: RewardChange['before'], word: string) => (
    <>
      <button
        class="link"
        title={`Show the completions ${word}`}
        onClick={() =>
          void page.host.ask('host/open', {
            view: {
              page: 'inspector',
              title: `${place.stage} · ${windowWords(window)}`,
              filter: windowFilter(place, window, null),
            },
          })
        }
      >
        {decimal(window.mean, 3)}
      </button>{' '}
      <span class="muted">
        {windowWords(window)}, {plural(window.completions, 'completion')} of {plural(window.problems, 'problem')}
        {window.stepsRead < window.steps ? `; ${count(window.stepsRead)} of ${plural(window.steps, 'step')} read` : ''}
      </span>
    </>
  );
  const words = `Mean reward ${decimal(before.mean, 3)} in ${windowWords(before)}, ${decimal(after.mean, 3)} in ${windowWords(after)}: ${signed(change, 3)}`;
  useSaid('reward', words);
  return (
    <p class="why-total num">
      Mean reward {end(before, 'before')} → {end(after, 'after')}: <strong>{signed(change, 3)}</strong>{' '}
      {interval && (
        <span class="muted">
          [{decimal(interval.low, 3)}, {decimal(interval.high, 3)}]
        </span>
      )}
    </p>
  );
}

function Notes({ found }: { found: RewardChange }) {
  const none = found.parts.filter(({ change }) => Math.abs(change) < SMALL);
  const names = none
    .filter(({ kind }) => kind !== 'mix' || found.strata.unknown === 0)
    .map(({ kind }) => partNames[kind].name.toLowerCase());
  return (
    <p class="muted why-notes">
      The parts sum to the change. {names.length > 0 && `No part of it: ${names.join(', ')}. `}
      {mixSentence(found.strata)}{' '}
      {found.interval
        ? `95 % intervals by bootstrap over problems, ${plural(found.resamples, 'resample')}.`
        : 'One problem has no interval.'}
    </p>
  );
}
