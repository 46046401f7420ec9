/** The rows of a report's table as a grid of which only those in view are elements. */
import { memo } from 'preact/compat';
import { useLayoutEffect, useMemo, useRef, useState } from 'preact/hooks';
import type { ShownRows } from '../../core/protocol/webview.ts';
import { Grid } from '../ui/grid.tsx';
import { isCommand, keepFromPage, take } from '../ui/keys.ts';
import { fitting, isLengths, meanLengths, type Cell, type Column } from './columns.ts';
import { scalar } from './numbers.ts';
import type { ListedRow } from './row-list.ts';
import { Strip } from './strip.tsx';
import { verdictLook } from './verdict.ts';

/** Milliseconds that the pointer rests on a row before it is read. */
const REST = 60;

type Sort = NonNullable<ShownRows['sort']>;

interface RowTableProps {
  label: string;
  rows: readonly (ListedRow | null)[];
  columns: readonly Column[];
  selected: number | null;
  /** Tells one list from another. */
  listed: string;
  sort: Sort | undefined;
  onSort: (sort: Sort | undefined) => void;
  onSelect: (index: number) => void;
  onEnter: () => void;
  onLook: (last: number) => void;
  /** The pointer rests on a row: it will probably be opened. */
  onRest: (index: number) => void;
}

export function RowTable(props: RowTableProps) {
  const { label, rows, columns, selected, listed, sort, onSort, onSelect, onEnter, onLook, onRest } = props;
  const scroller = useRef<HTMLDivElement>(null);
  const [width, setWidth] = useState(600);
  // By the first rows alone, so that no column moves when more are read.
  const some = rows.slice(0, 20).flatMap((row) => (row ? [row.cells] : []));
  const lengths = useMemo(() => meanLengths(columns, some), [columns, some.length]);
  const { shown, template } = useMemo(() => fitting(columns, width, lengths), [columns, width, lengths]);
  // One scale for all rows that are read.
  const [shortest, longest] = useMemo(() => {
    let [least, most] = [Infinity, 1];
    for (const row of rows) {
      for (const cell of Object.values(row?.cells ?? {})) {
        if (!isLengths(cell)) continue;
        for (const value of cell.values) [least, most] = [Math.min(least, value), Math.max(most, value)];
      }
    }
    return [Math.min(least, most), most];
  }, [rows]);
  useLayoutEffect(() => {
    const observer = new ResizeObserver(([entry]) => setWidth(Math.round(entry!.contentRect.width)));
    observer.observe(scroller.current!);
    return () => observer.disconnect();
  }, []);
  useLayoutEffect(() => scroller.current!.style.setProperty('--columns', template), [template]);
  // Another order, other rows: from the first one.
  useLayoutEffect(() => void (scroller.current!.scrollTop = 0), [listed]);
  const index = selected !== null && rows[selected] ? selected : -1;
  return (
    <Grid
      label={label}
      id="row"
      rows={rows}
      columns={shown.length}
      index={index}
      selected={index < 0 ? null : String(index)}
      scroller={scroller}
      head={<Head columns={shown} sort={sort} onSort={onSort} />}
      onEnter={onEnter}
      onMove={(to) => {
        // Rows that are not read yet cannot be chosen: the last one before them is.
        for (let i = to; i >= 0; i -= 1) if (rows[i]) return onSelect(i);
      }}
      onView={(_, last) => onLook(last)}
    >
      {(row, i) =>
        row ? (
          <Row
            key={row.cursor}
            row={row}
            index={i}
            columns={shown}
            shortest={shortest}
            longest={longest}
            selected={i === index}
            onSelect={onSelect}
            onRest={onRest}
          />
        ) : (
          <div key={`blank-${i}`} class="grid-blank" aria-hidden="true" />
        )
      }
    </Grid>
  );
}

/** Column heads: a click sorts, a second the other way round, a third as the rows were written. One tab stop. */
function Head({ columns, sort, onSort }: { columns: readonly Column[] } & Pick<RowTableProps, 'sort' | 'onSort'>) {
  const next = (key: string): Sort | undefined => {
    if (sort?.key !== key) return { key, descending: false };
    return sort.descending ? undefined : { key, descending: true };
  };
  const stop = Math.max(
    0,
    columns.findIndex(({ key }) => key === sort?.key),
  );
  const onKeyDown = (event: KeyboardEvent) => {
    keepFromPage(event);
    const by = isCommand(event) ? 0 : event.key === 'ArrowRight' ? 1 : event.key === 'ArrowLeft' ? -1 : 0;
    if (by === 0) return;
    take(event);
    const buttons = [...(event.currentTarget as HTMLElement).querySelectorAll('button')];
    const at = buttons.indexOf(document.activeElement as HTMLButtonElement);
    buttons[(at + by + buttons.length) % buttons.length]?.focus();
  };
  return (
    <div role="row" class="grid-head" aria-rowindex={1} onKeyDown={onKeyDown}>
      {columns.map(({ key, label, kind }, i) => {
        const sorted = sort?.key === key;
        const name = label || 'Verdict';
        return (
          <span
            key={key}
            role="columnheader"
            class={kind === 'number' ? 'num' : ''}
            aria-sort={sorted ? (sort.descending ? 'descending' : 'ascending') : undefined}
          >
            <button tabIndex={i === stop ? 0 : -1} title={`${name}: sort`} onClick={() => onSort(next(key))}>
              {label || <span class="hidden-text">{name}</span>}
              {sorted && <span aria-hidden="true">{sort.descending ? ' ↓' : ' ↑'}</span>}
              {!sorted && label === '' && <span aria-hidden="true">✓</span>}
            </button>
          </span>
        );
      })}
    </div>
  );
}

interface RowProps {
  row: ListedRow;
  index: number;
  columns: readonly Column[];
  shortest: number;
  longest: number;
  selected: boolean;
  onSelect: (index: number) => void;
  onRest: (index: number) => void;
}

const Row = memo(function Row({ row, index, columns, shortest, longest, selected, onSelect, onRest }: RowProps) {
  const rest = useRef<ReturnType<typeof setTimeout>>(undefined);
  return (
    <div
      role="row"
      id={`row-${index}`}
      class="grid-row"
      aria-rowindex={index + 2}
      aria-selected={selected}
      onClick={() => onSelect(index)}
      onPointerEnter={() => (rest.current = setTimeout(() => onRest(index), REST))}
      onPointerLeave={() => clearTimeout(rest.current)}
    >
      {columns.map(({ key, kind }) => (
        <CellView key={key} cell={row.cells[key] ?? null} kind={kind} shortest={shortest} longest={longest} />
      ))}
    </div>
  );
});

interface CellProps {
  cell: Cell;
  kind: Column['kind'];
  shortest: number;
  longest: number;
}

function CellView({ cell, kind, shortest, longest }: CellProps) {
  if (isLengths(cell)) {
    return (
      <span role="gridcell">
        <Strip {...cell} shortest={shortest} longest={longest} />
      </span>
    );
  }
  if (kind === 'verdict') {
    const look = verdictLook(cell);
    return (
      <span role="gridcell" class={look.tone} aria-label={look.words} title={look.words}>
        {look.sign}
      </span>
    );
  }
  // One line: the rest of a long text is in the pane.
  const text = scalar(typeof cell === 'string' ? cell.slice(0, 300).replace(/\s+/g, ' ') : cell);
  return (
    <span role="gridcell" class={kind === 'number' ? 'num' : ''} title={text}>
      {text}
    </span>
  );
}
