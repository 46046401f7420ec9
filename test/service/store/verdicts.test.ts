import assert from 'node:assert/strict';
import { appendFileSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { JournalEvent } from '../../../core/protocol/files.ts';
import type { TraceStore } from '../../../server/store/trace-store.ts';
import { makeAttempt, makeRun, writeTrace } from '../../support/attempt-writer.ts';
import { dumpIndex } from '../../support/index-dump.ts';
import { withFolder, withStore } from '../../support/temporary.ts';

const key = { run: 'r', stage: 'eval', attempt: 1 };
const id = (n: number): string => `r/eval/1/${n}`;
const checked = (value: 'right' | 'wrong' | 'undecided') => ({
  tokens: 10,
  finish: 'stop' as const,
  verdict: { value, checker: 'math-verify', version: '0.9.0' },
});

async function filled(store: TraceStore, root: string): Promise<void> {
  makeRun(root, 'r');
  await store.appendJournal({ type: 'run_created', run: 'r', kind: 'recipe' });
  const record = makeAttempt(root, key);
  await store.appendJournal({ type: 'attempt_created', ...key, resumed_from: null });
  const at = { step: 5, of: 'sft', set: 'math' };
  for (const [n, value] of (['right', 'wrong', 'undecided'] as const).entries())
    writeTrace(record, { ...at, problem: `What is ${n}?`, facts: checked(value) });
  record.close();
  await store.catchUp();
}

async function assertReindexed(store: TraceStore, root: string): Promise<void> {
  const before = dumpIndex(root);
  await store.reindex();
  const fresh = dumpIndex(root);
  for (const table of Object.keys(fresh)) assert.deepEqual(fresh[table], before[table], table);
}

const verdicts = async (store: TraceStore): Promise<(string | null)[]> =>
  (await store.read('traces/page', { filter: { run: 'r' } })).rows.map(({ verdict }) => verdict);

describe('store: verdicts of readers', () => {
  it('counts a reader first, in lists, filters and figures, and keeps the checkers beside', () =>
    withStore(async (store, root) => {
      await filled(store, root);
      const given = await store.audit('traces/judge', { trace: id(1), verdict: 'right', by: 'anna' });
      assert.equal(given.before, null);
      assert.equal(given.verdict, 'right');
      assert.deepEqual(
        { ...given.reader, t: 0 },
        {
          ...{ value: 'right', checker: 'reader', version: '1', by: 'anna', t: 0 },
          before: { value: 'wrong', checker: 'math-verify', version: '0.9.0', reason: null },
        },
      );
      assert.deepEqual(await verdicts(store), ['right', 'right', 'undecided']);
      const { rows } = await store.read('traces/page', { filter: { run: 'r', verdict: ['wrong'] } });
      assert.deepEqual(rows, []);
      const { budgets } = await store.read('metrics/budgets', { run: 'r', stage: 'eval', step: 5, budgets: [100] });
      assert.equal(budgets[0]?.accuracy.toFixed(3), '0.667');
      const detail = await store.read('traces/get', { trace: id(1) });
      assert.equal(detail.verdictBy?.value, 'wrong');
      assert.equal(detail.quick?.value, 'right');
      const { verdicts: all } = await store.audit('traces/answers', { trace: id(1) });
      assert.deepEqual(
        all.map(({ checker, value }) => `${checker} ${value}`),
        ['reader right', 'math-verify wrong', 'quick right'],
      );

      const again = await store.audit('traces/judge', { trace: id(1), verdict: 'undecided', by: 'ben' });
      assert.deepEqual([again.before, again.reader?.version, again.reader?.before?.checker], ['right', '2', 'reader']);
      const none = await store.audit('traces/judge', { trace: id(1), verdict: null, by: 'ben' });
      assert.deepEqual([none.before, none.verdict, none.reader], ['undecided', 'wrong', null]);
      const back = await store.audit('traces/judge', { trace: id(1), verdict: 'undecided', by: 'ben' });
      assert.equal(back.reader?.version, '4', 'every word counts as a version');
      await assertReindexed(store, root);
      assert.deepEqual(await verdicts(store), ['right', 'undecided', 'undecided']);
    }));

  it('computes an evaluation again from the words that count, and says how many are of others', () =>
    withStore(async (store, root) => {
      await filled(store, root);
      const record = makeAttempt(root, key);
      const figure = { accuracy: 1 / 3, accuracy_ci95: [0, 1] as [number, number] };
      record.event({
        ...{
          type: 'eval',
          of: 'sft',
          step: 5,
          epoch: null,
          checkpoint: 'x',
          set: 'math',
          problems: 3,
          samples: 1,
          n: 3,
        },
        ...{
          ...figure,
          tokens_mean: 10,
          tokens_mean_ci95: null,
          tokens_mean_finished: 10,
          finished: 1,
          max_tokens: 100,
        },
        ...{
          budgets: [
            { budget: 5, ...figure },
            { budget: 50, ...figure },
          ],
          seconds: 1,
          majority: 0.5,
        },
        pass: [{ k: 1, value: 1 / 3, ci95: [0, 1] }],
      });
      record.close();
      await store.catchUp();
      const row = async () => (await store.read('runs/table', { run: 'r' })).rows[0]!;
      assert.deepEqual([(await row()).accuracy, (await row()).relabelled], [1 / 3, undefined]);
      await store.audit('traces/judge', { trace: id(1), verdict: 'right', by: 'anna' });
      const now = await row();
      assert.deepEqual([now.accuracy, now.relabelled], [2 / 3, 1]);
      assert.deepEqual(
        now.budgets.map(({ budget, accuracy }) => [budget, accuracy]),
        [
          [5, 0],
          [50, 2 / 3],
        ],
      );
      const [evaluation] = (await store.read('metrics/snapshot', { run: 'r' })).evaluations;
      assert.deepEqual(
        [evaluation?.pass?.[0]?.value, evaluation?.majority, evaluation?.tokens_mean],
        [2 / 3, null, 10],
      );
      await store.audit('traces/judge', { trace: id(1), verdict: null, by: 'anna' });
      assert.deepEqual([(await row()).accuracy, (await row()).relabelled], [1 / 3, undefined]);
    }));

  it('computes an evaluation that two attempts drew from the traces of both', () =>
    withStore(async (store, root) => {
      makeRun(root, 'r');
      const at = { step: 5, of: 'sft', set: 'math' };
      const items = ['right', 'wrong', 'wrong', 'right'] as const;
      for (const attempt of [1, 2]) {
        const record = makeAttempt(root, { ...key, attempt });
        for (const [n, value] of items.entries())
          if (n < 2 === (attempt === 1)) writeTrace(record, { ...at, problem: `What is ${n}?`, item: `i${n}`, facts: checked(value) }); // prettier-ignore
        const figure = { accuracy: 0.5, accuracy_ci95: null };
        if (attempt === 2)
          record.event({
            ...{ type: 'eval', ...at, epoch: null, checkpoint: 'x', problems: 4, samples: 1, n: 4, ...figure },
            ...{ tokens_mean: 10, tokens_mean_ci95: null, tokens_mean_finished: 10, finished: 1, max_tokens: 100 },
            ...{ budgets: [], seconds: 1 },
          });
        record.close();
      }
      await store.catchUp();
      const row = async () => (await store.read('runs/table', { run: 'r' })).rows[0]!;
      assert.deepEqual([(await row()).accuracy, (await row()).relabelled], [0.5, undefined]);
      // A word on what the first attempt drew, then one on the second's.
      await store.audit('traces/judge', { trace: id(1), verdict: 'right', by: 'anna' });
      assert.deepEqual([(await row()).accuracy, (await row()).relabelled], [0.75, 1]);
      await store.audit('traces/judge', { trace: 'r/eval/2/0', verdict: 'right', by: 'anna' });
      assert.deepEqual([(await row()).accuracy, (await row()).relabelled], [1, 2]);
    }));

  it('tells subscribers, says the same word once, refuses what is still written or not there', () =>
    withStore(async (store, root) => {
      await filled(store, root);
      const record = makeAttempt(root, { ...key, attempt: 2 });
      const live = record.traceBegin(record.problem('open', { gold: '1' }), null, { sample: 0 });
      await store.catchUp();
      const heard: JournalEvent[] = [];
      await store.subscribe({ journal: 1 }, { run: 'r' }, ({ stream, events }) => {
        if (stream === 'journal') heard.push(...(events as JournalEvent[]));
      });
      for (let i = 0; i < 2; i++) await store.audit('traces/judge', { trace: id(0), verdict: 'wrong', by: 'anna' });
      for (let i = 0; i < 100 && heard.length === 0; i++) await sleep(10);
      assert.deepEqual(
        heard.map(
          (event) => event.type === 'verdict_given' && [event.trace, event.verdict, event.by, event.before?.value],
        ),
        [[0, 'wrong', 'anna', 'right']],
      );
      const judge = (trace: string) => store.audit('traces/judge', { trace, verdict: 'right', by: 'anna' });
      await assert.rejects(judge(`r/eval/2/${live}`), { code: 'not_runnable' });
      await assert.rejects(judge(id(77)), { code: 'not_found' });
      record.close();
    }));

  it('keeps a word that the journal has and the index was killed before, and drops one torn in the middle', () =>
    withFolder(async (root) => {
      await withStore((store) => filled(store, root), root);
      const line = (seq: number, trace: number) =>
        JSON.stringify({
          ...{ v: 1, seq, t: 5, type: 'verdict_given', run: 'r', stage: 'eval', attempt: 1, trace },
          ...{ verdict: 'right', by: 'anna', before: null },
        });
      appendFileSync(join(root, 'journal.jsonl'), `${line(2, 1)}\n${line(3, 2).slice(0, 40)}`);
      await withStore(async (store) => {
        assert.deepEqual(await verdicts(store), ['right', 'right', 'undecided']);
        const { reader } = await store.audit('traces/judge', { trace: id(2), verdict: 'wrong', by: 'anna' });
        assert.equal(reader?.version, '1');
        assert.equal(readFileSync(join(root, 'journal.jsonl'), 'utf8').trim().split('\n').length, 4);
        await assertReindexed(store, root);
      }, root);
    }));

  it('works for imports, whose traces come and go with their run', () =>
    withStore(async (store) => {
      const load = async (): Promise<void> => {
        const begun = await store.beginImport({ run: 'file-0', name: 'file', source: 'file' });
        assert.ok(!begun.existed);
        await begun.writer.append({
          traces: [
            {
              problem: { text: 'What is 2 + 2?', gold: '4', sourceId: null },
              ...{ prompt: null, completion: 'It is \\boxed{5}.', facts: {}, sample: 0, replaced: 0 },
              source: { file: 'file', line: 1 },
            },
          ],
        });
        await begun.writer.finish();
      };
      const verdict = async () => (await store.read('traces/get', { trace: 'file-0/import/1/0' })).verdict;
      await load();
      assert.equal(await verdict(), 'wrong');
      await store.audit('traces/judge', { trace: 'file-0/import/1/0', verdict: 'right', by: 'anna' });
      await store.reindex();
      assert.equal(await verdict(), 'right');
      await store.deleteRun('file-0');
      await load();
      assert.equal(await verdict(), 'wrong', 'a file that was deleted and read again begins anew');
      await store.reindex();
      assert.equal(await verdict(), 'wrong');
    }));
});
