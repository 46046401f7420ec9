/** The list of traces as a grid, with a length bar on a common scale. */
import type { RefObject } from 'preact';
import { memo } from 'preact/compat';
import { useLayoutEffect, useMemo, useRef, useState } from 'preact/hooks';
import type { TraceRow, TraceSort } from '../../core/protocol/traces.ts';
import { toneOf } from '../text/overlay.ts';
import { Grid, ROW } from '../ui/grid.tsx';
import { describe, templateOf, verdictWords, type Column } from './columns.ts';
import { TableHead } from './table-head.tsx';

/** Where the rows come from: by their place, and only those that are here. */
export interface RowSource {
  at(index: number): TraceRow | null;
  /** -1 where it is not known. */
  indexOf(trace: string): number;
  /** Reads a row that is not here. */
  reach(index: number): Promise<TraceRow | null>;
  /** What is in view. */
  look(first: number, last: number): void;
}

interface TraceTableProps {
  source: RowSource;
  /** Counts the changes of rows. */
  version: number;
  /** Counts the lists: a new one begins at its top, or where the selected row lies. */
  generation: number;
  /** A new list begins at its top in any case. */
  fromTop: boolean;
  total: number;
  longest: number;
  sort: TraceSort;
  selected: string | null;
  columns: readonly Column[];
  /** Pixels that the reader gave to columns. */
  widths: Readonly<Record<string, number>>;
  /** Columns that belong to this list alone, behind the problem and the verdict. */
  extra: readonly Column[];
  /** The rows are those of the list before; the next one is being read. */
  busy: boolean;
  onSelect: (row: TraceRow) => void;
  onEnter: () => void;
  onSort: (sort: TraceSort) => void;
  onWidths: (widths: Record<string, number>) => void;
  scroller: RefObject<HTMLDivElement | null>;
}

export function TraceTable(props: TraceTableProps) {
  const { source, version, generation, total, longest, sort, selected, widths, extra, busy, scroller } = props;
  const { onSelect, onEnter, onSort, onWidths, fromTop } = props;
  const columns = useMemo(() => merged(props.columns, extra), [props.columns, extra]);
  const index = selected === null ? -1 : source.indexOf(selected);
  const rows = useMemo(() => ({ length: total }), [total, version]);
  const top = useRef<{ trace: string; index: number } | null>(null);
  const shown = useRef(generation);

  useLayoutEffect(() => {
    scroller.current!.style.setProperty('--columns', templateOf(columns, widths));
  }, [columns, widths]);

  useLayoutEffect(() => {
    const element = scroller.current!;
    if (shown.current !== generation) {
      // Another list: from its top, or in the middle of the view what is selected.
      shown.current = generation;
      top.current = null;
      const room = element.clientHeight - ROW;
      element.scrollTop = !fromTop && (index + 1) * ROW > room ? Math.max(0, index * ROW - room / 2) : 0;
      return;
    }
    // Rows that came in above push nothing: the row at the top of the view stays there.
    const before = top.current;
    if (!before || source.at(before.index)?.trace === before.trace) return;
    const now = source.indexOf(before.trace);
    if (now >= 0) element.scrollTop += (now - before.index) * ROW;
  }, [version, generation]);

  return (
    <Grid
      label="Traces"
      id="trace"
      rows={rows}
      columns={columns.length}
      index={index}
      selected={selected}
      scroller={scroller}
      busy={busy}
      head={<TableHead {...{ columns, sort, widths, scroller, onSort, onWidths }} />}
      onEnter={onEnter}
      onMove={(to) => {
        const row = source.at(to);
        if (row) return onSelect(row);
        // The place is shown at once, and chosen when it is read.
        scroller.current!.scrollTop = Math.max(0, to * ROW - scroller.current!.clientHeight / 2);
        void source.reach(to).then((found) => found && onSelect(found));
      }}
      onView={(from, to) => {
        const row = source.at(from);
        top.current = row && from > 0 ? { trace: row.trace, index: from } : null;
        source.look(from, to);
      }}
    >
      {(_, i) => {
        const row = source.at(i);
        return row ? (
          <Row
            key={i}
            row={row}
            index={i}
            columns={columns}
            longest={longest}
            selected={row.trace === selected}
            onSelect={onSelect}
          />
        ) : (
          <div key={i} role="row" id={`trace-${i}`} class="grid-blank" aria-rowindex={i + 2}>
            <span role="gridcell" class="hidden-text">
              not read yet
            </span>
          </div>
        );
      }}
    </Grid>
  );
}

/** The columns of a search stand behind the problem and the verdict. */
function merged(columns: readonly Column[], extra: readonly Column[]): Column[] {
  if (extra.length === 0) return [...columns];
  const early = columns.filter(({ id }) => id === 'problem' || id === 'verdict');
  const fixed = early.map(({ flexible: _flexible, ...one }) => one);
  return [...fixed, ...extra, ...columns.filter(({ id }) => id !== 'problem' && id !== 'verdict')];
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
  const [pointed, setPointed] = useState(false);
  return (
    <div
      role="row"
      id={`trace-${index}`}
      class={`grid-row${row.superseded ? ' superseded' : ''}`}
      aria-rowindex={index + 2}
      aria-selected={selected}
      // All its figures in words: only for the row that is looked at.
      title={selected || pointed ? describe(row) : undefined}
      onPointerEnter={() => setPointed(true)}
      onPointerLeave={() => setPointed(false)}
      onClick={() => onSelect(row)}
    >
      {columns.map((one) =>
        one.id === 'bar' ? (
          <span
            key={one.id}
            role="gridcell"
            class="bar"
            aria-label={`${Math.round((100 * (row.tokens ?? 0)) / longest)} % of the longest`}
          >
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
            {one.cell ? one.cell(row) : one.text(row)}
          </span>
        ),
      )}
    </div>
  );
});
