/** The inspector's first column: which traces there are, in the mode that the reader chose. */
import type { ComponentChildren } from 'preact';
import { flushSync } from 'preact/compat';
import { useEffect, useLayoutEffect, useMemo, useRef, useState } from 'preact/hooks';
import type { TraceSet } from '../../core/protocol/comparison.ts';
import type { TraceRow } from '../../core/protocol/traces.ts';
import type { ReadingSettings, SavedView, View } from '../../core/protocol/webview.ts';
import type { Known } from '../../core/query/complete.ts';
import { Button } from '../ui/controls.ts';
import { Empty, Failure, Skeleton } from '../ui/states.tsx';
import { useStore } from '../ui/store.ts';
import { ListModes, type AuditView } from './audit.tsx';
import { ColumnMenu } from './column-menu.tsx';
import { columnsFor, type ColumnChoice } from './columns.ts';
import { ListStatus, SearchNotes, SearchStatus } from './list-status.tsx';
import type { Page } from './page.ts';
import { QueryBar } from './query-bar.tsx';
import type { QueryFieldHandle } from './query-field.tsx';
import { SavedViews } from './saved-views.tsx';
import { searchColumns } from './search-columns.tsx';
import { firstSort } from './trace-list.ts';
import { TraceTable } from './trace-table.tsx';
import type { Traces } from './use-traces.ts';

type InspectorView = Extract<View, { page: 'inspector' }>;

export interface ListHandle {
  /** The query field gets the focus. */
  query(): void;
}

/** Gives the query field the focus, and draws the list first where it is not on the screen. */
export function openQuery(page: Page, list: () => ListHandle | null): void {
  const { view, settings } = page.value;
  const shown = settings.listOpen && view.page === 'inspector' && (view.mode ?? 'traces') === 'traces';
  flushSync(() => {
    if (!shown && view.page === 'inspector') page.change<InspectorView>({ mode: 'traces' });
    if (!settings.listOpen) page.settings({ listOpen: true });
  });
  list()?.query();
}

interface ListColumnProps {
  page: Page;
  view: InspectorView;
  traces: Traces;
  audit: AuditView;
  settings: ReadingSettings;
  onSelect: (row: TraceRow) => void;
  /** The reader goes on to the text of the selected trace. */
  onEnter: () => void;
  onHandle: (handle: ListHandle | null) => void;
}

/** Pixels of the scrollbar. */
const BAR = 10;

export function ListColumn({ page, view, traces, audit, settings, onSelect, onEnter, onHandle }: ListColumnProps) {
  const { list, search, searching } = traces;
  const { filter, query = '', sort = firstSort } = view;
  const column = useRef<HTMLElement>(null);
  const scroller = useRef<HTMLDivElement>(null);
  const field = useRef<QueryFieldHandle | null>(null);
  const [width, setWidth] = useState(300);
  const { known, learn } = useKnown(page, view, traces);
  const choice: ColumnChoice = settings.listColumns ?? {};
  const extra = useMemo(() => (searching ? searchColumns((trace) => search.hit(trace)) : []), [search, searching]);
  const columns = useMemo(() => {
    // The first hit takes what is left: the verdict has its place before it.
    const taken = extra.reduce((sum, one) => sum + (one.flexible ? 60 : one.pixels) + 8, 0);
    return columnsFor(width - BAR - taken, choice);
  }, [width, extra, settings.listColumns]);

  useLayoutEffect(() => {
    const observer = new ResizeObserver(([entry]) => setWidth(Math.round(entry!.contentRect.width)));
    observer.observe(column.current!);
    return () => observer.disconnect();
  }, []);
  useEffect(() => {
    onHandle({ query: () => field.current?.focus() });
    return () => onHandle(null);
  }, []);

  const go = (change: Partial<InspectorView>) => page.change<InspectorView>(change);
  const setQuery = (next: string) => go({ query: next === '' ? undefined : next });
  const { draft } = page.host.saved() ?? {};
  const setDraft = (text: string | null) => {
    if (text !== null || page.host.saved()?.draft) page.keep({ draft: text === null ? undefined : { text, query } });
  };
  const setColumns = (next: ColumnChoice) => page.settings({ listColumns: next as ReadingSettings['listColumns'] });
  const openSaved = (saved: SavedView) => {
    go({ query: saved.query === '' ? undefined : saved.query, sort: saved.sort });
    const { shown: _shown, ...widths } = choice;
    setColumns({ ...widths, ...(saved.columns && { shown: saved.columns }) });
  };
  const table = {
    ...{ sort, scroller, extra, columns, onSelect, onEnter },
    selected: view.trace ?? null,
    widths: choice.widths ?? {},
    onSort: (next: typeof sort) => go({ sort: next }),
    onWidths: (widths: Record<string, number>) => setColumns({ ...choice, widths }),
  };
  return (
    <nav ref={column} class={`list-column list-${view.mode ?? 'traces'}`} aria-label="List of traces">
      <ListModes mode={view.mode ?? 'traces'} onMode={audit.onMode} />
      <QueryBar
        {...{ filter, query, known }}
        draft={draft?.query === query ? draft.text : null}
        onDraft={setDraft}
        status={audit.column ? null : searching ? <SearchStatus search={search} /> : <ListStatus list={list} />}
        tools={
          <>
            <SavedViews
              host={page.host}
              now={() => ({ query, sort, ...(choice.shown && { columns: [...choice.shown] }) })}
              onOpen={openSaved}
            />
            {!audit.column && <ColumnMenu shown={columns} choice={choice} onChoice={setColumns} />}
          </>
        }
        onQuery={setQuery}
        onFilter={(next) => go({ filter: next })}
        onEnter={() => scroller.current?.focus()}
        onHandle={(handle) => (field.current = handle)}
        onFocus={learn}
      />
      {audit.column ??
        (searching ? (
          <Found traces={traces} onClear={() => setQuery('')}>
            {(state) => <TraceTable {...table} {...state} source={search} />}
          </Found>
        ) : (
          <Listed traces={traces} narrowed={isNarrowed(view)} onClear={() => go(cleared(view))}>
            {(state) => <TraceTable {...table} {...state} source={list} />}
          </Listed>
        ))}
    </nav>
  );
}

