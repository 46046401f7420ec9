/** What a `reject` stage would have kept of the samples that it drew: other rounds, another rule of length, more of a problem. */
import { useEffect, useRef, useState } from 'preact/hooks';
import type { LengthRule, RejectSettings, WhatIfAnswer } from '../../core/metrics/what-if.ts';
import type { Host } from '../host.ts';
import { Button, Dropdown, TextField } from '../ui/controls.ts';
import { count, plural } from '../ui/format.ts';
import { useSaid } from '../ui/say.ts';
import { Skeleton } from '../ui/states.tsx';
import { Frame } from './block.tsx';
import { Histogram } from './histogram.tsx';
import type { Place } from './part-text.ts';

interface Typed {
  rounds: string;
  rule: 'median_of_correct' | 'nearest_to_mean' | 'band';
  low: string;
  high: string;
  keep: string;
}

const ruleNames: { value: Typed['rule']; text: string }[] = [
  { value: 'median_of_correct', text: 'median of the right ones' },
  { value: 'nearest_to_mean', text: 'nearest to their mean' },
  { value: 'band', text: 'within two quantiles' },
];

export function WhatIf({ host, place }: { host: Host; place: Place }) {
  const [answer, setAnswer] = useState<WhatIfAnswer | null>(null);
  const [typed, setTyped] = useState<Typed | null>(null);
  const [error, setError] = useState<string | null>(null);
  const { run, stage, attempt } = place;
  const wish = typed && readTyped(typed);
  const asked = JSON.stringify(wish);
  useEffect(() => {
    if (typeof wish === 'string') return undefined;
    let stopped = false;
    const timer = setTimeout(
      () => {
        host.call('stages/whatIf', { ...place, ...wish }).then(
          (found) => {
            if (stopped) return;
            setError(null);
            setAnswer(found);
            if (found && !typed) setTyped(typedOf(found.settings));
          },
          (failed: unknown) => !stopped && setError(failed instanceof Error ? failed.message : String(failed)),
        );
      },
      typed ? 200 : 0,
    );
    return () => {
      stopped = true;
      clearTimeout(timer);
    };
  }, [host, run, stage, attempt, asked]);

  const block = { type: 'figures' as const, title: 'What if' };
  if (!answer || !typed) {
    return error === null ? (
      <Skeleton lines={4} label="Reading the samples" />
    ) : (
      <Frame block={block}>
        <p class="wrong" role="alert">
          {error}
        </p>
      </Frame>
    );
  }
  const change = (next: Partial<Typed>) => setTyped({ ...typed, ...next });
  const own = typedOf(answer.settings);
  const isOwn = JSON.stringify(own) === JSON.stringify(typed);
  const problem = typeof wish === 'string' ? wish : error;
  return (
    <Frame block={block} unit={`on the ${plural(answer.stored, 'sample')} of this stage`}>
      <div class="what-if">
        <div class="what-if-asked">
          <div class="what-if-controls">
            <label class="what-if-field">
              <span class="muted">Samples in each round</span>
              <TextField label="Samples in each round" value={typed.rounds} onInput={(rounds) => change({ rounds })} />
            </label>
            <label class="what-if-field">
              <span class="muted">Which length is kept</span>
              <Dropdown
                label="Which length is kept"
                value={typed.rule}
                options={ruleNames}
                onChange={(rule) => change({ rule: rule as Typed['rule'] })}
              />
            </label>
            {typed.rule === 'band' && (
              <label class="what-if-field narrow">
                <span class="muted">Quantiles, from and to</span>
                <span class="what-if-two">
                  <TextField label="From the quantile" value={typed.low} onInput={(low) => change({ low })} />
                  <TextField label="To the quantile" value={typed.high} onInput={(high) => change({ high })} />
                </span>
              </label>
            )}
            <label class="what-if-field narrow">
              <span class="muted">Kept of a problem</span>
              <TextField label="Kept of a problem" value={typed.keep} onInput={(keep) => change({ keep })} />
            </label>
            {!isOwn && <Button onClick={() => setTyped(own)}>As in the stage</Button>}
          </div>
          {problem !== null && (
            <p class="wrong what-if-problem" role="alert">
              {problem}
            </p>
          )}
          <Compared answer={answer} />
          {answer.asked.incomplete > 0 && (
            <p class="report-note cut">
              Of {plural(answer.asked.incomplete, 'problem')} more would be drawn than is stored: what is kept of them
              rests on what is, and where none of it is right they count as unsolved.
            </p>
          )}
        </div>
        {answer.edges.length > 0 && (
          <Histogram
            block={{
              type: 'histogram',
              title: 'Lengths of the kept samples',
              unit: 'tokens',
              edges: answer.edges,
              series: [
                { label: 'this stage', counts: answer.ownKept },
                { label: 'with these', counts: answer.askedKept },
              ],
            }}
          />
        )}
      </div>
    </Frame>
  );
}

