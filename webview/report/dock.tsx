/** The rows of the report's tables: one tab a table, the filter as a chip, what is looked for, the list. */
import { useCallback, useEffect, useRef, useState } from 'preact/hooks';
import { SORT_LIMIT } from '../../core/protocol/methods.ts';
import type { Report, TableRef } from '../../core/protocol/report.ts';
import type { ShownRows } from '../../core/protocol/webview.ts';
import { TextField } from '../ui/controls.ts';
import { count, plural } from '../ui/format.ts';
import { Icon } from '../ui/icon.tsx';
import { isCommand } from '../ui/keys.ts';
import { useSaid } from '../ui/say.ts';
import { Failure } from '../ui/states.tsx';
import { useStore } from '../ui/store.ts';
import type { BlockOf } from './block.tsx';
import type { Column } from './columns.ts';
import { scalar } from './numbers.ts';
import { ROW_LIMIT, type RowList } from './row-list.ts';
import { RowTable } from './row-table.tsx';

interface DockProps {
  report: Report;
  list: RowList;
  shown: ShownRows;
  columns: readonly Column[];
  selected: number | null;
  tall: boolean;
  onTall: () => void;
  onRows: (rows: ShownRows) => void;
  onSelect: (index: number) => void;
  onEnter: () => void;
}

export function Dock({ report, list, shown, columns, selected, tall, onTall, onRows, onSelect, onEnter }: DockProps) {
  const { from, rows, stale, total, complete, fresh, cut, error } = useStore(list);
  const tables = tablesOf(report);
  const block = tables.find(({ table }) => table === shown.table);
  const filtered = shown.where !== undefined && Object.keys(shown.where).length > 0;
  const read = rows.reduce((n, row) => n + (row ? 1 : 0), 0);
  const listed = useRef('');
  if (from && !stale) listed.current = JSON.stringify([from.where, from.text, from.sort]);
  const onRest = useCallback((index: number) => list.expect(index), [list]);
  // A row that is open but not read yet (after a reload of the page) is read.
  useEffect(() => {
    if (selected !== null && !rows[selected] && !complete) list.look(selected);
  }, [selected, rows.length, complete]);
  const words = complete
    ? plural(read, 'row')
    : total === null
      ? read === 0
        ? ''
        : `the first ${plural(read, 'row')}`
      : plural(total, 'row');
  useSaid('rows', stale ? '' : words, `${shown.table} ${JSON.stringify(shown.where)} ${shown.text}`);
  const onKeyDown = (event: KeyboardEvent) => {
    const by = event.key === 'ArrowRight' ? 1 : event.key === 'ArrowLeft' ? -1 : 0;
    if (by === 0 || isCommand(event)) return;
    event.preventDefault();
    const buttons = [...(event.currentTarget as HTMLElement).querySelectorAll('button')];
    const next =
      buttons[(buttons.indexOf(document.activeElement as HTMLButtonElement) + by + buttons.length) % buttons.length];
    next?.focus();
    next?.click();
  };
  return (
    <section class="dock" aria-label="Rows">
      <div class="dock-head">
        <div role="tablist" class="tabs" aria-label="Tables" onKeyDown={onKeyDown}>
          {tables.map(({ table, title, rows: n }) => (
            <button
              key={table}
              role="tab"
              class="tab"
              aria-selected={table === shown.table}
              tabIndex={table === shown.table ? 0 : -1}
              onClick={() => onRows({ table })}
            >
              {title} <span class="muted num">{count(n)}</span>
            </button>
          ))}
          {!block && (
            <button role="tab" class="tab" aria-selected={true} onClick={() => onRows({ table: shown.table })}>
              {shown.table}
            </button>
          )}
        </div>
        {filtered && (
          <button
            class="chip filter-chip"
            title={`${wordsOf(shown.where!)}. Show all rows`}
            aria-label={`Filter ${shown.label ?? wordsOf(shown.where!)}: remove`}
            onClick={() => onRows(without({ table: shown.table, text: shown.text ?? '', sort: shown.sort }))}
          >
            <Icon name="filter" />
            <span class="chip-text">{shown.label ?? wordsOf(shown.where!)}</span>
            <Icon name="close" />
          </button>
        )}
        <span class="muted num dock-count">{words}</span>
        {fresh > 0 && (
          <button class="chip" title="Sort again" onClick={() => void list.again()}>
            <Icon name="refresh" /> {plural(fresh, 'more row')} since
          </button>
        )}
        <span class="grow" />
        <Search key={shown.table} text={shown.text ?? ''} onSearch={(text) => onRows(without({ ...shown, text }))} />
        <button
          class="tool"
          aria-pressed={tall}
          aria-label="Rows over the whole height"
          title={tall ? 'Show the figures' : 'Rows over the whole height'}
          onClick={onTall}
        >
          <Icon name={tall ? 'chevron-down' : 'chevron-up'} />
        </button>
      </div>
      {block?.note && <p class="report-note muted dock-note">{block.note}</p>}
      {error !== null && read === 0 ? (
        <Failure what="The rows cannot be read" error={error} onRetry={() => void list.more()} />
      ) : complete && read === 0 ? (
        <p class="dock-none muted">
          {shown.text ? `No row has “${shown.text}” in a cell.` : filtered ? 'No row is like that.' : 'No rows yet.'}
        </p>
      ) : (
        <RowTable
          key={shown.table}
          label={block?.title ?? shown.table}
          rows={rows}
          columns={columns}
          selected={selected}
          listed={listed.current}
          sort={shown.sort}
          onSort={(sort) => onRows(without({ ...shown, sort }))}
          onSelect={stale ? nothing : onSelect}
          onEnter={stale ? nothing : onEnter}
          onLook={(last) => list.look(last)}
          onRest={onRest}
        />
      )}
      {(total ?? 0) > ROW_LIMIT && (
        <p class="note">
          The first {count(ROW_LIMIT)} of {count(total)} rows. A click on a number above shows those behind it.
        </p>
      )}
      {cut && (
        <p class="note">
          Sorted are the first {count(SORT_LIMIT)} rows that fit; those behind them are left out. A filter or words to
          find make them fewer.
        </p>
      )}
    </section>
  );
}

/** Rows that are there no longer than until others are read cannot be chosen. */
const nothing = (): void => undefined;

/** Looks for words in the cells, shortly after the last key. */
function Search({ text, onSearch }: { text: string; onSearch: (text: string) => void }) {
  const [typed, setTyped] = useState(text);
  useEffect(() => {
    if (typed.trim() === text) return undefined;
    const timer = setTimeout(() => onSearch(typed.trim()), 200);
    return () => clearTimeout(timer);
  }, [typed]);
  return (
    <div class="dock-search">
      <TextField label="Find in the cells" placeholder="Find in the cells" value={typed} onInput={setTyped} />
    </div>
  );
}

/** The rows asked for, without what says nothing. */
function without({
  text,
  sort,
  ...rest
}: Omit<ShownRows, 'sort'> & { sort?: ShownRows['sort'] | undefined }): ShownRows {
  return { ...rest, ...(text ? { text } : {}), ...(sort ? { sort } : {}) };
}

export function tablesOf(report: Report): BlockOf<'table'>[] {
  return report.blocks.filter((block) => block.type === 'table');
}

function wordsOf(where: NonNullable<TableRef['where']>): string {
  return Object.entries(where)
    .map(([key, value]) => `${key.replaceAll('_', ' ')}: ${[value].flat().map(scalar).join(' or ')}`)
    .join(', ');
}
