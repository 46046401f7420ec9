/** Which traces are judged: all, or a sample that the same seed draws again. */
import { setImmediate as breathe } from 'node:timers/promises';
import { LonghandError } from '../../core/protocol/errors.ts';
import { PAGE_LIMIT } from '../../core/protocol/methods.ts';
import type { JudgeSample, JudgeSelection } from '../../core/protocol/judge.ts';
import type { TraceRow } from '../../core/protocol/traces.ts';
import type { TraceStore } from '../store/trace-store.ts';
import { readScope } from '../store/scope-texts.ts';
import { hashOf } from './cache.ts';

export interface Chosen {
  trace: string;
  stage: string;
  /** UTF-16 units of the completion. */
  length: number;
}

type Row = Chosen & Pick<TraceRow, 'of' | 'verdict'>;

/** Most traces that are looked through. */
const MOST = 1_000_000;

/** The finished traces that fit, and those of them that are chosen, in an order that says nothing of them. */
export async function chooseTraces(
  store: Pick<TraceStore, 'read' | 'sliced'>,
  { run, filter, query, sample }: Pick<JudgeSelection, 'run' | 'filter' | 'query' | 'sample'>,
): Promise<{ fitting: number; chosen: Chosen[] }> {
  const scope = { filter: { ...filter, run, live: false, superseded: false }, ...(query !== undefined && { query }) };
  while ((await readScope(store, scope)) > 0);
  const rows: Row[] = [];
  let cursor: string | undefined;
  do {
    const page = await store.read('traces/page', {
      ...scope,
      limit: PAGE_LIMIT,
      ...(cursor === undefined ? {} : { cursor }),
    });
    for (const { trace, stage, length, of, verdict } of page.rows) rows.push({ trace, stage, length, of, verdict });
    cursor = page.next;
    if (rows.length > MOST)
      throw new LonghandError('not_runnable', `More than ${MOST} traces fit. Name a stage, or another filter.`);
  } while (cursor !== undefined);
  return {
    fitting: rows.length,
    chosen: (await inSlices(drawn(rows, sample))).map(({ trace, stage, length }) => ({ trace, stage, length })),
  };
}

/** The service answers others where it yields. */
async function inSlices<T>(steps: Generator<void, T>): Promise<T> {
  for (;;) {
    const step = steps.next();
    if (step.done) return step.value;
    await breathe();
  }
}

/** Rows between two yields: some milliseconds. */
const SLICE = 2000;

/** Pure; exported for its test. Yields now and then. */
export function* drawn<R extends Row>(rows: readonly R[], sample: JudgeSample): Generator<void, R[]> {
  const seed = sample.kind === 'all' ? 0 : sample.seed;
  const byPlace = new Map<number, R>();
  for (const [i, row] of rows.entries()) {
    if (i % SLICE === SLICE - 1) yield;
    // 48 bits; two that fall on one place stand side by side.
    let place = parseInt(hashOf(seed, row.trace).slice(0, 12), 16);
    while (byPlace.has(place)) place += 1;
    byPlace.set(place, row);
  }
  const mixed: R[] = [];
  const strata = new Map<string, R[]>();
  for (const [i, place] of Float64Array.from(byPlace.keys()).sort().entries()) {
    if (i % SLICE === SLICE - 1) yield;
    const row = byPlace.get(place)!;
    mixed.push(row);
    const { stage, of, verdict } = row;
    const name = sample.kind === 'stage' ? stage : JSON.stringify([stage, of, verdict]);
    const members = strata.get(name);
    if (members) members.push(row);
    else strata.set(name, [row]);
  }
  if (sample.kind === 'all') return mixed;
  const sizes = [...strata.values()].map((members) => members.length);
  const shares =
    sample.kind === 'stage' ? sizes.map((size) => Math.min(size, sample.n)) : inProportion(sizes, sample.n);
  const taken = new Set([...strata.values()].flatMap((members, i) => members.slice(0, shares[i])));
  return mixed.filter((row) => taken.has(row));
}

/** One of each, the greatest first, then always to the one that is farthest below its share. */
function inProportion(sizes: readonly number[], n: number): number[] {
  const all = sizes.reduce((sum, size) => sum + size, 0);
  if (n >= all) return [...sizes];
  const shares = sizes.map((size) => Math.min(size, Math.floor((n * size) / all)));
  const bySize = sizes.map((_, i) => i).sort((a, b) => sizes[b]! - sizes[a]! || a - b);
  let left = n - shares.reduce((sum, share) => sum + share, 0);
  for (const i of bySize) {
    if (shares[i]! > 0) continue;
    // Where all is given, the greatest share gives one up, as long as it keeps one itself.
    if (left > 0) left -= 1;
    else {
      const richest = shares.indexOf(Math.max(...shares));
      if (shares[richest]! <= 1) break;
      shares[richest]! -= 1;
    }
    shares[i] = 1;
  }
  for (; left > 0; left -= 1) {
    let neediest = -1;
    for (const i of bySize) {
      if (shares[i]! >= sizes[i]!) continue;
      const need = (n * sizes[i]!) / all - shares[i]!;
      if (neediest < 0 || need > (n * sizes[neediest]!) / all - shares[neediest]!) neediest = i;
    }
    if (neediest < 0) break;
    shares[neediest]! += 1;
  }
  return shares;
}
