/** Problems by checkpoints as a heat map. A cell opens its traces, the name of a problem what became of it over time. */
import { useEffect, useMemo, useRef, useState } from 'preact/hooks';
import type { Cell, Checkpoint, MatrixRow } from '../../core/protocol/overview.ts';
import type { CellsModel } from '../charts/model.ts';
import { Chart } from '../dashboard/chart.tsx';
import { perCent } from '../dashboard/evaluation-charts.tsx';
import type { Host } from '../host.ts';
import { Dropdown, TextField } from '../ui/controls.ts';
import { count, plural } from '../ui/format.ts';
import { Icon } from '../ui/icon.tsx';
import { Failure, Skeleton } from '../ui/states.tsx';
import { useStore } from '../ui/store.ts';
import { isFlagOrNull, isText, useKept } from './kept.ts';
import { MatrixModel, type MatrixWish } from './matrix-model.ts';
import { cellText, cellWords, checkpointFilter, seriesFilter, seriesRef, tracesView, type Place } from './open.ts';
import { Panel } from './panel.tsx';

const ROW = 22;
const HEIGHT = 330;
/** Rows beyond those in view. */
const SPARE = 8;
/** Pixels of a cell with its numbers, and of one without. */
const WIDE = 50;
const NARROW = 16;
const NAME = 200;
/** Where columns leave room, names have it. */
const NAME_MOST = 520;

const sorts = [
  { value: 'accuracy-', text: 'Hardest first' },
  { value: 'accuracy+', text: 'Easiest first' },
  { value: 'change-', text: 'Lost most first' },
  { value: 'change+', text: 'Gained most first' },
  { value: 'problem-', text: 'By problem' },
];

interface MatrixProps {
  host: Host;
  place: Place;
  version: number;
}

export function Matrix({ host, place, version }: MatrixProps) {
  const [kept, setSort] = useKept('matrix.sort', 'accuracy-', isText);
  const sort = sorts.some(({ value }) => value === kept) ? kept : 'accuracy-';
  const [text, setText] = useKept('matrix.text', '', isText);
  const [numbers, setNumbers] = useKept<boolean | null>('matrix.numbers', null, isFlagOrNull);
  const [shown, setShown] = useState<MatrixRow | null>(null);
  const wish: MatrixWish = {
    ...seriesRef(place),
    sort: { key: sort.slice(0, -1) as 'accuracy' | 'change' | 'problem', descending: sort.endsWith('+') },
    ...(text && { text }),
  };
  const key = JSON.stringify([wish, version]);
  const model = useMemo(() => new MatrixModel(host, wish), [host, key]);
  useEffect(() => {
    model.need(0, 0);
    return () => model.close();
  }, [model]);
  const state = useStore(model);
  // What was there stays, dimmed, until what is asked for is: with other columns it would mean something else.
  const series = JSON.stringify(seriesRef(place));
  const before = useRef<{ model: MatrixModel; series: string } | null>(null);
  if (state.total !== null) before.current = { model, series };
  const isAsking = state.total === null && state.error === null && before.current?.series === series;
  const shownModel = isAsking ? before.current!.model : model;
  const { total, more, error } = isAsking ? shownModel.value : state;
  const wide = numbers ?? place.checkpoints.length <= 20;
  const save = async (): Promise<CellsModel> => ({
    ...{ kind: 'cells', title: 'Problems by checkpoint', unit: 'right of judged', rowName: 'problem' },
    columns: place.checkpoints.map(({ label }) => label),
    rows: (await model.all()).map(({ label, cells }) => ({
      label,
      cells: cells.map((cell): [number, number] | null => cell && [cell[0], cell[1]]),
    })),
    notes: [
      `${place.name}, ${place.set ?? place.stage}: ${plural(total ?? 0, 'problem')}. Right: right and not cut at the limit.`,
    ],
  });
  return (
    <Panel
      wide
      title="Problems by checkpoint"
      note={`${total === null ? '' : `${plural(total, 'problem')}, `}right of judged${more > 0 ? `; ${count(more)} more problems have no row` : ''}`}
      tools={
        <>
          <button class="chip" aria-pressed={wide} onClick={() => setNumbers(!wide)}>
            Numbers
          </button>
          <TextField
            label="Filter by words in the problem"
            placeholder="Filter problems"
            value={text}
            onInput={setText}
          />
          <Dropdown label="Order" value={sort} options={sorts} onChange={setSort} />
        </>
      }
      save={total ? save : null}
    >
      {error !== null && total === null ? (
        <Failure what="The problems cannot be shown" error={error} onRetry={() => model.need(0, 0)} />
      ) : total === null ? (
        <div style={{ height: `${HEIGHT}px` }}>
          <Skeleton lines={11} label="Counting the problems" />
        </div>
      ) : (
        <Cells
          host={host}
          place={place}
          model={shownModel}
          total={total}
          asking={isAsking}
          wide={wide}
          onProblem={setShown}
        />
      )}
      {shown && <OverTime host={host} place={place} row={shown} onClose={() => setShown(null)} />}
    </Panel>
  );
}