const isNarrowed = ({ filter, query }: InspectorView): boolean =>
  (query ?? '') !== '' || Object.entries(filter).some(([key, value]) => key !== 'run' && value !== undefined);
const cleared = ({ filter }: InspectorView): Partial<InspectorView> => ({
  query: undefined,
  filter: filter.run === undefined ? {} : { run: filter.run },
});

interface TableState {
  version: number;
  generation: number;
  fromTop: boolean;
  total: number;
  longest: number;
  busy: boolean;
}

interface ListedProps {
  traces: Traces;
  narrowed: boolean;
  onClear: () => void;
  children: (state: TableState) => ComponentChildren;
}

function Listed({ traces: { list }, narrowed, onClear, children }: ListedProps) {
  const { version, generation, total, longest, loading, first, error, fromTop } = useStore(list);
  if (error !== null && (first || total === 0))
    return <Failure what="The list cannot be shown" error={error} onRetry={() => void list.reload()} />;
  if (first) return <Skeleton lines={16} label="Reading the list" />;
  if (total > 0)
    return (
      <>
        {children({ version, generation, total, longest, fromTop, busy: loading })}
        {error !== null && (
          <div class="note" role="alert">
            The list may not be whole{error instanceof Error ? `: ${error.message.replace(/\.$/, '')}` : ''}.{' '}
            <button class="link" onClick={() => void list.reload().catch(() => undefined)}>
              Try again
            </button>
          </div>
        )}
      </>
    );
  return (
    <Empty icon={narrowed ? 'filter' : 'list-unordered'} title={narrowed ? 'No trace fits the query' : 'No traces yet'}>
      {narrowed ? (
        <Button onClick={onClear}>Clear the query</Button>
      ) : (
        <p>Traces appear here as soon as a stage samples its first completion.</p>
      )}
    </Empty>
  );
}

function Found({ traces: { search }, onClear, children }: Omit<ListedProps, 'narrowed'>) {
  const { version, generation, total, longest, running, stopped, error, filter, query, sort } = useStore(search);
  const again = () => query !== null && search.show(filter, query, sort);
  if (total === 0 && error !== null)
    return <Failure what="The texts cannot be searched" error={error} onRetry={again} />;
  if (total === 0)
    return running ? (
      <Skeleton lines={8} label="Searching the texts" />
    ) : (
      <>
        <Empty icon="search" title={stopped ? 'Nothing was found before the search was stopped' : 'Nothing was found'}>
          {stopped ? <Button onClick={again}>Search again</Button> : <Button onClick={onClear}>Clear the query</Button>}
        </Empty>
        {!stopped && <SearchNotes search={search} />}
      </>
    );
  return (
    <>
      {children({ version, generation, total, longest, fromTop: true, busy: running })}
      <SearchNotes search={search} />
    </>
  );
}

/** Names that the run has, for completion: its sets at once, labels of problems when the field is used. */
function useKnown(page: Page, { filter }: InspectorView, traces: Traces) {
  const { host } = page;
  const [sets, setSets] = useState<TraceSet[]>([]);
  const [labels, setLabels] = useState<Known>({});
  const [markers, setMarkers] = useState<string[] | null>(null);
  const { run } = filter;
  useEffect(() => {
    setSets([]);
    setMarkers(null);
    if (run)
      host.call('traces/sets', { run }).then(
        ({ sets: found }) => setSets(found),
        () => undefined,
      );
  }, [run]);
  const known = useMemo((): Known => {
    const of = (name: (set: TraceSet) => string | number | null | undefined) =>
      [...new Set(sets.map(name))].flatMap((one) => (one === null || one === undefined ? [] : String(one)));
    return {
      ...{ stage: of(({ stage }) => stage), of: of((set) => set.of), set: of((set) => set.set) },
      ...{ step: of(({ step }) => step), marker: markers ?? [], ...labels },
    };
  }, [sets, labels, markers]);
  const learn = () => {
    const rows = traces.list.rows();
    const names = (name: (row: TraceRow) => string | null) =>
      [...new Set(rows.map(name))].flatMap((one) => one ?? []).slice(0, 500);
    setLabels({ problem: names(({ problemLabel }) => problemLabel), group: names(({ group }) => group) });
    if (!run || markers) return;
    setMarkers([]);
    host.call('traces/sets', { run, markers: true }).then(
      ({ sets: found }) => setMarkers([...new Set(found.flatMap(({ marker }) => marker ?? []))]),
      () => setMarkers(null),
    );
  };
  return { known, learn };
}
