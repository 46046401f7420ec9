/** What changed between the two sides over all their problems, whether it could be chance, and what is in no figure. */
import { useEffect, useState } from 'preact/hooks';
import type { Interval } from '../../core/metrics/bootstrap.ts';
import type { PairedMeans } from '../../core/metrics/paired.ts';
import { accuracySentence, pText, tokensSentence } from '../../core/metrics/paired-words.ts';
import type { OneSided, PairedAnswer } from '../../core/protocol/comparison.ts';
import type { CompareSide } from '../../core/protocol/webview.ts';
import type { Host } from '../host.ts';
import { count, decimal, percent, plural, signed } from '../ui/format.ts';
import { Failure, Skeleton } from '../ui/states.tsx';
import { filterOf, type PairKind } from './pairs.ts';

interface PairedHeadProps {
  host: Host;
  before: CompareSide;
  after: CompareSide;
  factor: number;
  /** Keeps these in the table of pairs. */
  onKeep: (kinds: PairKind[]) => void;
  /** Sorts the table by the change of length. */
  onLengths: (longer: boolean) => void;
}

export function PairedHead({ host, before, after, factor, onKeep, onLengths }: PairedHeadProps) {
  const [found, setFound] = useState<PairedAnswer | null>(null);
  const [error, setError] = useState<unknown>(null);
  const read = () => {
    let current = true;
    setError(null);
    host.call('metrics/paired', { before, after, factor }, { timeout: 120_000 }).then(
      (answer) => current && setFound(answer),
      (reason: unknown) => current && setError(reason),
    );
    return () => {
      current = false;
    };
  };
  useEffect(read, [JSON.stringify([before, after, factor])]);
  if (error !== null) return <Failure what="The figures cannot be shown" error={error} onRetry={read} />;
  if (!found) return <Skeleton lines={3} label="Comparing the problems" />;
  const open = (side: CompareSide, name: string) =>
    void host.ask('host/open', {
      view: { page: 'inspector', title: `${name}: ${side.stage}`, filter: filterOf(side) },
    });
  const { accuracy, tokens: lengths, mcnemar } = found;
  const estimated = found.estimated.before + found.estimated.after > 0;
  const ends = (means: PairedMeans, show: (value: number) => string) => (
    <>
      <button class="link" title="Before: show its traces" onClick={() => open(before, 'before')}>
        {show(means.before)}
      </button>
      <span aria-hidden="true"> → </span>
      <span class="hidden-text"> to </span>
      <button class="link" title="After: show its traces" onClick={() => open(after, 'after')}>
        {show(means.after)}
      </button>
    </>
  );
  return (
    <section class="paired" aria-label="Before and after">
      <dl class="paired-figures">
        <div>
          <dt>Accuracy</dt>
          {accuracy ? (
            <dd class="num">
              {ends(accuracy, (value) => `${percent(value)} %`)}
              <button
                class="link paired-change"
                title="Show the problems that changed"
                onClick={() => onKeep(['wrong_to_right', 'right_to_wrong'])}
              >
                {accuracy.difference === 0 ? '±0.0' : signed(100 * accuracy.difference, 1)} points{' '}
                <span class="muted">{range(accuracy.interval, (value) => decimal(100 * value, 1))}</span>
              </button>
              <span title={chanceTitle(accuracy)}>p {equals(accuracy.chance.p)}</span>
            </dd>
          ) : (
            <dd class="muted">not known</dd>
          )}
        </div>
        <div>
          <dt>Mean tokens</dt>
          {lengths ? (
            <dd class="num">
              {ends(lengths, (value) => `${estimated ? '~' : ''}${count(value)}`)}
              <button
                class="link paired-change"
                title="Sort the problems by their change of length"
                onClick={() => onLengths(lengths.difference > 0)}
              >
                {lengths.ratio === null ? signed(lengths.difference, 0) : `× ${decimal(lengths.ratio)}`}{' '}
                <span class="muted">{range(lengths.ratioInterval, decimal)}</span>
              </button>
              <span title={chanceTitle(lengths)}>p {equals(lengths.chance.p)}</span>
            </dd>
          ) : (
            <dd class="muted">not known</dd>
          )}
        </div>
        {mcnemar && (
          <div>
            <dt title="The exact test of McNemar on newly solved and newly broken problems">Solved and broken</dt>
            <dd class="num">
              <button class="link" title="Newly solved: show them" onClick={() => onKeep(['wrong_to_right'])}>
                {count(mcnemar.solved)}
              </button>
              <span class="muted"> solved, </span>
              <button class="link" title="Newly broken: show them" onClick={() => onKeep(['right_to_wrong'])}>
                {count(mcnemar.broken)}
              </button>
              <span class="muted"> broken</span>
              <span title="McNemar's test, exact, two-sided">p {equals(mcnemar.p)}</span>
            </dd>
          </div>
        )}
      </dl>
      <p>{[...new Set([accuracySentence(found), tokensSentence(found)])].join(' ')}</p>
      <p class="muted paired-notes">
        {notes(found, before.run !== after.run)}
        <Only host={host} side={before} word="before" only={found.onlyBefore} />
        <Only host={host} side={after} word="after" only={found.onlyAfter} />
      </p>
    </section>
  );
}

