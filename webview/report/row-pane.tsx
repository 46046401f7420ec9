/** One row of a report's table with all that it is made of. */
import type { ComponentChildren } from 'preact';
import { useEffect, useLayoutEffect, useRef, useState } from 'preact/hooks';
import type { RowPart, TableRow } from '../../core/protocol/report.ts';
import type { Host } from '../host.ts';
import { visible } from '../text/visible.ts';
import { count, plural } from '../ui/format.ts';
import { Icon } from '../ui/icon.tsx';
import { take } from '../ui/keys.ts';
import { Failure, Skeleton } from '../ui/states.tsx';
import { isLengths, type Column } from './columns.ts';
import { Lane } from './lane.tsx';
import { scalar } from './numbers.ts';
import type { Place } from './part-text.ts';
import type { ListedRow, RowList } from './row-list.ts';
import { lengthsInWords, Strip } from './strip.tsx';
import { verdictLook } from './verdict.ts';

interface RowPaneProps {
  host: Host;
  place: Place;
  list: RowList;
  row: ListedRow;
  index: number;
  columns: readonly Column[];
  /** Changes when the pane is to take the focus. */
  focus: number;
  onTrace: (trace: string) => void;
  onStep: (by: 1 | -1) => void;
  onClose: () => void;
  /** The line by which the pane is made wider. */
  children?: ComponentChildren;
}

/** Parts of a row that are unfolded at first; the others are a click away. */
const OPEN_FIRST = 4;
/** The same where the parts are one text in pieces, which is read whole. */
const OPEN_PIECES = 12;
/** Most parts that are listed. */
const PART_LIMIT = 200;

export function RowPane(props: RowPaneProps) {
  const { host, place, list, row, index, columns, focus, onTrace, onStep, onClose, children } = props;
  const pane = useRef<HTMLElement>(null);
  const [loaded, setLoaded] = useState<{ cursor: string; row: TableRow } | null>(null);
  const [error, setError] = useState<unknown>(null);
  const [again, setAgain] = useState(0);
  const [choice, setBeside] = useState<boolean | null>(null);
  const [raw, setRaw] = useState(false);
  useEffect(() => {
    let stopped = false;
    setError(null);
    list.whole(row).then(
      (found) => {
        if (stopped) return;
        if (found) {
          setLoaded({ cursor: row.cursor, row: found });
          list.expect(index + 1);
          list.expect(index - 1);
        } else setError(new Error('The row is not in its table any more.'));
      },
      (failed: unknown) => !stopped && setError(failed),
    );
    return () => {
      stopped = true;
    };
  }, [row.cursor, again]);
  useLayoutEffect(() => {
    if (focus > 0) pane.current?.focus();
  }, [focus]);

  const latest = useRef(onStep);
  latest.current = onStep;
  useEffect(
    () =>
      host.on('host/key', ({ action }) => {
        if (action === 'nextRow' || action === 'previousRow') latest.current(action === 'nextRow' ? 1 : -1);
      }),
    [host],
  );
  const onKeyDown = (event: KeyboardEvent) => {
    const step = event.altKey && event.key === 'ArrowDown' ? 1 : event.altKey && event.key === 'ArrowUp' ? -1 : 0;
    if (event.key === 'Escape') onClose();
    else if (step !== 0) onStep(step);
    else return;
    take(event);
  };
  const shown = loaded?.row;
  const parts = shown?.parts ?? [];
  // What is trained and what is not is one text in pieces: it reads from top to bottom, unless the reader wants it otherwise.
  const beside = choice ?? !areOneText(parts);
  return (
    <aside
      ref={pane}
      class="row-pane"
      tabIndex={-1}
      aria-label={`Row ${index + 1}`}
      aria-keyshortcuts="Escape Alt+ArrowDown Alt+ArrowUp"
      onKeyDown={onKeyDown}
    >
      {children}
      <header class="row-head">
        <h2>Row {count(index + 1)}</h2>
        <span class="grow" />
        {row.trace !== undefined && (
          <button class="tool framed" onClick={() => onTrace(row.trace!)}>
            <Icon name="go-to-file" /> Open trace
          </button>
        )}
        {parts.length > 1 && (
          <button
            class="tool"
            aria-pressed={beside}
            aria-label="Parts next to each other"
            title={beside ? 'Below each other' : 'Next to each other'}
            onClick={() => setBeside(!beside)}
          >
            <Icon name="split-horizontal" />
          </button>
        )}
        {parts.length > 0 && (
          <button
            class="tool"
            aria-pressed={raw}
            aria-label="Raw text"
            title={raw ? 'Typeset text' : 'Raw text'}
            onClick={() => setRaw(!raw)}
          >
            <Icon name="code" />
          </button>
        )}
        <button class="tool" aria-label="Previous row" title="Previous row (Alt+↑)" onClick={() => onStep(-1)}>
          <Icon name="arrow-up" />
        </button>
        <button class="tool" aria-label="Next row" title="Next row (Alt+↓)" onClick={() => onStep(1)}>
          <Icon name="arrow-down" />
        </button>
        <button class="tool" aria-label="Close the row" title="Close (Escape)" onClick={onClose}>
          <Icon name="close" />
        </button>
      </header>
      {error !== null ? (
        <Failure what="This row cannot be shown" error={error} onRetry={() => setAgain(again + 1)} />
      ) : shown ? (
        <div class="row-body">
          <Cells row={shown} columns={columns} />
          <Parts key={loaded.cursor} {...{ host, place, parts, beside, raw, onTrace }} />
        </div>
      ) : (
        <Skeleton lines={10} label="Reading the row" />
      )}
    </aside>
  );
}

