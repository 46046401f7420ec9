/** Find in a trace: over the whole text, whatever is mounted; count, next and previous, round and round. */
import { useEffect, useRef, useState } from 'preact/hooks';
import { findAll } from '../../core/traces/find.ts';
import { count } from '../ui/format.ts';
import { Icon } from '../ui/icon.tsx';
import type { TextView } from './text-view.ts';

interface Hit {
  in: 'prompt' | 'completion';
  start: number;
  end: number;
}

interface FindBarProps {
  view: TextView;
  /** Changes when there is more text: the search is done again. */
  length: number;
  /** Changes when the reader asks for the bar again: the field gets the focus. */
  asked: number;
  onClose: () => void;
}

export function FindBar({ view, length, asked, onClose }: FindBarProps) {
  const [needle, setNeedle] = useState('');
  const [matchCase, setMatchCase] = useState(false);
  const [regex, setRegex] = useState(false);
  const [current, setCurrent] = useState(0);
  const [found, setFound] = useState<{ hits: Hit[]; total: number; note: string | null }>({
    hits: [],
    total: 0,
    note: null,
  });
  const field = useRef<HTMLInputElement>(null);

  useEffect(() => {
    field.current?.focus();
    field.current?.select();
  }, [asked]);

  useEffect(() => {
    const options = { matchCase, regex };
    const prompt = findAll(view.prompt.text, needle, options);
    const completion = findAll(view.completion.text, needle, options);
    const hits: Hit[] = [
      ...prompt.hits.map((hit) => ({ in: 'prompt' as const, ...hit })),
      ...completion.hits.map((hit) => ({ in: 'completion' as const, ...hit })),
    ];
    const note = completion.error ?? completion.incomplete ?? prompt.incomplete;
    setFound({ hits, total: prompt.total + completion.total, note });
    const at = Math.max(0, Math.min(current, hits.length - 1));
    view.setHits({ prompt: prompt.hits, completion: completion.hits }, place(hits[at]));
  }, [view, needle, matchCase, regex, length]);

  useEffect(() => () => view.setHits({ prompt: [], completion: [] }, null), [view]);

  const go = (index: number) => {
    const { hits } = found;
    if (hits.length === 0) return;
    const at = (index + hits.length) % hits.length;
    const hit = hits[at]!;
    setCurrent(at);
    view.setHits(
      {
        prompt: hits.filter((one) => one.in === 'prompt'),
        completion: hits.filter((one) => one.in === 'completion'),
      },
      place(hit),
    );
    view.reveal(hit.in, hit.start, hit.end, { align: 'nearest', target: false });
  };

  // A new search goes to its first hit from the top; the same search on more text stays.
  useEffect(() => {
    if (found.hits.length > 0) go(0);
  }, [needle, matchCase, regex, found.hits.length > 0]);

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
        onInput={(event) => {
          setCurrent(0);
          setNeedle(event.currentTarget.value);
        }}
      />
      <button class="tool" aria-label="Match case" title="Match case" aria-pressed={matchCase} onClick={() => setMatchCase(!matchCase)}>
        <Icon name="case-sensitive" />
      </button>
      <button class="tool" aria-label="Regular expression" title="Regular expression" aria-pressed={regex} onClick={() => setRegex(!regex)}>
        <Icon name="regex" />
      </button>
      <span class="find-count" role="status" title={found.note ?? ''}>
        {words}
      </span>
      <button class="tool" aria-label="Previous (Shift+Enter)" title="Previous (Shift+Enter)" onClick={() => go(current - 1)}>
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

function place(hit: Hit | undefined): { in: 'prompt' | 'completion'; offset: number } | null {
  return hit ? { in: hit.in, offset: hit.start } : null;
}
