/** Re-scoring in the place of the list: other rules, what they would change, and what they would do to accuracy. */
import { memo } from 'preact/compat';
import { useState } from 'preact/hooks';
import type { AppliedRescore, RescoreChange, RescorePreview, RescoreSet } from '../../core/protocol/audit.ts';
import type { VerdictValue } from '../../core/protocol/events.ts';
import type { TraceRow } from '../../core/protocol/traces.ts';
import { markerName } from '../../core/traces/marker-name.ts';
import { brief } from '../text/visible.ts';
import { Button, Dropdown } from '../ui/controls.ts';
import { count, percent, plural, signed } from '../ui/format.ts';
import { Grid } from '../ui/grid.tsx';
import { useProgress, useSaid } from '../ui/say.ts';
import { Empty, Failure } from '../ui/states.tsx';
import { useStore } from '../ui/store.ts';
import { policySwitches, policyWords, valueSigns, valueWord } from './audit-words.ts';
import type { Rescoring } from './rescore-model.ts';

interface RescoreColumnProps {
  model: Rescoring;
  run: string | null;
  selected: string | null;
  onSelect: (row: TraceRow) => void;
  onEnter: () => void;
}

const overs: readonly { value: string; text: string; over: VerdictValue[] | null }[] = [
  { value: '', text: 'All with a gold answer', over: null },
  { value: 'undecided', text: 'Undecided ones', over: ['undecided'] },
  { value: 'wrong', text: 'Wrong ones', over: ['wrong'] },
  { value: 'wrong,undecided', text: 'Wrong and undecided ones', over: ['wrong', 'undecided'] },
  { value: 'right', text: 'Right ones', over: ['right'] },
];
const switches = policySwitches();

export function RescoreColumn({ model, run, selected, onSelect, onEnter }: RescoreColumnProps) {
  const { checker, chosen, over, preview, changes, running, cancelled, applied, error } = useStore(model);
  const index = changes.findIndex(({ row }) => row.trace === selected);
  if (run === null)
    return (
      <Empty icon="beaker" title="One run at a time">
        <p>Open the traces of a run to judge them by other rules.</p>
      </Empty>
    );
  const open = switches.filter(({ key }) => chosen[key] === undefined);
  return (
    <>
      <div class="rescore-head">
        <p class="muted">What these traces answered is judged again. Nothing counts until it is applied.</p>
        <Dropdown
          label="Who judges"
          value={checker}
          options={[
            { value: 'quick', text: 'By the quick check' },
            { value: 'engine', text: 'By Math-Verify, in the engine' },
          ]}
          onChange={(value) => void model.choose({ checker: value === 'engine' ? 'engine' : 'quick' })}
        />
        <Dropdown
          label="Judge again"
          value={over?.join(',') ?? ''}
          options={overs.map(({ value, text }) => ({ value, text: `Judge again: ${text.toLowerCase()}` }))}
          onChange={(value) => void model.choose({ over: overs.find((one) => one.value === value)?.over ?? null })}
        />
        {switches
          .filter(({ key }) => checker === 'quick' && chosen[key] !== undefined)
          .map(({ key, name, options }) => (
            <div key={key} class="rescore-rule">
              <Dropdown
                label={name}
                value={chosen[key]!}
                options={options.map(({ value, text }) => ({ value, text: `${name}: ${text}` }))}
                onChange={(value) => void model.choose({ chosen: { ...chosen, [key]: value } })}
              />
              <button
                class="tool"
                aria-label={`${name}: as usual`}
                title={`${name}: as usual`}
                onClick={() => {
                  const { [key]: _gone, ...rest } = chosen;
                  void model.choose({ chosen: rest });
                }}
              >
                <span class="codicon codicon-close" aria-hidden="true" />
              </button>
            </div>
          ))}
        {checker === 'quick' && open.length > 0 && (
          <Dropdown
            label="Change a rule"
            value=""
            options={[
              { value: '', text: Object.keys(chosen).length > 0 ? 'Change another rule…' : 'Change a rule…' },
              ...open.map(({ key, name, options }) => ({
                value: key,
                text: `${name} (now: ${options[0]?.text ?? ''})`,
              })),
            ]}
            onChange={(key) => {
              const other = switches.find((one) => one.key === key)?.options[1]?.value;
              if (other !== undefined) void model.choose({ chosen: { ...chosen, [key]: other } });
            }}
          />
        )}
        {error !== null ? (
          <Failure what="This cannot be worked out" error={error} onRetry={() => void model.again()} />
        ) : (
          <Outcome preview={preview} running={running} cancelled={cancelled} model={model} />
        )}
        <Applied applied={applied} model={model} />
      </div>
      {changes.length > 0 && (
        <Grid
          label="Changes"
          id="change"
          rows={changes}
          columns={4}
          index={index}
          selected={selected}
          head={<Head />}
          onEnter={onEnter}
          onMove={(to) => changes[to] && onSelect(changes[to].row)}
          onView={(_, last) => model.look(last)}
        >
          {(change, i) => (
            <Row
              key={change.row.trace}
              change={change}
              index={i}
              selected={change.row.trace === selected}
              onSelect={onSelect}
            />
          )}
        </Grid>
      )}
    </>
  );
}

