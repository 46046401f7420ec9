/** What a search says of a trace: how many hits, and the first of them with what stands around it. */
import type { SearchHit } from '../../core/protocol/search.ts';
import type { TraceRow } from '../../core/protocol/traces.ts';
import { count } from '../ui/format.ts';
import type { Column } from './columns.ts';

/** Characters before the hit that are shown: a narrow column still has the hit itself. */
const LEAD = 10;

export function searchColumns(hitOf: (trace: string) => SearchHit | null): Column[] {
  const hits: Column = {
    ...{ id: 'hits', title: 'Hits', what: 'hits in the trace', sort: null, pixels: 34, number: true },
    text: ({ trace }: TraceRow) => count(hitOf(trace)?.count),
  };
  const found: Column = {
    ...{ id: 'found', title: 'Found', what: 'the first hit', sort: null, pixels: 100, flexible: true, number: false },
    text: ({ trace }: TraceRow) => hitOf(trace)?.snippet?.text ?? '',
    cell: ({ trace }: TraceRow) => {
      const snippet = hitOf(trace)?.snippet;
      if (!snippet) return '';
      const { text, start, end, before, after } = snippet;
      const from = Math.max(0, start - LEAD);
      return (
        <>
          {before || from > 0 ? '…' : ''}
          {text.slice(from, start)}
          <mark class="hit">{text.slice(start, end)}</mark>
          {text.slice(end)}
          {after ? '…' : ''}
        </>
      );
    },
  };
  return [hits, found];
}
