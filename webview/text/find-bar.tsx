/** Find in a trace: over the whole text, whatever is mounted; count, next and previous, round and round. */
import { useEffect, useLayoutEffect, useRef, useState } from 'preact/hooks';
import { count } from '../ui/format.ts';
import { Icon } from '../ui/icon.tsx';
import { keepFromPage, take } from '../ui/keys.ts';
import { useSaid } from '../ui/say.ts';
import type { TextView } from './text-view.ts';
import { useFind, type Found } from './use-find.ts';

/** What to find, where it is not typed. */
export interface FindWish {
  needle: string;
  regex: boolean;
  matchCase: boolean;
  wholeWord?: boolean;
}

/** A hit that the reader stood at. */
export interface FindPlace {
  in: 'prompt' | 'completion';
  start: number;
}

interface FindBarProps {
  view: TextView;
  /** Changes when there is more text: the search is done again. */
  length: number;
  /** Changes when the reader asks for the bar again: the field gets the focus. */
  asked: number;
  /** What the field is filled with when the bar is asked for. */
  wish: FindWish | null;
  /** The bar is come back to after a reload: at this hit, without a move. Absent: the reader asks for it. */
  back?: FindPlace | null | undefined;
  /** Hears what is searched for, and which hit is shown, for the next time. */
  onWish: (wish: FindWish, at: FindPlace | null) => void;
  /** Hears all hits in the completion. */
  onHits: (hits: Found['completion']) => void;
  onClose: () => void;
}

interface Hit {
  in: 'prompt' | 'completion';
  start: number;
  end: number;
}

/** What was searched for before, the newest last; of all bars of the page. */
const past: string[] = [];
const PAST_LIMIT = 50;
const none: Found['completion'] = [];

function remember(needle: string): void {
  if (needle === '' || past.at(-1) === needle) return;
  const at = past.indexOf(needle);
  if (at >= 0) past.splice(at, 1);
  past.push(needle);
  if (past.length > PAST_LIMIT) past.shift();
}

/** The hit of a number, the prompt's first. */
function hitAt({ prompt, completion }: Found, index: number): Hit | null {
  const hit = prompt[index] ?? completion[index - prompt.length];
  return hit ? { in: index < prompt.length ? 'prompt' : 'completion', ...hit } : null;
}

function indexOf({ prompt, completion }: Found, { in: part, start }: FindPlace): number {
  const hits = part === 'prompt' ? prompt : completion;
  const index = hits.findIndex((one) => one.start === start);
  return index < 0 || part === 'prompt' ? index : prompt.length + index;
}

