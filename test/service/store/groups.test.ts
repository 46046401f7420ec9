import assert from 'node:assert/strict';
import type { GroupHealth } from '../../../core/protocol/groups.ts';
import type { RecordWriter } from '../../../server/store/record-writer.ts';
import type { TraceStore } from '../../../server/store/trace-store.ts';
import { makeAttempt, makeRun, writeTrace } from '../../support/attempt-writer.ts';
import { withStore } from '../../support/temporary.ts';

const rewards = [
  { name: 'format', weight: 2 },
  { name: 'cosine', unit: 'tokens', max_length: 100, right: [1, 0.2], wrong: [-1, -0.3] },
];

interface Member {
  right: boolean | null;
  tokens: number;
  cut?: boolean;
  cosine: number | null;
  reward: number | null;
  logged?: number;
}

function writeGroup(record: RecordWriter, problem: string, step: number, members: Member[]): void {
  for (const [sample, { right, tokens, cut, cosine, reward, logged }] of members.entries()) {
    writeTrace(record, {
      problem: `Problem ${problem}`,
      sourceId: problem,
      step,
      sample,
      group: `${step}:${problem}`,
      facts: {
        tokens,
        tokens_exact: true,
        finish: cut ? 'length' : 'stop',
        verdict: { value: right === null ? 'undecided' : right ? 'right' : 'wrong', checker: 'test', version: '1' },
        rewards: { format: 1, cosine },
        reward,
        advantage: 99,
        ...(logged !== undefined && { advantage_logged: logged }),
      },
    });
  }
}

const right = (tokens: number, cosine: number, reward: number, logged?: number): Member => ({
  right: true,
  tokens,
  cosine,
  reward,
  ...(logged !== undefined && { logged }),
});
const wrong = (tokens: number, cosine: number, reward: number, cut = false): Member => ({
  right: false,
  tokens,
  cosine,
  reward,
  cut,
});

async function fill(store: TraceStore, root: string, config: Record<string, unknown> = {}): Promise<RecordWriter> {
  makeRun(root, 'r');
  const record = makeAttempt(root, { run: 'r', stage: 'grpo', attempt: 1 }, { stage_config: { rewards, config } });
  writeGroup(record, 'a', 1, [right(10, 0.9, 2), wrong(100, -0.3, 0, true), wrong(40, -0.9, 1)]);
  writeGroup(record, 'b', 1, [right(30, 0.2, 2.2), right(50, 0.2, 2.2)]);
  writeGroup(record, 'c', 2, [wrong(20, -0.5, 0.5), wrong(20, -0.5, 0.5)]);
  writeGroup(record, 'a', 3, [right(8, 0.95, 2, 0.7), right(12, 0.5, 1, -0.5)]);
  // Still being written: no reward yet.
  writeGroup(record, 'd', 4, [{ right: null, tokens: 1, cosine: null, reward: null }]);
  await store.catchUp();
  return record;
}