const equals = (p: number): string => (p < 0.0001 ? pText(p) : `= ${pText(p)}`);

const range = (interval: Interval | null, show: (value: number) => string): string =>
  interval ? `[${show(interval.low)}, ${show(interval.high)}]` : '';

function chanceTitle({ chance, problems }: PairedMeans): string {
  const how = chance.exact ? 'exact' : '10,000 random flips';
  return `Sign-flip permutation test over ${plural(problems, 'problem')}, ${count(chance.differing)} of which differ (${how}, two-sided)`;
}

/** What each figure stands on. */
function notes(
  { problems, samples, ungraded, undecided, unknownLength, estimated, models }: PairedAnswer,
  twoRuns: boolean,
): string {
  const both = ({ before, after }: { before: number; after: number }) => before + after;
  const parts = [
    `${plural(problems, 'problem')} on both sides, ${count(samples.before)} and ${plural(samples.after, 'completion')}; 95 % intervals by bootstrap over problems.`,
  ];
  if (both(ungraded) > 0)
    parts.push(`${plural(both(ungraded), 'completion')} without a verdict on a gold answer in no accuracy.`);
  if (both(undecided) > 0) parts.push(`${plural(both(undecided), 'completion')} undecided.`);
  if (both(unknownLength) > 0)
    parts.push(`${plural(both(unknownLength), 'completion')} of unknown length in no mean of tokens.`);
  if (both(estimated) > 0)
    parts.push(`The length of ${plural(both(estimated), 'completion')} is an estimate, not the tokenizer's count.`);
  const [was, is] = [models.before.join(', '), models.after.join(', ')];
  if (twoRuns && was !== '' && is !== '' && was !== is)
    parts.push(`Tokens of different models (${was}; ${is}) compare only where their tokenizers are the same.`);
  return `${parts.join(' ')} `;
}

const NAMED = 30;

/** Problems that only one side has, by name. */
function Only({ host, side, word, only }: { host: Host; side: CompareSide; word: string; only: OneSided }) {
  const [open, setOpen] = useState(false);
  if (only.n === 0) return null;
  const shown = only.problems.slice(0, NAMED);
  return (
    <span class="paired-only">
      <button class="link" aria-expanded={open} onClick={() => setOpen(!open)}>
        {plural(only.n, 'problem')} only {word}
      </button>
      {open && (
        <>
          :{' '}
          {shown.map(({ problem, label }, i) => (
            <>
              {i > 0 && ', '}
              <button
                key={problem}
                class="link"
                title="Show its traces"
                onClick={() =>
                  void host.ask('host/open', {
                    view: { page: 'inspector', title: label, filter: { ...filterOf(side), problem } },
                  })
                }
              >
                {label}
              </button>
            </>
          ))}
          {only.n > shown.length && `, and ${count(only.n - shown.length)} more`}
        </>
      )}{' '}
    </span>
  );
}
