/** The answers of the open trace on its way, and what else its text says: waste, flips, loops, other scripts, broken text. */
import type { ComponentChildren } from 'preact';
import { useEffect } from 'preact/hooks';
import type { TimedPathAnswer, TraceFiguresAnswer } from '../../core/protocol/figures.ts';
import type { TraceDetail } from '../../core/protocol/traces.ts';
import { count, percent, plural, tokens } from '../ui/format.ts';
import { useStore } from '../ui/store.ts';
import type { OpenTrace } from './open-trace.ts';

interface PathFactsProps {
  model: OpenTrace;
  detail: TraceDetail;
  onReveal: (at: { in: 'completion'; start: number; end: number }) => void;
}

/** Most answers shown one by one. */
const MOST = 40;

export function PathFacts({ model, detail, onReveal }: PathFactsProps) {
  const found = useStore(model).figures;
  // Another verdict makes other answers right.
  useEffect(() => void model.readFigures(), [model, detail.trace, detail.live, detail.verdict, detail.length]);
  if (!found) return null;
  if (found.answers.length === 0 && !saysMore(found)) return null;
  const reveal = ({ start, end }: { start: number; end: number }) => onReveal({ in: 'completion', start, end });
  const { answers } = found;
  return (
    <section class="facts-section path-facts" aria-label="On the way">
      <h2 class="title">On the way{answers.length > 0 ? ` · ${plural(answers.length + found.more, 'answer')}` : ''}</h2>
      {answers.length > 0 && <Track found={found} onReveal={reveal} />}
      {answers.length > 0 && <Answers found={found} onReveal={reveal} />}
      <dl class="facts-list">
        <Texts found={found} onReveal={reveal} />
      </dl>
    </section>
  );
}

interface PartProps {
  found: TraceFiguresAnswer;
  onReveal: (at: { start: number; end: number }) => void;
}

const signs = {
  right: ['✓', 'right'],
  wrong: ['✗', 'wrong'],
  undecided: ['?', 'undecided'],
  none: ['·', 'not compared: there is no gold'],
} as const;

const toneClass = (value: TimedPathAnswer['value']) => (value === 'right' || value === 'wrong' ? value : 'muted');

/** Where the answers stand, from the beginning of the text to its end. */
function Track({ found, onReveal }: PartProps) {
  return (
    <div class="path-track" aria-hidden="true">
      {found.loops.map((loop) => (
        <span
          key={`loop ${loop.start}`}
          class="path-loop"
          style={{
            left: `${(100 * loop.start) / found.units}%`,
            width: `${(100 * (loop.end - loop.start)) / found.units}%`,
          }}
        />
      ))}
      {found.answers.map((answer) => (
        <span
          key={answer.start}
          class={`path-mark ${toneClass(answer.value)}`}
          style={{ left: `${(100 * answer.end) / Math.max(1, found.units)}%` }}
          title={`${answer.text.slice(0, 60)}: ${signs[answer.value][1]}`}
          onClick={() => onReveal(answer)}
        />
      ))}
    </div>
  );
}

function Answers({ found, onReveal }: PartProps) {
  const left = found.answers.length - MOST + found.more;
  return (
    <>
      <ol class="path-answers">
        {found.answers.slice(0, MOST).map((answer, i) => {
          const [sign, word] = signs[answer.value];
          const flip = found.flips.find(({ at }) => at === i);
          const place = answer.tokens === null ? '' : `, ${tokens(answer.tokens, found.placesExact)} tokens in`;
          return (
            <li key={answer.start} class={flip ? 'path-flip' : ''}>
              <button
                class="path-answer"
                title={`${answer.text.slice(0, 120)}: ${word}${place}${flip ? `; ${flip.kind.replaceAll('_', ' ')}` : ''}. Show in the text`}
                onClick={() => onReveal(answer)}
              >
                <span class={toneClass(answer.value)}>{sign}</span> {answer.text.slice(0, 24)}
                {answer.text.length > 24 ? '…' : ''}
              </button>
            </li>
          );
        })}
      </ol>
      {left > 0 && <p class="muted">{plural(left, 'answer')} more</p>}
    </>
  );
}