interface CellsProps {
  host: Host;
  place: Place;
  model: MatrixModel;
  total: number;
  /** Other rows are being asked for. */
  asking: boolean;
  wide: boolean;
  onProblem: (row: MatrixRow) => void;
}

function Cells({ host, place, model, total, asking, wide, onProblem }: CellsProps) {
  const { version } = useStore(model);
  const scroller = useRef<HTMLDivElement>(null);
  const [view, setView] = useState({ first: 0, last: Math.ceil(HEIGHT / ROW) });
  const [at, setAt] = useState<{ row: number; column: number }>({ row: 0, column: 1 });
  const [over, setOver] = useState<{ row: number; column: number } | null>(null);
  const columns = place.checkpoints;
  const width = wide ? WIDE : NARROW;
  const look = () => {
    // Where no problem fits there are no rows.
    if (!scroller.current) return;
    const { scrollTop, clientHeight } = scroller.current;
    const first = Math.max(0, Math.floor(scrollTop / ROW) - SPARE);
    const last = Math.min(total - 1, Math.ceil((scrollTop + clientHeight) / ROW) + SPARE);
    setView((was) => (was.first === first && was.last === last ? was : { first, last }));
    model.need(first, last);
  };
  useEffect(look, [model, total, version]);

  const openCell = (row: number, column: number) => {
    const found = model.row(row);
    if (!found) return;
    if (column === 0) onProblem(found);
    else if (found.cells[column - 1]) {
      const checkpoint = columns[column - 1]!;
      const filter = { ...checkpointFilter(place, checkpoint), problem: found.problem };
      void host.ask('host/open', { view: tracesView(place, `${found.label} · ${checkpoint.label}`, filter) });
    }
  };
  const onKeyDown = (event: KeyboardEvent) => {
    const page = Math.max(1, Math.floor(HEIGHT / ROW) - 2);
    const to = {
      ArrowDown: { row: at.row + 1, column: at.column },
      ArrowUp: { row: at.row - 1, column: at.column },
      ArrowRight: { row: at.row, column: at.column + 1 },
      ArrowLeft: { row: at.row, column: at.column - 1 },
      PageDown: { row: at.row + page, column: at.column },
      PageUp: { row: at.row - page, column: at.column },
      Home: event.ctrlKey ? { row: 0, column: 0 } : { row: at.row, column: 0 },
      End: event.ctrlKey ? { row: total - 1, column: columns.length } : { row: at.row, column: columns.length },
    }[event.key];
    if (event.key === 'Enter') openCell(at.row, at.column);
    else if (!to) return;
    else {
      const next = {
        row: Math.max(0, Math.min(total - 1, to.row)),
        column: Math.max(0, Math.min(columns.length, to.column)),
      };
      setAt(next);
      setOver(null);
      const element = scroller.current!;
      const top = next.row * ROW;
      const room = element.clientHeight - 2 * ROW;
      if (top < element.scrollTop) element.scrollTop = top;
      else if (top > element.scrollTop + room) element.scrollTop = top - room;
      const left = NAME + (next.column - 1) * width;
      if (next.column > 0 && left + width > element.scrollLeft + element.clientWidth)
        element.scrollLeft = left + width - element.clientWidth;
      else if (next.column > 0 && left - NAME < element.scrollLeft) element.scrollLeft = left - NAME;
      model.need(next.row - SPARE, next.row + SPARE);
    }
    event.preventDefault();
  };
  const spot = over ?? at;
  const read = model.row(spot.row);
  const template = {
    gridTemplateColumns: `minmax(${NAME}px, ${NAME_MOST}px) repeat(${columns.length}, minmax(${width}px, ${2 * width}px))`,
  };
  if (total === 0) return <p class="muted">No problem fits.</p>;
  return (
    <>
      <div
        ref={scroller}
        class={`matrix${wide ? '' : ' narrow'}${asking ? ' asking' : ''}`}
        aria-busy={asking}
        role="grid"
        tabIndex={0}
        aria-label="Problems by checkpoint. Arrow keys move, Enter opens the traces."
        aria-rowcount={total + 1}
        aria-colcount={columns.length + 1}
        aria-activedescendant={`cell-${at.row}-${at.column}`}
        onScroll={look}
        onKeyDown={onKeyDown}
        onMouseLeave={() => setOver(null)}
      >
        <div role="row" class="matrix-head" aria-rowindex={1} style={template}>
          <span role="columnheader" class="matrix-name">
            Problem
          </span>
          {columns.map((checkpoint, c) => (
            <span
              key={checkpoint.key}
              role="columnheader"
              title={checkpoint.label}
              aria-label={checkpoint.label}
              class="matrix-column"
            >
              {wide || c % 4 === 0 ? checkpoint.label : ''}
            </span>
          ))}
        </div>
        <div class="matrix-rows" style={{ height: `${total * ROW}px`, minWidth: `${NAME + columns.length * width}px` }}>
          {Array.from({ length: Math.max(0, view.last - view.first + 1) }, (_, i) => {
            const row = view.first + i;
            return (
              <Row
                key={row}
                index={row}
                row={model.row(row)}
                columns={columns}
                wide={wide}
                active={at.row === row ? at.column : -1}
                template={template.gridTemplateColumns}
                onOver={(column) => setOver({ row, column })}
                onOpen={(column) => {
                  setAt({ row, column });
                  openCell(row, column);
                }}
              />
            );
          })}
        </div>
      </div>
      <p class="matrix-read num">
        {read
          ? spot.column === 0
            ? `${read.label}: over time`
            : `${read.label} · ${columns[spot.column - 1]!.label}: ${cellWords(read.cells[spot.column - 1] ?? null)}`
          : ' '}
      </p>
    </>
  );
}

