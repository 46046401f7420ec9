/** Pages of places cut into pieces of work: some milliseconds of one thread each. */
import type { SearchPage, TextPlaces } from '../store/search-places.ts';
import type { Chunk } from './scan.ts';

/** Bytes of text, and traces, of one piece. */
const CHUNK_BYTES = 4 * 2 ** 20;
const CHUNK_TRACES = 1024;

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
    yield part(page, from, to);
    from = to;
  }
}

function sizeOf({ starts, extents }: TextPlaces, n: number): number {
  let bytes = 0;
  for (let i = starts[n]!; i < starts[n + 1]!; i++) bytes += extents[4 * i + 2]!;
  return bytes;
}

/** A chunk of its own, so that no more than it travels to the thread. */
function part({ folder, ids, completions, prompts, promptOf }: SearchPage, from: number, to: number): Chunk {
  const numbers = promptOf.length > 0 ? promptOf.slice(from, to) : promptOf;
  const wanted = [...new Set(numbers)].filter((n) => n >= 0);
  const place = new Map(wanted.map((n, i) => [n, i]));
  return {
    folder,
    ids: ids.slice(from, to),
    completions: pick(
      completions,
      Array.from({ length: to - from }, (_, i) => from + i),
    ),
    prompts: pick(prompts, wanted),
    promptOf: numbers.map((n) => place.get(n) ?? -1),
    from: 0,
    to: to - from,
  };
}

function pick({ starts, extents }: TextPlaces, texts: readonly number[]): TextPlaces {
  const count = texts.reduce((sum, n) => sum + starts[n + 1]! - starts[n]!, 0);
  const picked = { starts: new Uint32Array(texts.length + 1), extents: new Float64Array(4 * count) };
  let at = 0;
  for (const [i, n] of texts.entries()) {
    const own = extents.subarray(4 * starts[n]!, 4 * starts[n + 1]!);
    picked.extents.set(own, 4 * at);
    at += own.length / 4;
    picked.starts[i + 1] = at;
  }
  return picked;
}
