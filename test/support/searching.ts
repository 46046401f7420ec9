/** Searches over a store, for tests. */
import type { Params } from '../../core/protocol/methods.ts';
import type { SearchHit, SearchProgress, SearchTotals } from '../../core/protocol/search.ts';
import { Searches } from '../../server/search/searches.ts';
import type { RecordWriter } from '../../server/store/record-writer.ts';
import type { TraceStore } from '../../server/store/trace-store.ts';
import { makeAttempt, makeRun } from './attempt-writer.ts';
import { withStore } from './temporary.ts';

export const searchedKey = { run: 'r', stage: 'evaluate', attempt: 1 };
export interface Searched {
  hits: SearchHit[];
  totals: SearchTotals;
  progress: SearchProgress[];
}

/** A store, searches over it, and a record to write into. */
export async function withSearch(
  work: (parts: {
    store: TraceStore;
    root: string;
    record: RecordWriter;
    problem: string;
    search: (query: string, more?: Partial<Params<'traces/search'>>) => Promise<Searched>;
    searches: Searches;
  }) => Promise<void>,
  options: ConstructorParameters<typeof Searches>[1] = {},
): Promise<void> {
  await withStore(async (store, root) => {
    const searches = new Searches(store, options);
    makeRun(root, searchedKey.run);
    const record = makeAttempt(root, searchedKey, {}, { partBytes: 100_000 });
    const problem = record.problem('What is 2 + 2?');
    const search = async (query: string, more: Partial<Params<'traces/search'>> = {}): Promise<Searched> => {
      const progress: SearchProgress[] = [];
      const totals = await searches.search(
        { filter: { run: searchedKey.run }, query, ...more },
        {
          signal: new AbortController().signal,
          progress: (one) => {
            progress.push(one);
            return Promise.resolve();
          },
        },
      );
      return { totals, progress, hits: progress.flatMap(({ found }) => found) };
    };
    try {
      await work({ store, root, record, problem, search, searches });
    } finally {
      await searches.close();
      record.close();
    }
  });
}