interface RowProps {
  index: number;
  row: MatrixRow | undefined;
  columns: readonly Checkpoint[];
  wide: boolean;
  active: number;
  template: string;
  onOver: (column: number) => void;
  onOpen: (column: number) => void;
}

function Row({ index, row, columns, wide, active, template, onOver, onOpen }: RowProps) {
  const box = { top: `${index * ROW}px`, gridTemplateColumns: template };
  if (!row) return <div role="row" class="matrix-row waiting" aria-rowindex={index + 2} style={box} />;
  return (
    <div role="row" class="matrix-row" aria-rowindex={index + 2} style={box}>
      <span
        role="rowheader"
        id={`cell-${index}-0`}
        class={`matrix-name${active === 0 ? ' active' : ''}`}
        title={`${row.label}: over time`}
        onClick={() => onOpen(0)}
        onMouseEnter={() => onOver(0)}
      >
        {row.label}
      </span>
      {columns.map(({ key, label }, c) => {
        const cell: Cell | null = row.cells[c] ?? null;
        const share = cell && cell[1] > 0 ? cell[0] / cell[1] : null;
        return (
          <span
            key={key}
            role="gridcell"
            id={`cell-${index}-${c + 1}`}
            class={`matrix-cell${active === c + 1 ? ' active' : ''}${cell ? '' : ' none'}`}
            aria-label={`${label}: ${cell ? `${cellText(cell)} ${share === null ? 'not judged' : 'right'}` : 'no traces'}`}
            onClick={() => onOpen(c + 1)}
            onMouseEnter={() => onOver(c + 1)}
          >
            {share !== null && <span class="matrix-fill" style={{ height: `${100 * share}%` }} />}
            {wide ? <span class="matrix-number num">{cellText(cell)}</span> : cell && share === null ? '?' : ''}
          </span>
        );
      })}
    </div>
  );
}

/** One problem at every checkpoint. */
function OverTime({ host, place, row, onClose }: { host: Host; place: Place; row: MatrixRow; onClose: () => void }) {
  const there = place.checkpoints.flatMap((checkpoint, c) => {
    const cell = row.cells[c];
    return cell && cell[1] > 0 ? [{ checkpoint, cell }] : [];
  });
  return (
    <div class="over-time">
      <div class="problem-list-head">
        <h3>{row.label}</h3>
        <button
          class="chip"
          onClick={() =>
            void host.ask('host/open', {
              view: tracesView(place, row.label, { ...seriesFilter(place), problem: row.problem }),
            })
          }
        >
          Open all its traces
        </button>
        <span class="grow" />
        <button class="tool" aria-label={`Close: ${row.label}`} title="Close" onClick={onClose}>
          <Icon name="close" />
        </button>
      </div>
      <Chart
        title={`${row.label} over time`}
        unit="% right"
        x={there.map((_, i) => i)}
        xName="checkpoint"
        names={there.map(({ checkpoint }) => checkpoint.label)}
        format={perCent}
        range={[-0.04, 1.04]}
        lines={[
          {
            name: 'right',
            color: '--lh-right',
            values: there.map(({ cell }) => cell[0] / cell[1]),
            points: true,
          },
        ]}
        notes={[
          `${place.name}: ${there.map(({ checkpoint, cell }) => `${checkpoint.label} ${cellText(cell)}`).join(', ')}`,
        ]}
        onPick={(i) => {
          const { checkpoint } = there[i]!;
          const filter = { ...checkpointFilter(place, checkpoint), problem: row.problem };
          void host.ask('host/open', { view: tracesView(place, `${row.label} · ${checkpoint.label}`, filter) });
        }}
      />
    </div>
  );
}
