/** What the list shows: the query as text and as chips, its errors, how many traces it finds, and how far a search has come. */
import type { ComponentChildren } from 'preact';
import { useEffect, useId, useLayoutEffect, useMemo, useRef, useState } from 'preact/hooks';
import type { TraceFilter } from '../../core/protocol/traces.ts';
import type { Known } from '../../core/query/complete.ts';
import { parseQuery } from '../../core/query/parse.ts';
import { textTerms } from '../../core/query/types.ts';
import { QueryChips } from './query-chips.tsx';
import { QueryField, type QueryFieldHandle } from './query-field.tsx';
import { TYPED, useSaid } from '../ui/say.ts';

interface QueryBarProps {
  filter: TraceFilter;
  /** The query that is in force. */
  query: string;
  /** What the reader had begun to write when the page was left, where that was wrong as it stood. */
  draft: string | null;
  known: Known;
  /** How many traces there are, and how far a search has come. */
  status: ComponentChildren;
  /** What stands beside the field. */
  tools: ComponentChildren;
  onQuery: (query: string) => void;
  /** What is to be kept of what is written; null: nothing, it is in force. */
  onDraft: (text: string | null) => void;
  onFilter: (filter: TraceFilter) => void;
  /** The reader goes on to the list. */
  onEnter: () => void;
  onHandle: (handle: QueryFieldHandle) => void;
  onFocus: () => void;
}

/** Milliseconds without a key before texts are searched; fields are asked for at once. */
const SEARCH_AFTER = 250;

export function QueryBar(props: QueryBarProps) {
  const { filter, query, draft, known, status, tools, onQuery, onDraft, onFilter, onEnter, onHandle, onFocus } = props;
  const [text, setText] = useState(draft ?? query);
  const force = useRef(query);
  const timer = useRef<ReturnType<typeof setTimeout> | undefined>(undefined);
  const handle = useRef<QueryFieldHandle | null>(null);
  const messageId = useId();
  const { errors } = useMemo(() => parseQuery(text), [text]);
  const error = errors[0];

  useSaid('query', error?.message ?? '', error?.message, TYPED);

  // A query that was put in force elsewhere is shown; one that is being typed is not touched. Before the next key: later, an older
  // query would be taken for one from elsewhere, and be written over what was typed since.
  useLayoutEffect(() => {
    if (query === force.current) return;
    force.current = query;
    setText(query);
    onDraft(null);
  }, [query]);
  useEffect(() => () => clearTimeout(timer.current), []);

  const put = (next: string) => {
    clearTimeout(timer.current);
    if (next === force.current) return;
    force.current = next;
    onQuery(next);
  };
  const change = (next: string) => {
    setText(next);
    clearTimeout(timer.current);
    const parsed = parseQuery(next);
    // The last query that was right stays in force while a wrong one is typed.
    onDraft(parsed.errors.length > 0 ? next : null);
    if (parsed.errors.length > 0) return;
    const wanted = next.trim();
    if (textTerms(parsed.query).length === 0) put(wanted);
    else timer.current = setTimeout(() => put(wanted), SEARCH_AFTER);
  };
  return (
    <div class="filter" role="search" aria-label="Query of the list" onFocusCapture={onFocus}>
      <div class="query-line">
        <QueryField
          {...{ text, errors, known, messageId }}
          onText={change}
          onEnter={() => {
            if (errors.length === 0) put(text.trim());
            onEnter();
          }}
          onHandle={(made) => {
            handle.current = made;
            onHandle(made);
          }}
        />
        {tools}
      </div>
      <div class="query-status">
        <div class="summary muted">{status}</div>
        <div class={error ? 'query-error' : ''} id={messageId}>
          {error && (
            <>
              <span class="wrong" aria-hidden="true">
                ✗{' '}
              </span>
              {error.message}
              {errors.length > 1 ? ` And ${errors.length - 1} more. ` : ' '}
              {error.suggestion !== undefined && (
                <button
                  class="link"
                  onClick={() => {
                    change(text.slice(0, error.start) + error.suggestion + text.slice(error.end));
                    handle.current?.focus();
                  }}
                >
                  Write {error.suggestion}
                </button>
              )}
            </>
          )}
        </div>
      </div>
      <QueryChips
        {...{ filter, text, onFilter }}
        onText={change}
        onAsk={(field) => handle.current?.append(`${field}:`)}
      />
    </div>
  );
}
