/** A client's place in the streams of events: what it needs to miss nothing and to get nothing twice. */
import type { Cursor, EventBatch, StreamEvent } from './methods.ts';

/** Moves `cursor` past `batch` and returns the events that were new. An event with a gap before it is an error of the sender. */
export function advance(cursor: Cursor, batch: EventBatch): StreamEvent[] {
  const last = cursor[batch.stream] ?? -1;
  const fresh = batch.events.filter((event) => event.seq > last);
  const newest = fresh.at(-1);
  if (newest) cursor[batch.stream] = newest.seq;
  return fresh;
}

/** The stream of an attempt's events. */
export function attemptStream(run: string, stage: string, attempt: number): string {
  return `${run}/${stage}/${attempt}`;
}
