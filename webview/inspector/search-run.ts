/** Full-text search from a page: what is found as it comes, and a way to end it. */
import type { SearchProgress, SearchTotals } from '../../core/protocol/search.ts';
import type { Params } from '../../core/protocol/methods.ts';
import type { Host } from '../host.ts';

export interface SearchRun {
  /**
   * Resolves at the end, rejects with a `LonghandError`: `invalid_query` for a query that is wrong (`detail.errors` has the places) or
   * has nothing to look for in texts, `cancelled` after `cancel`.
   */
  readonly done: Promise<SearchTotals>;
  /** Ends it at once: `onProgress` is not called any more. Does nothing to a search that has ended. */
  cancel(): void;
}

/**
 * Searches the texts of the traces of a filter and a query. `onProgress` hears of further traces with hits, and of the counts, several
 * times a second; traces come in the order of the unsorted list.
 */
export function searchRun(
  host: Pick<Host, 'call'>,
  params: Params<'traces/search'>,
  onProgress: (progress: SearchProgress) => void,
): SearchRun {
  const controller = new AbortController();
  const done = host.call('traces/search', params, { signal: controller.signal, onProgress });
  // Whoever cancels need not wait for the end.
  done.catch(() => undefined);
  return { done, cancel: () => controller.abort() };
}
