/** Words over a page that go away by themselves: what was copied, and what could not be. */
import { useEffect, useState } from 'preact/hooks';
import { useSaid } from './say.ts';

/** Milliseconds that a note is shown. */
const SHOWN = 2500;

/** A note that is shown when it is set, and said; the first of the two is what draws it. */
export function useNote(topic: string) {
  const [words, setWords] = useState('');
  useSaid(topic, words);
  useEffect(() => {
    if (words === '') return undefined;
    const timer = setTimeout(() => setWords(''), SHOWN);
    return () => clearTimeout(timer);
  }, [words]);
  return [<div class={words === '' ? 'page-note' : 'page-note shown'}>{words}</div>, setWords] as const;
}
