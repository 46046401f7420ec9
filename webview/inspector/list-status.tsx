/** One line on the list: how many traces, or how far a search has come and what it left out. */
import { count, plural } from '../ui/format.ts';
import { TYPED, useProgress, useSaid } from '../ui/say.ts';
import { useStore } from '../ui/store.ts';
import type { SearchList } from './search-list.ts';
import type { TraceList } from './trace-list.ts';

export function ListStatus({ list }: { list: TraceList }) {
  const { total, live, toRead, first, loading, wish, scope } = useStore(list);
  // Once for each list that was asked for: what a run goes on to write is shown, and not said.
  useSaid(
    'list',
    first || loading || toRead > 0 ? '' : plural(total, 'trace'),
    JSON.stringify([wish.filter, wish.query]),
    TYPED,
  );
  useProgress('list', toRead > 0 ? `${count(toRead)} texts still to be read` : '');
  if (first) return <>…</>;
  const narrowed = wish.query !== '' && scope > total ? ` of ${count(scope)}` : '';
  return (
    <>
      {plural(total, 'trace')}
      {narrowed}
      {live > 0 ? `, ${count(live)} being written` : ''}
      {toRead > 0 ? `, ${count(toRead)} still to be read` : ''}
      {loading ? ' …' : ''}
    </>
  );
}

export function SearchStatus({ search }: { search: SearchList }) {
  const { running, stopped, counts, error, toRead } = useStore(search);
  const { searched = 0, total = 0, hits = 0, traces = 0, seconds = 0 } = counts ?? {};
  const result = error !== null ? 'The search failed.' : `${plural(hits, 'hit')} in ${plural(traces, 'trace')}`;
  const isOver = !running && toRead === null && (counts !== null || error !== null);
  useSaid('list', isOver ? `${stopped ? 'Stopped. ' : ''}${result}` : '', counts);
  useProgress(
    'list',
    running
      ? `${count(searched)} of ${count(total)} searched, ${plural(hits, 'hit')}`
      : toRead === null
        ? ''
        : `${count(toRead)} texts still to be read`,
  );
  return (
    <>
      {(running || toRead !== null) && (
        <button class="link search-stop" onClick={() => search.stop()}>
          Stop
        </button>
      )}
      {result}
      {running && total > 0 ? `, ${count(searched)} of ${count(total)} searched` : ''}
      {running && total === 0 ? ', searching' : ''}
      {!running && stopped ? `. Stopped: ${count(searched)} of ${count(total)} searched` : ''}
      {!running && !stopped && error === null && total > 0 ? ` of ${count(total)} (${seconds.toFixed(1)} s)` : ''}
      {toRead !== null ? `, ${count(toRead)} still to be read` : ''}
      {running && <progress class="search-progress" max={Math.max(1, total)} value={searched} aria-label="Searched" />}
    </>
  );
}

/** What the search does not show, and how to get it. */
export function SearchNotes({ search }: { search: SearchList }) {
  const { counts, after, running, stopped, total, filter, query, sort, toRead } = useStore(search);
  const unread = counts?.unread ?? 0;
  const { unreadable = 0, cut = 0, slow = 0, givenUp = 0 } = counts?.leftOut ?? {};
  const left = [
    unreadable > 0 && `${plural(unreadable, 'text is', 'texts are')} gone`,
    cut > 0 && `${plural(cut, 'text is', 'texts are')} too long and searched at the beginning only`,
    slow > 0 && `the expression took too long in ${plural(slow, 'text')}`,
    givenUp > 0 && `${plural(givenUp, 'text was', 'texts were')} not searched for that`,
  ].filter(Boolean);
  if (left.length === 0 && unread === 0 && after === null && (running || !stopped)) return null;
  return (
    <div class="note">
      {left.length > 0 && <p>Left out: {left.join('; ')}.</p>}
      {unread > 0 && (
        <p>
          {`Not known of ${plural(unread, 'trace')}: the query asks for what is found by reading the text. `}
          <button class="link" disabled={running || toRead !== null} onClick={() => void search.readTexts()}>
            Read and search again
          </button>
        </p>
      )}
      {after !== null && (
        <p>
          {count(total)} of {plural(counts?.traces ?? total, 'trace')} are listed.{' '}
          <button class="link" disabled={running} onClick={() => search.more()}>
            Search on
          </button>
        </p>
      )}
      {stopped && !running && query !== null && (
        <p>
          The search was stopped.{' '}
          <button class="link" onClick={() => search.show(filter, query, sort)}>
            Search again
          </button>
        </p>
      )}
    </div>
  );
}
