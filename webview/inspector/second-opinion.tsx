/** A judge's word beside the detector's: how far they agree on this trace, its stage or its run, and where they do not. */
import { useEffect, useMemo, useState } from 'preact/hooks';
import { judgeLabels } from '../../core/judge/definitions.ts';
import type { Counts } from '../../core/labels/agreement.ts';
import type { JudgeAgreement, JudgeDisagreement } from '../../core/protocol/judge.ts';
import type { Host } from '../host.ts';
import { count, plural } from '../ui/format.ts';
import { lookOf } from '../ui/labels.ts';
import { useStore } from '../ui/store.ts';
import { AgreementCells, AgreementHead } from './agreement-columns.tsx';
import { JudgeFigures, type Scope } from './judge-figures.ts';
import type { OpenTrace } from './open-trace.ts';

interface SecondOpinionProps {
  host: Host;
  model: OpenTrace;
  /** Shows a place, in this trace or another one. */
  onPlace: (trace: string, at: { in: 'completion'; start: number; end: number }) => void;
}

const scopes: readonly { scope: Scope; name: string }[] = [
  { scope: 'trace', name: 'This trace' },
  { scope: 'stage', name: 'Stage' },
  { scope: 'run', name: 'Run' },
];
/** Places that are listed at once. */
const LISTED = 6;

/** Nothing where no judge was asked about the run. */
export function SecondOpinion({ host, model, onPlace }: SecondOpinionProps) {
  const figures = useMemo(() => new JudgeFigures(host), [host]);
  const { trace, annotations } = useStore(model);
  const isJudged = annotations?.layers?.some(({ kind }) => kind === 'judge') ?? false;
  useEffect(() => figures.of(trace, isJudged), [trace, isJudged]);
  useEffect(() => () => figures.close(), [figures]);
  useEffect(
    () =>
      host.on('events/batch', ({ events }) => {
        if (events.some((event) => event.type === 'run_judged' && event.run === trace?.split('/')[0])) figures.again();
      }),
    [host, trace],
  );
  return trace === null ? null : <Opinion {...{ figures, trace, isJudged, onPlace }} />;
}

function Opinion({
  figures,
  trace,
  isJudged,
  onPlace,
}: Pick<SecondOpinionProps, 'onPlace'> & { figures: JudgeFigures; trace: string; isJudged: boolean }) {
  const { scope, answer, error } = useStore(figures);
  const [bySpan, setBySpan] = useState(false);
  const agreement = answer?.agreement ?? null;
  const judges = answer?.judges ?? [];
  if (!isJudged && !agreement && error === null) return null;
  const shown = isJudged || scope !== 'trace' ? scope : 'run';
  return (
    <section class="facts-section edit-section opinion" aria-label="Second opinion">
      <h2 class="title">Second opinion{agreement ? ` · ${agreement.judge.name}` : ''}</h2>
      {judges.length > 1 && (
        <div class="edit-switch opinion-judges" role="group" aria-label="Whose opinion">
          {judges.map(({ name, version }) => (
            <button
              key={`${name} ${version}`}
              class="chip"
              aria-pressed={agreement?.judge.name === name && agreement.judge.version === version}
              title={`${name}, questions version ${version}`}
              onClick={() => figures.choose({ judge: { name, version } })}
            >
              {name}
            </button>
          ))}
        </div>
      )}
      <div class="edit-switch">
        <span role="group" aria-label="Over">
          {scopes.map((one) => (
            <button
              key={one.scope}
              class="chip"
              aria-pressed={shown === one.scope}
              disabled={one.scope === 'trace' && !isJudged}
              title={one.scope === 'trace' && !isJudged ? 'This trace was not judged' : undefined}
              onClick={() => figures.choose({ scope: one.scope })}
            >
              {one.name}
            </button>
          ))}
        </span>
        <span role="group" aria-label="By">
          <button class="chip" aria-pressed={!bySpan} onClick={() => setBySpan(false)}>
            Steps
          </button>
          <button class="chip" aria-pressed={bySpan} onClick={() => setBySpan(true)}>
            Spans
          </button>
        </span>
      </div>
      {error !== null && (
        <p class="wrong">{error instanceof Error ? error.message : 'The agreement cannot be read.'}</p>
      )}
      {agreement && <Figures agreement={agreement} bySpan={bySpan} />}
      {agreement && <Places {...{ agreement, trace, onPlace }} />}
    </section>
  );
}

