/**
 * A grid of 22 px rows of which only those in view are elements: the scroller is the grid, its head sticks to the top, and it
 * is one tab stop; the keys move the selection.
 */
import type { ComponentChildren, RefObject } from 'preact';
import { useEffect, useRef } from 'preact/hooks';
import { Virtualizer } from 'virtua';
import { isCommand, rowAfter } from './keys.ts';

export const ROW = 22;

interface GridProps<T> {
  label: string;
  /** Prefix of the rows' ids: row i has the id `${id}-${i}`. */
  id: string;
  /** Only those in view are asked for. */
  rows: ArrayLike<T>;
  columns: number;
  /** The selected row, or -1. */
  index: number;
  /** What is selected: the row is brought into view when this changes, not when rows move. */
  selected: string | null;
  head: ComponentChildren;
  children: (row: T, index: number) => ComponentChildren;
  onMove: (to: number) => void;
  onEnter: () => void;
  /** The first and the last row in view. */
  onView?: (first: number, last: number) => void;
  scroller?: RefObject<HTMLDivElement | null>;
  /** Other rows are on their way. */
  busy?: boolean;
}

export function Grid<T>(props: GridProps<T>) {
  const { label, id, rows, columns, index, selected, head, children, onMove, onEnter, onView } = props;
  const own = useRef<HTMLDivElement>(null);
  const scroller = props.scroller ?? own;
  const view = () => {
    const { scrollTop, clientHeight } = scroller.current!;
    onView?.(Math.floor(scrollTop / ROW), Math.ceil((scrollTop + clientHeight) / ROW) - 1);
  };
  useEffect(view, [rows.length > 0]);

  // The selected row is brought into view, below the head.
  // What is found only later, while rows still come in, moves nothing.
  const revealed = useRef(index < 0 ? selected : null);
  useEffect(() => {
    const element = scroller.current!;
    if (selected === null) revealed.current = null;
    // Once a selection: its place may be lost and found again, in another order.
    if (index < 0 || revealed.current === selected) return;
    revealed.current = selected;
    const top = index * ROW;
    const room = element.clientHeight - ROW;
    if (top < element.scrollTop) element.scrollTop = top;
    else if (top + ROW > element.scrollTop + room) element.scrollTop = top + ROW - room;
  }, [selected, index >= 0]);

  const onKeyDown = (event: KeyboardEvent) => {
    const page = Math.max(1, Math.floor((scroller.current?.clientHeight ?? 200) / ROW) - 2);
    const to = rowAfter(event.key, index, page, rows.length);
    if (event.key === 'Enter') onEnter();
    else if (to === null || isCommand(event)) return;
    else onMove(to);
    event.preventDefault();
  };
  return (
    <div
      ref={scroller}
      role="grid"
      class="grid"
      tabIndex={0}
      aria-label={label}
      aria-rowcount={rows.length + 1}
      aria-colcount={columns}
      aria-busy={props.busy ? true : undefined}
      aria-activedescendant={index >= 0 ? `${id}-${index}` : undefined}
      onKeyDown={onKeyDown}
    >
      {head}
      <Virtualizer
        scrollRef={scroller}
        data={rows}
        itemSize={ROW}
        startMargin={ROW}
        bufferSize={110}
        keepMounted={index >= 0 ? [index] : []}
        onScroll={view}
      >
        {(row: T, i: number) => children(row, i) as never}
      </Virtualizer>
    </div>
  );
}
