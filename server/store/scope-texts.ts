/** What a query asks of texts is read before anything is made of the traces that fit it. */
import type { TraceFilter } from '../../core/protocol/traces.ts';
import type { TraceStore } from './trace-store.ts';
import { listQueryOf } from './unread.ts';

/**
 * Reads for a fraction of a second, as `traces/readTexts` does, and says how many texts wait; the same call goes on with them.
 * @throws `invalid_query`
 */
export async function readScope(
  store: Pick<TraceStore, 'sliced'>,
  { filter, query }: { filter: TraceFilter; query?: string },
): Promise<number> {
  if (query === undefined) return 0;
  listQueryOf(query);
  return (await store.sliced('traces/readTexts', { filter, query })).unread;
}
