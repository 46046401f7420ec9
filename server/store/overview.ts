/** Figures over many traces of a run (`core/protocol/overview.ts`), all made of one table of its traces; answers are kept with it. */
import type { Sample } from '../../core/metrics/accuracy.ts';
import { budgetCurves, budgetGrid } from '../../core/metrics/budget-curve.ts';
import { bucketLabels, bucketOf } from '../../core/metrics/difficulty.ts';
import { LonghandError } from '../../core/protocol/errors.ts';
import type { Params, Result } from '../../core/protocol/methods.ts';
import { MOST_PROBLEMS, type BudgetCurve, type Cell, type SeriesRef } from '../../core/protocol/overview.ts';
import { Lru } from './lru.ts';
import { behavioursOf, type TextParts } from './overview-behaviours.ts';
import { NO_CODE, RunTables, type RunTable } from './run-table.ts';
import { scatterOf } from './scatter.ts';
import { finishCodes, verdictCodes } from './schema.ts';
import { columnAt, seriesOf, type Found } from './series-of.ts';
import { Slices } from './slices.ts';

/** Right, judged and all traces of every problem (rows) at every checkpoint (columns). */
interface Counts {
  /** Rows of `table.problems` that the series has, at most so many. */
  problems: number[];
  rowOf: Map<number, number>;
  width: number;
  right: Uint32Array;
  judged: Uint32Array;
  traces: Uint32Array;
  more: number;
}

/** Bytes of the answers that are kept, roughly. */
const KEPT = 64e6;
const ANSWER = 200_000;
const RIGHT = verdictCodes.indexOf('right');
const NONE = verdictCodes.indexOf('none');
const CUT = [finishCodes.indexOf('length'), finishCodes.indexOf('error')];

export class Overview {
  private readonly tables: RunTables;
  private readonly texts: TextParts;
  private readonly kept = new Lru<string, { stamp: string; value: unknown }>(KEPT, ({ value }) => bytesOf(value));

  constructor(texts: TextParts) {
    this.texts = texts;
    this.tables = new RunTables(texts.index);
  }

  *series({ run }: Params<'overview/series'>): Generator<void, Result<'overview/series'>> {
    const { table } = yield* this.tables.of(run);
    return { series: seriesOf(table).map(({ column: _column, ...info }) => info), more: table.more };
  }

  *matrix(params: Params<'overview/matrix'>): Generator<void, Result<'overview/matrix'>> {
    const found = yield* this.find(params);
    const counts = yield* this.counts(found);
    const { table, series } = found;
    const words = params.text?.toLowerCase().split(/\s+/).filter(Boolean) ?? [];
    const rows = counts.problems
      .map((_, row) => row)
      .filter((row) => words.every((word) => labelOf(found, counts, row).toLowerCase().includes(word)));
    const order = new Intl.Collator('en', { numeric: true });
    const byLabel = (a: number, b: number) => order.compare(labelOf(found, counts, a), labelOf(found, counts, b));
    const { key, descending } = params.sort;
    const sign = descending ? -1 : 1;
    if (key === 'problem') rows.sort((a, b) => sign * byLabel(a, b));
    else {
      const value = Float64Array.from(counts.problems, (_, row) => (key === 'change' ? change : share)(counts, row));
      rows.sort((a, b) => last(value[a]!, value[b]!) || sign * (value[a]! - value[b]!) || byLabel(a, b));
    }
    return {
      checkpoints: series.checkpoints,
      rows: rows.slice(params.offset, params.offset + params.limit).map((row) => {
        const { hash, label } = table.problems[counts.problems[row]!]!;
        return { problem: hash, label, cells: series.checkpoints.map((_, c) => cell(counts, row, c)) };
      }),
      total: rows.length,
      more: counts.more,
    };
  }

  *difficulty(params: SeriesRef): Generator<void, Result<'overview/difficulty'>> {
    const found = yield* this.find(params);
    const counts = yield* this.counts(found);
    const { checkpoints } = found.series;
    const buckets = checkpoints.map(() => bucketLabels.map(() => 0));
    const unjudged = checkpoints.map(() => 0);
    for (const row of counts.problems.keys())
      for (const c of checkpoints.keys()) {
        const at = row * counts.width + c;
        if (counts.judged[at]! > 0) buckets[c]![bucketOf(counts.right[at]!, counts.judged[at]!)]! += 1;
        else if (counts.traces[at]! > 0) unjudged[c]! += 1;
      }
    return { checkpoints, counts: buckets, unjudged };
  }

