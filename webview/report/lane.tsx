/** One part of a row: what it is called, its verdict and length, and its text, typeset where it is read. */
import { useEffect, useRef, useState } from 'preact/hooks';
import type { RowPart } from '../../core/protocol/report.ts';
import type { Host } from '../host.ts';
import { visible } from '../text/visible.ts';
import { TextView } from '../text/text-view.ts';
import { count } from '../ui/format.ts';
import { Icon } from '../ui/icon.tsx';
import { readPart, TEXT_LIMIT, type Place } from './part-text.ts';
import { verdictLook } from './verdict.ts';

type Tone = NonNullable<RowPart['tone']>;

/** What each tone is called, and its sign: never told by the colour alone. */
const tones: Record<Exclude<Tone, 'plain'>, { word: string; icon: string; says: string }> = {
  trained: { word: 'trained', icon: 'mortar-board', says: 'Carries loss' },
  masked: { word: 'masked', icon: 'eye-closed', says: 'Carries no loss' },
  chosen: { word: 'chosen', icon: 'star-full', says: 'Taken of several' },
  dropped: { word: 'not taken', icon: 'dash', says: 'Not taken' },
};

interface LaneProps {
  host: Host;
  place: Place;
  part: RowPart;
  raw: boolean;
  open: boolean;
  onToggle: () => void;
  onTrace: (trace: string) => void;
}

export function Lane({ host, place, part, raw, open, onToggle, onTrace }: LaneProps) {
  const { label, tone, verdict, answer, tokens, trace, prompt } = part;
  const look = tone && tone !== 'plain' ? tones[tone] : null;
  const judged = verdict === undefined ? null : verdictLook(verdict);
  return (
    <article class={`lane lane-${tone ?? 'plain'}`} aria-label={label}>
      <header class="lane-head">
        <button class="lane-toggle" aria-expanded={open} onClick={onToggle} title={open ? 'Fold' : 'Unfold'}>
          <Icon name={open ? 'chevron-down' : 'chevron-right'} />
          <span class="lane-label">{label}</span>
        </button>
        {look && (
          <span class="lane-tone" title={look.says}>
            <Icon name={look.icon} /> <span class="lane-word">{look.word}</span>
          </span>
        )}
        {judged && (
          <span class={judged.tone} title={`Verdict: ${judged.words}`}>
            {judged.sign}
            <span class="hidden-text"> {judged.words}</span>
          </span>
        )}
        {answer !== undefined && (
          <span class="lane-answer" title={answer === null ? 'No answer was found' : `Answer: ${answer}`}>
            {answer === null ? <span class="muted">no answer</span> : visible(answer)}
          </span>
        )}
        <span class="grow" />
        {tokens !== undefined && <span class="num muted">{count(tokens)} tok</span>}
        {trace !== undefined && (
          <button
            class="tool"
            aria-label={`Open the trace of ${label}`}
            title="Open trace"
            onClick={() => onTrace(trace)}
          >
            <Icon name="go-to-file" />
          </button>
        )}
      </header>
      {open && prompt !== undefined && (
        <details class="lane-prompt">
          <summary>Prompt</summary>
          <pre tabIndex={0}>{visible(prompt)}</pre>
        </details>
      )}
      {open && <LaneText host={host} place={place} part={part} raw={raw} />}
    </article>
  );
}

function LaneText({ host, place, part, raw }: Pick<LaneProps, 'host' | 'place' | 'part' | 'raw'>) {
  const scroller = useRef<HTMLDivElement>(null);
  const [view, setView] = useState<TextView | null>(null);
  const [state, setState] = useState<'reading' | 'whole' | 'cut' | { why: string }>('reading');
  const [empty, setEmpty] = useState(true);
  useEffect(() => {
    const made = new TextView({
      scroller: scroller.current!,
      onWindow: () => undefined,
      onTogglePrompt: () => undefined,
    });
    setView(made);
    return () => made.dispose();
  }, []);
  useEffect(() => view?.setRaw(raw), [view, raw]);
  useEffect(() => {
    if (!view) return undefined;
    let stopped = false;
    view.clear();
    setState('reading');
    setEmpty(true);
    const add = (text: string) => {
      if (text !== '') setEmpty(false);
      view.append('completion', text);
    };
    readPart(host, place, part, add, () => stopped).then(
      (whole) => !stopped && setState(whole ? 'whole' : 'cut'),
      (error: unknown) => !stopped && setState({ why: error instanceof Error ? error.message : String(error) }),
    );
    return () => {
      stopped = true;
    };
  }, [view, part]);
  return (
    <>
      <div
        ref={scroller}
        class={`scroller lane-text${empty ? ' lane-empty' : ''}`}
        tabIndex={0}
        role="document"
        aria-label={`${part.label}, text`}
      />
      {typeof state === 'object' ? (
        <p class="lane-note wrong" role="alert">
          This text cannot be shown: {state.why}
        </p>
      ) : (
        empty && state !== 'reading' && <p class="lane-note muted">No text.</p>
      )}
      {state === 'cut' && (
        <p class="lane-note muted">
          The first {count(TEXT_LIMIT)} characters.{' '}
          {part.trace === undefined ? 'The rest is in the stage’s folder.' : 'The rest is in the trace.'}
        </p>
      )}
    </>
  );
}
