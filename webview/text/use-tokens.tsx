/** The tokens of a pane's trace: where they are, the lines under them, what the pointer is over, what is selected. */
import type { ComponentChildren, RefObject } from 'preact';
import { useEffect, useLayoutEffect, useMemo, useState } from 'preact/hooks';
import { proportional, type Positions } from '../../core/metrics/token-position.ts';
import type { TraceDetail } from '../../core/protocol/traces.ts';
import type { TokenMark } from '../../core/protocol/webview.ts';
import { binnedMeans, tokenOver, type TokenTable } from '../../core/traces/token-slice.ts';
import type { OpenTrace } from '../inspector/open-trace.ts';
import { count, decimal, percent, plural } from '../ui/format.ts';
import { useStore } from '../ui/store.ts';
import type { TextView } from './text-view.ts';
import { tokenLevels, unitAtPoint } from './token-marks.ts';

interface TokensParts {
  view: TextView | null;
  model: OpenTrace;
  detail: TraceDetail | null;
  /** UTF-16 units of the completion, and whether all of them are here. */
  length: number;
  complete: boolean;
  mark: TokenMark | null;
  scroller: RefObject<HTMLElement | null>;
}

export interface PaneTokens {
  positions: Positions | null;
  /** Mean entropy by stretches of the text, for the ruler. */
  density: { start: number; end: number; value: number }[] | null;
  /** What is selected, in tokens, and what the lines mean. */
  foot: ComponentChildren;
  /** What is known of the token under the pointer. */
  tip: ComponentChildren;
}

/** Stretches of the ruler's lane: more than a screen has lines. */
const BINS = 2048;

interface Tip {
  token: number;
  x: number;
  y: number;
}

export function useTokens({ view, model, detail, length, complete, mark, scroller }: TokensParts): PaneTokens {
  const { trace, table: found, why } = useStore(model.tokens);
  const own = detail?.trace ?? null;
  const ready = detail !== null && !detail.live && complete && length > 0;
  useEffect(() => {
    if (ready) void model.tokens.open(own, length);
  }, [ready, own, length]);
  // Tokens of another text place nothing here.
  const table = found && trace === own && found.positions.unitOf(found.ends.length) === length ? found : null;
  const tokens = detail?.tokens ?? 0;
  const estimate = useMemo(() => (tokens > 0 && length > 0 ? proportional(tokens, length) : null), [tokens, length]);
  const positions = table?.positions ?? estimate;
  useLayoutEffect(() => view?.setTokens(positions), [view, positions]);
  useLayoutEffect(() => view?.setTokenMarks(table, mark), [view, table, mark]);
  const density = useMemo(
    () => (table?.entropies ? densityOf(table.ends, table.entropies, length) : null),
    [table, length],
  );

  const selected = useSelection(view);
  const [tip, setTip] = useState<Tip | null>(null);
  useEffect(() => {
    const element = scroller.current;
    if (!element || !table?.logprobs || !mark) return undefined;
    const frame = { id: 0 };
    const onMove = (event: PointerEvent) => {
      cancelAnimationFrame(frame.id);
      frame.id = requestAnimationFrame(() => {
        const unit = event.buttons === 0 ? unitAtPoint(event.clientX, event.clientY) : null;
        const box = element.parentElement!.getBoundingClientRect();
        const token = unit === null ? null : tokenOver(table.positions, unit);
        setTip((now) =>
          token === null
            ? null
            : now?.token === token
              ? now
              : { token, x: event.clientX - box.left, y: event.clientY - box.top },
        );
      });
    };
    const onLeave = () => {
      cancelAnimationFrame(frame.id);
      setTip(null);
    };
    element.addEventListener('pointermove', onMove);
    element.addEventListener('pointerleave', onLeave);
    element.addEventListener('scroll', onLeave, { passive: true });
    return () => {
      onLeave();
      element.removeEventListener('pointermove', onMove);
      element.removeEventListener('pointerleave', onLeave);
      element.removeEventListener('scroll', onLeave);
    };
  }, [table, mark]);

  return {
    positions,
    density,
    foot: (
      <>
        {selected && positions && <Selected {...{ selected, positions, table }} />}
        {mark && ready && <Meaning {...{ table, mark }} missing={table ? null : why} />}
      </>
    ),
    tip: tip && table && (
      <TokenTip {...{ tip, table }} text={model.text.completion} width={scroller.current?.clientWidth ?? 0} />
    ),
  };
}

