/**
 * Lists of very many traces, where a reader jumps into them. Their whole order is made in slices of some milliseconds, so that the store answers other calls between,
 * and kept while nothing is written: a page of it is then a look at numbers, wherever it lies.
 */
import type { Where } from './filters.ts';
import type { IndexFile } from './index-file.ts';
import { behind, orderBy, type Order } from './list-order.ts';
import { Lru } from './lru.ts';
import { rangesOf } from './scan.ts';
import { Slices } from './slices.ts';

/** Row ids that are kept, of all lists together: 32 MB. */
const KEPT = 2 ** 22;
/** Row ids of a slice that counts, or looks for the first rows. */
const IDS = 20_000;
/** Items that are sorted at once, before they are merged. */
const RUN = 2048;

export interface Row {
  id: number;
  v: string | number | null;
}

export class LongLists {
  private readonly index: IndexFile;
  private readonly kept = new Lru<string, { commits: number; ids: Float64Array }>(KEPT, ({ ids }) => ids.length);

  constructor(index: IndexFile) {
    this.index = index;
  }

  /** Whether the order of this list is known as it is now. */
  knows(list: string): boolean {
    return this.kept.get(list)?.commits === this.index.commits;
  }

  /**
   * Row ids of the list in its order. `list` names it; `condition` is over the traces of `attempts`. Rows that are written while it is
   * made may be in it or not, and the next call makes it anew.
   */
  *of(
    list: string,
    { condition, attempts, order }: { condition: Where; attempts: readonly { id: number }[]; order: Order },
  ): Generator<void, Float64Array> {
    const { index } = this;
    const { commits } = index;
    const known = this.kept.get(list);
    if (known?.commits === commits) return known.ids;
    const slices = new Slices();
    const rows = new Rows();
    for (const { from, to } of rangesOf(index, attempts)) {
      for (const row of index.all<Row>(
        `SELECT t.id, ${order.column ?? 'NULL'} AS v FROM traces t ${order.join} WHERE ${condition.sql} AND t.id >= ? AND t.id < ? ORDER BY t.id`,
        ...condition.values,
        from,
        to,
      ))
        rows.add(row);
      yield* slices.breath();
    }
    const ids = yield* rows.sorted(order, slices);
    this.kept.set(list, { commits, ids });
    return ids;
  }

  forget(): void {
    this.kept.clear();
  }
}

/** How many traces of the attempts hold the condition, of those above a row id; counted in slices. */
export function* countOf(
  index: IndexFile,
  attempts: readonly { id: number }[],
  { sql, values }: Where,
  above = -1,
): Generator<void, number> {
  const slices = new Slices();
  let count = 0;
  for (const { from, to } of rangesOf(index, attempts, { ids: IDS })) {
    if (to <= above) continue;
    // One condition on the row id: of several SQLite takes the first one, and goes through what the others leave out.
    count +=
      index.get<{ n: number }>(
        `SELECT count(*) AS n FROM traces t WHERE ${sql} AND t.id >= ? AND t.id < ?`,
        ...values,
        Math.max(from, above + 1),
        to,
      )?.n ?? 0;
    yield* slices.breath();
  }
  return count;
}

/** A list, from its beginning or behind a row of it. */
export interface ListFrom {
  condition: Where;
  attempts: readonly { id: number }[];
  order: Order;
  after: Row | null;
}

/**
 * The first rows of a list in its order, at most `limit`, looked for in slices. In the order of row ids it ends where it has them. Rows
 * that are written meanwhile may be in it or not.
 */
