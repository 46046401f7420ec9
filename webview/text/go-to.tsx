/** The quick field for a place in a trace: it shows where a place is while it is typed, goes there with Enter, and back with Escape. */
import { useEffect, useLayoutEffect, useMemo, useRef, useState } from 'preact/hooks';
import {
  findPlace,
  marksOf,
  parsePlace,
  PLACE_HELP,
  type FoundPlace,
  type PlaceKnown,
} from '../../core/traces/places.ts';
import { count } from '../ui/format.ts';
import { keepFromPage, take } from '../ui/keys.ts';
import { useSaid, TYPED } from '../ui/say.ts';

interface GoToProps {
  known: PlaceKnown;
  /** Changes when the reader asks for the field again. */
  asked: number;
  /** Brings a place into view while it is looked for. */
  onLook: (place: FoundPlace) => void;
  onGo: (place: FoundPlace) => void;
  onCancel: () => void;
}

/** Most landmarks that are offered. */
const OFFERED = 12;

export function GoTo({ known, asked, onLook, onGo, onCancel }: GoToProps) {
  const [typed, setTyped] = useState('');
  const [chosen, setChosen] = useState(-1);
  const field = useRef<HTMLInputElement>(null);
  // The field loses the focus when it goes, too.
  const over = useRef(false);
  const go = (place: FoundPlace) => {
    over.current = true;
    onGo(place);
  };
  const cancel = () => {
    if (over.current) return;
    over.current = true;
    onCancel();
  };
  useLayoutEffect(() => {
    field.current?.focus();
    field.current?.select();
  }, [asked]);

  const marks = useMemo(() => marksOf(known), [known.landmarks, known.budgets, known.positions, known.length]);
  const words = typed.trim().toLowerCase();
  const offered = marks.filter(({ words: name }) => name.includes(words)).slice(0, OFFERED);
  const place = parsePlace(typed);
  const found = 'error' in place ? place : findPlace(place, known);
  const picked = offered[chosen] ?? ('error' in found ? null : found);
  // The text shows what is typed or chosen before it is agreed to.
  useEffect(() => {
    if (picked) onLook(picked);
  }, [picked?.start, picked?.words]);

  const note =
    chosen >= 0 || (typed.trim() === '' && offered.length > 0)
      ? `Type a place, or choose: ${PLACE_HELP}`
      : 'error' in found
        ? found.error
        : `Enter: ${found.words}`;
  // What is chosen is said by the list.
  useSaid('place', typed === '' || chosen >= 0 ? '' : note, note, TYPED);
  const onKeyDown = (event: KeyboardEvent) => {
    keepFromPage(event);
    if (event.key === 'Escape') cancel();
    else if (event.key === 'Enter') {
      if (picked) go(picked);
    } else if (event.key === 'ArrowDown' || event.key === 'ArrowUp') {
      const by = event.key === 'ArrowDown' ? 1 : -1;
      const rooms = offered.length + 1;
      setChosen(((chosen + 1 + by + rooms) % rooms) - 1);
    } else return;
    take(event);
  };
  return (
    <div class="go-to" role="search" aria-label="Go to a place in the trace" onKeyDown={onKeyDown}>
      <input
        ref={field}
        class="find-field"
        type="text"
        role="combobox"
        aria-label="Go to"
        aria-expanded={offered.length > 0}
        aria-controls="go-to-places"
        aria-activedescendant={chosen >= 0 ? `go-to-${chosen}` : undefined}
        aria-describedby="go-to-note"
        aria-autocomplete="list"
        placeholder="Token, step, %, landmark"
        value={typed}
        onInput={(event) => {
          setTyped(event.currentTarget.value);
          setChosen(-1);
        }}
        onBlur={(event) => {
          const bar = event.currentTarget.parentElement;
          // The palette that opened the field gives the focus back by detours: only who goes elsewhere on the page leaves it.
          setTimeout(() => {
            if (document.hasFocus() && bar?.isConnected && !bar.contains(document.activeElement)) cancel();
          });
        }}
      />
      <div class="go-to-note" id="go-to-note">
        {note}
      </div>
      <ul id="go-to-places" role="listbox" aria-label="Landmarks" hidden={offered.length === 0}>
        {offered.map((mark, i) => (
          <li
            key={`${mark.words} ${mark.start}`}
            id={`go-to-${i}`}
            role="option"
            aria-selected={i === chosen}
            onPointerDown={(event) => {
              event.preventDefault();
              go(mark);
            }}
          >
            <span>{mark.words}</span>
            <span class="num muted">
              {known.positions
                ? `tok ${known.positions.exact ? '' : '~'}${count(known.positions.at(mark.start) + 1)}`
                : `character ${count(mark.start + 1)}`}
            </span>
          </li>
        ))}
      </ul>
    </div>
  );
}