export function FindBar({ view, length, asked, wish, back: place, onWish, onHits, onClose }: FindBarProps) {
  const [needle, setNeedle] = useState(wish?.needle ?? '');
  const [options, setOptions] = useState({
    matchCase: wish?.matchCase ?? false,
    wholeWord: wish?.wholeWord ?? false,
    regex: wish?.regex ?? false,
  });
  const [current, setCurrent] = useState(0);
  const field = useRef<HTMLInputElement>(null);
  const back = useRef<{ at: number; typed: string } | null>(null);
  const found = useFind(view, needle, options, length);
  const shown = useRef('');
  const returning = useRef(place ?? null);
  const hit = hitAt(found, current);

  useLayoutEffect(() => {
    if (wish) {
      setNeedle(wish.needle);
      setOptions({ matchCase: wish.matchCase, wholeWord: wish.wholeWord ?? false, regex: wish.regex });
    }
    // Who comes back has the focus where it was.
    if (place === undefined) field.current?.focus();
  }, [asked]);
  // After the field has what is wished for.
  useLayoutEffect(() => {
    if (place === undefined) field.current?.select();
  }, [asked, wish?.needle]);
  // Before the next key, which may close the bar.
  useLayoutEffect(
    () => onWish({ needle, ...options }, hit ? { in: hit.in, start: hit.start } : returning.current),
    [needle, options, hit?.in, hit?.start],
  );

  const listed = found.prompt.length + found.completion.length;
  const show = (index: number, reveal: boolean) => {
    const next = hitAt(found, index);
    setCurrent(index);
    view.setHits(found, next ? { in: next.in, offset: next.start } : null);
    if (next && reveal) view.reveal(next.in, next.start, next.end, { align: 'nearest', target: false });
  };
  const go = (by: 1 | -1) => {
    remember(needle);
    returning.current = null;
    if (listed > 0) show((current + by + listed) % listed, true);
  };
  // A new search goes to the first hit from where the reader is, round the end; the same one on more text stays. Before the next key,
  // which goes on from there.
  useLayoutEffect(() => {
    onHits(found.completion);
    const isNew = shown.current !== found.key;
    if (returning.current) {
      const index = indexOf(found, returning.current);
      show(Math.max(0, index), false);
      if (index < 0) return;
      shown.current = found.key;
      returning.current = null;
    } else if (isNew && listed > 0) {
      // Who comes back is where they were.
      const moves = place === undefined || shown.current !== '';
      shown.current = found.key;
      const from = view.window().start;
      const next = found.completion.findIndex((hit) => hit.start >= from);
      show(next < 0 ? 0 : found.prompt.length + next, moves);
    } else show(isNew ? 0 : Math.min(current, Math.max(0, listed - 1)), false);
  }, [found.key, found.prompt, found.completion]);
  const latest = useRef(go);
  latest.current = go;
  useEffect(() => {
    const onKey = (event: KeyboardEvent) => {
      if (event.key !== 'F3' || event.defaultPrevented) return;
      take(event);
      latest.current(event.shiftKey ? -1 : 1);
    };
    document.addEventListener('keydown', onKey);
    return () => {
      document.removeEventListener('keydown', onKey);
      view.setHits({ prompt: [], completion: [] }, null);
      onHits(none);
    };
  }, [view]);

  const recall = (by: 1 | -1) => {
    const { at, typed } = (back.current ??= { at: past.length, typed: needle });
    const next = Math.max(0, Math.min(past.length, at + by));
    if (next === at) return;
    back.current.at = next;
    setNeedle(past[next] ?? typed);
  };
  const onKey = (event: KeyboardEvent) => {
    keepFromPage(event);
    const { key } = event;
    if (key === 'Enter' || key === 'F3') go(event.shiftKey ? -1 : 1);
    else if (key === 'Escape') onClose();
    else if ((key === 'ArrowUp' || key === 'ArrowDown') && event.target === field.current)
      recall(key === 'ArrowUp' ? -1 : 1);
    else if (event.altKey && toggles.some((one) => one.key === key.toLowerCase()))
      flip(toggles.find((one) => one.key === key.toLowerCase())!.option);
    else return;
    take(event);
  };
  const flip = (option: keyof typeof options) => {
    returning.current = null;
    setOptions({ ...options, [option]: !options[option] });
  };
  const words =
    needle === ''
      ? ''
      : found.searching && found.total === 0
        ? 'Searching…'
        : found.total === 0
          ? (found.note ?? 'No results')
          : `${count(current + 1)} of ${count(found.total)}${found.searching ? '…' : found.note ? ' *' : ''}`;
  useSaid('find', found.searching ? '' : words, `${found.key} ${words}`);
  const tool = (label: string, icon: string, onClick: () => void, title = label, pressed?: boolean) => (
    <button class="tool" aria-label={label} title={title} aria-pressed={pressed} onClick={onClick}>
      <Icon name={icon} />
    </button>
  );
  return (
    <div class="find" role="search" aria-label="Find in trace" onKeyDown={onKey}>
      <input
        ref={field}
        class="find-field"
        type="text"
        placeholder="Find"
        aria-label="Find"
        title="Find (↑ and ↓ for what was searched for before)"
        spellcheck={false}
        value={needle}
        onInput={(event) => {
          returning.current = null;
          back.current = null;
          setNeedle(event.currentTarget.value);
        }}
      />
      {toggles.map(({ option, name, icon, key }) =>
        tool(name, icon, () => flip(option), `${name} (Alt+${key.toUpperCase()})`, options[option]),
      )}
      <span class="find-count" title={found.note ?? ''}>
        {words}
      </span>
      {tool('Previous (Shift+Enter)', 'arrow-up', () => go(-1))}
      {tool('Next (Enter)', 'arrow-down', () => go(1))}
      {tool('Close (Escape)', 'close', onClose)}
    </div>
  );
}

const toggles = [
  { option: 'matchCase', name: 'Match case', icon: 'case-sensitive', key: 'c' },
  { option: 'wholeWord', name: 'Whole word', icon: 'whole-word', key: 'w' },
  { option: 'regex', name: 'Regular expression', icon: 'regex', key: 'r' },
] as const;
