import assert from 'node:assert/strict';
import type { TraceFacts } from '../../../core/protocol/events.ts';
import type { RewardChange } from '../../../core/protocol/reward-change.ts';
import type { RecordWriter } from '../../../server/store/record-writer.ts';
import { makeAttempt, makeRun, writeTrace } from '../../support/attempt-writer.ts';
import { withStore } from '../../support/temporary.ts';

const rewards = [{ name: 'format', weight: 2 }, { name: 'accuracy' }, { name: 'accuracy', weight: 3 }];

type Kind = 'right' | 'wrong' | 'cut' | 'unanswered' | 'undecided';

function facts(kind: Kind, format: number): TraceFacts {
  const right = kind === 'undecided' ? null : kind === 'right' ? 1 : 0;
  const answer = { text: '4', start: 0, end: 1, rule: 'boxed' };
  return {
    tokens: kind === 'cut' ? 100 : 40,
    tokens_exact: true,
    finish: kind === 'cut' ? 'length' : 'stop',
    answer: kind === 'right' || kind === 'wrong' ? answer : null,
    verdict: {
      value: kind === 'undecided' ? 'undecided' : kind === 'right' ? 'right' : 'wrong',
      checker: 'test',
      version: '1',
    },
    rewards: { format, accuracy: right, accuracy_2: right },
    reward: 2 * format + 4 * (right ?? 0),
  };
}

/** Of each of `problems`, one completion of each kind in that step. */
function writeStep(record: RecordWriter, step: number, problems: string[], kinds: Kind[], format = 1): void {
  for (const problem of problems) {
    for (const [sample, kind] of kinds.entries()) {
      const more = { problem: `Problem ${problem}`, sourceId: problem, step, sample, group: `${step}:${problem}` };
      writeTrace(record, { ...more, facts: facts(kind, format) });
    }
  }
}

const changes = ({ parts }: RewardChange): Record<string, number> =>
  Object.fromEntries(
    parts.flatMap(({ kind, change }) => (Math.abs(change) < 1e-9 ? [] : [[kind, Number(change.toFixed(9))]])),
  );

