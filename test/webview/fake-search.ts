/** `traces/search` over the texts of a fake host: the same query, hits by the plain meaning of each term. */
import type { PeerCallContext } from '../../core/protocol/connection.ts';
import type { SearchCounts, SearchHit, SearchMethods, SearchTotals } from '../../core/protocol/search.ts';
import type { TraceRow } from '../../core/protocol/traces.ts';
import { StoredText } from '../../server/search/stored-text.ts';
import { readSearch } from '../../server/search/query.ts';
import { meaningOf, type Wanted } from '../../server/search/terms.ts';

interface Text {
  row: TraceRow;
  prompt: string;
  completion: string;
}

type Search = SearchMethods['traces/search'];

/** Progress after every `batch` traces, a turn of the loop between, so that a search can be cancelled on its way. */
export async function fakeSearch(
  traces: readonly Text[],
  { query, limit = 1000, after }: Search['params'],
  { signal, progress }: PeerCallContext<Search>,
  /** `pace`: milliseconds between two progresses; `unread`: texts that are still to be read for the query. */
  { batch = 20, pace = 0, unread = 0 }: { batch?: number; pace?: number; unread?: number } = {},
): Promise<SearchTotals> {
  const { wanted } = readSearch(query);
  const from = after === undefined ? 0 : traces.findIndex(({ row }) => row.trace === after) + 1;
  const leftOut = { unreadable: 0, cut: 0, slow: 0, givenUp: 0 };
  const counts: SearchCounts = { searched: 0, total: traces.length, hits: 0, traces: 0, seconds: 0, leftOut };
  if (unread > 0) counts.unread = unread;
  let listed = 0;
  let last: string | undefined;
  for (let at = from; at < traces.length; at += batch) {
    signal.throwIfAborted();
    const found: SearchHit[] = [];
    for (const text of traces.slice(at, at + batch)) {
      counts.searched += 1;
      const hit = hitOf(text, wanted);
      if (!hit) continue;
      counts.traces += 1;
      counts.hits += hit.count;
      if (listed >= limit) continue;
      listed += 1;
      last = hit.row.trace;
      found.push(hit);
    }
    await progress({ ...counts, found });
    await new Promise((resolve) => setTimeout(resolve, pace));
  }
  return { ...counts, listed, ...(counts.traces > listed && last !== undefined && { after: last }) };
}

function hitOf({ row, ...texts }: Text, { terms, texts: names }: Wanted): SearchHit | null {
  let count = 0;
  let first: SearchHit['first'] = null;
  for (const term of terms) {
    const hits = names.flatMap((name) =>
      [...texts[name].matchAll(meaningOf(term))].map((match) => {
        return { in: name, start: match.index, end: match.index + match[0].length };
      }),
    );
    if (hits.length > 0 === term.negated) return null;
    count += hits.length;
    const [one] = hits;
    if (
      one &&
      (!first || (one.in === first.in ? one.start < first.start : names.indexOf(one.in) < names.indexOf(first.in)))
    )
      first = one;
  }
  if (!first) return { row, count, first, snippet: null };
  const stored = new StoredText(Buffer.from(texts[first.in]));
  return { row, count, first, snippet: stored.snippet(first.start, first.end) };
}