/**
 * The first right answer, what came after it, and how often right became wrong or the other way: three lines that are there
 * before they can be filled, so that what stands below them stays where it is.
 */
export function FirstRight({ found, onReveal }: { found: TraceFiguresAnswer | null; onReveal: PartProps['onReveal'] }) {
  const first = found === null || found.first === null ? null : found.answers[found.first]!;
  const after = first && first.tokens !== null && found!.tokens !== null ? found!.tokens - first.tokens : null;
  const nothing = <span class="muted">{found === null ? '…' : '–'}</span>;
  return (
    <>
      <Line
        name="first right"
        note={`Tokens up to the first right answer${!found || found.placesExact ? '' : '; its place is estimated from the characters'}`}
      >
        {first ? (
          <button class="link" title="Show in the text" onClick={() => onReveal(first)}>
            {first.tokens === null
              ? 'in the text'
              : `${tokens(first.tokens, found!.placesExact)} of ${tokens(found!.tokens, found!.tokensExact)} tok`}
          </button>
        ) : (
          nothing
        )}
      </Line>
      <Line name="after it" note="Tokens after the first right answer">
        {after === null
          ? nothing
          : `${tokens(after, found!.placesExact)} tok (${percent(after / Math.max(1, found!.tokens!), 0)} %)`}
      </Line>
      <Line name="flips" note="Changes between right and wrong answers">
        {found === null ? nothing : found.flips.length === 0 ? '0' : `${count(found.flips.length)}: ${changes(found)}`}
      </Line>
    </>
  );
}

function changes(found: TraceFiguresAnswer): string {
  const flips = (kind: string) => found.flips.filter((flip) => flip.kind === kind).length;
  const signed = [
    ['✗ → ✓', flips('wrong_to_right')],
    ['✓ → ✗', flips('right_to_wrong')],
    ['✗ → ✗', flips('wrong_to_wrong')],
  ] as const;
  return signed
    .filter(([, n]) => n > 0)
    .map(([kind, n]) => (n > 1 ? `${count(n)} × ${kind}` : kind))
    .join(', ');
}

const saysMore = ({ loops, trigrams, switches, garbled, closed, closes, from, cut }: TraceFiguresAnswer): boolean =>
  loops.length + switches.length + garbled.found.length > 0 ||
  trigrams !== null ||
  closed === false ||
  closes > 1 ||
  from > 0 ||
  cut;

function Texts({ found, onReveal }: PartProps) {
  const [loop] = found.loops;
  const [garbled] = found.garbled.found;
  const [other] = found.switches;
  const go = (at: { start: number; end: number } | undefined, words: ComponentChildren) =>
    at && (
      <button class="link" title="Show in the text" onClick={() => onReveal(at)}>
        {words}
      </button>
    );
  return (
    <>
      {loop && (
        <Line name="loops" note="Stretches of at least three exact copies">
          {go(loop, plural(found.loops.length, 'loop'))}
          {found.lostTokens === null ? '' : `, ${tokens(found.lostTokens, found.placesExact)} tokens lost`}
        </Line>
      )}
      {found.trigrams !== null && (
        <Line name="repeated" note="1 − distinct / all word trigrams. It grows with length">
          {percent(found.trigrams, 0)} % of trigrams
        </Line>
      )}
      {other && <Line name="other script">{go(other, plural(found.switches.length, 'stretch', 'stretches'))}</Line>}
      {garbled && <Line name="garbled">{go(garbled, `${count(found.garbled.units)} characters`)}</Line>}
      {found.closed === false && <Line name="thought">never closed</Line>}
      {found.closes > 1 && <Line name="thought">closed {count(found.closes)} times; the last one ends it</Line>}
      {found.from > 0 && <Line name="prompt">repeated in the first {count(found.from)} characters</Line>}
      {found.cut && <Line name="read">the first {count(found.units)} characters</Line>}
    </>
  );
}

function Line({ name, note, children }: { name: string; note?: string; children: ComponentChildren }) {
  return (
    <>
      <dt>{name}</dt>
      <dd title={note}>{children}</dd>
    </>
  );
}
