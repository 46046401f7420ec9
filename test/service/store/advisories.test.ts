import assert from 'node:assert/strict';
import { describe, it } from 'mocha';
import type { View } from '../../../core/protocol/webview.ts';
import { evidenceView } from '../../../webview/dashboard/advisory-model.ts';
import { makeAttempt, makeRun, writeTrace } from '../../support/attempt-writer.ts';
import { withStore } from '../../support/temporary.ts';

describe('store: advisories', () => {
  it('sum what the traces of each stage say, and name the steps', () =>
    withStore(async (store, root) => {
      makeRun(root, 'r');
      const grpo = makeAttempt(root, { run: 'r', stage: 'grpo', attempt: 1 });
      for (let step = 1; step <= 10; step += 1) {
        for (let n = 0; n < 24; n += 1) {
          const group = Math.floor(n / 2);
          // In the last two steps 10 of 12 groups are flat, and 6 of 24 completions are cut.
          const flat = step > 8 && group < 10;
          writeTrace(grpo, {
            problem: `Problem ${group}`,
            step,
            sample: n % 2,
            group: `${step}:${group}`,
            facts: {
              tokens: 10,
              tokens_exact: true,
              finish: step > 8 && n < 6 ? 'length' : 'stop',
              verdict: { value: flat ? 'wrong' : n % 2 ? 'right' : 'wrong', checker: 'test', version: '1' },
              reward: flat ? 0 : n % 2,
            },
          });
        }
        grpo.event({ type: 'metrics', step, epoch: null, values: { entropy: step > 8 ? 0.01 : 1 } });
      }
      const evaluation = makeAttempt(root, { run: 'r', stage: 'evaluate', attempt: 1 });
      for (let n = 0; n < 40; n += 1) {
        writeTrace(evaluation, {
          problem: `Problem ${n}`,
          step: 0,
          sample: 0,
          ...(n < 20 ? { set: 'long' } : { set: 'short' }),
          facts: { tokens: 10, tokens_exact: true, finish: n < 20 ? 'length' : 'stop' },
        });
      }
      // Two markers of one stage, and two stages that it evaluates: the cut ones are all of one.
      const markers = makeAttempt(root, { run: 'r', stage: 'eval', attempt: 1 });
      for (let n = 0; n < 60; n += 1) {
        const isCut = n % 3 === 0;
        writeTrace(markers, {
          ...{ problem: `Problem ${n}`, step: 5, sample: 0, of: n % 3 === 1 ? 'sft' : 'grpo' },
          marker: isCut ? 'wait' : null,
          facts: { tokens: 10, tokens_exact: true, finish: isCut ? 'length' : 'stop' },
        });
      }
      await store.catchUp();
      const { advisories, read, n } = await store.sliced('metrics/advisories', { run: 'r' });
      assert.deepEqual([read, n], [0, 340]);
      assert.deepEqual(
        advisories.map(({ kind, level, stage, of: judged, set, marker, from, to, evidence }) => [
          ...[`${level} ${kind}`, [judged, stage, marker].filter((name) => name !== null).join(' '), set, from, to],
          evidence.map(({ value, n: of }) => [Number(value.toFixed(4)), of]),
        ]),
        [
          ['alarm truncated', 'grpo', null, 9, 10, [[0.25, 48]]],
          [
            ...['alarm no_signal', 'grpo', null, 9, 10],
            [
              [0.8333, 24],
              [0.8333, 24],
            ],
          ],
          [
            ...['alarm entropy_collapse', 'grpo', null, 9, 10],
            [
              [0.01, 2],
              [0.01, 2],
              [1, 2],
            ],
          ],
          ['alarm truncated', 'evaluate', 'long', 0, 0, [[1, 20]]],
          ['alarm truncated', 'grpo eval wait', null, 5, 5, [[1, 20]]],
        ],
      );
      assert.equal(advisories[1]?.evidence[1]?.name, 'groups all wrong');
      // What the number of groups opens: their traces, and no others.
      const { filter, query } = evidenceView('r', advisories[1]) as Extract<View, { page: 'inspector' }>;
      const { total, rows } = await store.read('traces/page', { filter, query, limit: 1000 });
      assert.deepEqual([total, new Set(rows.map(({ group }) => group)).size], [40, 20]);
      const rest = await store.read('traces/page', { filter, query: '-is:flat' });
      assert.equal(rest.total, 8);
      await assert.rejects(store.sliced('metrics/advisories', { run: 'none' }), /There is no run none/);
    }));

  it('count loops in texts once these are read', () =>
    withStore(async (store, root) => {
      makeRun(root, 'r');
      const record = makeAttempt(root, { run: 'r', stage: 'evaluate', attempt: 1 });
      for (let n = 0; n < 20; n += 1) {
        writeTrace(record, {
          problem: `Problem ${n}`,
          step: 0,
          sample: 0,
          completion: n < 5 ? 'So we get 1 and then the next one. '.repeat(60) : 'It is 4.',
          facts: { tokens: 10, tokens_exact: true, finish: 'stop' },
        });
      }
      await store.catchUp();
      const before = await store.sliced('metrics/advisories', { run: 'r' });
      assert.deepEqual(before.advisories, []);
      assert.deepEqual(before.unread, [
        { stage: 'evaluate', of: null, set: null, marker: null, from: 0, to: 0, n: 20 },
      ]);
      const filter = { run: 'r', stage: 'evaluate', of: null, set: null, marker: null };
      const sort = { key: 'lost', descending: true } as const;
      while ((await store.sliced('traces/readTexts', { filter, sort })).unread > 0);
      const { advisories, read, unread } = await store.sliced('metrics/advisories', { run: 'r' });
      assert.deepEqual([read, unread], [20, []]);
      assert.deepEqual(
        advisories.map(({ kind, evidence }) => [kind, evidence[0]?.value]),
        [['loops', 0.25]],
      );
    }));
});
