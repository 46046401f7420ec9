/** What is known of a trace, beside its text: answer, length, behaviours, rewards, group, where it came from. */
import type { ComponentChildren } from 'preact';
import { useMemo } from 'preact/hooks';
import type { Label, Span } from '../../core/behaviours/spans.ts';
import { countEvidence } from '../../core/behaviours/count.ts';
import { shownSpans } from '../../core/labels/shown.ts';
import type { TraceFiguresAnswer } from '../../core/protocol/figures.ts';
import type { TraceDetail, TraceRow } from '../../core/protocol/traces.ts';
import { toneOf } from '../text/overlay.ts';
import { brief } from '../text/visible.ts';
import { count, decimal, signed, tokens } from '../ui/format.ts';
import { Icon } from '../ui/icon.tsx';
import { isCommand } from '../ui/keys.ts';
import { labelLooks } from '../ui/labels.ts';
import { Skeleton } from '../ui/states.tsx';
import { useStore } from '../ui/store.ts';
import { verdictText, verdictWords } from './columns.ts';
import type { OpenTrace } from './open-trace.ts';
import { FirstRight } from './path-facts.tsx';
import { TokenFacts } from './token-facts.tsx';

interface FactsProps {
  model: OpenTrace;
  hidden: readonly Label[];
  onHidden: (labels: Label[]) => void;
  onStep: (label: Label, direction: 1 | -1) => void;
  onOpen: (row: TraceRow) => void;
  /** Who said what of the answer. */
  verdicts: (detail: TraceDetail) => ComponentChildren;
  /** What its text says of the way to the answer: last, as it comes late and moves nothing there. */
  path: (detail: TraceDetail) => ComponentChildren;
  onReveal: (span: { in: 'prompt' | 'completion'; start: number; end: number }) => void;
  /** Whose spans are shown. */
  layers: ComponentChildren;
}

export function Facts({ model, hidden, onHidden, onStep, onOpen, verdicts, path, layers, onReveal }: FactsProps) {
  const { detail, annotations, group, trace, shown, figures, error } = useStore(model);
  const spans = useMemo(() => shownSpans(annotations, shown), [annotations, shown]);
  if (!detail) return trace && error === null ? <Skeleton lines={14} label="Reading the facts" /> : null;
  return (
    <>
      <Answer detail={detail} figures={figures} onReveal={onReveal} />
      {verdicts(detail)}
      <Section title="Behaviours" tools={layers}>
        <Legend spans={spans} detail={detail} hidden={hidden} onHidden={onHidden} onStep={onStep} />
      </Section>
      <Length detail={detail} />
      <TokenFacts {...{ model, detail, spans }} />
      <Rewards detail={detail} />
      {group.length > 1 && (
        <Section title={`Group · ${group.length} samples`}>
          <Group rows={group} trace={detail.trace} onOpen={onOpen} />
        </Section>
      )}
      <Origin detail={detail} />
      {path(detail)}
    </>
  );
}

interface SectionProps {
  title: string;
  /** Beside the title. */
  tools?: ComponentChildren;
  children: ComponentChildren;
}

function Section({ title, tools, children }: SectionProps) {
  const head = <h2 class="title">{title}</h2>;
  return (
    <section class="facts-section">
      {tools === undefined ? (
        head
      ) : (
        <div class="section-head">
          {head}
          {tools}
        </div>
      )}
      {children}
    </section>
  );
}

/** One line of a list of facts; nothing when there is nothing to say. */
function Fact({
  name,
  children,
  note,
}: {
  name: string;
  children: ComponentChildren;
  note?: string | null | undefined;
}) {
  if (children === null || children === undefined || children === '') return null;
  return (
    <>
      <dt>{name}</dt>
      <dd title={note ?? undefined}>{children}</dd>
    </>
  );
}

interface AnswerProps {
  detail: TraceDetail;
  figures: TraceFiguresAnswer | null;
  onReveal: FactsProps['onReveal'];
}

function Answer({ detail, figures, onReveal }: AnswerProps) {
  const found = detail.answerFound;
  const tone = toneOf(detail);
  return (
    <Section title="Answer">
      <dl class="facts-list">
        <Fact name="answer" note={found ? `Found by ${found.rule}` : null}>
          {found ? (
            <button
              class="link"
              onClick={() => onReveal({ in: 'completion', start: found.start, end: found.end })}
              title="Show in the text"
            >
              {brief(found.text)}
            </button>
          ) : (
            <span class="muted">{detail.live ? 'not yet' : 'none found'}</span>
          )}
        </Fact>
        <Fact name="gold" note={detail.goldOrigin ? `Gold: ${detail.goldOrigin}` : null}>
          {detail.gold === null ? (
            <span class="muted">none</span>
          ) : (
            <span title={detail.gold}>{brief(detail.gold)}</span>
          )}
        </Fact>
        <Fact name="verdict">
          <span class={tone}>
            {verdictText({ ...detail, live: false })} {verdictWords({ ...detail, live: false })}
          </span>
        </Fact>
        {detail.gold !== null && !detail.live && (
          <FirstRight found={figures} onReveal={({ start, end }) => onReveal({ in: 'completion', start, end })} />
        )}
      </dl>
    </Section>
  );
}

