import assert from 'node:assert/strict';
import { accuracyAt, rightAt, tokenMeans, type Sample } from '../../../core/metrics/accuracy.ts';
import { random } from '../../../core/metrics/bootstrap.ts';
import { bucketLabels, bucketOf } from '../../../core/metrics/difficulty.ts';
import type { Result } from '../../../core/protocol/methods.ts';
import type { VerdictValue } from '../../../core/protocol/events.ts';
import { MOST_CHECKPOINTS } from '../../../core/protocol/overview.ts';
import type { TraceStore } from '../../../server/store/trace-store.ts';
import { makeAttempt, makeRun, writeTrace } from '../../support/attempt-writer.ts';
import { withStore } from '../../support/temporary.ts';

interface Made extends Sample {
  step: number;
  reward: number | null;
  completion: string;
}

const PROBLEMS = 9;
const STEPS = [0, 20, 40];

/** Evaluations of `sums` by three checkpoints, four samples a problem, and rollouts of the training between; all drawn by a seed. */
async function fill(store: TraceStore, root: string): Promise<{ made: Made[]; rollouts: Made[] }> {
  makeRun(root, 'run');
  const draw = random(7);
  const evaluation = makeAttempt(root, { run: 'run', stage: 'eval', attempt: 1 });
  const made: Made[] = [];
  const write = (record: typeof evaluation, one: Made, where: { set?: string; of?: string; sample: number }) => {
    const { problem, step, verdict, tokens, finish, reward, completion } = one;
    writeTrace(record, {
      ...{ problem: `Problem ${problem}`, sourceId: problem, gold: null, step, completion, ...where },
      facts: {
        ...(tokens !== null && { tokens, tokens_exact: true }),
        finish: finish!,
        ...(reward !== null && { reward }),
        ...(verdict !== null && { verdict: { value: verdict, checker: 'test', version: '1' } }),
      },
    });
  };
  const one = (p: number, step: number, reward: number | null): Made => {
    const verdicts: (VerdictValue | null)[] = ['right', 'wrong', 'undecided', 'none', null];
    const easy = (p + step / 10) / (PROBLEMS + 4);
    const verdict = draw() < easy ? 'right' : verdicts[Math.floor(1 + draw() * (p === 8 ? 4 : 2))]!;
    return {
      ...{ problem: `p${p}`, step, verdict, reward },
      tokens: draw() < 0.05 ? null : Math.round(200 * 2 ** (4 * draw())),
      finish: draw() < 0.1 ? 'length' : 'stop',
      completion: draw() < 0.5 ? 'Wait, let me check: 2 + 2 = 4. So it is \\boxed{4}.' : 'It is \\boxed{4}.',
    };
  };
  for (const step of STEPS)
    for (let p = 0; p < PROBLEMS; p += 1)
      for (let sample = 0; sample < 4; sample += 1) {
        // The last checkpoint has not seen the first problem.
        if (step === 40 && p === 0) continue;
        const trace = one(p, step, null);
        made.push(trace);
        write(evaluation, trace, { set: 'sums', of: 'grpo', sample });
      }
  const training = makeAttempt(root, { run: 'run', stage: 'grpo', attempt: 1 });
  const rollouts: Made[] = [];
  for (let step = 1; step <= 150; step += 1) {
    const trace = one(step % PROBLEMS, step, Math.round(1000 * draw()) / 1000);
    rollouts.push(trace);
    write(training, trace, { sample: 0 });
  }
  await store.catchUp();
  return { made, rollouts };
}

const judged = ({ verdict }: Sample) => verdict === 'right' || verdict === 'wrong' || verdict === 'undecided';
const cellOf = (own: readonly Sample[]) =>
  own.length === 0 ? null : [own.filter((one) => rightAt(one, Infinity)).length, own.filter(judged).length, own.length];

