/** The inspector's first column: which traces there are, in the mode that the reader chose. */
import { useEffect, useState } from 'preact/hooks';
import type { TraceSet } from '../../core/protocol/comparison.ts';
import type { TraceFilter, TraceRow } from '../../core/protocol/traces.ts';
import type { View } from '../../core/protocol/webview.ts';
import { Button } from '../ui/controls.ts';
import { count } from '../ui/format.ts';
import { Empty, Failure, Skeleton } from '../ui/states.tsx';
import { useStore } from '../ui/store.ts';
import { ListModes, type AuditView } from './audit.tsx';
import { FilterBar } from './filter-bar.tsx';
import type { Page } from './page.ts';
import { ROW_LIMIT, type TraceList } from './trace-list.ts';
import { TraceTable } from './trace-table.tsx';

interface ListColumnProps {
  page: Page;
  view: Extract<View, { page: 'inspector' }>;
  list: TraceList;
  audit: AuditView;
  onSelect: (row: TraceRow) => void;
  /** The reader goes on to the text of the selected trace. */
  onEnter: () => void;
}

export function ListColumn({ page, view, list, audit, onSelect, onEnter }: ListColumnProps) {
  const { host } = page;
  const { rows, total, longest, sort, loading, error, live, toRead } = useStore(list);
  const [sets, setSets] = useState<TraceSet[]>([]);
  useEffect(() => {
    const { run } = view.filter;
    setSets([]);
    if (run)
      host.call('traces/sets', { run }).then(
        ({ sets: found }) => setSets(found),
        () => undefined,
      );
  }, [view.filter.run]);
  const setFilter = (filter: TraceFilter) => page.go({ ...view, filter });
  const filtered = Object.keys(view.filter).some(
    (key) =>
      ['text', 'verdict', 'finish', 'live', 'stage', 'step'].includes(key) &&
      view.filter[key as keyof TraceFilter] !== undefined,
  );
  return (
    <nav class={`list-column list-${view.mode ?? 'traces'}`} aria-label="List of traces">
      <ListModes mode={view.mode ?? 'traces'} onMode={audit.onMode} />
      <FilterBar
        {...{ filter: view.filter, sets, total: audit.total ?? (loading && rows.length === 0 ? null : total) }}
        live={audit.column ? 0 : live}
        toRead={audit.column ? 0 : toRead}
        onFilter={setFilter}
      />
      {audit.column ??
        (error !== null && rows.length === 0 ? (
          <Failure what="The list cannot be shown" error={error} onRetry={() => void list.reload()} />
        ) : loading && rows.length === 0 ? (
          <Skeleton lines={16} label="Reading the list" />
        ) : rows.length === 0 ? (
          <Empty
            icon={filtered ? 'filter' : 'list-unordered'}
            title={filtered ? 'No trace fits the filter' : 'No traces yet'}
          >
            {filtered ? (
              <Button onClick={() => setFilter({ run: view.filter.run })}>Clear the filter</Button>
            ) : (
              <p>Traces appear here as soon as a stage samples its first completion.</p>
            )}
          </Empty>
        ) : (
          <TraceTable
            rows={rows}
            longest={longest}
            sort={sort}
            selected={view.trace ?? null}
            onSelect={onSelect}
            onEnter={onEnter}
            onSort={(next) => page.go({ ...view, sort: next })}
            onLook={(first, last) => list.look(first, last)}
          />
        ))}
      {!audit.column && total > ROW_LIMIT && (
        <div class="note">
          The first {count(ROW_LIMIT)} of {count(total)}. Narrow the filter to see the others.
        </div>
      )}
    </nav>
  );
}
