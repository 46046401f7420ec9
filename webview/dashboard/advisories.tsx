/** What is wrong with a run, above its charts: one line that is always there, and the list under it. */
import { useEffect, useMemo, useRef, useState } from 'preact/hooks';
import type { Advisory } from '../../core/metrics/advisories.ts';
import { evidenceOf, helpOf, titleOf } from '../../core/metrics/advisory-words.ts';
import { markerName } from '../../core/traces/marker-name.ts';
import type { Host } from '../host.ts';
import { count, plural } from '../ui/format.ts';
import { Icon } from '../ui/icon.tsx';
import { usePulled } from '../ui/pulls.ts';
import { useSaid } from '../ui/say.ts';
import { useStore } from '../ui/store.ts';
import { AdvisoryModel, evidenceView } from './advisory-model.ts';

const looks = {
  alarm: { icon: 'warning', word: 'Alarm', tone: 'wrong' },
  advice: { icon: 'lightbulb', word: 'Advice', tone: 'cut' },
} as const;

const openings: Readonly<Record<Advisory['kind'], string>> = {
  truncated: 'Show the cut ones',
  no_signal: 'Show the groups',
  wrong_length: 'Show the wrong ones, longest first',
  loops: 'Show them, most lost first',
  reward_without_accuracy: 'Why did the reward change?',
  entropy_collapse: 'Show the completions',
};

export function Advisories({ host, run, connected }: { host: Host; run: string; connected: boolean }) {
  const model = useMemo(() => new AdvisoryModel(host, run), [host, run]);
  usePulled(model, host, connected);
  const { found, error } = useStore(model);
  const [open, setOpen] = useState(false);
  // Open at first where there is an alarm; later the line says so, and nothing moves.
  const first = useRef(true);
  useEffect(() => {
    if (!found || !first.current) return;
    first.current = false;
    setOpen(found.advisories.some(({ level }) => level === 'alarm'));
  }, [found]);
  const list = found?.advisories ?? [];
  const alarms = list.filter(({ level }) => level === 'alarm').length;
  const words = !found
    ? error === null
      ? 'Looking for what is wrong…'
      : 'What is wrong could not be found out'
    : list.length === 0
      ? 'No alarms, no advice'
      : [
          ...(alarms > 0 ? [plural(alarms, 'alarm')] : []),
          ...(list.length > alarms ? [list.length - alarms === 1 ? '1 piece of advice' : `${list.length - alarms} pieces of advice`] : []), // prettier-ignore
        ].join(', ');
  useSaid('advice', found && list.length > 0 ? words : '');
  return (
    <section class="advisories" aria-label="Alarms and advice">
      <div class="advisory-line">
        <button
          class="advisory-toggle"
          aria-expanded={open}
          disabled={list.length === 0}
          onClick={() => setOpen(!open)}
        >
          <Icon
            name={list.length === 0 ? (error === null ? 'pass' : 'error') : open ? 'chevron-down' : 'chevron-right'}
          />
          <span class={alarms > 0 ? 'wrong' : list.length > 0 ? 'cut' : 'muted'}>{words}</span>
        </button>
        {error !== null && !found && (
          <button class="link" onClick={() => void model.pull()}>
            Try again
          </button>
        )}
        {found && found.read < found.n && (
          <span
            class="muted"
            title="Of the last steps of a stage some are read by themselves. Sort traces by what they lost in loops, and the others are read"
          >
            {count(found.read)} of {plural(found.n, 'text')} read for loops
          </span>
        )}
      </div>
      {open && (
        <ul class="advisory-list">
          {list.map((one) => (
            <Line key={JSON.stringify([one.stage, one.of, one.set, one.marker, one.kind])} {...{ host, run, one }} />
          ))}
        </ul>
      )}
    </section>
  );
}

function Line({ host, run, one }: { host: Host; run: string; one: Advisory }) {
  const look = looks[one.level];
  const steps = one.from === 0 && one.to === 0 ? '' : one.from === one.to ? ` · step ${count(one.to)}` : ` · steps ${count(one.from)}–${count(one.to)}`; // prettier-ignore
  return (
    <li class="advisory">
      <span class={look.tone}>
        <Icon name={look.icon} />
      </span>
      <div>
        <div>
          <span class="muted">{look.word}:</span> <strong>{titleOf(one)}</strong>{' '}
          <span class="muted">
            {one.stage}
            {one.of === null ? '' : ` of ${one.of}`}
            {one.set === null ? '' : ` · ${one.set}`}
            {one.marker === null ? '' : ` · ${markerName(one.marker)}`}
            {steps}
          </span>
        </div>
        <div class="num-left">{evidenceOf(one)}.</div>
        <div class="muted">{helpOf(one)}</div>
      </div>
      <button class="link" onClick={() => void host.ask('host/open', { view: evidenceView(run, one) })}>
        {openings[one.kind]}
      </button>
    </li>
  );
}
