/**
 * The field that a query is typed in: an ordinary text field, with its text drawn again in colours under it, and a list of what may
 * be written at the caret. What is wrong is underlined at its place and said below.
 */
import { useEffect, useId, useLayoutEffect, useMemo, useRef, useState } from 'preact/hooks';
import { completeAt, type Completion, type Known } from '../../core/query/complete.ts';
import type { QueryError } from '../../core/query/types.ts';
import { marksOf } from './query-edit.ts';

export interface QueryFieldHandle {
  focus(): void;
  /** Appends text, with the caret behind it and what may follow shown. */
  append(text: string): void;
}

interface QueryFieldProps {
  text: string;
  errors: readonly QueryError[];
  known: Known;
  /** Id of the element that says what is wrong. */
  messageId: string;
  onText: (text: string) => void;
  /** Enter where no completion is chosen: the reader goes on to the list. */
  onEnter: () => void;
  onHandle: (handle: QueryFieldHandle) => void;
}

export function QueryField({ text, errors, known, messageId, onText, onEnter, onHandle }: QueryFieldProps) {
  const input = useRef<HTMLInputElement>(null);
  const shades = useRef<HTMLDivElement>(null);
  const list = useRef<HTMLUListElement>(null);
  const [open, setOpen] = useState(false);
  const [chosen, setChosen] = useState(0);
  const [caret, setCaret] = useState(0);
  const id = useId();
  const marks = useMemo(() => marksOf(text), [text]);
  const offers = useMemo(() => (open ? completeAt(text, caret, known) : []), [open, text, caret, known]);
  const shown = open && offers.length > 0;
  // Enter takes what is chosen, and what is typed behind a colon; a word that is looked for stays as it is typed.
  const first = offers[0];
  const typed = first ? text.slice(first.start, first.end) : '';
  const at =
    chosen >= 0 ? Math.min(chosen, offers.length - 1) : first?.kind === 'value' && first.insert !== typed ? 0 : -1;

  const follow = () => {
    if (shades.current && input.current) shades.current.scrollLeft = input.current.scrollLeft;
  };
  // Behind the drawing of the text: asked for before, the page would lay itself out twice. What scrolls the field says so itself.
  useEffect(follow, [text]);
  useLayoutEffect(() => list.current?.children[at]?.scrollIntoView({ block: 'nearest' }), [at, shown]);
  // Where the caret is to stand after the text has been changed for the reader.
  const wanted = useRef<number | null>(null);
  useLayoutEffect(() => {
    if (wanted.current === null || !input.current) return;
    input.current.setSelectionRange(wanted.current, wanted.current);
    setCaret(wanted.current);
    wanted.current = null;
  }, [text]);
  useEffect(() => {
    onHandle({
      focus: () => {
        input.current?.focus();
        input.current?.select();
      },
      append: (piece) => {
        const before = input.current?.value.trimEnd() ?? '';
        const next = before === '' ? piece : `${before} ${piece}`;
        wanted.current = next.length;
        input.current?.focus();
        setChosen(0);
        setOpen(true);
        onText(next);
      },
    });
  }, [onText]);

  // What is inserted goes the way of what is typed, so that undo takes it back.
  const accepted = useRef<Completion | null>(null);
  const take = (offer: Completion) => {
    const field = input.current!;
    field.focus();
    field.setSelectionRange(offer.start, offer.end);
    accepted.current = offer;
    setOpen(false);
    document.execCommand('insertText', false, offer.insert);
    accepted.current = null;
  };
  const onKeyDown = (event: KeyboardEvent) => {
    const { key } = event;
    if (key === ' ' && (event.ctrlKey || event.metaKey)) {
      event.preventDefault();
      setCaret(input.current?.selectionStart ?? text.length);
      setChosen(0);
      return setOpen(true);
    }
    if (shown && (key === 'ArrowDown' || key === 'ArrowUp')) {
      event.preventDefault();
      const by = key === 'ArrowDown' ? 1 : -1;
      return setChosen(at < 0 && by < 0 ? offers.length - 1 : (at + by + offers.length) % offers.length);
    }
    const offer = offers[key === 'Tab' ? Math.max(0, at) : at];
    if (shown && offer && (key === 'Enter' || key === 'Tab') && !event.shiftKey && offer.insert !== typed) {
      event.preventDefault();
      return take(offer);
    }
    if (key === 'Escape') {
      if (shown) {
        event.preventDefault();
        event.stopPropagation();
        setOpen(false);
      } else onEnter();
      return undefined;
    }
    if (key === 'Enter' || (key === 'ArrowDown' && !shown)) {
      event.preventDefault();
      setOpen(false);
      onEnter();
    }
    return undefined;
  };
  const look = () => setCaret(input.current?.selectionStart ?? 0);
  return (
    <div class="query-box">
      <div class="query-shades" ref={shades} aria-hidden="true">
        {marks.map(({ text: piece, kind, wrong }, i) => (
          <span key={i} class={`q-${kind}${wrong ? ' q-wrong' : ''}`}>
            {piece}
          </span>
        ))}
      </div>
      <input
        ref={input}
        class="query-input"
        type="text"
        role="combobox"
        spellcheck={false}
        autocomplete="off"
        aria-label="Query of the list"
        aria-autocomplete="list"
        aria-expanded={shown}
        aria-controls={shown ? `${id}-list` : undefined}
        aria-activedescendant={shown && at >= 0 ? `${id}-${at}` : undefined}
        aria-invalid={errors.length > 0}
        aria-describedby={messageId}
        placeholder="verdict:wrong tokens:>8000 “let me check”"
        title="Query of the list (Q). Ctrl+Space: what may be written here"
        value={text}
        onInput={(event) => {
          const { value, selectionStart } = event.currentTarget;
          setCaret(selectionStart ?? value.length);
          setChosen(-1);
          // Behind a field its values are offered; behind a value nothing is.
          setOpen(accepted.current ? accepted.current.kind === 'field' : value.trim() !== '');
          onText(value);
        }}
        onKeyDown={onKeyDown}
        onKeyUp={look}
        onClick={look}
        onScroll={follow}
        onBlur={() => setOpen(false)}
      />
      {shown && (
        <ul class="query-offers" role="listbox" id={`${id}-list`} aria-label="Completions" ref={list}>
          {offers.map((offer, i) => (
            <li
              key={`${offer.kind}-${offer.label}`}
              id={`${id}-${i}`}
              role="option"
              aria-selected={i === at}
              onPointerDown={(event) => {
                event.preventDefault();
                take(offer);
              }}
            >
              <span class={`offer-label q-${offer.kind === 'value' ? 'value' : 'field'}`}>{offer.label}</span>
              <span class="offer-detail">{offer.detail}</span>
            </li>
          ))}
        </ul>
      )}
    </div>
  );
}