describe('store: overview of the traces of a run', () => {
  it('names the benchmarks and stages, with their checkpoints in order', () =>
    withStore(async (store, root) => {
      const { made } = await fill(store, root);
      const { series, more } = await store.sliced('overview/series', { run: 'run' });
      assert.deepEqual([series.length, more], [2, 0]);
      assert.deepEqual([series[0]!.set, series[0]!.stage, series[0]!.traces], ['sums', null, made.length]);
      assert.deepEqual(
        series[0]!.checkpoints.map(({ label, stepFrom, of, stage }) => [label, stepFrom, of, stage]),
        [
          ['base', 0, 'grpo', 'eval'],
          ['20', 20, 'grpo', 'eval'],
          ['40', 40, 'grpo', 'eval'],
        ],
      );
      // 150 steps are put together.
      const rollouts = series[1]!.checkpoints;
      assert.equal(series[1]!.stage, 'grpo');
      assert.ok(rollouts.length <= MOST_CHECKPOINTS);
      assert.deepEqual([rollouts[0]!.label, rollouts[0]!.stepFrom, rollouts[0]!.stepTo], ['1–3', 1, 3]);
      assert.equal(
        rollouts.reduce((sum, { traces }) => sum + traces, 0),
        150,
      );
    }));

  it('counts right, judged and all traces of each problem at each checkpoint', () =>
    withStore(async (store, root) => {
      const { made } = await fill(store, root);
      const ask = (sort: { key: 'accuracy' | 'change' | 'problem'; descending: boolean }, more = {}) =>
        store.sliced('overview/matrix', { run: 'run', set: 'sums', sort, offset: 0, limit: 100, ...more });
      const byProblem = await ask({ key: 'problem', descending: false });
      assert.deepEqual(
        byProblem.rows.map(({ label, cells }) => ({ label, cells })),
        Array.from({ length: PROBLEMS }, (_, p) => ({
          label: `p${p}`,
          cells: STEPS.map((step) => cellOf(made.filter((one) => one.problem === `p${p}` && one.step === step))),
        })),
      );
      const shareOf = ({ cells }: (typeof byProblem.rows)[number]) => {
        const shares = cells.flatMap((cell) => (cell && cell[1] > 0 ? cell[0] / cell[1] : []));
        return { mean: shares.reduce((a, b) => a + b, 0) / shares.length, change: shares.at(-1)! - shares[0]! };
      };
      const means = (await ask({ key: 'accuracy', descending: true })).rows.map((row) => shareOf(row).mean);
      assert.deepEqual(
        means,
        means.toSorted((a, b) => b - a),
      );
      const changes = (await ask({ key: 'change', descending: false })).rows.map((row) => shareOf(row).change);
      assert.deepEqual(
        changes,
        changes.toSorted((a, b) => a - b),
      );
      const window = await ask({ key: 'problem', descending: true }, { offset: 2, limit: 3 });
      assert.deepEqual([window.total, ...window.rows.map(({ label }) => label)], [PROBLEMS, 'p6', 'p5', 'p4']);
      assert.deepEqual(
        (await ask({ key: 'problem', descending: false }, { text: 'P7' })).rows.map(({ label }) => label),
        ['p7'],
      );
    }));

  it('puts problems into buckets of their pass rate, and lists those of a bucket', () =>
    withStore(async (store, root) => {
      const { made } = await fill(store, root);
      const { checkpoints, counts, unjudged } = await store.sliced('overview/difficulty', { run: 'run', set: 'sums' });
      for (const [c, step] of STEPS.entries()) {
        const expected = bucketLabels.map(() => [] as string[]);
        let none = 0;
        for (let p = 0; p < PROBLEMS; p += 1) {
          const own = made.filter((one) => one.problem === `p${p}` && one.step === step && judged(one));
          const there = made.some((one) => one.problem === `p${p}` && one.step === step);
          if (own.length > 0) {
            const right = own.filter((one) => rightAt(one, Infinity)).length;
            expected[bucketOf(right, own.length)]!.push(`p${p}`);
          } else if (there) none += 1;
        }
        assert.deepEqual(
          counts[c],
          expected.map(({ length }) => length),
        );
        assert.equal(unjudged[c], none);
        const bucket = expected.findIndex(({ length }) => length > 1);
        const { rows, total } = await store.sliced('overview/problems', {
          ...{ run: 'run', set: 'sums', offset: 0, limit: 1 },
          wanted: { checkpoint: checkpoints[c]!.key, bucket },
          against: checkpoints[0]!.key,
        });
        assert.equal(total, expected[bucket]!.length);
        assert.equal(rows[0]!.label, expected[bucket]![0]);
        const cellAt = (at: number) => cellOf(made.filter((one) => one.problem === rows[0]!.label && one.step === at));
        assert.deepEqual([rows[0]!.before, rows[0]!.after], [cellAt(0), cellAt(step)]);
      }
    }));

  it('has the accuracy and the tokens at each budget as one by one, and the problems that change there', () =>
    withStore(async (store, root) => {
      const { made } = await fill(store, root);
      const { checkpoints, budgets, curves } = await store.sliced('overview/budgets', { run: 'run', set: 'sums' });
      const longest = Math.max(...made.map(({ tokens }) => tokens ?? 0));
      assert.ok(budgets.length > 6 && budgets.at(-1)! >= longest && budgets.includes(1000));
      for (const [c, step] of STEPS.entries()) {
        const own = made.filter((one) => one.step === step);
        let before = new Map<string, number>();
        for (const [b, budget] of budgets.entries()) {
          const accuracy = accuracyAt(own, budget)!;
          const { mean, low, high } = accuracy;
          const found = curves[c]!.accuracy[b]!;
          for (const [a, e] of [
            [found.mean, mean],
            [found.low, low],
            [found.high, high],
          ] as const)
            assert.ok(Math.abs(a - e) < 1e-9, `${step} ${budget}: ${a} for ${e}`);
          const spent = tokenMeans(own.filter(judged), budget)!.all.mean;
          assert.ok(Math.abs(curves[c]!.tokens[b]! - spent) < 1e-9);
          const now = new Map<string, number>();
          for (const one of own) if (rightAt(one, budget)) now.set(one.problem, (now.get(one.problem) ?? 0) + 1);
          const gained = [...now].filter(([problem, n]) => n > (before.get(problem) ?? 0)).map(([problem]) => problem);
          assert.equal(curves[c]!.gained[b], gained.length);
          const { rows } = await store.sliced('overview/problems', {
            ...{ run: 'run', set: 'sums', offset: 0, limit: 100 },
            wanted: { checkpoint: checkpoints[c]!.key, budget, below: budgets[b - 1] ?? null },
          });
          assert.deepEqual(rows.map(({ label }) => label).toSorted(), gained.toSorted());
          for (const { label, before: few, after: many } of rows)
            assert.deepEqual([few?.[0], many?.[0]], [before.get(label) ?? 0, now.get(label)]);
          before = now;
        }
        assert.equal(curves[c]!.n, own.filter(judged).length);
      }
    }));

  it('has a point for each trace of known length, by reward where there is one', () =>
    withStore(async (store, root) => {
      const { made, rollouts } = await fill(store, root);
      const all = await store.sliced('overview/scatter', { run: 'run', stage: 'grpo', stepFrom: 10, stepTo: 90 });
      const own = rollouts.filter(({ step }) => step >= 10 && step <= 90);
      const known = own.filter(({ tokens }) => tokens !== null);
      assert.deepEqual(
        all.tokens,
        known.map(({ tokens }) => tokens),
      );
      assert.deepEqual(
        all.rewards,
        known.map(({ reward }) => reward),
      );
      assert.deepEqual(
        all.steps,
        known.map(({ step }) => step),
      );
      assert.equal(all.verdicts, known.map(({ verdict }) => (verdict === null ? '-' : verdict[0])).join(''));
      assert.equal(all.cut, known.map(({ finish }) => (finish === 'length' ? '1' : '0')).join(''));
      assert.deepEqual([all.total, all.unknownLength, all.leftOut], [own.length, own.length - known.length, 0]);
      const { stage, attempt } = all.attempts[0]!;
      const detail = await store.read('traces/get', { trace: `run/${stage}/${attempt}/${all.numbers[3]}` });
      assert.deepEqual([detail.step, detail.tokens], [known[3]!.step, known[3]!.tokens]);
      const judgedOnly = await store.sliced('overview/scatter', { run: 'run', set: 'sums' });
      assert.equal(judgedOnly.rewards, null);
      assert.equal(judgedOnly.total, made.length);
    }));

  it('reads as many texts as are asked for, and gives behaviours by verdict', () =>
    withStore(async (store, root) => {
      const { made } = await fill(store, root);
      let answer: Result<'overview/behaviours'>;
      do answer = await store.sliced('overview/behaviours', { run: 'run', set: 'sums' });
      while (answer.waiting > 0);
      for (const [c, step] of STEPS.entries()) {
        const own = made.filter((one) => one.step === step);
        const right = own.filter(({ verdict }) => verdict === 'right');
        const found = answer.of[c]!;
        assert.deepEqual([found.traces, found.chosen, found.right], [own.length, own.length, right.length]);
        const check = found.labels.find(({ label }) => label === 'verification')!;
        const having = (some: readonly Made[]) => some.filter(({ completion }) => completion.startsWith('Wait'));
        assert.equal(check.completions, having(own).length);
        // Mean spans over mean tokens, both over problems.
        const known = right.filter(({ tokens }) => tokens !== null);
        const problems = [...new Set(known.map(({ problem }) => problem))];
        const meanOf = (value: (one: Made) => number) =>
          problems.reduce((sum, problem) => {
            const group = known.filter((one) => one.problem === problem);
            return sum + group.reduce((total, one) => total + value(one), 0) / group.length;
          }, 0);
        const spans = check.spans / check.completions;
        const rate = (1000 * meanOf((one) => spans * having([one]).length)) / meanOf(({ tokens }) => tokens!);
        assert.ok(Math.abs(check.right!.mean - rate) < 1e-9);
      }
      const few = await store.sliced('overview/behaviours', { run: 'run', set: 'sums', most: 5 });
      assert.deepEqual(
        few.of.map(({ chosen }) => chosen),
        [5, 5, 5],
      );
    }));

  it('forgets nothing that is new, and says which run or series there is not', () =>
    withStore(async (store, root) => {
      await fill(store, root);
      const asked = { run: 'run', stage: 'grpo' };
      assert.equal((await store.sliced('overview/scatter', asked)).total, 150);
      const again = makeAttempt(root, { run: 'run', stage: 'grpo', attempt: 2 });
      writeTrace(again, { step: 151, facts: { tokens: 9, tokens_exact: true, finish: 'stop', reward: 1 } });
      await store.appendJournal({ type: 'attempt_created', run: 'run', stage: 'grpo', attempt: 2, resumed_from: null });
      await store.catchUp();
      const total = (await store.sliced('overview/scatter', asked)).total;
      assert.notEqual(total, 150);
      await assert.rejects(store.sliced('overview/difficulty', { run: 'run', set: 'no' }), /no traces of no/);
      await assert.rejects(store.sliced('overview/series', { run: 'no' }), /no run no/);
      await assert.rejects(
        store.sliced('overview/problems', {
          ...{ run: 'run', set: 'sums', offset: 0, limit: 5 },
          wanted: { checkpoint: 'x', bucket: 1 },
        }),
        /not there any more/,
      );
    }));
});
