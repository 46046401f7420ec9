/** Annotations of a text full of spans in several answers: one of a hundred thousand would hold a page up while it is read in. */
import type { Annotations } from '../protocol/traces.ts';

/** Most spans of an answer: some 3 MB, read in within 20 ms. */
const SPANS_AT_ONCE = 20_000;

/** The spans from number `from` on, at most {@link SPANS_AT_ONCE} of them, with all else that is known; `next` is the number of the one after. */
export function annotationPage(whole: Annotations, from = 0): Annotations {
  const next = from + SPANS_AT_ONCE;
  if (from === 0 && whole.spans.length <= next) return whole;
  return { ...whole, spans: whole.spans.slice(from, next), ...(next < whole.spans.length && { next }) };
}

/** Asks for one answer after the other, and puts them together. A text that has grown between two of them is begun anew. */
export async function readAnnotations(ask: (from?: number) => Promise<Annotations>): Promise<Annotations> {
  const { next, ...whole } = await ask();
  for (let from = next; from !== undefined;) {
    const more = await ask(from);
    if (more.length !== whole.length) return readAnnotations(ask);
    whole.spans = [...whole.spans, ...more.spans];
    from = more.next;
  }
  return whole;
}
