import assert from 'node:assert/strict';
import { existsSync, mkdirSync, readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { forgetOn, forgetRun, isForgetting } from '../../../server/store/forget.ts';
import { IndexFile } from '../../../server/store/index-file.ts';
import { indexPath } from '../../../server/store/paths.ts';
import { ROW_IDS_EACH } from '../../../server/store/schema.ts';
import { makeAttempt, makeRun, writeTrace } from '../../support/attempt-writer.ts';
import { dumpIndex } from '../../support/index-dump.ts';
import { withFolder, withStore } from '../../support/temporary.ts';

/** A run with something in each table that hangs on an attempt, in more than one slice where that is common. */
function write(root: string, run: string, traces: number): void {
  makeRun(root, run);
  const record = makeAttempt(root, { run, stage: 'grpo', attempt: 1 });
  record.batch(() => {
    for (let i = 0; i < traces; i++)
      writeTrace(record, {
        problem: `What is ${i} + 1?`,
        prompt: `Problem: what is ${i} + 1?`,
        sourceId: `p-${i}`,
        // Characters of several lengths: a text with many extents.
        completion: i === 5 ? 'aé√😀'.repeat(20_000) : `It is ${i + 1}.`,
        step: i,
      });
    for (let step = 0; step < 1500; step++)
      record.event({ type: 'metrics', step, epoch: null, values: { loss: 1 / (step + 1) } });
    record.event({ type: 'checkpoint', step: 10, epoch: 1, path: 'checkpoint-10', bytes: 7 });
  });
  record.close();
}

/** Rows of each table, by the attempt on which they hang. */
function rowsOf(index: IndexFile): Record<string, Set<number>> {
  const ids = (sql: string): Set<number> => new Set(index.all<{ id: number }>(sql).map(({ id }) => Math.floor(id)));
  return Object.fromEntries([
    ...['traces', 'details'].map((table) => [table, ids(`SELECT DISTINCT id / ${ROW_IDS_EACH} AS id FROM ${table}`)]),
    ...['behaviours', 'figures', 'audits'].map((table) => [
      table,
      ids(`SELECT DISTINCT trace / ${ROW_IDS_EACH} AS id FROM ${table}`),
    ]),
    ['extents', ids(`SELECT DISTINCT owner / ${ROW_IDS_EACH} AS id FROM extents`)],
    ...['problems', 'prompts', 'points', 'evals', 'checkpoints', 'marks', 'faults'].map((table) => [
      table,
      ids(`SELECT DISTINCT attempt_id AS id FROM ${table} WHERE attempt_id <> 0`),
    ]),
  ]) as Record<string, Set<number>>;
}

describe('store: deleted runs', () => {
  it('go from the index at once, and their rows slice after slice, also after a kill', () =>
    withFolder(async (root) => {
      write(root, 'gone', 3200);
      write(root, 'kept', 40);
      await withStore((store) => store.catchUp(), root);
      const index = new IndexFile(indexPath(root));
      for (const { id } of index.all<{ id: number }>('SELECT id FROM traces')) {
        index.run("INSERT INTO behaviours VALUES (?, 'd', '{}', 0)", id);
        index.run("INSERT INTO figures VALUES (?, '1', 0, '{}', 0)", id);
        index.run("INSERT INTO audits VALUES (?, '1', '{}', 0)", id);
      }
      const before = rowsOf(index);
      for (const table of ['traces', 'extents', 'problems', 'prompts', 'points', 'checkpoints'])
        assert.equal(before[table]!.size, 2, `both runs have ${table}`);

      index.transaction(() => forgetRun(index, 'gone'));
      assert.equal(index.all('SELECT 1 FROM attempts').length, 1);
      const changes = () => index.get<{ n: number }>('SELECT total_changes() AS n')!.n;
      let slices = 0;
      for (; isForgetting(index); slices++) {
        assert.throws(() =>
          index.transaction(() => {
            forgetOn(index);
            throw new Error('killed');
          }),
        );
        const was = changes();
        index.transaction(() => forgetOn(index));
        // Seven tables hold rows of a trace; the text with many extents is one.
        assert.ok(changes() - was <= 7 * 1000 + 60_000, `${changes() - was} rows in one slice`);
        // A new attempt has another id than any whose rows are still here.
        if (slices === 0)
          index.run("INSERT INTO attempts (run, stage, attempt, kind, digest) VALUES ('n', 's', 1, 'sft', '{}')");
      }
      assert.ok(slices > 6, `${slices} slices`);
      const [kept, made] = index.all<{ id: number }>('SELECT id FROM attempts ORDER BY id');
      assert.ok(made!.id > Math.max(...before.traces!));
      index.run('DELETE FROM attempts WHERE id = ?', made!.id);
      for (const [table, ids] of Object.entries(rowsOf(index)))
        assert.deepEqual(
          [...ids].filter((id) => id !== kept!.id),
          [],
          table,
        );
      index.close();
    }));

  it('leave an index as one that is made anew, and no folder', () =>
    withFolder(async (root) => {
      write(root, 'gone', 50);
      write(root, 'kept', 3);
      await withStore(async (store) => {
        await store.catchUp();
        await store.deleteRun('gone');
        assert.deepEqual(readdirSync(join(root, 'runs')), ['kept']);
        await store.catchUp();
        // Of the run itself an index that is made anew knows only that it was deleted.
        const hanging = () => Object.entries(dumpIndex(root)).filter(([table]) => table !== 'runs');
        const before = hanging();
        await store.reindex();
        assert.deepEqual(hanging(), before);
      }, root);
    }));

  it('have what a kill left of their folder removed at the next start', () =>
    withFolder(async (root) => {
      write(root, 'kept', 1);
      const left = join(root, 'runs', '.deleted-gone-1', 'stages');
      mkdirSync(left, { recursive: true });
      writeFileSync(join(left, 'model.safetensors'), 'x');
      await withStore(async (store) => {
        for (let i = 0; i < 200 && existsSync(join(left, '..')); i++)
          await new Promise((resolve) => setTimeout(resolve, 10));
        assert.deepEqual(readdirSync(join(root, 'runs')), ['kept']);
        assert.deepEqual(
          (await store.runs()).runs.map(({ run }) => run),
          ['kept'],
        );
      }, root);
    }));
});
