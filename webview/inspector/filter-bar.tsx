/** Which traces the list shows: words, verdicts, stage and step, only those being written. */
import { useEffect, useState } from 'preact/hooks';
import type { VerdictValue } from '../../core/protocol/events.ts';
import type { TraceSet } from '../../core/protocol/comparison.ts';
import type { TraceFilter } from '../../core/protocol/traces.ts';
import { Dropdown, TextField } from '../ui/controls.ts';
import { count, plural } from '../ui/format.ts';

interface FilterBarProps {
  filter: TraceFilter;
  sets: readonly TraceSet[];
  /** Null: not known yet. */
  total: number | null;
  live: number;
  /** Texts that are still to be read for what is sorted by. */
  toRead: number;
  onFilter: (filter: TraceFilter) => void;
}

const verdicts: readonly { value: VerdictValue; sign: string; name: string; tone: string }[] = [
  { value: 'right', sign: '✓', name: 'right', tone: 'right' },
  { value: 'wrong', sign: '✗', name: 'wrong', tone: 'wrong' },
  { value: 'undecided', sign: '?', name: 'undecided', tone: 'cut' },
  { value: 'none', sign: '–', name: 'no gold', tone: '' },
];
const EVERYWHERE = '';

export function FilterBar({ filter, sets, total, live, toRead, onFilter }: FilterBarProps) {
  const [text, setText] = useState(filter.text ?? '');
  useEffect(() => setText(filter.text ?? ''), [filter.text]);
  // Words are looked for when the typing pauses.
  useEffect(() => {
    if (text === (filter.text ?? '')) return undefined;
    const timer = setTimeout(() => onFilter({ ...filter, text: text === '' ? undefined : text }), 200);
    return () => clearTimeout(timer);
  }, [text]);

  const toggle = (value: VerdictValue) => {
    const now = new Set(filter.verdict ?? []);
    if (!now.delete(value)) now.add(value);
    onFilter({ ...filter, verdict: now.size > 0 ? [...now] : undefined });
  };
  const cut = filter.finish?.includes('length') ?? false;
  const place = sets.findIndex((set) => set.stage === filter.stage && set.step === (filter.step ?? null));
  return (
    <div class="filter" role="search" aria-label="Filter of the list">
      <TextField
        label="Filter by words in the problem or the answer"
        placeholder="Filter problems, answers"
        value={text}
        onInput={setText}
      />
      {sets.length > 1 && (
        <Dropdown
          label="Stage and step"
          value={place >= 0 ? String(place) : EVERYWHERE}
          options={[
            { value: EVERYWHERE, text: 'All stages and steps' },
            ...sets.map((set, i) => ({ value: String(i), text: `${set.label} (${count(set.traces)})` })),
          ]}
          onChange={(value) => {
            const set = value === EVERYWHERE ? null : sets[Number(value)];
            onFilter({ ...filter, stage: set?.stage, step: set?.step ?? undefined });
          }}
        />
      )}
      <div class="chips" role="group" aria-label="Verdict">
        {verdicts.map(({ value, sign, name, tone }) => (
          <button
            key={value}
            class="chip"
            aria-pressed={filter.verdict?.includes(value) ?? false}
            title={`Only ${name}`}
            onClick={() => toggle(value)}
          >
            <span class={tone} aria-hidden="true">
              {sign}
            </span>
            {name}
          </button>
        ))}
        <button
          class="chip"
          aria-pressed={cut}
          title="Only those cut at the limit"
          onClick={() => onFilter({ ...filter, finish: cut ? undefined : ['length'] })}
        >
          <span class="cut" aria-hidden="true">
            …
          </span>
          cut
        </button>
        <button
          class="chip"
          aria-pressed={filter.live ?? false}
          title="Only those being written"
          onClick={() => onFilter({ ...filter, live: filter.live ? undefined : true })}
        >
          live
        </button>
      </div>
      <div class="summary muted" role="status">
        {total === null ? '…' : plural(total, 'trace')}
        {live > 0 ? `, ${count(live)} being written` : ''}
        {toRead > 0 ? `, ${count(toRead)} still to be read` : ''}
      </div>
    </div>
  );
}