function Compared({ answer: { own, asked } }: { answer: WhatIfAnswer }) {
  const rows: [string, number | null, number | null][] = [
    ['Samples drawn', own.samples, asked.samples],
    [`Problems solved, of ${count(own.problems)}`, own.solved, asked.solved],
    ['Samples kept', own.rows, asked.rows],
    ['Mean tokens of the kept', own.tokensMean, asked.tokensMean],
  ];
  const shown = (value: number | null) =>
    value === null ? '–' : Number.isInteger(value) ? count(value) : value.toFixed(1);
  const words = rows.map(([name, , would]) => `${name}: ${shown(would)}`).join(', ');
  const isFirst = useRef(words);
  // What the stage did stands there when the page opens.
  useSaid('what-if', isFirst.current === words ? '' : words);
  return (
    <table class="group-table what-if-table">
      <thead>
        <tr>
          <th scope="col">
            <span class="hidden-text">Figure</span>
          </th>
          <th scope="col" class="num">
            This stage
          </th>
          <th scope="col" class="num">
            With these
          </th>
          <th scope="col" class="num">
            Difference
          </th>
        </tr>
      </thead>
      <tbody>
        {rows.map(([name, before, after]) => (
          <tr key={name}>
            <th scope="row">{name}</th>
            <td class="num">{shown(before)}</td>
            <td class="num">
              <strong>{shown(after)}</strong>
            </td>
            <td class="num muted">{before === null || after === null ? '–' : difference(after - before)}</td>
          </tr>
        ))}
      </tbody>
    </table>
  );
}

function difference(value: number): string {
  const rounded = Math.round(value * 10) / 10;
  if (rounded === 0) return '0';
  return `${rounded > 0 ? '+' : '−'}${Number.isInteger(rounded) ? count(Math.abs(rounded)) : Math.abs(rounded).toFixed(1)}`;
}

function typedOf({ rounds, length, keep }: RejectSettings): Typed {
  const band = typeof length === 'object' ? length.band : [0.25, 0.75];
  return {
    rounds: rounds.join(', '),
    rule: typeof length === 'object' ? 'band' : length,
    low: String(band[0]),
    high: String(band[1]),
    keep: String(keep),
  };
}

/** What was typed, or what is wrong with it. */
function readTyped({ rounds, rule, low, high, keep }: Typed): RejectSettings | string {
  const numbers = rounds
    .split(/[,;\s]+/)
    .filter(Boolean)
    .map(Number);
  const isNatural = (n: number) => Number.isInteger(n) && n > 0 && n <= 1e6;
  if (numbers.length === 0 || numbers.length > 20 || !numbers.every(isNatural))
    return 'Rounds are whole numbers above 0 with a comma between them, such as 2, 10, 100; at most 20.';
  const [from, to] = [Number(low), Number(high)];
  if (rule === 'band' && !(low.trim() !== '' && high.trim() !== '' && from >= 0 && from <= to && to <= 1))
    return 'The quantiles lie between 0 and 1, the first not above the second.';
  if (!isNatural(Number(keep))) return 'What is kept of a problem is a whole number above 0.';
  const length: LengthRule = rule === 'band' ? { band: [from, to] } : rule;
  return { rounds: numbers, length, keep: Number(keep) };
}
