/** The outline beside the text: sections, parts by what opens them, behaviours and answers; it follows the reading position. */
import { useEffect, useMemo, useRef, useState } from 'preact/hooks';
import { Virtualizer } from 'virtua';
import type { Label } from '../../core/behaviours/spans.ts';
import type { Positions } from '../../core/metrics/token-position.ts';
import { lowerBound } from '../../core/traces/lower-bound.ts';
import { outlineOf, type OutlineEntry, type OutlineKnown } from '../../core/traces/outline.ts';
import { count, plural } from '../ui/format.ts';
import { Icon } from '../ui/icon.tsx';
import { isCommand, rowAfter, take } from '../ui/keys.ts';
import { lookOf } from '../ui/labels.ts';

interface OutlineListProps {
  known: OutlineKnown;
  positions: Positions | null;
  hidden: readonly Label[];
  /** Where the reader is, in units. */
  at: number;
  onGo: (at: { start: number; end: number }) => void;
  onClose: () => void;
}

interface Row {
  entry: OutlineEntry;
  depth: number;
}

const ROW = 22;

export function OutlineList({ known, positions, hidden, at, onGo, onClose }: OutlineListProps) {
  const scroller = useRef<HTMLDivElement>(null);
  const [chosen, setChosen] = useState(-1);
  const rows = useMemo(
    () => flat(outlineOf(known), hidden),
    [known.spans, known.sections, known.steps, known.figures, known.text.length, hidden],
  );
  // What is read: the last entry that begins at the top of the view or before it.
  const reading = useMemo(() => lowerBound(rows.length, (i) => rows[i]!.entry.at.start > at) - 1, [rows, at]);
  const bring = (index: number) => {
    const element = scroller.current;
    if (!element || index < 0) return;
    const top = index * ROW;
    if (top < element.scrollTop + ROW) element.scrollTop = Math.max(0, top - ROW);
    else if (top > element.scrollTop + element.clientHeight - 2 * ROW)
      element.scrollTop = top - element.clientHeight + 3 * ROW;
  };
  useEffect(() => {
    // Who moves in the list is not moved by the text.
    if (document.activeElement !== scroller.current) bring(reading);
  }, [reading, rows.length]);
  const index = chosen >= 0 && chosen < rows.length ? chosen : reading;
  const go = (to: number) => {
    const row = rows[to];
    if (!row) return;
    setChosen(to);
    onGo(row.entry.at);
  };
  const onKeyDown = (event: KeyboardEvent) => {
    if (isCommand(event)) return;
    const page = Math.max(1, Math.floor((scroller.current?.clientHeight ?? 200) / ROW) - 2);
    const to = rowAfter(event.key, index, page, rows.length);
    if (event.key === 'Escape') onClose();
    else if (event.key === 'Enter') go(index);
    else if (to !== null) {
      go(to);
      bring(to);
    } else return;
    take(event);
  };
  return (
    <aside class="outline" aria-label="Outline">
      <header>
        <h2 class="title">Outline</h2>
        <span class="muted num">{plural(rows.length, 'entry', 'entries')}</span>
        <button class="tool" aria-label="Close the outline (L)" title="Close the outline (L)" onClick={onClose}>
          <Icon name="close" />
        </button>
      </header>
      <div
        ref={scroller}
        class="outline-list"
        role="listbox"
        tabIndex={0}
        aria-label="Parts of the trace"
        aria-activedescendant={index >= 0 ? `outline-${index}` : undefined}
        onKeyDown={onKeyDown}
        onBlur={() => setChosen(-1)}
      >
        <Virtualizer
          scrollRef={scroller}
          data={rows}
          itemSize={ROW}
          bufferSize={110}
          keepMounted={index >= 0 ? [index] : []}
        >
          {({ entry, depth }: Row, i: number) =>
            (
              <div
                key={i}
                id={`outline-${i}`}
                class={`outline-row depth-${depth} ${i === reading ? 'reading' : ''}`}
                role="option"
                aria-selected={i === index}
                title={`${entry.name}\n${entry.detail}`}
                onClick={() => go(i)}
              >
                <span class={`outline-letter ${toneClass(entry)}`}>{letterOf(entry)}</span>
                <span class="outline-name">{nameOf(entry)}</span>
                {entry.kind !== 'section' && <span class="hidden-text">, {entry.detail}, token </span>}
                <span class="num muted">
                  {positions && entry.kind !== 'more' ? count(positions.at(entry.at.start) + 1) : ''}
                </span>
              </div>
            ) as never
          }
        </Virtualizer>
      </div>
    </aside>
  );
}

/** Entries in the order of the text; behaviours that the reader hides are left out. */
function flat(roots: readonly OutlineEntry[], hidden: readonly Label[]): Row[] {
  const rows: Row[] = [];
  const add = (entry: OutlineEntry, depth: number) => {
    if (entry.kind === 'behaviour' && entry.label && hidden.includes(entry.label)) return;
    rows.push({ entry, depth });
    for (const child of entry.children) add(child, depth + 1);
  };
  for (const root of roots) add(root, 0);
  return rows;
}

function letterOf({ kind, label, value }: OutlineEntry): string {
  if (kind === 'answer') return { right: '✓', wrong: '✗', undecided: '?', none: '·' }[value ?? 'none'];
  if (kind === 'section') return '§';
  return label ? lookOf(label).letter : '';
}

function nameOf({ kind, name, detail }: OutlineEntry): string {
  if (kind === 'section') return name === 'reasoning' ? `Reasoning · ${detail}` : `Answer · ${detail}`;
  // The sign is in the column before it.
  return kind === 'answer' ? name.slice(2) : name;
}

function toneClass({ kind, value, label }: OutlineEntry): string {
  if (kind === 'answer') return value === 'right' || value === 'wrong' ? value : 'muted';
  return label ? `label-${label}` : 'muted';
}