  *budgets(params: Params<'overview/budgets'>): Generator<void, Result<'overview/budgets'>> {
    const found = yield* this.find(params);
    const { series } = found;
    return yield* this.once(found, ['budgets', params], function* () {
      const samples = yield* samplesOf(found);
      const budgets = params.budgets?.toSorted((a, b) => a - b) ?? budgetGrid(lengthsOf(samples));
      yield;
      const all = yield* budgetCurves(samples, budgets);
      const curves: BudgetCurve[] = [];
      for (const [c, own] of samples.entries()) {
        const points = all[c]!;
        const judged = own.filter(({ verdict }) => verdict !== null && verdict !== 'none');
        curves.push({
          checkpoint: series.checkpoints[c]!.key,
          accuracy: points.map(({ accuracy }) => accuracy),
          tokens: points.map(({ tokens }) => tokens),
          gained: points.map(({ gained }) => gained),
          problems: new Set(judged.map(({ problem }) => problem)).size,
          n: judged.length,
          unknownLength: judged.filter(({ tokens }) => tokens === null).length,
        });
        yield;
      }
      return { checkpoints: series.checkpoints, budgets, curves };
    });
  }

  *problems(params: Params<'overview/problems'>): Generator<void, Result<'overview/problems'>> {
    const found = yield* this.find(params);
    const { table, series } = found;
    const { wanted, against, offset, limit } = params;
    const own = columnAt(series, wanted.checkpoint);
    const rows: { problem: number; before: Cell | null; after: Cell | null }[] = [];
    if ('bucket' in wanted) {
      const counts = yield* this.counts(found);
      const other = against === undefined ? null : columnAt(series, against);
      for (const [row, problem] of counts.problems.entries()) {
        const after = cell(counts, row, own);
        if (!after || after[1] === 0 || bucketOf(after[0], after[1]) !== wanted.bucket) continue;
        rows.push({ problem, before: other === null ? null : cell(counts, row, other), after });
      }
    } else {
      const { budget, below } = wanted;
      const counts = yield* within(found, own, [below ?? -1, budget]);
      for (const [problem, [n, judged, few, many]] of counts)
        if (many > few) rows.push({ problem, before: [few, judged, n], after: [many, judged, n] });
    }
    const order = new Intl.Collator('en', { numeric: true });
    rows.sort((a, b) => order.compare(table.problems[a.problem]!.label, table.problems[b.problem]!.label));
    return {
      rows: rows.slice(offset, offset + limit).map(({ problem, before, after }) => {
        const { hash, label } = table.problems[problem]!;
        return { problem: hash, label, before, after };
      }),
      total: rows.length,
    };
  }

  *scatter(params: Params<'overview/scatter'>): Generator<void, Result<'overview/scatter'>> {
    const found = yield* this.find(params);
    return yield* scatterOf(found, params);
  }

  *behaviours(params: Params<'overview/behaviours'>): Generator<void, Result<'overview/behaviours'>> {
    const found = yield* this.find(params);
    const key = ['behaviours', params];
    const known = this.keptOf<Result<'overview/behaviours'>>(found, key);
    if (known) return known;
    const answer = yield* behavioursOf(this.texts, found, params);
    // While texts are still to be read it is not whole.
    return answer.waiting > 0 ? answer : this.keep(found, key, answer);
  }

  /** @throws `not_found` where the run has no such series */
  private *find({ run, set, stage }: SeriesRef): Generator<void, Found> {
    const { table, stamp } = yield* this.tables.of(run);
    const all = seriesOf(table);
    const series = all.find((one) => (set !== undefined ? one.set === set : one.set === null && one.stage === stage));
    if (!series)
      throw new LonghandError('not_found', `${run} has no traces of ${set ?? stage ?? 'what was asked for'}.`);
    return { run, table, stamp, series, slices: new Slices() };
  }

  /** The answer that is kept for this state of the run, or the one that `make` gives. */
  private *once<T extends object>(found: Found, what: unknown, make: () => Generator<void, T>): Generator<void, T> {
    return this.keptOf<T>(found, what) ?? this.keep(found, what, yield* make());
  }

  // oxlint-disable-next-line typescript/no-unnecessary-type-parameters -- says what was kept under that name
  private keptOf<T>({ stamp }: Found, what: unknown): T | null {
    const known = this.kept.get(JSON.stringify(what));
    return known?.stamp === stamp ? (known.value as T) : null;
  }

  private keep<T>({ stamp }: Found, what: unknown, value: T): T {
    this.kept.set(JSON.stringify(what), { stamp, value });
    return value;
  }

  forget(): void {
    this.tables.forget();
    this.kept.clear();
  }

  private *counts(found: Found): Generator<void, Counts> {
    const { run, series } = found;
    return yield* this.once(found, ['counts', run, series.set, series.stage], () => countsOf(found));
  }
}

const isJudged = ({ verdict }: RunTable, i: number): boolean => verdict[i] !== NO_CODE && verdict[i] !== NONE;