describe('store: groups', () => {
  it('counts flat groups by their reason, cut, saturated, and the lengths of right and wrong', () =>
    withStore(async (store, root) => {
      await fill(store, root);
      const { steps, next } = await store.read('metrics/groups', { run: 'r', stage: 'grpo' });
      assert.equal(next, undefined);
      const first: GroupHealth = {
        step: 1,
        groups: 2,
        completions: 5,
        flat: { right: 1, wrong: 0, other: 0 },
        cut: 1,
        // The ends are those of the stage's configuration: 0.2 and −0.3.
        cosine: { n: 5, saturated: 3 },
        right: 3,
        wrong: 2,
        tokensRight: 30,
        tokensWrong: 70,
      };
      assert.deepEqual(steps[0], first);
      assert.deepEqual(
        steps.map(({ step, flat }) => [step, flat]),
        [
          [1, { right: 1, wrong: 0, other: 0 }],
          [2, { right: 0, wrong: 1, other: 0 }],
          [3, { right: 0, wrong: 0, other: 0 }],
        ],
      );
      const page = await store.read('metrics/groups', { run: 'r', stage: 'grpo', stepFrom: 2, limit: 1 });
      assert.deepEqual([page.steps.map(({ step }) => step), page.next], [[2], 3]);
    }));

  it('lists the problems in the order of sampling, page by page, and finds them by words', () =>
    withStore(async (store, root) => {
      await fill(store, root);
      const page = await store.read('groups/problems', { run: 'r', stage: 'grpo', limit: 2 });
      assert.deepEqual(
        page.problems.map(({ problem, ...rest }) => ({ ...rest, hashed: problem.length > 8 })),
        [
          { label: 'a', groups: 2, n: 5, graded: 5, right: 3, firstStep: 1, lastStep: 3, hashed: true },
          { label: 'b', groups: 1, n: 2, graded: 2, right: 2, firstStep: 1, lastStep: 1, hashed: true },
        ],
      );
      assert.equal(page.total, 4);
      const rest = await store.read('groups/problems', { run: 'r', stage: 'grpo', limit: 2, cursor: page.next! });
      assert.deepEqual(
        rest.problems.map(({ label, graded }) => [label, graded]),
        [
          ['c', 2],
          ['d', 0],
        ],
      );
      assert.equal(rest.next, undefined);
      const found = await store.read('groups/problems', { run: 'r', stage: 'grpo', text: 'PROBLEM c' });
      assert.deepEqual(
        found.problems.map(({ label }) => label),
        ['c'],
      );
    }));

  it('recomputes the advantages of a group, beside what the trainer logged', () =>
    withStore(async (store, root) => {
      await fill(store, root);
      const { problems } = await store.read('groups/problems', { run: 'r', stage: 'grpo', limit: 1 });
      const { groups, more } = await store.read('groups/steps', {
        run: 'r',
        stage: 'grpo',
        problem: problems[0]!.problem,
      });
      assert.equal(more, 0);
      assert.deepEqual(
        groups.map(({ step, n, right: count, reward, tokens }) => [step, n, count, reward, tokens]),
        [
          [1, 3, 1, 1, 50],
          [3, 2, 2, 1.5, 10],
        ],
      );
      const group = await store.read('groups/get', { trace: groups[1]!.trace });
      assert.deepEqual(
        [group.step, group.rewardMean, group.scale, group.weights],
        [3, 1.5, 'group', { format: 2, cosine: 1 }],
      );
      // Unbiased: the root of (0.25 + 0.25) / 1.
      assert.ok(Math.abs(group.rewardDeviation! - Math.SQRT1_2) < 1e-12);
      const wanted = 0.5 / (Math.SQRT1_2 + 1e-4);
      assert.deepEqual(
        group.members.map(({ rewards: parts, advantage, advantageLogged }) => [
          parts,
          Math.round(advantage! * 1e9),
          advantageLogged,
        ]),
        [
          [{ format: 1, cosine: 0.95 }, Math.round(wanted * 1e9), 0.7],
          [{ format: 1, cosine: 0.5 }, Math.round(-wanted * 1e9), -0.5],
        ],
      );
      const open = await store.read('groups/get', { trace: 'r/grpo/1/9' });
      assert.deepEqual([open.rewardMean, open.rewardDeviation, open.members[0]!.advantage], [null, null, null]);
      await assert.rejects(store.read('groups/get', { trace: 'r/grpo/1/99' }), { code: 'not_found' });
      await assert.rejects(store.read('metrics/groups', { run: 'x', stage: 'grpo' }), { code: 'not_found' });
    }));

  it('divides as the configuration says, and leaves to the worker what it says of GDPO', async () => {
    const of = (config: Record<string, unknown>) =>
      withStore(async (store, root) => {
        await fill(store, root, config);
        const { scale, members } = await store.read('groups/get', { trace: 'r/grpo/1/0' });
        return { scale, first: members[0]!.advantage };
      });
    assert.deepEqual(await of({ scale_rewards: false }), { scale: 'none', first: 1 });
    const batch = await of({ scale_rewards: 'batch' });
    // All five of the step: 2, 0, 1, 2.2, 2.2 with mean 1.48.
    const deviation = Math.sqrt((0.52 ** 2 + 1.48 ** 2 + 0.48 ** 2 + 2 * 0.72 ** 2) / 4);
    assert.equal(batch.scale, 'batch');
    assert.ok(Math.abs(batch.first! - 1 / (deviation + 1e-4)) < 1e-9);
    assert.deepEqual(await of({ multi_objective_aggregation: 'normalize_then_sum' }), { scale: 'recorded', first: 99 });
  });

  it('leaves out what a newer attempt replaced', () =>
    withStore(async (store, root) => {
      await fill(store, root);
      const next = makeAttempt(
        root,
        { run: 'r', stage: 'grpo', attempt: 2 },
        { stage_config: { rewards }, resumed_from: { attempt: 1, checkpoint: 'checkpoint-2', step: 2 } },
      );
      writeGroup(next, 'a', 3, [right(8, 0.95, 2), right(12, 0.5, 1), right(12, 0.5, 1)]);
      await store.catchUp();
      const { steps } = await store.read('metrics/groups', { run: 'r', stage: 'grpo' });
      assert.deepEqual(
        steps.map(({ step, completions }) => [step, completions]),
        [
          [1, 5],
          [2, 2],
          [3, 3],
        ],
      );
    }));
});