function Length({ detail }: { detail: TraceDetail }) {
  const { facts, sampling } = detail;
  const exact = detail.tokensExact;
  const cut = detail.finish === 'length';
  const settings = sampling ? Object.entries(sampling).filter(([, value]) => value !== undefined) : [];
  return (
    <Section title="Length">
      <dl class="facts-list numbers">
        <Fact name="tokens">{tokens(detail.tokens, exact)}</Fact>
        <Fact name="reasoning">
          {facts.reasoning_tokens === undefined ? null : tokens(facts.reasoning_tokens, exact)}
        </Fact>
        <Fact name="answer">{facts.answer_tokens === undefined ? null : tokens(facts.answer_tokens, exact)}</Fact>
        <Fact name="finish">
          <span class={cut ? 'cut' : ''}>{detail.live ? 'being written' : (detail.finish ?? '–')}</span>
        </Fact>
        <Fact name="error">{facts.error ?? null}</Fact>
        {settings.map(([name, value]) => (
          <Fact key={name} name={name.replace('_', ' ')}>
            {typeof value === 'number' && Number.isInteger(value) ? count(value) : String(value)}
          </Fact>
        ))}
      </dl>
    </Section>
  );
}

interface LegendProps {
  spans: readonly Span[];
  detail: TraceDetail;
  hidden: readonly Label[];
  onHidden: (labels: Label[]) => void;
  onStep: (label: Label, direction: 1 | -1) => void;
}

/** How many spans each label has, and what they say most. Of hundreds of thousands that takes long: once for each list. */
function countsOf(spans: readonly Span[]): Map<Label, { n: number; most: string }> {
  return new Map(
    [...Map.groupBy(spans, ({ label }) => label)].map(([label, its]) => {
      const most = countEvidence(its, label)
        .slice(0, 6)
        .map((one) => `“${one.evidence.slice(0, 40)}” ${one.n}`)
        .join(', ');
      return [label, { n: its.length, most }];
    }),
  );
}

/** Every label with its look, its count and how often it comes in a thousand tokens; a switch and two arrows each. */
function Legend({ spans, detail, hidden, onHidden, onStep }: LegendProps) {
  const byLabel = useMemo(() => countsOf(spans), [spans]);
  const looks = labelLooks.filter(({ label }, i) => i < 6 || byLabel.has(label));
  return (
    <table class="legend">
      <thead>
        <tr>
          <th scope="col" colSpan={2}>
            <span class="hidden-text">Label</span>
          </th>
          <th scope="col" class="num">
            n
          </th>
          <th scope="col" class="num">
            per 1k
          </th>
          <th scope="col">
            <span class="hidden-text">Go to</span>
          </th>
        </tr>
      </thead>
      <tbody>
        {looks.map(({ label, name, letter, key }) => {
          const { n, most } = byLabel.get(label) ?? { n: 0, most: '' };
          const off = hidden.includes(label);
          return (
            <tr key={label} class={off || n === 0 ? 'off' : ''} title={most ? `${name}: ${most}` : name}>
              <td>
                <button
                  class="swatch"
                  aria-pressed={!off}
                  aria-label={`${name}: ${off ? 'show' : 'hide'}`}
                  title={off ? `Show ${name}` : `Hide ${name}`}
                  onClick={() => onHidden(off ? hidden.filter((one) => one !== label) : [...hidden, label])}
                >
                  <span class={`span label-${label}`}>{letter || '</>'}</span>
                </button>
              </td>
              <th scope="row">{name}</th>
              <td class="num">{count(n)}</td>
              <td class="num muted">{detail.tokens && n > 0 ? ((1000 * n) / detail.tokens).toFixed(1) : ''}</td>
              <td class="arrows">
                <button
                  class="tool"
                  tabIndex={-1}
                  disabled={n === 0}
                  aria-label={`Previous ${name}`}
                  title={`Previous (${key.toUpperCase()})`}
                  onClick={() => onStep(label, -1)}
                >
                  <Icon name="chevron-up" />
                </button>
                <button
                  class="tool"
                  tabIndex={-1}
                  disabled={n === 0}
                  aria-label={`Next ${name}`}
                  title={`Next (${key})`}
                  onClick={() => onStep(label, 1)}
                >
                  <Icon name="chevron-down" />
                </button>
              </td>
            </tr>
          );
        })}
      </tbody>
    </table>
  );
}

