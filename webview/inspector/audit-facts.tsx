/** What decided over the answer of the open trace: the reader's word, each checker's, all candidates, how both answers are read. */
import type { ComponentChildren } from 'preact';
import { useState } from 'preact/hooks';
import type { AnswerStep, TraceAnswers } from '../../core/protocol/audit.ts';
import type { Verdict } from '../../core/protocol/events.ts';
import type { GivenVerdict } from '../../core/protocol/files.ts';
import type { TraceDetail } from '../../core/protocol/traces.ts';
import { count, plural } from '../ui/format.ts';
import { policyWords, valueSigns } from './audit-words.ts';

interface AuditFactsProps {
  detail: TraceDetail;
  answers: TraceAnswers | null;
  undo: number;
  error: unknown;
  onJudge: (verdict: GivenVerdict | null) => void;
  onUndo: () => void;
  onReveal: (at: { in: 'completion'; start: number; end: number }) => void;
}

const choices: readonly { value: GivenVerdict; key: string }[] = [
  { value: 'right', key: '=' },
  { value: 'wrong', key: '-' },
  { value: 'undecided', key: '.' },
];

export function AuditFacts(props: AuditFactsProps) {
  const { detail, answers, undo, error, onJudge, onUndo, onReveal } = props;
  const own = detail.reader?.value ?? null;
  return (
    <section class="facts-section audit-facts" aria-label="Verdicts">
      <div class="section-head">
        <h2 class="title">Verdicts</h2>
        <button class="chip" disabled={own === null} title="Take your verdict back (0)" onClick={() => onJudge(null)}>
          take back
        </button>
        <button class="chip" disabled={undo === 0} title="Undo the last verdict of this page (z)" onClick={onUndo}>
          undo
        </button>
      </div>
      <div class="chips" role="group" aria-label="Your verdict">
        {choices.map(({ value, key }) => {
          const { sign, tone, word } = valueSigns[value];
          return (
            <button
              key={value}
              class="chip"
              aria-pressed={own === value}
              disabled={detail.live}
              title={
                detail.live
                  ? 'It can be judged when it has ended'
                  : own === value
                    ? `You say ${word} (${key})`
                    : `You say ${word}: counts before all checkers (${key})`
              }
              onClick={() => onJudge(value)}
            >
              <span class={tone} aria-hidden="true">
                {sign}
              </span>
              {word}
            </button>
          );
        })}
      </div>
      {error !== null && (
        <p class="wrong" role="alert">
          {error instanceof Error ? error.message : 'It could not be kept.'}
        </p>
      )}
      <Words detail={detail} />
      <Fold
        id="candidates"
        title="Candidates"
        note={answers && count(answers.candidates.length + answers.moreCandidates)}
      >
        {answers && <Candidates answers={answers} onReveal={onReveal} />}
      </Fold>
      <Fold
        id="answer-steps"
        title="How the answer is read"
        note={answers && stepNote(answers.answerSteps, 'no answer')}
      >
        {answers && <Steps steps={answers.answerSteps} />}
      </Fold>
      <Fold id="gold-steps" title="How the gold is read" note={answers && stepNote(answers.goldSteps, 'no gold')}>
        {answers && <Steps steps={answers.goldSteps} />}
      </Fold>
    </section>
  );
}

