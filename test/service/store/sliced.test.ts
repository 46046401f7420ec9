import assert from 'node:assert/strict';
import { detect, detecting } from '../../../core/behaviours/detect.ts';
import { accuracyAt, type Sample } from '../../../core/metrics/accuracy.ts';
import { atOnce } from '../../../core/metrics/slices.ts';
import { budgets, traceSets } from '../../../server/store/comparison.ts';
import { groupHealth, groupProblems } from '../../../server/store/groups.ts';
import { IndexFile } from '../../../server/store/index-file.ts';
import { indexPath } from '../../../server/store/paths.ts';
import { finishCodes, traceRowId, verdictCodes } from '../../../server/store/schema.ts';
import { tracePages } from '../../../server/store/slices.ts';
import { withFolder } from '../../support/temporary.ts';

const EACH = 21_000;

interface Trace {
  id: number;
  attempt: number;
  problem: number;
  step: number;
  set: string | null;
  group: string;
  verdict: number | null;
  finish: number;
  tokens: number | null;
  reward: number | null;
}

/** An index of two attempts, with more traces each than any slice goes through. */
function many(root: string): { index: IndexFile; traces: Trace[] } {
  const index = new IndexFile(indexPath(root));
  const traces: Trace[] = [];
  index.transaction(() => {
    index.run(`INSERT INTO runs (run, kind, name, source, created) VALUES ('r', 'recipe', 'r', '', 0)`);
    for (const attempt of [1, 2]) {
      index.run(
        `INSERT INTO attempts (id, run, stage, attempt, kind, digest, traces) VALUES (?, 'r', 'grpo', ?, 'grpo', '{}', ?)`,
        ...[attempt, attempt, EACH],
      );
      for (let p = 0; p < 40; p++)
        index.run(
          `INSERT INTO problems VALUES (?, ?, ?, NULL, '""', NULL, NULL, ?, '')`,
          ...[40 * attempt + p, attempt, `h${p}`, `problem ${p}`],
        );
    }
    for (let i = 0; i < 2 * EACH; i++) {
      const attempt = i < EACH ? 1 : 2;
      const trace: Trace = {
        id: traceRowId(attempt, i % EACH),
        ...{
          attempt,
          problem: Math.floor(i / 7) % 40,
          step: Math.floor(i / 900),
          set: i % 3 === 0 ? null : `set ${i % 2}`,
        },
        group: `g${Math.floor(i / 7)}`,
        verdict: i % 11 === 0 ? null : (i * 7919) % 4,
        finish: i % 5 === 0 ? 1 : 0,
        tokens: i % 13 === 0 ? null : 100 + ((i * 31) % 900),
        reward: i % 17 === 0 ? null : Math.floor(i / 7) % 5 === 0 ? 1 : (i % 3) / 2,
      };
      traces.push(trace);
      index.run(
        `INSERT INTO traces (id, attempt_id, problem_id, sample, step, epoch, set_name, grp, seq, verdict, finish, tokens, reward, live, superseded)
         VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, 0, 0)`,
        ...[
          trace.id,
          attempt,
          40 * attempt + trace.problem,
          i % 7,
          trace.step,
          trace.step / 10,
          trace.set,
          trace.group,
          i,
        ],
        ...[trace.verdict, trace.finish, trace.tokens, trace.reward],
      );
      index.run(`INSERT INTO details (id, facts, begun) VALUES (?, '{}', 0)`, trace.id);
    }
  });
  return { index, traces };
}

function stepsOf<T>(work: Generator<void, T>): { value: T; slices: number } {
  for (let slices = 1; ; slices += 1) {
    const step = work.next();
    if (step.done) return { value: step.value, slices };
  }
}