export function* firstOf(
  index: IndexFile,
  { condition, attempts, order, after }: ListFrom,
  limit: number,
): Generator<void, Row[]> {
  const slices = new Slices();
  const isById = order.column === null;
  const backwards = isById && order.descending;
  // Ids behind `after` are bounds of what is gone through; values behind it have to be looked at.
  const keyset = after && !isById ? behind(order, after) : { sql: '1', values: [] };
  const slice = (from: number, to: number): Row[] =>
    index.all<Row>(
      `SELECT t.id, ${order.column ?? 'NULL'} AS v FROM traces t ${order.join}
       WHERE ${condition.sql} AND ${keyset.sql} AND t.id >= ? AND t.id < ? ORDER BY ${orderBy(order)} LIMIT ?`,
      ...[...condition.values, ...keyset.values, from, to, limit],
    );
  const least = isById && !backwards && after ? after.id + 1 : 0;
  const most = backwards && after ? after.id : Infinity;
  const found: Row[] = [];
  for (const { from, to } of rangesOf(index, attempts, { ids: IDS, backwards })) {
    if (to <= least || from >= most) continue;
    for (const row of slice(Math.max(from, least), Math.min(to, most))) found.push(row);
    if (isById && found.length >= limit) return found.slice(0, limit);
    yield* slices.breath();
  }
  if (isById) return found;
  // The first of all are among the first of each slice.
  return index.all<Row>(
    `SELECT id, v FROM (SELECT json_extract(value, '$[0]') AS id, json_extract(value, '$[1]') AS v FROM json_each(?)) t
     ORDER BY ${orderBy(order)} LIMIT ?`,
    JSON.stringify(found.map(({ id, v }) => [id, v])),
    limit,
  );
}

/** Rows by rising id with what they are sorted by: columns that grow. */
class Rows {
  private length = 0;
  private ids = new Float64Array(1024);
  /** Numbers; of texts their place among `texts`. Infinity: not known. */
  private values = new Float64Array(1024);
  private readonly texts = new Map<string, number>();

  add({ id, v }: Row): void {
    if (this.length === this.ids.length) {
      this.ids = grown(this.ids);
      this.values = grown(this.values);
    }
    this.ids[this.length] = id;
    this.values[this.length++] = v === null ? Infinity : typeof v === 'number' ? v : this.placeOf(v);
  }

  private placeOf(text: string): number {
    let place = this.texts.get(text);
    if (place === undefined) this.texts.set(text, (place = this.texts.size));
    return place;
  }

  /** As `orderBy` sorts in the index: what is not known last in both directions, equals by rising id. */
  *sorted({ column, descending }: Order, slices: Slices): Generator<void, Float64Array> {
    const ids = this.ids.slice(0, this.length);
    if (column === null) return descending ? ids.reverse() : ids;
    const values = this.values.subarray(0, this.length);
    if (this.texts.size > 0) {
      const texts = [...this.texts.keys()].map((text) => Buffer.from(text));
      // The index compares texts by their bytes.
      const order = yield* sortedPlaces(texts.length, (a, b) => Buffer.compare(texts[a]!, texts[b]!), slices);
      const rank = new Float64Array(texts.length);
      for (const [i, place] of order.entries()) rank[place] = i;
      for (let i = 0; i < values.length; i++) if (values[i] !== Infinity) values[i] = rank[values[i]!]!;
    }
    const sign = descending ? -1 : 1;
    for (let i = 0; i < values.length; i++) if (values[i] !== Infinity) values[i] = sign * values[i]!;
    yield* slices.breath();
    const order = yield* sortedPlaces(values.length, (a, b) => values[a]! - values[b]!, slices);
    const sorted = new Float64Array(ids.length);
    for (let i = 0; i < sorted.length; i++) sorted[i] = ids[order[i]!]!;
    return sorted;
  }
}

function grown(from: Float64Array): Float64Array<ArrayBuffer> {
  const to = new Float64Array(2 * from.length);
  to.set(from);
  return to;
}

/** 0 to `length` sorted, equals (0 or NaN) by rising number: runs that are sorted at once, merged in slices. */
function* sortedPlaces(
  length: number,
  compare: (a: number, b: number) => number,
  slices: Slices,
): Generator<void, Uint32Array> {
  let from = new Uint32Array(length);
  for (let i = 0; i < length; i++) from[i] = i;
  for (let at = 0; at < length; at += RUN) {
    from.subarray(at, at + RUN).sort((a, b) => compare(a, b) || a - b);
    yield* slices.breath();
  }
  let to = new Uint32Array(length);
  for (let width = RUN; width < length; width *= 2) {
    for (let at = 0; at < length; at += 2 * width) {
      const [middle, end] = [Math.min(at + width, length), Math.min(at + 2 * width, length)];
      let [left, right] = [at, middle];
      for (let out = at; out < end; out += 1) {
        // Of equals the left one, whose number is lower.
        const takesLeft = left < middle && (right >= end || !(compare(from[left]!, from[right]!) > 0));
        to[out] = takesLeft ? from[left++]! : from[right++]!;
        if (out % RUN === 0) yield* slices.breath();
      }
    }
    [from, to] = [to, from];
  }
  return from;
}
