/** What a search finds in the texts of a view: a literal at once, an expression or a very long text in a worker. */
import { useEffect, useMemo, useRef, useState } from 'preact/hooks';
import { expressionOf, findAll, type FindOptions } from '../../core/traces/find.ts';
import { FindWorker, type FoundPlaces } from './find-worker.ts';
import type { TextView } from './text-view.ts';

export interface Found {
  prompt: FoundPlaces['prompt'];
  completion: FoundPlaces['completion'];
  total: number;
  /** What is wrong with the needle, or what was left out; null: nothing. */
  note: string | null;
  /** More may be found yet. */
  searching: boolean;
  /** What was searched for. */
  key: string;
}

/** Places that are listed; those beyond are counted. */
const LIMIT = 200_000;
/** UTF-16 units that are searched for a literal in the page itself: a few milliseconds. */
const IN_PAGE = 600_000;
/** Milliseconds after which a search is ended. */
const TIMEOUT = 1_500;

const nothing: Omit<Found, 'key'> = { prompt: [], completion: [], total: 0, note: null, searching: false };

/** `length` changes when there is more text. */
export function useFind(view: TextView, needle: string, options: Required<FindOptions>, length: number): Found {
  const { regex, matchCase, wholeWord } = options;
  const key = JSON.stringify([needle, regex, matchCase, wholeWord]);
  const isHere = !regex && length <= IN_PAGE;
  const [far, setFar] = useState<Found>({ ...nothing, key: '' });
  const worker = useRef<FindWorker | null>(null);
  useEffect(() => () => worker.current?.dispose(), []);

  const here = useMemo((): Found | null => {
    if (needle === '') return { ...nothing, key };
    const expression = expressionOf(needle, options);
    if (typeof expression === 'string') return { ...nothing, note: expression, key };
    if (!isHere) return null;
    const prompt = findAll(view.prompt.text, needle, options, LIMIT);
    const completion = findAll(view.completion.text, needle, options, LIMIT);
    return {
      ...nothing,
      prompt: prompt.hits,
      completion: completion.hits,
      total: prompt.total + completion.total,
      key,
    };
  }, [view, key, length]);

  useEffect(() => {
    const expression = here ? '' : expressionOf(needle, options);
    if (typeof expression === 'string') return undefined;
    let stopped = false;
    const show = (found: FoundPlaces, searching: boolean) => {
      if (!stopped) setFar({ ...found, note: found.incomplete, searching, key });
    };
    worker.current ??= new FindWorker();
    // A word that is being typed is not searched for at each of its letters.
    const timer = setTimeout(() => {
      const texts = { prompt: view.prompt.text, completion: view.completion.text };
      void worker
        .current!.search(texts, expression, { limit: LIMIT, timeout: TIMEOUT, onSome: (some) => show(some, true) })
        .then((found) => found && show(found, false));
    }, 60);
    return () => {
      stopped = true;
      clearTimeout(timer);
    };
  }, [view, key, length, here === null]);

  const waiting = useMemo((): Found => ({ ...nothing, searching: true, key }), [key]);
  return here ?? (far.key === key ? far : waiting);
}