/** Every word on the verdict, the one that counts first. */
function Words({ detail: { reader, rescored, verdictBy, quick } }: { detail: TraceDetail }) {
  const words: { verdict: Verdict; who: string; version: string; note: string | null }[] = [];
  if (reader)
    words.push({
      verdict: reader,
      who: reader.by || 'reader',
      version: `reader ${reader.version}`,
      note: `${when(reader.t)}${reader.before ? `; before: ${reader.before.value} by ${reader.before.checker}` : ''}`,
    });
  if (rescored)
    words.push({
      verdict: rescored,
      who: 're-score',
      version: `${rescored.checker} ${rescored.version}`,
      note: `${policyWords(rescored.policy)}; ${rescored.by}, ${when(rescored.t)}`,
    });
  if (verdictBy)
    words.push({
      verdict: verdictBy,
      who: verdictBy.checker,
      version: verdictBy.version,
      note: verdictBy.reason ?? null,
    });
  if (quick) words.push({ verdict: quick, who: 'quick check', version: quick.version, note: quick.reason ?? null });
  if (words.length === 0) return <p class="muted">Nobody has said anything yet.</p>;
  return (
    <table class="audit-words">
      <thead class="hidden-text">
        <tr>
          <th scope="col">Verdict</th>
          <th scope="col">By</th>
        </tr>
      </thead>
      <tbody>
        {words.map(({ verdict, who, version, note }, i) => {
          const { sign, tone, word } = valueSigns[verdict.value];
          return (
            <tr key={who} class={i === 0 ? 'counts' : ''}>
              <td class={tone}>
                {sign} {word}
              </td>
              <th scope="row">
                {who} <span class="muted">{version}</span>
                {i === 0 && words.length > 1 && <span class="hidden-text">, counts</span>}
                {note && <div class="audit-note muted">{note}</div>}
              </th>
            </tr>
          );
        })}
      </tbody>
    </table>
  );
}

const when = (t: number): string => new Date(t).toLocaleString([], { dateStyle: 'medium', timeStyle: 'short' });

/** Which folds are open, for all traces: the next one shows the same. */
const opened = new Set<string>();

/** A fold of one height once it is open, so that what comes later moves nothing below it. */
function Fold({
  id,
  title,
  note,
  children,
}: {
  id: string;
  title: string;
  note: string | null;
  children: ComponentChildren;
}) {
  const [open, setOpen] = useState(opened.has(id));
  const toggle = () => {
    if (open) opened.delete(id);
    else opened.add(id);
    setOpen(!open);
  };
  return (
    <div class="fold">
      <button class="fold-head" aria-expanded={open} aria-controls={id} onClick={toggle}>
        <span class={`codicon codicon-chevron-${open ? 'down' : 'right'}`} aria-hidden="true" />
        {title} <span class="muted">{note}</span>
      </button>
      {open && (
        <div class="fold-body" id={id} tabIndex={0} role="region" aria-label={title}>
          {children}
        </div>
      )}
    </div>
  );
}

function Candidates({ answers, onReveal }: Pick<AuditFactsProps, 'onReveal'> & { answers: TraceAnswers }) {
  if (answers.candidates.length === 0) return <p class="muted">The completion states no answer.</p>;
  return (
    <>
      {answers.moreCandidates > 0 && (
        <p class="muted">
          The last {count(answers.candidates.length)}; {count(answers.moreCandidates)} before them.
        </p>
      )}
      <ol class="audit-candidates">
        {answers.candidates.map((one) => {
          const look = one.value === null ? null : valueSigns[one.value];
          return (
            <li key={`${one.start}-${one.end}`}>
              <button
                class="audit-candidate"
                aria-current={one.extracted}
                title={`${one.rule.replaceAll('_', ' ')}, character ${count(one.start)}${one.extracted ? '; the answer that counts' : ''}. Show in the text`}
                onClick={() => onReveal({ in: 'completion', start: one.start, end: one.end })}
              >
                <span class={look?.tone ?? 'muted'}>{look?.sign ?? '–'}</span>
                <span class="audit-answer">{one.text}</span>
                <span class="muted">
                  {one.rule.replace(/_in_reasoning$/, '').replaceAll('_', ' ')}
                  {one.in === 'reasoning' ? ' · thinking' : ''}
                </span>
              </button>
            </li>
          );
        })}
      </ol>
    </>
  );
}

const stepNote = (steps: readonly AnswerStep[], none: string): string =>
  steps.length === 0 ? none : plural(steps.length, 'spelling');

function Steps({ steps }: { steps: readonly AnswerStep[] }) {
  if (steps.length === 0) return <p class="muted">There is nothing to read.</p>;
  return (
    <ol class="audit-steps">
      {steps.map(({ rule, text }, i) => (
        <li key={i}>
          <code>{text === '' ? '(empty)' : text}</code>
          <div class="audit-note muted">{rule}</div>
        </li>
      ))}
    </ol>
  );
}