const wordsOf = (key: string) => key.charAt(0).toUpperCase() + key.slice(1).replaceAll('_', ' ');

/** All cells: those of the columns by their names, then the rest. */
function Cells({ row, columns }: { row: TableRow; columns: readonly Column[] }) {
  const named = new Map(columns.map((column) => [column.key, column]));
  const keys = [
    ...columns.filter(({ key }) => key in row.cells).map(({ key }) => key),
    ...Object.keys(row.cells).filter((key) => !named.has(key)),
  ];
  // A verdict without a name of its own is that of the cell before it, and stands beside it.
  const isBeside = (key: string | undefined) => key !== undefined && named.get(key)?.label === '';
  return (
    <dl class="facts-list row-cells">
      {keys.map((key, i) => {
        if (isBeside(key)) return null;
        const cell = row.cells[key] ?? null;
        const column = named.get(key);
        const next = keys[i + 1];
        const judged = column?.kind === 'verdict' ? cell : isBeside(next) ? (row.cells[next!] ?? null) : null;
        const look = judged === null ? null : verdictLook(judged);
        return (
          <div key={key}>
            <dt>{column?.label ?? wordsOf(key)}</dt>
            <dd>
              {isLengths(cell) ? (
                <>
                  {cell.values.length > 1 && (
                    <Strip
                      {...cell}
                      shortest={cell.values.reduce((a, b) => Math.min(a, b))}
                      longest={cell.values.reduce((a, b) => Math.max(a, b), 1)}
                    />
                  )}
                  {lengthsInWords(cell)}
                </>
              ) : (
                <>
                  {column?.kind !== 'verdict' && visible(scalar(cell))}
                  {column?.kind === 'verdict' && !look && '–'}
                  {look && (
                    <span class={look.tone}>
                      {column?.kind === 'verdict' ? '' : ' '}
                      {look.sign} {look.sign === look.words ? '' : look.words}
                    </span>
                  )}
                </>
              )}
            </dd>
          </div>
        );
      })}
    </dl>
  );
}

interface PartsProps {
  host: Host;
  place: Place;
  parts: readonly RowPart[];
  beside: boolean;
  raw: boolean;
  onTrace: (trace: string) => void;
}

function Parts({ host, place, parts, beside, raw, onTrace }: PartsProps) {
  const [open, setOpen] = useState(() => firstOpen(parts));
  const listed = parts.slice(0, PART_LIMIT);
  return (
    <>
      <div class={`lanes open-${Math.min(3, open.size)}${beside ? ' beside' : ''}`}>
        {listed.map((part, i) => (
          <Lane
            key={`${i}/${part.label}`}
            {...{ host, place, part, raw, onTrace }}
            open={open.has(i)}
            onToggle={() => setOpen(toggled(open, i))}
          />
        ))}
      </div>
      {parts.length > listed.length && (
        <p class="lane-note muted">{plural(parts.length - listed.length, 'more part')} of this row are not listed.</p>
      )}
    </>
  );
}

/** The chosen parts and as many others, in order, as there is room for at first. */
function firstOpen(parts: readonly RowPart[]): ReadonlySet<number> {
  const places = parts.map((_, i) => i);
  const chosen = places.filter((i) => parts[i]!.tone === 'chosen');
  const most = areOneText(parts) ? OPEN_PIECES : OPEN_FIRST;
  return new Set([...chosen, ...places.filter((i) => !chosen.includes(i))].slice(0, most));
}

function areOneText(parts: readonly RowPart[]): boolean {
  return parts.some(({ tone }) => tone === 'trained' || tone === 'masked');
}

function toggled(open: ReadonlySet<number>, i: number): ReadonlySet<number> {
  const next = new Set(open);
  if (!next.delete(i)) next.add(i);
  return next;
}