function Rewards({ detail }: { detail: TraceDetail }) {
  const parts = Object.entries(detail.facts.rewards ?? {});
  if (parts.length === 0 && detail.advantage === null) return null;
  const ours = detail.facts.advantage ?? detail.advantage;
  const logged = detail.facts.advantage_logged;
  const sign = (value: number) => (value > 0 ? 'right' : value < 0 ? 'wrong' : '');
  return (
    <Section title="Rewards">
      <dl class="facts-list numbers">
        {parts.map(([name, value]) => (
          <Fact
            key={name}
            name={name.replaceAll('_', ' ')}
            note={value === null ? 'Not applicable: left out of the sum' : null}
          >
            {value === null ? <span class="muted">n/a</span> : decimal(value)}
          </Fact>
        ))}
        <Fact name="reward">{detail.reward === null ? null : <strong>{decimal(detail.reward)}</strong>}</Fact>
        <Fact name="advantage" note="Recomputed from the rewards of the group">
          {ours === null || ours === undefined ? null : <span class={sign(ours)}>{signed(ours)}</span>}
        </Fact>
        <Fact name="as logged" note="As the trainer logged it">
          {logged === null || logged === undefined ? null : signed(logged)}
        </Fact>
      </dl>
    </Section>
  );
}

function Group({ rows, trace, onOpen }: { rows: readonly TraceRow[]; trace: string; onOpen: (row: TraceRow) => void }) {
  const longest = Math.max(1, ...rows.map((row) => row.tokens ?? 0));
  const sorted = [...rows].sort((a, b) => (a.tokens ?? 0) - (b.tokens ?? 0) || a.sample - b.sample);
  const onKeyDown = (event: KeyboardEvent) => {
    const by = event.key === 'ArrowDown' ? 1 : event.key === 'ArrowUp' ? -1 : 0;
    if (by === 0 || isCommand(event)) return;
    event.preventDefault();
    const buttons = [...(event.currentTarget as HTMLElement).querySelectorAll('button')];
    buttons[buttons.indexOf(document.activeElement as HTMLButtonElement) + by]?.focus();
  };
  return (
    <ul class="group" onKeyDown={onKeyDown}>
      {sorted.map((row) => (
        <li key={row.trace}>
          <button
            class="group-row"
            tabIndex={row.trace === trace ? 0 : -1}
            aria-current={row.trace === trace}
            title={`Sample ${row.sample + 1}: ${verdictWords(row)}, ${tokens(row.tokens, row.tokensExact)} tokens, answer ${brief(row.answer ?? 'none')}`}
            onClick={() => onOpen(row)}
          >
            <span class={toneOf(row)}>{verdictText(row).charAt(0)}</span>
            <span class="bar">
              <span
                class={`bar-fill tone-${toneOf(row)}`}
                style={{ width: `${(100 * (row.tokens ?? 0)) / longest}%` }}
              />
            </span>
            <span class="num">{tokens(row.tokens, row.tokensExact)}</span>
            <span
              class={`num ${row.advantage === null ? 'muted' : row.advantage > 0 ? 'right' : row.advantage < 0 ? 'wrong' : ''}`}
            >
              {row.advantage === null ? decimal(row.reward) : signed(row.advantage)}
            </span>
          </button>
        </li>
      ))}
    </ul>
  );
}

function Origin({ detail }: { detail: TraceDetail }) {
  const { source } = detail;
  return (
    <Section title="Origin">
      <dl class="facts-list">
        <Fact name="model">{detail.model}</Fact>
        <Fact name="stage">{detail.of ? `${detail.of} (${detail.stage})` : detail.stage}</Fact>
        <Fact name="step">{detail.step === null ? null : count(detail.step)}</Fact>
        <Fact name="epoch">
          {detail.epoch === null ? null : decimal(detail.epoch, Number.isInteger(detail.epoch) ? 0 : 2)}
        </Fact>
        <Fact name="sample">{detail.sample + 1}</Fact>
        <Fact name="set">{detail.set}</Fact>
        <Fact name="marker">{detail.marker && <code>{detail.marker}</code>}</Fact>
        <Fact name="problem">{detail.sourceId ?? detail.problem.slice(0, 12)}</Fact>
        <Fact name="file" note={source?.file}>
          {source && `${source.file.split(/[/\\]/).at(-1)}:${source.line}`}
        </Fact>
        <Fact name="trace">
          <code>{detail.trace}</code>
        </Fact>
        {detail.superseded && <Fact name="attempt">superseded by a later attempt</Fact>}
        {detail.replaced > 0 && <Fact name="invalid bytes">{count(detail.replaced)} shown as U+FFFD</Fact>}
      </dl>
    </Section>
  );
}
