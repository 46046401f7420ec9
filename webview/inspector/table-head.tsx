/**
 * The heads of the list's columns, one tab stop: a click or Enter sorts, a second time the other way round, a third by the order of
 * writing; the arrow keys go from one to the next, with Alt they change a width, as dragging its edge does.
 */
import type { RefObject } from 'preact';
import type { TraceSort, TraceSortKey } from '../../core/protocol/traces.ts';
import { isCommand, keepFromPage, take } from '../ui/keys.ts';
import { NARROWEST, templateOf, WIDEST, type Column } from './columns.ts';

interface TableHeadProps {
  columns: readonly Column[];
  sort: TraceSort;
  widths: Readonly<Record<string, number>>;
  scroller: RefObject<HTMLDivElement | null>;
  onSort: (sort: TraceSort) => void;
  onWidths: (widths: Record<string, number>) => void;
}

/** Pixels that a press of Alt+arrow changes a width by. */
const STEP = 8;

export function TableHead({ columns, sort, widths, scroller, onSort, onWidths }: TableHeadProps) {
  const next = (key: TraceSortKey): TraceSort => {
    if (sort.key !== key) return { key, descending: false };
    return sort.descending ? { key: 'order', descending: false } : { key, descending: true };
  };
  const clamp = (pixels: number) => Math.max(NARROWEST, Math.min(WIDEST, Math.round(pixels)));
  // While it is dragged only the style changes; the choice is made at the end.
  const draw = (id: string, pixels: number) =>
    scroller.current?.style.setProperty('--columns', templateOf(columns, { ...widths, [id]: pixels }));
  const widthOf = (element: Element) => element.closest('[role=columnheader]')!.getBoundingClientRect().width;
  const onKeyDown = (event: KeyboardEvent) => {
    keepFromPage(event);
    const by = event.key === 'ArrowRight' ? 1 : event.key === 'ArrowLeft' ? -1 : 0;
    if (by === 0) return;
    const heads = [...(event.currentTarget as HTMLElement).querySelectorAll<HTMLButtonElement>('.sorter')];
    const at = heads.indexOf(document.activeElement as HTMLButtonElement);
    if (event.altKey && at >= 0) {
      take(event);
      onWidths({ ...widths, [columns[at]!.id]: clamp(widthOf(heads[at]!) + by * STEP) });
    } else if (!isCommand(event)) heads[(at + by + heads.length) % heads.length]?.focus();
  };
  const onPointerDown = (event: PointerEvent, id: string) => {
    event.preventDefault();
    event.stopPropagation();
    const edge = event.currentTarget as HTMLElement;
    const [from, start] = [event.clientX, widthOf(edge)];
    let pixels = start;
    edge.setPointerCapture(event.pointerId);
    const move = (moved: PointerEvent) => draw(id, (pixels = clamp(start + moved.clientX - from)));
    edge.addEventListener('pointermove', move);
    edge.addEventListener(
      'lostpointercapture',
      () => {
        edge.removeEventListener('pointermove', move);
        if (pixels !== start) onWidths({ ...widths, [id]: pixels });
      },
      { once: true },
    );
  };
  const forget = (id: string) => {
    const { [id]: _gone, ...rest } = widths;
    onWidths(rest);
  };
  const stop = Math.max(
    0,
    columns.findIndex((one) => one.sort === sort.key),
  );
  return (
    <div role="row" class="grid-head" aria-rowindex={1} onKeyDown={onKeyDown}>
      {columns.map((one, i) => {
        const { sort: key, id, title } = one;
        // Length and tokens are sorted by the same; the arrow stands at the number.
        const sorted =
          key !== null && key === sort.key && (id !== 'bar' || !columns.some((other) => other.id === 'tokens'));
        const what = one.what ?? title.toLowerCase();
        return (
          <span
            key={id}
            role="columnheader"
            class={one.number ? 'num' : ''}
            aria-sort={sorted ? (sort.descending ? 'descending' : 'ascending') : undefined}
          >
            <button
              class="sorter"
              tabIndex={i === stop ? 0 : -1}
              aria-disabled={key === null}
              aria-label={id === 'bar' ? 'Length' : undefined}
              onClick={() => key && onSort(next(key))}
              title={`${key ? `Sort by ${what}` : what.replace(/^./, (first) => first.toUpperCase())} (Alt+←, Alt+→: width)`}
            >
              {id === 'bar' ? '' : title}
              {sorted && <span aria-hidden="true">{sort.descending ? ' ↓' : ' ↑'}</span>}
            </button>
            <span
              class="edge"
              aria-hidden="true"
              onPointerDown={(event) => onPointerDown(event, id)}
              onDblClick={() => forget(id)}
            />
          </span>
        );
      })}
    </div>
  );
}