describe('store: answers over very many traces', () => {
  it('are those of all of them at once', () =>
    withFolder((root) => {
      const { index, traces } = many(root);

      const sets = Map.groupBy(traces, ({ step, set, attempt }) => JSON.stringify([step, set, attempt]));
      const found = atOnce(traceSets(index, { run: 'r' }));
      const bySet = Map.groupBy(traces, ({ step, set }) => JSON.stringify([step, set]));
      assert.equal(found.length, bySet.size);
      for (const { step, set, traces: n, label } of found) {
        assert.equal(n, bySet.get(JSON.stringify([step, set ?? null]))!.length);
        assert.match(label, new RegExp(`step ${step} \\(epoch ${Number((step! / 10).toFixed(2))}\\)`));
      }
      const first = (set: string | undefined, step: number | null) =>
        [1, 2].find((attempt) => sets.has(JSON.stringify([step, set ?? null, attempt])))!;
      assert.deepEqual(
        found,
        found.toSorted(
          (a, b) =>
            Number(a.set === undefined) - Number(b.set === undefined) ||
            first(a.set, a.step) - first(b.set, b.step) ||
            a.step! - b.step! ||
            (a.set ?? '').localeCompare(b.set ?? ''),
        ),
      );

      const byProblem = Map.groupBy(traces, ({ problem }) => `h${problem}`);
      let cursor: number | undefined;
      const problems = [];
      do {
        const page = atOnce(
          groupProblems(index, { run: 'r', stage: 'grpo', limit: 15, ...(cursor !== undefined && { cursor }) }),
        );
        assert.equal(page.total, 40);
        problems.push(...page.problems);
        cursor = page.next;
      } while (cursor !== undefined);
      assert.deepEqual(
        problems,
        [...byProblem].map(([problem, own]) => ({
          problem,
          label: `problem ${problem.slice(1)}`,
          groups: new Set(own.map(({ attempt, group }) => `${attempt}/${group}`)).size,
          n: own.length,
          graded: own.filter(({ verdict }) => verdict === 0 || verdict === 1).length,
          right: own.filter(({ verdict }) => verdict === 0).length,
          firstStep: Math.min(...own.map(({ step }) => step)),
          lastStep: Math.max(...own.map(({ step }) => step)),
        })),
      );

      const health = atOnce(groupHealth(index, root, { run: 'r', stage: 'grpo', stepFrom: 3, limit: 20 }));
      assert.equal(health.next, 23);
      const rewarded = traces.filter(({ reward }) => reward !== null);
      for (const [i, { step, groups, completions, cut, flat }] of health.steps.entries()) {
        const own = rewarded.filter((trace) => trace.step === 3 + i);
        const inGroups = [...Map.groupBy(own, ({ attempt, group }) => `${attempt}/${group}`).values()];
        const equal = inGroups.filter((all) => all.every(({ reward }) => reward === all[0]!.reward)).length;
        assert.deepEqual(
          [step, groups, completions, cut, flat.right + flat.wrong + flat.other],
          [3 + i, inGroups.length, own.length, own.filter(({ finish }) => finish === 1).length, equal],
        );
      }

      const samples = traces.map(({ problem, verdict, tokens, finish }): Sample => {
        return {
          problem: `h${problem}`,
          verdict: verdict === null ? null : verdictCodes[verdict]!,
          tokens,
          finish: finishCodes[finish]!,
        };
      });
      const limits = [800, 200, 800, 10];
      const accuracy = stepsOf(budgets(index, { run: 'r', stage: 'grpo', step: null, budgets: limits }));
      assert.ok(accuracy.slices > 3);
      assert.deepEqual(
        accuracy.value.budgets.map(({ budget, n }) => [budget, n]),
        limits.map((budget) => [budget, accuracyAt(samples, budget)!.n]),
      );
      for (const { budget, accuracy: mean, accuracy_ci95: ends } of accuracy.value.budgets) {
        const wanted = accuracyAt(samples, budget)!;
        for (const [a, b] of [
          [mean, wanted.mean],
          [ends[0], wanted.low],
          [ends[1], wanted.high],
        ] as const)
          assert.ok(Math.abs(a - b) < 1e-12, `${budget}: ${a} ${b}`);
      }

      const rare = traces.filter(({ group }) => group === 'g2999' || group === 'g5000');
      const pages = [...tracePages<{ id: number }>(index, { run: 'r', group: 'g5000' }, 't.id')];
      assert.deepEqual(
        pages.flat().map(({ id }) => id),
        rare.filter(({ group }) => group === 'g5000').map(({ id }) => id),
      );
      assert.ok(pages.length > 1, 'no statement goes through all of them');
      index.close();
    }));

  it('of a long text are found in pieces, the same', () => {
    const text = Array.from({ length: 6000 }, (_, i) => `Wait, let me check: ${i} + ${i} = ${2 * i}.\n`).join('');
    const { value, slices } = stepsOf(detecting(text));
    assert.ok(slices > 10);
    assert.deepEqual(value, detect(text));
    assert.ok(value.length > 1000);
  });
});