describe('store: why a reward changed', () => {
  it('takes the first and the last fifth, and finds what they differ in', () =>
    withStore(async (store, root) => {
      makeRun(root, 'r');
      const record = makeAttempt(root, { run: 'r', stage: 'grpo', attempt: 1 }, { stage_config: { rewards } });
      for (let step = 1; step <= 10; step += 1)
        writeStep(
          record,
          step,
          ['a', 'b'],
          step <= 5 ? ['right', 'wrong', 'right', 'wrong'] : ['right', 'wrong', 'cut', 'cut'],
        );
      // Without a reward yet.
      writeTrace(record, { step: 11, group: '11:a' });
      await store.catchUp();
      const found = (await store.sliced('metrics/rewardChange', { run: 'r', stage: 'grpo' }))!;
      assert.deepEqual(found.steps, { step: [1, 2, 3, 4, 5, 6, 7, 8, 9, 10], mean: [4, 4, 4, 4, 4, 3, 3, 3, 3, 3] });
      assert.deepEqual(
        [found.before, found.after].map(({ from, to, steps, stepsRead, completions, problems }) => [
          from,
          to,
          steps,
          stepsRead,
          completions,
          problems,
        ]),
        [
          [1, 2, 2, 2, 16, 2],
          [9, 10, 2, 2, 16, 2],
        ],
      );
      // 2 of the format always; 4 for half of them, then for a quarter.
      assert.deepEqual([found.before.mean, found.after.mean, found.change], [4, 3, -1]);
      assert.deepEqual(changes(found), { truncation: -1 });
      assert.deepEqual(found.components, [
        { name: 'format', kind: 'format', weight: 2 },
        { name: 'accuracy', kind: 'value', weight: 1 },
        { name: 'accuracy_2', kind: 'value', weight: 3 },
      ]);
      const truncation = found.parts.find(({ kind }) => kind === 'truncation')!;
      assert.deepEqual(
        truncation.byComponent.map((n) => Number(n.toFixed(9))),
        [0, -0.25, -0.75],
      );
      assert.ok(
        truncation.exemplars.length === 4 &&
          truncation.exemplars.every(({ row, side }) => row.finish === 'length' && side === 'after'),
      );
      assert.deepEqual(found.strata, { problem: 32, difficulty: 0, unknown: 0 });
    }));

  it('tells apart every kind of failure and the format', () =>
    withStore(async (store, root) => {
      makeRun(root, 'r');
      const record = makeAttempt(root, { run: 'r', stage: 'grpo', attempt: 1 }, { stage_config: { rewards } });
      const half: Kind[] = ['right', 'wrong'];
      writeStep(record, 1, ['a'], half);
      writeStep(record, 2, ['a'], [...half, 'undecided', 'undecided']);
      writeStep(record, 3, ['a'], [...half, 'unanswered', 'unanswered']);
      writeStep(record, 4, ['a'], ['right', 'right', 'right', 'wrong']);
      writeStep(record, 5, ['a'], half, 0.5);
      await store.catchUp();
      const between = async (step: number) =>
        changes(
          (await store.sliced('metrics/rewardChange', {
            run: 'r',
            stage: 'grpo',
            before: { from: 1, to: 1 },
            after: { from: step, to: step },
          }))!,
        );
      assert.deepEqual(await between(2), { checker: -1 });
      assert.deepEqual(await between(3), { extraction: -1 });
      const { total } = await store.read('traces/page', { filter: { run: 'r', step: 3, answered: false } });
      assert.equal(total, 2);
      assert.deepEqual(await between(4), { accuracy: 1 });
      assert.deepEqual(await between(5), { format: -1 });
    }));

  it('knows other problems by their answers outside of both windows, and says when it knows nothing', () =>
    withStore(async (store, root) => {
      makeRun(root, 'r');
      const record = makeAttempt(root, { run: 'r', stage: 'grpo', attempt: 1 }, { stage_config: { rewards } });
      const [easy, hard]: [Kind[], Kind[]] = [
        ['right', 'right', 'right', 'right'],
        ['wrong', 'wrong', 'wrong', 'wrong'],
      ];
      for (const problem of ['a', 'b', 'c', 'd']) writeStep(record, 2, [problem], problem < 'c' ? easy : hard);
      writeStep(record, 1, ['a', 'c'], easy);
      writeStep(record, 1, ['e'], hard);
      writeStep(record, 3, ['b'], easy);
      writeStep(record, 3, ['d', 'f'], hard);
      await store.catchUp();
      const windows = { before: { from: 1, to: 1 }, after: { from: 3, to: 3 } };
      const found = (await store.sliced('metrics/rewardChange', { run: 'r', stage: 'grpo', ...windows }))!;
      assert.deepEqual(found.strata, { problem: 0, difficulty: 16, unknown: 8 });
      // c is as hard as d by step 2, yet was solved in step 1: its difference is not one of the mix.
      assert.ok(Math.abs(found.change + 4 / 3) < 1e-9);
      assert.deepEqual(Object.keys(changes(found)), ['accuracy']);
      const blind = (await store.sliced('metrics/rewardChange', {
        run: 'r',
        stage: 'grpo',
        before: { from: 1, to: 2 },
        after: windows.after,
      }))!;
      assert.deepEqual([blind.strata.problem, blind.strata.difficulty], [4 * 2 + 4 * 2, 0]);
    }));

  it('does not take a problem for easy that came again when the model was better', () =>
    withStore(async (store, root) => {
      makeRun(root, 'r');
      const record = makeAttempt(root, { run: 'r', stage: 'grpo', attempt: 1 }, { stage_config: { rewards } });
      // Twelve problems alike, gone through twice in another order, four a step; the model gets better all the time.
      const names = Array.from({ length: 12 }, (_, i) => `p${i}`);
      const learnt = (step: number): Kind[] => Array.from({ length: 8 }, (_, i) => (i < step + 1 ? 'right' : 'wrong'));
      const orders = [
        names.slice(0, 4),
        names.slice(4, 8),
        names.slice(8),
        names.slice(0, 4),
        names.slice(8),
        names.slice(4, 8),
      ];
      for (const [i, problems] of orders.entries()) writeStep(record, i + 1, problems, learnt(i + 1));
      await store.catchUp();
      const found = (await store.sliced('metrics/rewardChange', { run: 'r', stage: 'grpo' }))!;
      assert.deepEqual([found.before.from, found.after.to, found.strata.difficulty], [1, 6, 64]);
      assert.deepEqual(changes(found), { accuracy: 2.5 });
    }));

  it('names what the parts do not explain, and takes a total without parts as it is', () =>
    withStore(async (store, root) => {
      makeRun(root, 'r');
      const record = makeAttempt(root, { run: 'r', stage: 'grpo', attempt: 1 }, { stage_config: { rewards } });
      const total = (step: number, reward: number, parts?: Record<string, number | null>) =>
        writeTrace(record, { step, facts: { ...facts('right', 1), ...(parts ? { rewards: parts } : {}), reward } });
      total(1, 6.5, { format: 1, accuracy: 1, accuracy_2: 1 });
      total(2, 7, { format: 1, accuracy: 1, accuracy_2: 1 });
      await store.catchUp();
      const found = (await store.sliced('metrics/rewardChange', { run: 'r', stage: 'grpo' }))!;
      assert.equal(found.components.at(-1)!.name, '(not in the parts)');
      assert.deepEqual(changes(found), { value: 0.5 });
      makeRun(root, 's', { kind: 'import' });
      const plain = makeAttempt(root, { run: 's', stage: 'import', attempt: 1 }, { kind: 'import' });
      for (const [step, reward] of [
        [1, 0.25],
        [2, 0.75],
      ] as const)
        writeTrace(plain, { gold: null, step, facts: { tokens: 5, tokens_exact: false, finish: 'stop', reward } });
      await store.catchUp();
      const imported = (await store.sliced('metrics/rewardChange', { run: 's', stage: 'import' }))!;
      assert.deepEqual(
        imported.components.map(({ name }) => name),
        ['reward'],
      );
      assert.deepEqual([imported.before.mean, imported.after.mean, imported.before.states.ungraded], [0.25, 0.75, 1]);
      assert.deepEqual(changes(imported), { value: 0.5 });
    }));

  it('refuses windows without rewards, turned round or overlapping, and has nothing to say of one step', () =>
    withStore(async (store, root) => {
      makeRun(root, 'r');
      const record = makeAttempt(root, { run: 'r', stage: 'grpo', attempt: 1 }, { stage_config: { rewards } });
      writeStep(record, 1, ['a'], ['right']);
      await store.catchUp();
      const ask = (before?: [number, number], after?: [number, number]) => {
        const window = (pair?: [number, number]) => (pair ? { from: pair[0], to: pair[1] } : undefined);
        return store.sliced('metrics/rewardChange', {
          run: 'r',
          stage: 'grpo',
          ...(before && { before: window(before)! }),
          ...(after && { after: window(after)! }),
        });
      };
      assert.equal(await ask(), null);
      writeStep(record, 2, ['a'], ['right']);
      writeStep(record, 3, ['a'], ['right']);
      await store.catchUp();
      await assert.rejects(ask([2, 1]), {
        code: 'invalid_params',
        message: /cannot end at step 1 when it begins at 2/,
      });
      await assert.rejects(ask([7, 9]), {
        message: 'No completion of steps 7 to 9 has a reward; there are rewards from step 1 to 3.',
      });
      await assert.rejects(ask([1, 2], [2, 3]), { message: /overlap/ });
      assert.deepEqual(changes((await ask([1, 1], [2, 3]))!), {});
    }));

  it('takes the names of rewards for names alone', () =>
    withStore(async (store, root) => {
      makeRun(root, 'r');
      const names = [{ name: 'constructor' }, { name: 'toString', weight: 2 }];
      const record = makeAttempt(root, { run: 'r', stage: 'grpo', attempt: 1 }, { stage_config: { rewards: names } });
      for (let step = 1; step <= 10; step += 1) {
        // One of the two has not both of them.
        const both = { constructor: step, toString: 1 } as unknown as Record<string, number>;
        writeTrace(record, {
          step,
          group: `${step}:a`,
          facts: { ...facts('right', 1), rewards: both, reward: step + 2 },
        });
        writeTrace(record, {
          step,
          group: `${step}:a`,
          sample: 1,
          facts: { ...facts('right', 1), rewards: {}, reward: 0 },
        });
      }
      await store.catchUp();
      const found = (await store.sliced('metrics/rewardChange', { run: 'r', stage: 'grpo' }))!;
      assert.equal(found.change, 4);
      assert.deepEqual(changes(found), { value: 4 });
      assert.deepEqual(
        found.components.map(({ name, weight }) => [name, weight]),
        [
          ['constructor', 1],
          ['toString', 2],
        ],
      );
    }));
});