/** The stretch of the completion that is selected; null: none. */
function useSelection(view: TextView | null): { start: number; end: number } | null {
  const [selected, setSelected] = useState<{ start: number; end: number } | null>(null);
  useEffect(() => {
    if (!view) return undefined;
    const frame = { id: 0 };
    const onChange = () => {
      cancelAnimationFrame(frame.id);
      frame.id = requestAnimationFrame(() => {
        const now = view.selection.stretch();
        const next = now?.in === 'completion' ? { start: now.start, end: now.end } : null;
        setSelected((old) => (old?.start === next?.start && old?.end === next?.end ? old : next));
      });
    };
    document.addEventListener('selectionchange', onChange);
    return () => {
      cancelAnimationFrame(frame.id);
      document.removeEventListener('selectionchange', onChange);
    };
  }, [view]);
  return selected;
}

interface SelectedProps {
  selected: { start: number; end: number };
  positions: Positions;
  table: TokenTable | null;
}

function Selected({ selected: { start, end }, positions, table }: SelectedProps) {
  const first = positions.exact ? tokenOver(positions, start) : positions.at(start);
  const last = Math.max(first + 1, positions.at(end));
  const about = positions.exact ? '' : '~';
  const parts = [`${about}${plural(last - first, 'token')} selected`];
  if (table?.logprobs && last - first === 1) parts.push(...wordsOf(table, first));
  else if (table?.entropies) {
    const mean = meanOf(table.entropies.subarray(first, last));
    if (mean !== null) parts.push(`mean entropy ${bound(table)}${decimal(mean, 2)}`);
  }
  return <span class="num pane-selected">{parts.join(' · ')}</span>;
}

const why = {
  no_ids: 'the record has no token ids',
  no_tokenizer: 'the tokenizer of the model is not to be found',
  no_match: 'the tokens do not spell the text',
  too_long: 'the text is too long',
  live: 'it is being written',
  failed: 'they could not be read',
} as const;

interface MeaningProps {
  table: TokenTable | null;
  mark: TokenMark;
  missing: keyof typeof why | null;
}

/** What the lines mean, or why there are none. */
function Meaning({ table, mark, missing }: MeaningProps) {
  const values = mark === 'entropy' ? table?.entropies : table?.logprobs;
  if (!values) {
    if (!table && missing === null) return null;
    const name = mark === 'entropy' ? 'entropy' : 'log-probability';
    return (
      <span class="muted">
        No {name}: {missing === null ? 'it was not recorded' : why[missing]}
      </span>
    );
  }
  const [low, middle, high] = tokenLevels[mark];
  const words = (at: number) => (mark === 'entropy' ? `≥ ${at}` : `< ${percent(at, 0)} %`);
  return (
    <span class="token-key">
      {mark === 'entropy' ? `Entropy${table!.boundedBy ? ' (at least)' : ''}` : 'Probability'}
      <span class="token-level-1">{words(low)}</span>
      <span class="token-level-2">{words(middle)}</span>
      <span class="token-level-3">{words(high)}</span>
    </span>
  );
}

const bound = ({ boundedBy }: TokenTable): string => (boundedBy ? '≥ ' : '');

/** What is known of a token. */
function wordsOf(table: TokenTable, token: number): string[] {
  const logprob = table.logprobs?.[token];
  const entropy = table.entropies?.[token];
  const words: string[] = [];
  if (logprob !== undefined && !Number.isNaN(logprob)) {
    const chance = Math.exp(logprob);
    words.push(`probability ${chance >= 0.001 ? decimal(chance, 3) : chance.toExponential(1)}`);
  }
  if (entropy !== undefined && !Number.isNaN(entropy)) words.push(`entropy ${bound(table)}${decimal(entropy, 2)}`);
  return words;
}

interface TokenTipProps {
  tip: Tip;
  table: TokenTable;
  text: string;
  width: number;
}

function TokenTip({ tip: { token, x, y }, table, text, width }: TokenTipProps) {
  const start = token === 0 ? 0 : table.ends[token - 1]!;
  // What cannot be seen is shown by its sign.
  const shown = text.slice(start, table.ends[token]).replace(/\n/g, '⏎').replace(/ /g, '␣').replace(/\t/g, '⇥');
  return (
    <div
      class="token-tip"
      role="tooltip"
      style={{ left: `${Math.min(x, Math.max(0, width - 220))}px`, top: `${y + 18}px` }}
    >
      <code>{shown}</code>
      <span class="num">{[`token ${count(token + 1)}`, ...wordsOf(table, token)].join(' · ')}</span>
    </div>
  );
}

function meanOf(values: Float32Array): number | null {
  let [sum, n] = [0, 0];
  for (const value of values) if (!Number.isNaN(value)) [sum, n] = [sum + value, n + 1];
  return n === 0 ? null : sum / n;
}

function densityOf(ends: Int32Array, entropies: Float32Array, length: number): PaneTokens['density'] {
  const bins = Math.min(BINS, Math.max(1, ends.length));
  const found: { start: number; end: number; value: number }[] = [];
  for (const [i, value] of binnedMeans(ends, entropies, length, bins).entries())
    if (!Number.isNaN(value)) found.push({ start: (i * length) / bins, end: ((i + 1) * length) / bins, value });
  return found;
}
