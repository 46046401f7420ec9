/** The same problems before and after: pairs, and the figures over all of them. */
import type { SQLInputValue } from 'node:sqlite';
import { DEFAULT_FACTOR, pairOf, pairedSteps, type PairedSample } from '../../core/metrics/paired.ts';
import type { OneSided, Pair, PairSide, TraceSide } from '../../core/protocol/comparison.ts';
import { PAGE_LIMIT } from '../../core/protocol/methods.ts';
import type { Params, Result } from '../../core/protocol/methods.ts';
import { where } from './filters.ts';
import type { IndexFile } from './index-file.ts';
import { scan } from './scan.ts';
import { finishCodes, traceRowId, verdictCodes } from './schema.ts';

interface SampleRow {
  id: number;
  attempt_id: number;
  hash: string;
  label: string;
  verdict: number | null;
  tokens: number | null;
  tokens_exact: number;
  finish: number | null;
  model: string | null;
}

/** What is found of a side. */
interface Side {
  problems: Map<string, Sample[]>;
  models: Set<string>;
}

interface Sample extends PairedSample {
  trace: string;
  label: string;
}

/** The finished traces of a side by problem; those that a newer attempt replaced are left out. Yields every few milliseconds. */
function* samplesOf(index: IndexFile, side: TraceSide): Generator<void, Side> {
  const { run, stage, step, marker, of, set } = side;
  const condition = where(index, {
    ...(step !== null && { step }),
    ...(marker !== undefined && { marker }),
    ...(of !== undefined && { of }),
    ...(set !== undefined && { set }),
  });
  const found = new Map<string, Sample[]>();
  const models = new Set<string>();
  const attempts = index.all<{ id: number; attempt: number }>(
    'SELECT id, attempt FROM attempts WHERE run = ? AND stage = ? ORDER BY id',
    run,
    stage,
  );
  for (const { id, attempt } of attempts) {
    const take = (rows: SampleRow[]): void => {
      for (const row of rows) {
        const sample: Sample = {
          problem: row.hash,
          label: row.label,
          trace: `${run}/${stage}/${attempt}/${row.id - traceRowId(id, 0)}`,
          verdict: row.verdict === null ? null : (verdictCodes[row.verdict] ?? null),
          tokens: row.tokens,
          tokensExact: row.tokens_exact === 1,
          finish: row.finish === null ? null : (finishCodes[row.finish] ?? null),
        };
        const own = found.get(row.hash);
        if (own) own.push(sample);
        else found.set(row.hash, [sample]);
        if (row.model !== null && models.size < MODELS) models.add(row.model);
      }
    };
    yield* scan<SampleRow>(
      index,
      [id],
      {
        columns: 't.id, t.attempt_id, p.hash, p.label, t.verdict, t.tokens, t.tokens_exact, t.finish, d.model',
        condition: condition.sql,
        values: condition.values satisfies SQLInputValue[],
      },
      take,
    );
  }
  return { problems: found, models };
}

const MODELS = 5;
const SLICE = 1000;

/** Answers `traces/pairs`. */
export function* pairs(
  index: IndexFile,
  { before, after, factor = DEFAULT_FACTOR }: Params<'traces/pairs'>,
): Generator<void, Result<'traces/pairs'>> {
  const { problems: left } = yield* samplesOf(index, before);
  const { problems: right } = yield* samplesOf(index, after);
  const found: Pair[] = [];
  for (const [problem, rows] of left) {
    const others = right.get(problem);
    if (!others) continue;
    const pair = pairOf(problem, rows, others, factor);
    const [was, is] = [pair.before.tokens, pair.after.tokens];
    found.push({
      problem,
      problemLabel: rows[0]!.label,
      before: side(rows, pair.before),
      after: side(others, pair.after),
      change: pair.change,
      length: pair.length,
      tokensDelta: was === null || is === null ? null : is - was,
    });
    if (found.length % SLICE === 0) yield;
  }
  return { pairs: found, onlyBefore: left.size - found.length, onlyAfter: right.size - found.length };
}

function side(
  rows: readonly Sample[],
  { right, n, tokens }: { right: number; n: number; tokens: number | null },
): PairSide {
  return { traces: rows.map(({ trace }) => trace), right, n, tokensMean: tokens };
}

/** Answers `metrics/paired`. */
export function* paired(
  index: IndexFile,
  { before, after, factor }: Params<'metrics/paired'>,
): Generator<void, Result<'metrics/paired'>> {
  const left = yield* samplesOf(index, before);
  const right = yield* samplesOf(index, after);
  const figures = yield* pairedSteps(left.problems, right.problems, factor === undefined ? {} : { factor });
  return {
    ...figures,
    onlyBefore: oneSided(figures.onlyBefore, left.problems),
    onlyAfter: oneSided(figures.onlyAfter, right.problems),
    models: { before: [...left.models], after: [...right.models] },
  };
}

function oneSided(problems: readonly string[], samples: ReadonlyMap<string, readonly Sample[]>): OneSided {
  const named = problems.map((problem) => ({ problem, label: samples.get(problem)![0]!.label }));
  const order = new Intl.Collator('en', { numeric: true });
  return {
    n: problems.length,
    problems: named.toSorted((a, b) => order.compare(a.label, b.label)).slice(0, PAGE_LIMIT),
  };
}
