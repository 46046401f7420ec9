/**
 * The finished traces of a run as columns of numbers: what the figures over many traces are made of, gone through once for all of
 * them. Kept while nothing new is said of the run, for the runs that were asked for last.
 */
import { MOST_TRACES } from '../../core/protocol/overview.ts';
import type { IndexFile } from './index-file.ts';
import { scan } from './scan.ts';
import { traceRowId } from './schema.ts';
import { stampOf } from './slices.ts';

/** One evaluation or step as the index has it. */
export interface Place {
  stage: string;
  of: string | null;
  set: string | null;
  step: number | null;
  marker: string | null;
  epoch: number | null;
  traces: number;
}

/** Parallel arrays in the order of row ids: traces of an attempt stand together. */
export interface RunTable {
  length: number;
  /** Traces beyond the limit. */
  more: number;
  places: Place[];
  placeKeys: Map<string, number>;
  problems: { hash: string; label: string }[];
  attempts: { id: number; stage: string; attempt: number; from: number }[];
  /** Of `places`, of `problems`. */
  place: Int32Array;
  problem: Int32Array;
  /** In its attempt. */
  number: Float64Array;
  /** NaN: unknown. */
  tokens: Float64Array;
  reward: Float64Array;
  /** Codes of the index (`verdictCodes`, `finishCodes`); 255: none. */
  verdict: Uint8Array;
  finish: Uint8Array;
  exact: boolean;
}

interface Row {
  id: number;
  problem_id: number;
  hash: string;
  label: string;
  of: string | null;
  step: number | null;
  epoch: number | null;
  set_name: string | null;
  marker: string | null;
  tokens: number | null;
  tokens_exact: number;
  verdict: number | null;
  finish: number | null;
  reward: number | null;
}

const RUNS = 2;
export const NO_CODE = 255;

export const placeKey = (
  stage: string,
  of: string | null,
  set: string | null,
  step: number | null,
  marker: string | null,
): string => JSON.stringify([stage, of, set, step, marker]);

interface Entry {
  stamp: string;
  work: Generator<void, RunTable>;
  table: RunTable | null;
}

export class RunTables {
  private readonly index: IndexFile;
  private readonly entries = new Map<string, Entry>();

  constructor(index: IndexFile) {
    this.index = index;
  }

  /** Yields every few milliseconds. Several who ask at once go through the traces together. */
  *of(run: string): Generator<void, { table: RunTable; stamp: string }> {
    const stamp = stampOf(this.index, run);
    let entry = this.entries.get(run);
    this.entries.delete(run);
    if (entry?.stamp !== stamp) entry = { stamp, work: load(this.index, run), table: null };
    this.entries.set(run, entry);
    for (const oldest of this.entries.keys()) {
      if (this.entries.size <= RUNS) break;
      this.entries.delete(oldest);
    }
    while (!entry.table) {
      const table = this.step(run, entry);
      if (table === 'failed') return yield* this.of(run);
      if (table) entry.table = table;
      else yield;
    }
    return { table: entry.table, stamp: entry.stamp };
  }

  /** Null: there is more to do. `failed`: it threw for another caller, who was told; nothing of it is kept. */
  private step(run: string, { work }: Entry): RunTable | 'failed' | null {
    try {
      const step = work.next();
      if (!step.done) return null;
      return step.value ?? 'failed';
    } catch (error) {
      if (this.entries.get(run)?.work === work) this.entries.delete(run);
      throw error;
    }
  }

  forget(): void {
    this.entries.clear();
  }
}

function* load(index: IndexFile, run: string): Generator<void, RunTable> {
  const attempts = index.all<{ id: number; stage: string; attempt: number }>(
    'SELECT id, stage, attempt FROM attempts WHERE run = ? ORDER BY id',
    run,
  );
  const columns = new Columns();
  for (const { id, stage, attempt } of attempts) {
    columns.table.attempts.push({ id, stage, attempt, from: columns.table.length });
    const base = traceRowId(id, 0);
    yield* scan<Row>(
      index,
      [id],
      {
        columns:
          't.id, t.problem_id, p.hash, p.label, t.of, t.step, t.epoch, t.set_name, t.marker, t.tokens, t.tokens_exact, t.verdict, t.finish, t.reward',
        condition: '1',
        values: [],
      },
      (rows) => {
        for (const row of rows) columns.add(stage, base, row);
      },
    );
  }
  return columns.done();
}

/** Columns that grow. */
class Columns {
  readonly table: RunTable = {
    ...{ length: 0, more: 0, places: [], placeKeys: new Map(), problems: [], attempts: [] },
    ...{ place: new Int32Array(1024), problem: new Int32Array(1024), number: new Float64Array(1024) },
    ...{ tokens: new Float64Array(1024), reward: new Float64Array(1024) },
    ...{ verdict: new Uint8Array(1024), finish: new Uint8Array(1024), exact: true },
  };
  private readonly hashes = new Map<string, number>();
  private readonly problemIds = new Map<number, number>();

  add(stage: string, base: number, row: Row): void {
    const { table } = this;
    if (table.length >= MOST_TRACES) {
      table.more += 1;
      return;
    }
    const key = placeKey(stage, row.of, row.set_name, row.step, row.marker);
    let at = table.placeKeys.get(key);
    if (at === undefined) {
      at = table.places.length;
      table.placeKeys.set(key, at);
      const { of, step, marker, epoch } = row;
      table.places.push({ stage, of, set: row.set_name, step, marker, epoch, traces: 0 });
    }
    const place = table.places[at]!;
    place.traces += 1;
    place.epoch = row.epoch ?? place.epoch;
    if (row.tokens_exact === 0 && row.tokens !== null) table.exact = false;
    if (table.length === table.place.length) this.resize(2 * table.length);
    const n = table.length++;
    table.place[n] = at;
    table.problem[n] = this.problem(row);
    table.number[n] = row.id - base;
    table.tokens[n] = row.tokens ?? NaN;
    table.reward[n] = row.reward ?? NaN;
    table.verdict[n] = row.verdict ?? NO_CODE;
    table.finish[n] = row.finish ?? NO_CODE;
  }

  done(): RunTable {
    this.resize(this.table.length);
    return this.table;
  }

  /** The same problem has a row of its own in each attempt. */
  private problem({ problem_id: id, hash, label }: Row): number {
    let at = this.problemIds.get(id);
    if (at !== undefined) return at;
    at = this.hashes.get(hash);
    if (at === undefined) {
      at = this.table.problems.length;
      this.hashes.set(hash, at);
      this.table.problems.push({ hash, label });
    }
    this.problemIds.set(id, at);
    return at;
  }

  private resize(length: number): void {
    const { table } = this;
    table.place = resized(table.place, new Int32Array(length));
    table.problem = resized(table.problem, new Int32Array(length));
    table.number = resized(table.number, new Float64Array(length));
    table.tokens = resized(table.tokens, new Float64Array(length));
    table.reward = resized(table.reward, new Float64Array(length));
    table.verdict = resized(table.verdict, new Uint8Array(length));
    table.finish = resized(table.finish, new Uint8Array(length));
  }
}

function resized<A extends Int32Array | Float64Array | Uint8Array>(from: A, to: A): A {
  to.set(from.subarray(0, to.length));
  return to;
}
