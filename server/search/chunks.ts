/** Pages of places cut into pieces of work: some milliseconds of one thread each. */
import { EXTENT, type SearchPage, type TextPlaces } from '../store/search-page.ts';
import type { Chunk } from './scan.ts';

/** Bytes of text, and traces, of one piece. */
const CHUNK_BYTES = 4 * 2 ** 20;
const CHUNK_TRACES = 2048;

/** Asks for the next page while the last one is being worked on. */
export async function* chunksOf(
  page: (after: number) => Promise<SearchPage | null>,
  after: number,
): AsyncGenerator<Chunk> {
  let next = page(after);
  for (;;) {
    const found = await next;
    if (!found) return;
    next = page(found.ids.at(-1)!);
    next.catch(() => undefined);
    yield* cut(found);
  }
}

function* cut(page: SearchPage): Generator<Chunk> {
  const { ids, completions } = page;
  for (let from = 0; from < ids.length;) {
    let to = from;
    let bytes = 0;
    for (; to < ids.length && to - from < CHUNK_TRACES; to++) {
      const size = sizeOf(completions, to);
      if (to > from && bytes + size > CHUNK_BYTES) break;
      bytes += size;
    }
    yield { page, from, to };
    from = to;
  }
}

function sizeOf({ starts, extents }: TextPlaces, n: number): number {
  let bytes = 0;
  for (let i = starts[n]!; i < starts[n + 1]!; i++) bytes += extents[EXTENT * i + 2]!;
  return bytes;
}
