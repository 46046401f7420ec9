/** Find in a trace: over the whole text, whatever is mounted; count, next and previous, round and round. */
import { useEffect, useLayoutEffect, useMemo, useRef, useState } from 'preact/hooks';
import { findAll } from '../../core/traces/find.ts';
import { count } from '../ui/format.ts';
import { Icon } from '../ui/icon.tsx';
import type { TextView } from './text-view.ts';

interface Hit {
  in: 'prompt' | 'completion';
  start: number;
  end: number;
}

/** What to find, where it is not typed. */
export interface FindWish {
  needle: string;
  regex: boolean;
  matchCase: boolean;
}

interface FindBarProps {
  view: TextView;
  /** Changes when there is more text: the search is done again. */
  length: number;
  /** Changes when the reader asks for the bar again: the field gets the focus. */
  asked: number;
  /** What the field is filled with when the bar is asked for. */
  wish: FindWish | null;
  onClose: () => void;
}

export function FindBar({ view, length, asked, wish, onClose }: FindBarProps) {
  const [needle, setNeedle] = useState('');
  const [matchCase, setMatchCase] = useState(false);
  const [regex, setRegex] = useState(false);
  const [current, setCurrent] = useState(0);
  const field = useRef<HTMLInputElement>(null);

  useLayoutEffect(() => {
    if (wish) {
      setNeedle(wish.needle);
      setRegex(wish.regex);
      setMatchCase(wish.matchCase);
    }
    field.current?.focus();
    field.current?.select();
  }, [asked]);

  const found = useMemo(() => {
    const options = { matchCase, regex };
    const prompt = findAll(view.prompt.text, needle, options);
    const completion = findAll(view.completion.text, needle, options);
    const hits: Hit[] = [
      ...prompt.hits.map((hit) => ({ in: 'prompt' as const, ...hit })),
      ...completion.hits.map((hit) => ({ in: 'completion' as const, ...hit })),
    ];
    const note = completion.error ?? completion.incomplete ?? prompt.incomplete;
    const byPart = { prompt: prompt.hits, completion: completion.hits };
    return { hits, byPart, total: prompt.total + completion.total, note };
  }, [view, needle, matchCase, regex, length]);

  const show = (index: number, reveal: boolean) => {
    const hit = found.hits[index];
    setCurrent(index);
    view.setHits(found.byPart, hit ? { in: hit.in, offset: hit.start } : null);
    if (hit && reveal) view.reveal(hit.in, hit.start, hit.end, { align: 'nearest', target: false });
  };
  const go = (index: number) => {
    const { hits } = found;
    if (hits.length > 0) show((index + hits.length) % hits.length, true);
  };
  // A new search goes to the first hit from where the reader is, round the end; the same one on more text stays.
  useEffect(() => {
    const from = view.window().start;
    const next = found.hits.findIndex((hit) => hit.in === 'completion' && hit.start >= from);
    show(Math.max(0, next), true);
  }, [needle, matchCase, regex]);
  useEffect(() => show(Math.min(current, Math.max(0, found.hits.length - 1)), false), [length]);
  useEffect(() => () => view.setHits({ prompt: [], completion: [] }, null), [view]);

  const onKey = (event: KeyboardEvent) => {
    event.stopPropagation();
    if (event.key === 'Enter' || event.key === 'F3') {
      event.preventDefault();
      go(current + (event.shiftKey ? -1 : 1));
    } else if (event.key === 'Escape') onClose();
  };
  const words =
    needle === ''
      ? ''
      : found.note && found.total === 0
        ? found.note
        : found.total === 0
          ? 'No results'
          : `${count(current + 1)} of ${count(found.total)}`;
  return (
    <div class="find" role="search" aria-label="Find in trace" onKeyDown={onKey}>
      <input
        ref={field}
        class="find-field"
        type="text"
        placeholder="Find"
        aria-label="Find"
        value={needle}
        onInput={(event) => setNeedle(event.currentTarget.value)}
      />
      <button
        class="tool"
        aria-label="Match case"
        title="Match case"
        aria-pressed={matchCase}
        onClick={() => setMatchCase(!matchCase)}
      >
        <Icon name="case-sensitive" />
      </button>
      <button
        class="tool"
        aria-label="Regular expression"
        title="Regular expression"
        aria-pressed={regex}
        onClick={() => setRegex(!regex)}
      >
        <Icon name="regex" />
      </button>
      <span class="find-count" role="status" title={found.note ?? ''}>
        {words}
      </span>
      <button
        class="tool"
        aria-label="Previous (Shift+Enter)"
        title="Previous (Shift+Enter)"
        onClick={() => go(current - 1)}
      >
        <Icon name="arrow-up" />
      </button>
      <button class="tool" aria-label="Next (Enter)" title="Next (Enter)" onClick={() => go(current + 1)}>
        <Icon name="arrow-down" />
      </button>
      <button class="tool" aria-label="Close (Escape)" title="Close (Escape)" onClick={onClose}>
        <Icon name="close" />
      </button>
    </div>
  );
}
