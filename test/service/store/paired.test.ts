import assert from 'node:assert/strict';
import type { TraceSide } from '../../../core/protocol/comparison.ts';
import type { Finish, VerdictValue } from '../../../core/protocol/events.ts';
import type { RecordWriter } from '../../../server/store/record-writer.ts';
import type { TraceStore } from '../../../server/store/trace-store.ts';
import { makeAttempt, makeRun, writeTrace } from '../../support/attempt-writer.ts';
import { withStore } from '../../support/temporary.ts';

interface Written {
  value: VerdictValue | null;
  tokens?: number;
  exact?: boolean;
  finish?: Finish;
  set?: string;
  of?: string;
  model?: string;
  sample?: number;
}

function write(record: RecordWriter, problem: string, one: Written): void {
  const { value, tokens, exact = true, finish = 'stop', set, of, model, sample = 0 } = one;
  writeTrace(record, {
    problem: `Problem ${problem}`,
    sourceId: problem,
    gold: value === null ? null : '4',
    sample,
    step: 10,
    ...(model !== undefined && { model }),
    ...(set !== undefined && { set }),
    ...(of !== undefined && { of }),
    facts: {
      ...(tokens !== undefined && { tokens, tokens_exact: exact }),
      finish,
      ...(value !== null && { verdict: { value, checker: 'test', version: '1' } }),
    },
  });
}

/** Two runs over the same problems. */
async function fill(store: TraceStore, root: string): Promise<[TraceSide, TraceSide]> {
  makeRun(root, 'one');
  makeRun(root, 'two');
  const one = makeAttempt(root, { run: 'one', stage: 'eval', attempt: 1 });
  const two = makeAttempt(root, { run: 'two', stage: 'eval', attempt: 1 });
  for (let i = 0; i < 12; i += 1) {
    const problem = `p${i}`;
    write(one, problem, { value: i < 4 ? 'right' : 'wrong', tokens: 100, set: 'sums' });
    // p0 is broken, p4 to p11 are solved; of those that stay right, p1 is longer and p2 shorter.
    const tokens = [100, 250, 40][i] ?? 100;
    write(two, problem, { value: i > 0 ? 'right' : 'wrong', tokens, exact: i !== 3, set: 'sums' });
  }
  write(one, 'gone', { value: 'right', tokens: 5, set: 'sums', model: 'a/one' });
  write(two, 'new 2', { value: 'wrong', tokens: 5, set: 'sums' });
  write(two, 'new 10', { value: 'wrong', tokens: 5, set: 'sums' });
  // Another benchmark of the same evaluation, and one of another checkpoint.
  write(one, 'p0', { value: 'wrong', tokens: 900, set: 'other' });
  write(two, 'p0', { value: 'right', tokens: 900, set: 'sums', of: 'sft' });
  await store.catchUp();
  return [
    { run: 'one', stage: 'eval', step: 10, set: 'sums' },
    { run: 'two', stage: 'eval', step: 10, set: 'sums' },
  ];
}

describe('store: figures of two sides', () => {
  it('are over the problems of both runs, with their changes, and name those of one only', () =>
    withStore(async (store, root) => {
      const [before, after] = await fill(store, root);
      const figures = await store.sliced('metrics/paired', { before, after });
      // The one of another checkpoint is a second sample of p0: half of them right.
      assert.deepEqual(figures.changes, {
        right_to_wrong: 0,
        wrong_to_right: 8,
        both_right: 4,
        both_wrong: 0,
        unknown: 0,
      });
      assert.deepEqual(
        figures.onlyBefore.problems.map(({ label }) => label),
        ['gone'],
      );
      assert.deepEqual(
        figures.onlyAfter.problems.map(({ label }) => label),
        ['new 2', 'new 10'],
      );
      assert.deepEqual(figures.estimated, { before: 0, after: 1 });
      assert.deepEqual(figures.models, { before: ['a/one'], after: [] });
      assert.equal(figures.accuracy?.problems, 12);
      assert.ok(Math.abs(figures.accuracy.difference - (11.5 / 12 - 4 / 12)) < 1e-12);
      assert.deepEqual([figures.longer, figures.shorter], [2, 1]);
      const { pairs } = await store.sliced('traces/pairs', { before, after });
      const counted = pairs.filter(({ change }) => change === 'wrong_to_right').length;
      assert.equal(counted, figures.changes.wrong_to_right);
      assert.deepEqual(
        pairs.filter(({ length }) => length === 'longer').map(({ problemLabel }) => problemLabel),
        ['p0', 'p1'],
      );
      assert.equal((await store.sliced('metrics/paired', { before, after, factor: 4.5 })).longer, 1);
    }));

  it('keep to a benchmark and a checkpoint', () =>
    withStore(async (store, root) => {
      const [before, after] = await fill(store, root);
      const { set: _set, ...all } = before;
      const whole = await store.sliced('metrics/paired', { before: all, after });
      assert.equal(whole.samples.before, 13);
      const sft = await store.sliced('metrics/paired', { before, after: { ...after, of: 'sft' } });
      assert.deepEqual([sft.problems, sft.samples.after, sft.onlyBefore.n], [1, 1, 12]);
      const { sets } = await store.read('traces/sets', { run: 'two' });
      assert.deepEqual(
        sets.map(({ set, of, traces }) => [set, of, traces]),
        [
          ['sums', undefined, 14],
          ['sums', 'sft', 1],
        ],
      );
    }));

  it('know no accuracy without a gold, and call a right answer that was cut not right', () =>
    withStore(async (store, root) => {
      makeRun(root, 'r');
      const record = makeAttempt(root, { run: 'r', stage: 'eval', attempt: 1 });
      const other = makeAttempt(root, { run: 'r', stage: 'eval2', attempt: 1 });
      write(record, 'none', { value: null, tokens: 10 });
      write(other, 'none', { value: 'none', tokens: 20 });
      write(record, 'cut', { value: 'right', tokens: 10 });
      write(other, 'cut', { value: 'right', tokens: 10, finish: 'length' });
      await store.catchUp();
      const side = (stage: string): TraceSide => ({ run: 'r', stage, step: 10 });
      const figures = await store.sliced('metrics/paired', { before: side('eval'), after: side('eval2') });
      assert.deepEqual([figures.accuracy?.problems, figures.accuracy?.difference], [1, -1]);
      assert.deepEqual(figures.ungraded, { before: 1, after: 1 });
      assert.equal(figures.changes.unknown, 1);
      assert.equal(figures.tokens?.ratio, 1.5);
      // The quick look finds the answer of all four.
      assert.equal((await store.read('traces/page', { filter: { run: 'r', answered: true } })).total, 4);
      assert.equal((await store.read('traces/page', { filter: { run: 'r', answered: false } })).total, 0);
      await assert.rejects(
        store.sliced('metrics/paired', { before: side('eval'), after: { ...side('eval'), run: 'x' } }),
        {
          code: 'not_found',
        },
      );
    }));
});
