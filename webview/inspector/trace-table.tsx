/** The list of traces as a grid, with a length bar on a common scale. */
import { memo } from 'preact/compat';
import { useLayoutEffect, useMemo, useRef, useState } from 'preact/hooks';
import type { TraceRow, TraceSort, TraceSortKey } from '../../core/protocol/traces.ts';
import { toneOf } from '../text/overlay.ts';
import { Grid, ROW } from '../ui/grid.tsx';
import { columnsFor, describe, verdictWords, type Column } from './columns.ts';

interface TraceTableProps {
  rows: readonly (TraceRow | null)[];
  longest: number;
  sort: TraceSort;
  selected: string | null;
  onSelect: (row: TraceRow) => void;
  onEnter: () => void;
  onSort: (sort: TraceSort) => void;
  onLook: (first: number, last: number) => void;
}

export function TraceTable({ rows, longest, sort, selected, onSelect, onEnter, onSort, onLook }: TraceTableProps) {
  const scroller = useRef<HTMLDivElement>(null);
  const [width, setWidth] = useState(300);
  const columns = useMemo(() => columnsFor(width), [width]);
  const index = useMemo(() => rows.findIndex((row) => row !== null && row.trace === selected), [rows, selected]);
  const first = useRef<{ trace: string; index: number } | null>(null);

  useLayoutEffect(() => {
    const observer = new ResizeObserver(([entry]) => setWidth(Math.round(entry!.contentRect.width)));
    observer.observe(scroller.current!);
    return () => observer.disconnect();
  }, []);
  useLayoutEffect(() => {
    scroller.current!.style.setProperty('--columns', columns.map((one) => one.width).join(' '));
  }, [columns]);

  // Rows that came in above push nothing: the row at the top of the view stays there.
  useLayoutEffect(() => {
    const before = first.current;
    if (!before || rows[before.index]?.trace === before.trace) return;
    const now = rows.findIndex((row) => row?.trace === before.trace);
    if (now >= 0) scroller.current!.scrollTop += (now - before.index) * ROW;
  }, [rows]);

  return (
    <Grid
      label="Traces"
      id="trace"
      rows={rows}
      columns={columns.length}
      index={index}
      selected={selected}
      scroller={scroller}
      head={<Header columns={columns} sort={sort} onSort={onSort} />}
      onEnter={onEnter}
      onMove={(to) => {
        // Rows that are not read yet cannot be chosen: the last one before them is.
        for (let i = to; i >= 0; i -= 1) {
          const row = rows[i];
          if (row) return onSelect(row);
        }
      }}
      onView={(from, to) => {
        const row = rows[from];
        first.current = row && from > 0 ? { trace: row.trace, index: from } : null;
        onLook(from, to);
      }}
    >
      {(row, i) =>
        row ? (
          <Row
            key={row.trace}
            row={row}
            index={i}
            columns={columns}
            longest={longest}
            selected={row.trace === selected}
            onSelect={onSelect}
          />
        ) : (
          <div key={`blank-${i}`} class="grid-blank" aria-hidden="true" />
        )
      }
    </Grid>
  );
}

interface HeaderProps {
  columns: readonly Column[];
  sort: TraceSort;
  onSort: (sort: TraceSort) => void;
}

/** Column heads: a click sorts, a second the other way round, a third by the order of writing. One tab stop. */
function Header({ columns, sort, onSort }: HeaderProps) {
  const next = (key: TraceSortKey): TraceSort => {
    if (sort.key !== key) return { key, descending: false };
    return sort.descending ? { key: 'order', descending: false } : { key, descending: true };
  };
  const stop = columns.findIndex((one) => one.sort === sort.key && one.title !== '');
  const onKeyDown = (event: KeyboardEvent) => {
    event.stopPropagation();
    const by = event.key === 'ArrowRight' ? 1 : event.key === 'ArrowLeft' ? -1 : 0;
    if (by === 0) return;
    const buttons = [...(event.currentTarget as HTMLElement).querySelectorAll('button')];
    const at = buttons.indexOf(document.activeElement as HTMLButtonElement);
    buttons[(at + by + buttons.length) % buttons.length]?.focus();
  };
  return (
    <div role="row" class="grid-head" aria-rowindex={1} onKeyDown={onKeyDown}>
      {columns.map((one, i) => {
        const sorted = one.sort !== null && one.sort === sort.key && one.title !== '';
        const key = one.sort;
        return (
          <span
            key={one.id}
            role="columnheader"
            class={one.number ? 'num' : ''}
            aria-sort={sorted ? (sort.descending ? 'descending' : 'ascending') : undefined}
          >
            {key && one.title !== '' ? (
              <button
                tabIndex={i === Math.max(0, stop) ? 0 : -1}
                onClick={() => onSort(next(key))}
                title={`Sort by ${one.what ?? one.title}`}
              >
                {one.title}
                {sorted && <span aria-hidden="true">{sort.descending ? ' ↓' : ' ↑'}</span>}
              </button>
            ) : (
              one.title || <span class="hidden-text">Length</span>
            )}
          </span>
        );
      })}
    </div>
  );
}

interface RowProps {
  row: TraceRow;
  index: number;
  columns: readonly Column[];
  longest: number;
  selected: boolean;
  onSelect: (row: TraceRow) => void;
}

const Row = memo(function Row({ row, index, columns, longest, selected, onSelect }: RowProps) {
  const tone = toneOf(row);
  return (
    <div
      role="row"
      id={`trace-${index}`}
      class={`grid-row${row.superseded ? ' superseded' : ''}`}
      aria-rowindex={index + 2}
      aria-selected={selected}
      title={describe(row)}
      onClick={() => onSelect(row)}
    >
      {columns.map((one) =>
        one.id === 'bar' ? (
          <span key={one.id} role="gridcell" class="bar" aria-label={`${one.text(row)} length`}>
            <span
              class={`bar-fill tone-${row.live ? 'neutral' : tone}`}
              style={{ width: `${Math.max(2, (100 * (row.tokens ?? 0)) / longest)}%` }}
            />
          </span>
        ) : (
          <span
            key={one.id}
            role="gridcell"
            class={`cell-${one.id}${one.number ? ' num' : ''}${one.id === 'verdict' ? ` ${row.live ? 'live' : tone}` : ''}`}
            aria-label={one.id === 'verdict' ? verdictWords(row) : undefined}
          >
            {one.text(row)}
          </span>
        ),
      )}
    </div>
  );
});
