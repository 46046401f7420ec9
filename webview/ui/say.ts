/**
 * What changes without the focus, said once to who does not see it. A page has one live region, polite, which is there before there
 * is anything to say; each message is an element that is added to it, so that the same words are said again when they are meant again.
 * Only what failed is elsewhere: it stands where it belongs as an alert, the one role that is said when it comes.
 */
import { useEffect, useRef } from 'preact/hooks';

/** Milliseconds for which nothing else is said of a topic before its words are: what changes quickly is said when it rests. */
const RESTED = 250;
/** … while something is typed. */
export const TYPED = 700;
/** Milliseconds that a message stays in the region. */
const KEPT = 5000;
/** Messages that are there at once. */
const MOST = 4;
/** Milliseconds between two words on how far something has come. */
const PROGRESS_EVERY = 10_000;

const waiting = new Map<string, ReturnType<typeof setTimeout>>();
let region: HTMLElement | null = null;

/** Makes the region of the page. To be called once, before there is anything to say. */
export function startSaying(): void {
  region = document.createElement('div');
  region.className = 'hidden-text';
  region.id = 'said';
  region.setAttribute('role', 'status');
  region.setAttribute('aria-live', 'polite');
  region.setAttribute('aria-atomic', 'false');
  document.body.append(region);
}

/**
 * Says `words` when nothing else has been said of the topic for `rest` milliseconds; words that wait are forgotten for newer ones.
 * Empty words take back what waits.
 */
export function say(topic: string, words: string, rest = RESTED): void {
  clearTimeout(waiting.get(topic));
  waiting.delete(topic);
  if (words === '') return;
  const later = () => {
    waiting.delete(topic);
    if (!region) return;
    const message = document.createElement('p');
    message.textContent = words;
    message.dataset.topic = topic;
    region.append(message);
    while (region.children.length > MOST) region.firstElementChild!.remove();
    setTimeout(() => message.remove(), KEPT);
  };
  waiting.set(topic, setTimeout(later, rest));
}

/**
 * Says what a component shows when that changes, and when it comes. With `asked` once for each value of it, as soon as there are
 * words: what changes later without having been asked for is not said.
 */
export function useSaid(topic: string, words: string, asked: unknown = words, rest = RESTED): void {
  const last = useRef<unknown>(undefined);
  useEffect(() => {
    if (words === '') {
      // What comes after nothing is new: the same words again, or those that were to be said and were not yet.
      if (asked === words || waiting.has(topic)) last.current = undefined;
      say(topic, '');
    } else if (last.current !== asked || waiting.has(topic)) {
      last.current = asked;
      say(topic, words, rest);
    }
  }, [words, asked]);
}

/** `useSaid` where something is shown only at times. */
export function Said({ topic, words, asked, rest }: { topic: string; words: string; asked?: unknown; rest?: number }) {
  useSaid(topic, words, asked, rest);
  return null;
}

/** Says now and then how far something has come; empty words: nothing is under way. What takes less than ten seconds is not said. */
export function useProgress(topic: string, words: string): void {
  const latest = useRef(words);
  latest.current = words;
  const isRunning = words !== '';
  useEffect(() => {
    if (!isRunning) return undefined;
    const timer = setInterval(() => say(topic, latest.current, 0), PROGRESS_EVERY);
    return () => clearInterval(timer);
  }, [isRunning]);
}
