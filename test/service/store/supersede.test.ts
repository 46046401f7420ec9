import assert from 'node:assert/strict';
import { IndexFile } from '../../../server/store/index-file.ts';
import { isSuperseded } from '../../../server/store/lineage.ts';
import { indexPath } from '../../../server/store/paths.ts';
import { traceRowId } from '../../../server/store/schema.ts';
import { stampOf } from '../../../server/store/slices.ts';
import { lookOn, SLICE, supersede } from '../../../server/store/supersede.ts';
import { makeAttempt, makeRun, writeTrace } from '../../support/attempt-writer.ts';
import { dumpIndex } from '../../support/index-dump.ts';
import { withFolder, withStore } from '../../support/temporary.ts';

const TRACES = 3 * SLICE + 7;

interface Trace {
  id: number;
  attempt_id: number;
  step: number;
  item: string | null;
  superseded: number;
}

const traces = (index: IndexFile): Trace[] =>
  index.all<Trace>('SELECT id, attempt_id, step, item, superseded FROM traces ORDER BY id');

function addAttempt(index: IndexFile, stage: string, attempt: number, resumedStep?: number): number {
  index.run(
    `INSERT INTO attempts (run, stage, attempt, kind, digest, resumed_from) VALUES ('r', ?, ?, ?, '{}', ?)`,
    ...[stage, attempt, stage === 'eval' ? 'evaluate' : 'grpo'],
    resumedStep === undefined
      ? null
      : JSON.stringify({ attempt: attempt - 1, checkpoint: `checkpoint-${resumedStep}`, step: resumedStep }),
  );
  return index.get<{ id: number }>('SELECT max(id) AS id FROM attempts')!.id;
}

/** Ten traces of each step; of an evaluation the steps are those of the first attempt of `grpo`. Every seventh has an item. */
function addTraces(index: IndexFile, attempt: number, of: string | null): void {
  for (let i = 0; i < TRACES; i++)
    index.run(
      `INSERT INTO traces (id, attempt_id, problem_id, sample, step, of, of_attempt, set_name, seq, item, live, superseded)
       VALUES (?, ?, 1, 0, ?, ?, ?, 'test', ?, ?, 0, 0)`,
      ...[traceRowId(attempt, i), attempt, Math.floor(i / 10), of, of === null ? null : 1, i],
      i % 7 === 0 ? `${attempt}-${i}` : null,
    );
  index.run('UPDATE attempts SET traces = ? WHERE id = ?', TRACES, attempt);
}

/**
 * Goes on to the end as a store does that is killed in and after every slice. Each changes few traces, and leaves counts that are right of
 * what is written.
 */
function toTheEnd(path: string): { index: IndexFile; slices: number } {
  let index = new IndexFile(path);
  let before = traces(index);
  for (let slices = 1; ; slices++) {
    const stamp = stampOf(index, 'r');
    assert.throws(() =>
      index.transaction(() => {
        lookOn(index);
        throw new Error('killed');
      }),
    );
    assert.deepEqual([traces(index), stampOf(index, 'r')], [before, stamp]);
    const { more } = index.transaction(() => lookOn(index));
    const now = traces(index);
    const changed = now.filter(({ superseded }, i) => superseded !== before[i]!.superseded).length;
    assert.ok(changed <= SLICE, `${changed} traces in one slice`);
    for (const { id, n } of index.all<{ id: number; n: number }>('SELECT id, traces AS n FROM attempts'))
      assert.equal(n, now.filter((trace) => trace.attempt_id === id && trace.superseded === 0).length);
    if (!more) return { index, slices };
    assert.notEqual(stampOf(index, 'r'), stamp, 'what was kept of the traces before is not used any more');
    before = now;
    index.close();
    index = new IndexFile(path);
  }
}

const wrong = (index: IndexFile, isOut: (trace: Trace) => boolean): Trace[] =>
  traces(index).filter((trace) => (trace.superseded === 1) !== isOut(trace));

