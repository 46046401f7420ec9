/** The list that the inspector shows: all traces of the view and its query, or what a search of their texts finds. */
import { useEffect, useMemo, useRef } from 'preact/hooks';
import type { EventBatch } from '../../core/protocol/methods.ts';
import type { TraceRow } from '../../core/protocol/traces.ts';
import type { View } from '../../core/protocol/webview.ts';
import { parseQuery } from '../../core/query/parse.ts';
import { textTerms, type TextTerm } from '../../core/query/types.ts';
import type { Host } from '../host.ts';
import type { FindWish } from '../text/find-bar.tsx';
import { useStore } from '../ui/store.ts';
import { SearchList } from './search-list.ts';
import { firstSort, TraceList } from './trace-list.ts';

type InspectorView = Extract<View, { page: 'inspector' }>;

export interface Traces {
  list: TraceList;
  search: SearchList;
  /** The query has something to look for in texts. */
  searching: boolean;
  /** What the find bar is filled with to show in the open trace what was searched for; null: nothing was. */
  wish: FindWish | null;
  /** Nothing is listed, and nothing is being read. */
  empty: boolean;
  first: TraceRow | null;
  row(trace: string | undefined): TraceRow | null;
  /** Shows the trace beside one, when it is read. */
  beside(trace: string | undefined, by: number, show: (row: TraceRow) => void): void;
  /** Where a trace is opened: at the first hit of the search. */
  placeOf(row: TraceRow): InspectorView['at'];
  onEvents(batch: EventBatch): void;
  /** The backend is back. */
  reload(): void;
}

export function useTraces(host: Host, view: InspectorView): Traces {
  const list = useMemo(() => new TraceList(host), [host]);
  const search = useMemo(() => new SearchList(host), [host]);
  const { total, loading, first, error } = useStore(list);
  const found = useStore(search);
  const { filter, query = '', sort = firstSort } = view;
  const texts = useMemo(() => textTerms(parseQuery(query).query), [query]);
  const searching = texts.length > 0;

  const shown = useRef('');
  const filterKey = JSON.stringify(filter);
  const sortKey = JSON.stringify(sort);
  useEffect(() => {
    if (searching) return;
    search.clear();
    const what = filterKey + query;
    void list.show({ filter, query, sort }, view.trace ?? null, what === shown.current);
    shown.current = what;
  }, [filterKey, sortKey, query]);
  useEffect(() => {
    if (searching) search.show(filter, query, sort);
  }, [filterKey, query]);
  useEffect(() => {
    if (searching && search.value.query === query) search.sort(sort);
  }, [sortKey]);
  useEffect(() => list.mark(view.trace ?? null), [view.trace]);
  useEffect(() => () => search.stop(), [search]);

  const source = searching ? search : list;
  return {
    ...{ list, search, searching },
    wish: useMemo(() => wishOf(texts), [texts]),
    empty: searching ? found.total === 0 && !found.running : total === 0 && !loading && (!first || error !== null),
    first: source.at(0),
    row: (trace) => {
      const index = trace === undefined ? -1 : source.indexOf(trace);
      return index < 0 ? null : source.at(index);
    },
    beside: (trace, by, show) => {
      const at = trace === undefined ? -1 : source.indexOf(trace);
      const index = at < 0 ? 0 : at + by;
      const row = source.at(index);
      if (row) show(row);
      else void source.reach(index).then((reached) => reached && show(reached));
    },
    placeOf: ({ trace }) => {
      const place = searching ? search.hit(trace)?.first : null;
      return place ? { in: place.in, start: place.start, end: place.end } : undefined;
    },
    onEvents: (batch) => list.onEvents(batch),
    reload: () => {
      if (!searching) void list.reload().catch(() => undefined);
      else if (search.value.error !== null) search.show(filter, query, sort);
    },
  };
}

function wishOf(texts: readonly TextTerm[]): FindWish | null {
  const term = texts.find(({ negated }) => !negated);
  if (!term) return null;
  return term.kind === 'words'
    ? { needle: term.text, regex: false, matchCase: false }
    : { needle: term.source, regex: true, matchCase: !term.flags.includes('i') };
}
