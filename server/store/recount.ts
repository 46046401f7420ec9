/**
 * Evaluations after verdicts were given by a reader or a re-score: what the worker computed from its own verdicts is computed again from
 * those that count now. What cannot be computed here is left out, never left as it was.
 */
import { accuracyAt, passAtK, type Sample } from '../../core/metrics/accuracy.ts';
import type { Interval } from '../../core/metrics/bootstrap.ts';
import type { Evaluation } from '../../core/protocol/events.ts';
import type { IndexFile } from './index-file.ts';
import { Lru } from './lru.ts';
import { hasRulings } from './rulings.ts';
import { ROW_IDS_EACH, finishCodes, verdictCodes } from './schema.ts';
import { stampOf } from './slices.ts';
import type { AttemptKey } from './trace-store.ts';

/** An evaluation in the index. */
interface Place extends AttemptKey {
  id: number;
  seq: number;
  of_attempt: number | null;
  superseded: number;
}

/** The newest of an index: the intervals take some milliseconds an evaluation. */
const known = new WeakMap<IndexFile, Lru<string, { stamp: string; value: Recounted }>>();

export type Recounted = Evaluation & { relabelled?: number };

/** The evaluation as it stands now; `relabelled` says how many of its traces count by another word than the worker's. */
export function recounted(index: IndexFile, at: Place, told: Evaluation): Recounted {
  if (!hasRulings(index, { run: at.run, stage: at.stage })) return told;
  let cache = known.get(index);
  if (!cache) known.set(index, (cache = new Lru(1000)));
  const key = `${at.id}/${at.seq}`;
  const stamp = `${stampOf(index, at.run)} ${at.superseded}`;
  const before = cache.get(key);
  if (before?.stamp === stamp) return before.value;
  const value = recount(index, at, told);
  cache.set(key, { stamp, value });
  return value;
}

/** Over the traces that count, those too that an older attempt drew and this one went on from; of a replaced evaluation its own. */
function recount(index: IndexFile, at: Place, told: Evaluation): Recounted {
  const rows = index.all<{
    hash: string;
    verdict: number | null;
    tokens: number | null;
    finish: number | null;
    given: number;
  }>(
    `SELECT p.hash, t.verdict, t.tokens, t.finish,
       EXISTS (SELECT 1 FROM reader_verdicts r WHERE r.run = :run AND r.stage = :stage AND r.attempt = a.attempt AND r.n = t.id - a.id * ${ROW_IDS_EACH} AND r.value IS NOT NULL)
       OR EXISTS (SELECT 1 FROM rescored c WHERE c.run = :run AND c.stage = :stage AND c.attempt = a.attempt AND c.n = t.id - a.id * ${ROW_IDS_EACH}) AS given
     FROM attempts a JOIN traces t ON t.attempt_id = a.id JOIN problems p ON p.id = t.problem_id
     WHERE a.run = :run AND a.stage = :stage AND (CASE WHEN :superseded THEN a.id = :id ELSE t.superseded = 0 AND (a.id = :id OR t.item IS NOT NULL) END)
       AND t.of IS :of AND t.of_attempt IS :ofAttempt AND t.step IS :step AND t.set_name IS :set AND t.marker IS :marker AND t.live = 0
     ORDER BY t.id`,
    {
      ...{ run: at.run, stage: at.stage, id: at.id, superseded: at.superseded },
      ...{ of: told.of, ofAttempt: at.of_attempt, step: told.step, set: told.set, marker: told.marker ?? null },
    },
  );
  const relabelled = rows.reduce((sum, row) => sum + row.given, 0);
  if (relabelled === 0) return told;
  const samples: Sample[] = rows.map((row) => ({
    problem: row.hash,
    verdict: row.verdict === null ? null : (verdictCodes[row.verdict] ?? null),
    tokens: row.tokens,
    finish: row.finish === null ? null : (finishCodes[row.finish] ?? null),
  }));
  const whole = accuracyAt(samples);
  return {
    ...told,
    relabelled,
    accuracy: whole?.mean ?? null,
    accuracy_ci95: ci95(whole),
    budgets: told.budgets.map((one) => {
      const figure = accuracyAt(samples, one.budget);
      return { ...one, accuracy: figure?.mean ?? null, accuracy_ci95: ci95(figure), pass: null, majority: null };
    }),
    ...(told.pass && {
      pass: told.pass.map(({ k }) => {
        const figure = enough(samples, k) ? passAtK(samples, k) : null;
        return { k, value: figure?.mean ?? null, ci95: ci95(figure) };
      }),
    }),
    // Answers vote by what the worker held for the same answer, which is not stored.
    ...(told.majority !== undefined && { majority: null, majority_ci95: null }),
    ...(told.tokens_mean_right !== undefined && { tokens_mean_right: null }),
    ...(told.tokens_mean_wrong !== undefined && { tokens_mean_wrong: null }),
  };
}

const ci95 = (interval: Interval | null): [number, number] | null => (interval ? [interval.low, interval.high] : null);

/** Every problem has as many graded samples. */
function enough(samples: readonly Sample[], k: number): boolean {
  const graded = samples.filter(({ verdict }) => verdict !== null && verdict !== 'none');
  return [...Map.groupBy(graded, ({ problem }) => problem).values()].every((group) => group.length >= k);
}