describe('store: what a newer attempt replaces of very many traces', () => {
  it('goes through them in slices, and on after a kill', () =>
    withFolder((root) => {
      const path = indexPath(root);
      let index = new IndexFile(path);
      index.transaction(() => {
        addTraces(index, addAttempt(index, 'grpo', 1), null);
        addAttempt(index, 'grpo', 2, 20);
        assert.ok(supersede(index, 'r'));
      });
      assert.equal(wrong(index, () => false).length, SLICE - Math.ceil(SLICE / 7) - 180, 'the first slice at once');
      index.close();
      let slices: number;
      ({ index, slices } = toTheEnd(path));
      assert.equal(slices, 3);
      const isOut = ({ step, item }: Trace): boolean => item === null && isSuperseded(20, null, step, 0);
      assert.deepEqual(wrong(index, isOut), []);

      // Another one begins while they are gone through again, from an earlier step.
      index.transaction(() => {
        addAttempt(index, 'grpo', 3, 10);
        index.run(`UPDATE attempts SET resumed_from = json_set(resumed_from, '$.attempt', 1) WHERE attempt = 3`);
        supersede(index, 'r');
        addAttempt(index, 'grpo', 4);
        supersede(index, 'r');
      });
      index.close();
      ({ index } = toTheEnd(path));
      assert.deepEqual(
        wrong(index, ({ item }) => item === null),
        [],
      );
      index.close();
    }));

  it('goes so through evaluations of checkpoints that are replaced, and come back', () =>
    withFolder((root) => {
      const path = indexPath(root);
      let index = new IndexFile(path);
      index.transaction(() => {
        addAttempt(index, 'grpo', 1);
        addTraces(index, addAttempt(index, 'eval', 1), 'grpo');
        addAttempt(index, 'grpo', 2, 100);
        supersede(index, 'r');
      });
      index.close();
      ({ index } = toTheEnd(path));
      assert.deepEqual(
        wrong(index, ({ step }) => step > 100),
        [],
      );
      index.transaction(() => {
        addAttempt(index, 'grpo', 3, 250);
        index.run(`UPDATE attempts SET resumed_from = json_set(resumed_from, '$.attempt', 1) WHERE attempt = 3`);
        addAttempt(index, 'eval', 2);
        for (const step of [20, 30, 270])
          index.run(`INSERT INTO evals VALUES (2, ?, 'grpo', 1, ?, 'test', NULL, 0, '{}', 0)`, step, step);
        supersede(index, 'r');
      });
      index.close();
      ({ index } = toTheEnd(path));
      // Those with an item count whichever attempt drew them, the others where the first attempt finished the evaluation.
      assert.deepEqual(
        wrong(index, ({ step, item }) => step > 250 || (item === null && step !== 20 && step !== 30)),
        [],
      );
      index.close();
    }));

  it('goes on when the store is opened again, and gives what an index made anew gives', () =>
    withFolder(async (root) => {
      makeRun(root, 'r');
      const record = makeAttempt(root, { run: 'r', stage: 'grpo', attempt: 1 });
      record.batch(() => {
        for (let i = 0; i < 6 * SLICE; i++) writeTrace(record, { step: Math.floor(i / 10) });
      });
      await withStore(async (store) => {
        await store.catchUp();
        const resumed_from = { attempt: 1, checkpoint: 'checkpoint-20', step: 20 };
        makeAttempt(root, { run: 'r', stage: 'grpo', attempt: 2 }, { resumed_from });
        await store.appendJournal({ type: 'attempt_created', run: 'r', stage: 'grpo', attempt: 2, resumed_from });
      }, root);
      const index = new IndexFile(indexPath(root));
      const left = index.get<{ n: number }>('SELECT count(*) AS n FROM attempts WHERE look_from IS NOT NULL');
      index.close();
      assert.equal(left?.n, 1, 'it was closed before it had gone through all of them');
      await withStore(async (store) => {
        await store.catchUp();
        assert.equal((await store.read('traces/page', { filter: { run: 'r' } })).total, 210);
        const incremental = dumpIndex(root);
        await store.reindex();
        assert.deepEqual(dumpIndex(root), incremental);
      }, root);
    }));
});