function Figures({ agreement, bySpan }: { agreement: JudgeAgreement; bySpan: boolean }) {
  const { detector, judge, traces, steps, waiting } = agreement;
  const countsOf = (label: (typeof judgeLabels)[number]): Counts | null => {
    const found = agreement.labels.find((one) => one.label === label);
    return found ? (bySpan ? found.spans : found.steps) : null;
  };
  return (
    <>
      <table class="legend opinion-figures">
        <caption class="hidden-text">How far the detector agrees with the judge</caption>
        <AgreementHead
          whose="judge"
          before={2}
          counted={bySpan ? 'Spans of the judge' : 'Steps that the judge gives the label'}
        />
        <tbody>
          {judgeLabels.map((label) => (
            <tr key={label}>
              <td>
                <span class="swatch">
                  <span class={`span label-${label}`}>{lookOf(label).letter}</span>
                </span>
              </td>
              <th scope="row" title={lookOf(label).name}>
                {lookOf(label).short ?? lookOf(label).name}
              </th>
              <AgreementCells whose="judge" counts={countsOf(label)} />
            </tr>
          ))}
        </tbody>
      </table>
      <p class="muted edit-note">
        {detector.name} {detector.version} against {judge.name} (questions version {judge.version}), over{' '}
        {plural(steps, 'judged step')} of {plural(traces, 'trace')}
        {waiting > 0 ? `; ${count(waiting)} still to be read` : ''}. The judge’s own quality is not known.
      </p>
    </>
  );
}

/** Where only one of them has a span; those of the open trace first. */
function Places({
  agreement,
  trace,
  onPlace,
}: Pick<SecondOpinionProps, 'onPlace'> & { agreement: JudgeAgreement; trace: string }) {
  const [from, setFrom] = useState(0);
  const all = [...agreement.disagreements].sort((a, b) => Number(b.trace === trace) - Number(a.trace === trace));
  useEffect(() => setFrom(0), [agreement.judge.name, trace]);
  if (all.length === 0) return <p class="muted edit-note">They differ nowhere.</p>;
  const shown = all.slice(from, from + LISTED);
  const total = all.length + agreement.more;
  return (
    <>
      <ul class="queue" aria-label="Where they differ">
        {shown.map((place) => (
          <li key={`${place.trace} ${place.label} ${place.only} ${place.start}`}>
            <button
              class="queue-row"
              title={words(place, trace)}
              onClick={() => onPlace(place.trace, { in: 'completion', start: place.start, end: place.end })}
            >
              <span class={`span label-${place.label}${place.only === 'judge' ? ' by-judge' : ''}`}>
                {lookOf(place.label).letter}
              </span>
              <span class="queue-why">{place.only}</span>
              <span class="queue-text">{place.text}</span>
            </button>
          </li>
        ))}
      </ul>
      {total > shown.length && (
        <p class="muted edit-note opinion-pages">
          {count(from + 1)}–{count(from + shown.length)} of {count(total)}
          {agreement.more > 0 ? ` (${count(all.length)} can be shown)` : ''}
          <button class="link" disabled={from === 0} onClick={() => setFrom(Math.max(0, from - LISTED))}>
            Before
          </button>
          <button class="link" disabled={from + LISTED >= all.length} onClick={() => setFrom(from + LISTED)}>
            Next
          </button>
        </p>
      )}
    </>
  );
}

function words({ label, only, trace }: JudgeDisagreement, open: string): string {
  const who = only === 'judge' ? 'only the judge has it here' : 'only the detector has it here';
  return `${lookOf(label).name}: ${who}${trace === open ? '' : ` (${trace})`}`;
}