/** And not cut. */
const isRight = ({ verdict, finish }: RunTable, i: number): boolean =>
  verdict[i] === RIGHT && !CUT.includes(finish[i]!);

function* countsOf({ table, series, slices }: Found): Generator<void, Counts> {
  const rowOf = new Map<number, number>();
  const left = new Set<number>();
  for (let i = 0; i < table.length; i += 1) {
    if (i % 4096 === 0) yield* slices.breath();
    if (series.column[table.place[i]!]! < 0) continue;
    const problem = table.problem[i]!;
    if (rowOf.has(problem)) continue;
    if (rowOf.size < MOST_PROBLEMS) rowOf.set(problem, rowOf.size);
    else left.add(problem);
  }
  const width = series.checkpoints.length;
  const size = rowOf.size * width;
  const counts: Counts = {
    ...{ problems: [...rowOf.keys()], rowOf, width, more: left.size },
    ...{ right: new Uint32Array(size), judged: new Uint32Array(size), traces: new Uint32Array(size) },
  };
  for (let i = 0; i < table.length; i += 1) {
    if (i % 4096 === 0) yield* slices.breath();
    const column = series.column[table.place[i]!]!;
    const row = rowOf.get(table.problem[i]!);
    if (column < 0 || row === undefined) continue;
    const at = row * width + column;
    counts.traces[at]! += 1;
    if (!isJudged(table, i)) continue;
    counts.judged[at]! += 1;
    if (isRight(table, i)) counts.right[at]! += 1;
  }
  return counts;
}

/** Of each problem of a checkpoint: traces, judged ones, those right within either of two budgets. */
function* within(
  { table, series, slices }: Found,
  column: number,
  [few, many]: [number, number],
): Generator<void, Map<number, [n: number, judged: number, few: number, many: number]>> {
  const found = new Map<number, [number, number, number, number]>();
  for (let i = 0; i < table.length; i += 1) {
    if (i % 4096 === 0) yield* slices.breath();
    if (series.column[table.place[i]!] !== column) continue;
    const problem = table.problem[i]!;
    let own = found.get(problem);
    if (!own) found.set(problem, (own = [0, 0, 0, 0]));
    own[0] += 1;
    if (!isJudged(table, i)) continue;
    own[1] += 1;
    if (!isRight(table, i)) continue;
    const tokens = table.tokens[i]!;
    if (tokens <= few) own[2] += 1;
    if (tokens <= many) own[3] += 1;
  }
  return found;
}

/** The traces of a series by checkpoint. */
function* samplesOf({ table, series, slices }: Found): Generator<void, Sample[][]> {
  const found: Sample[][] = series.checkpoints.map(() => []);
  for (let i = 0; i < table.length; i += 1) {
    if (i % 4096 === 0) yield* slices.breath();
    const column = series.column[table.place[i]!]!;
    if (column < 0) continue;
    found[column]!.push({
      problem: table.problems[table.problem[i]!]!.hash,
      verdict: verdictCodes[table.verdict[i]!] ?? null,
      finish: finishCodes[table.finish[i]!] ?? null,
      tokens: Number.isNaN(table.tokens[i]!) ? null : table.tokens[i]!,
    });
  }
  return found;
}

function* lengthsOf(samples: readonly (readonly Sample[])[]): Generator<number> {
  for (const own of samples) for (const { tokens } of own) if (tokens !== null) yield tokens;
}

function cell({ right, judged, traces, width }: Counts, row: number, column: number): Cell | null {
  const at = row * width + column;
  const n = traces[at]!;
  return n === 0 ? null : [right[at]!, judged[at]!, n];
}

const labelOf = ({ table }: Found, counts: Counts, row: number): string => table.problems[counts.problems[row]!]!.label;

/** Shares of a row's cells that are judged, in order. */
function sharesOf({ right, judged, width }: Counts, row: number): number[] {
  const found: number[] = [];
  for (let at = row * width; at < (row + 1) * width; at += 1) if (judged[at]! > 0) found.push(right[at]! / judged[at]!);
  return found;
}

function share(counts: Counts, row: number): number {
  const found = sharesOf(counts, row);
  return found.reduce((sum, value) => sum + value, 0) / found.length;
}

function change(counts: Counts, row: number): number {
  const found = sharesOf(counts, row);
  return found.length > 1 ? found.at(-1)! - found[0]! : NaN;
}

/** What has no value comes last whichever way is sorted. */
const last = (a: number, b: number): number => Number(Number.isNaN(a)) - Number(Number.isNaN(b));

function bytesOf(value: unknown): number {
  const counts = value as Partial<Counts>;
  return ANSWER + 12 * (counts.right?.length ?? 0);
}