interface OutcomeProps {
  preview: RescorePreview | null;
  running: boolean;
  cancelled: boolean;
  model: Rescoring;
}

function Outcome({ preview, running, cancelled, model }: OutcomeProps) {
  const { applying, said } = useStore(model);
  const [asking, setAsking] = useState(false);
  const isOver = !running && preview !== null && preview.waiting === 0;
  useSaid(
    'rescore',
    isOver ? `Of ${plural(preview.done, 'verdict')} ${count(preview.total)} would change` : '',
    preview,
  );
  useProgress(
    'rescore',
    running && preview ? `${count(preview.done)} of ${count(preview.done + preview.waiting)} judged again` : '',
  );
  useSaid('rescored', said);
  if (running || !preview || preview.waiting > 0) {
    const done = preview?.done ?? 0;
    const all = done + (preview?.waiting ?? 0);
    return (
      <div class="rescore-run">
        {cancelled ? (
          <>
            <span class="muted">Stopped after {count(done)}.</span>
            <button class="link" onClick={() => void model.again()}>
              Go on
            </button>
          </>
        ) : (
          <>
            <progress class="audit-progress" max={Math.max(1, all)} value={done} aria-label="Judged again" />
            <span class="num">
              {count(done)} of {count(all)}
            </span>
            <button class="link" onClick={() => model.cancel()}>
              Cancel
            </button>
          </>
        )}
      </div>
    );
  }
  const { moves, kept, sets, moreSets, total, done, beyond } = preview;
  return (
    <>
      <div class="rescore-moves">
        {moves.length === 0 ? (
          <span>
            {done === 0
              ? 'None of these traces has a gold answer.'
              : `Of ${plural(done, 'verdict')} none would change.`}
          </span>
        ) : (
          moves.map(({ from, to, n }) => (
            <span key={`${from} ${to}`} class="rescore-move">
              <strong class="num">{count(n)}</strong> <Value value={from} /> → <Value value={to} />
            </span>
          ))
        )}
      </div>
      <p class="muted">
        {count(done)} looked at
        {kept.undecided > 0 ? `, ${count(kept.undecided)} keep theirs, as it cannot say` : ''}
        {kept.reader > 0 ? `, ${count(kept.reader)} keep a reader's` : ''}
        {beyond > 0 ? `, ${count(beyond)} more were not looked at: narrow the filter` : ''}. {said}
      </p>
      {sets.length > 0 && <Sets sets={sets} more={moreSets} />}
      {total > 0 && (
        <div class="rescore-buttons">
          {asking ? (
            <>
              <Button
                appearance="primary"
                disabled={applying}
                onClick={() => {
                  setAsking(false);
                  void model.apply();
                }}
              >
                {`Let ${plural(total, 'verdict')} count anew`}
              </Button>
              <Button onClick={() => setAsking(false)}>Cancel</Button>
            </>
          ) : (
            <Button onClick={() => setAsking(true)} disabled={applying}>
              Apply…
            </Button>
          )}
        </div>
      )}
    </>
  );
}

function Value({ value }: { value: VerdictValue | null }) {
  return <span class={value === null ? 'muted' : valueSigns[value].tone}>{valueWord(value)}</span>;
}

/** Accuracy of each set before and after, in per cent, with 95 % intervals. */
function Sets({ sets, more }: { sets: readonly RescoreSet[]; more: number }) {
  const range = ([low, high]: readonly [number, number], format: (value: number) => string) =>
    `${format(low)} to ${format(high)}`;
  return (
    <table class="rescore-sets">
      <thead>
        <tr>
          <th scope="col">Accuracy, %</th>
          <th scope="col" class="num">
            before
          </th>
          <th scope="col" class="num">
            after
          </th>
          <th scope="col" class="num">
            <span title="After less before, in percentage points, with its 95 % interval">difference, 95 %</span>
          </th>
        </tr>
      </thead>
      <tbody>
        {sets.map((set) => (
          <tr key={nameOf(set)}>
            <th scope="row" title={`${plural(set.problems, 'problem')}, ${plural(set.n, 'trace')}`}>
              {nameOf(set)}
            </th>
            <td class="num" title={`95 %: ${range(set.before.ci95, percent)}`}>
              {percent(set.before.mean)}
            </td>
            <td class="num" title={`95 %: ${range(set.after.ci95, percent)}`}>
              <strong>{percent(set.after.mean)}</strong>
            </td>
            <td class="num">
              {signed(100 * set.difference.mean, 1)}
              <div class="muted">{range(set.difference.ci95, (value) => signed(100 * value, 1))}</div>
            </td>
          </tr>
        ))}
      </tbody>
      {more > 0 && (
        <tfoot>
          <tr>
            <td colSpan={4}>{plural(more, 'more set')}: narrow the filter.</td>
          </tr>
        </tfoot>
      )}
    </table>
  );
}

const nameOf = ({ stage, of, step, set, marker }: RescoreSet): string =>
  [of ?? stage, step === null ? null : `step ${count(step)}`, set, marker === null ? null : markerName(marker)]
    .filter(Boolean)
    .join(' · ');

/** Re-scores of the run that the journal has. */
function Applied({ applied, model }: { applied: readonly AppliedRescore[]; model: Rescoring }) {
  const { applying } = useStore(model);
  if (applied.length === 0) return null;
  return (
    <ul class="rescore-applied" aria-label="Applied">
      {applied.map(({ rescore, changes, policy, checker, version, by, t, undone }) => (
        <li
          key={rescore}
          class={undone ? 'muted' : ''}
          title={`${checker} ${version}; ${by}, ${new Date(t).toLocaleString()}`}
        >
          {plural(changes, 'verdict')} {undone ? (changes === 1 ? 'was' : 'were') : changes === 1 ? 'counts' : 'count'}{' '}
          by {checker === 'quick' ? 'the quick check' : checker}
          {policy === 'default' ? '' : ` (${policyWords(policy)})`}
          {undone ? ', taken back' : ' '}
          {!undone && (
            <button class="link" disabled={applying} onClick={() => void model.undo(rescore)}>
              Take back
            </button>
          )}
        </li>
      ))}
    </ul>
  );
}

function Head() {
  return (
    <div role="row" class="grid-head" aria-rowindex={1}>
      {['Problem', 'Change', 'Answer', 'Gold'].map((title) => (
        <span key={title} role="columnheader">
          {title}
        </span>
      ))}
    </div>
  );
}

interface RowProps {
  change: RescoreChange;
  index: number;
  selected: boolean;
  onSelect: (row: TraceRow) => void;
}

const Row = memo(function Row({ change: { row, from, to, gold, reason }, index, selected, onSelect }: RowProps) {
  return (
    <div
      role="row"
      id={`change-${index}`}
      class="grid-row"
      aria-rowindex={index + 2}
      aria-selected={selected}
      title={`${row.problemLabel}\nSample ${row.sample + 1}: ${valueWord(from)} → ${valueWord(to)}\n${reason ?? ''}`}
      onClick={() => onSelect(row)}
    >
      <span role="gridcell">{row.problemLabel}</span>
      <span role="gridcell" aria-label={`${valueWord(from)} to ${valueWord(to)}`}>
        <span class={from === null ? 'muted' : valueSigns[from].tone}>
          {from === null ? '–' : valueSigns[from].sign}
        </span>
        {' → '}
        <span class={valueSigns[to].tone}>{valueSigns[to].sign}</span>
      </span>
      <span role="gridcell">{brief(row.answer ?? '–')}</span>
      <span role="gridcell">{gold ?? '–'}</span>
    </div>
  );
});
