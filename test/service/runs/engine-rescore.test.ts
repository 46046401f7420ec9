import assert from 'node:assert/strict';
import { EngineFinder } from '../../../server/engine.ts';
import { EngineRescores } from '../../../server/runs/engine-rescore.ts';
import type { TraceStore } from '../../../server/store/trace-store.ts';
import type { RescorePreview, RescoreWish } from '../../../core/protocol/audit.ts';
import { makeAttempt, makeRun, writeTrace } from '../../support/attempt-writer.ts';
import { enginePython } from '../../support/service.ts';
import { withStore } from '../../support/temporary.ts';

const wish: RescoreWish = { filter: { run: 'r' }, checker: 'engine', policy: 'default' };

async function filled(store: TraceStore, root: string): Promise<void> {
  makeRun(root, 'r');
  await store.appendJournal({ type: 'run_created', run: 'r', kind: 'recipe' });
  const record = makeAttempt(root, { run: 'r', stage: 'eval', attempt: 1 });
  const made = [
    { gold: '1/2', completion: 'So \\boxed{0.5}.', verdict: 'wrong' },
    { gold: '4', completion: 'So \\boxed{4}.', verdict: 'right' },
    { gold: '4', completion: 'So \\boxed{5}.', verdict: 'undecided' },
    { gold: '4', completion: '', verdict: 'wrong' },
    { gold: '7', completion: 'So \\boxed{7}.', verdict: 'wrong' },
  ] as const;
  for (const [n, { verdict, ...trace }] of made.entries())
    writeTrace(record, {
      ...{ ...trace, problem: `p${n}`, step: 1, of: 'sft', set: 'math', sample: n },
      facts: { tokens: 5, finish: 'stop', verdict: { value: verdict, checker: 'file', version: '1' } },
    });
  record.close();
  await store.catchUp();
}

async function whole(rescores: EngineRescores): Promise<RescorePreview> {
  for (;;) {
    const preview = await rescores.preview(wish);
    if (preview.waiting === 0) return preview;
  }
}

describe('re-scores by the engine', function () {
  this.timeout(120_000);

  it('gives answers to Math-Verify once, previews what it would change, and applies it under its name', async function () {
    if (enginePython === null) return this.skip();
    return withStore(async (store, root) => {
      await filled(store, root);
      await store.audit('traces/judge', { trace: 'r/eval/1/4', verdict: 'wrong', by: 'anna' });
      const rescores = new EngineRescores(store, new EngineFinder({ python: enginePython, folder: null }));
      const preview = await whole(rescores);
      assert.deepEqual(
        preview.changes.map(({ row, from, to }) => `${row.sample} ${from} ${to}`),
        ['0 wrong right', '2 undecided wrong'],
      );
      assert.deepEqual(preview.kept, { undecided: 1, reader: 1 });
      assert.match(`${preview.checker} ${preview.version}`, /^engine integer [\d.]+, math-verify [\d.]+$/);
      const began = performance.now();
      assert.equal((await rescores.preview(wish)).total, 2);
      assert.ok(performance.now() - began < 1000, 'what was judged is not judged again');
      await store.audit('audit/apply', { ...wish, changes: 2, by: 'anna' });
      const { rescored, verdict } = await store.read('traces/get', { trace: 'r/eval/1/0' });
      assert.deepEqual([verdict, rescored?.checker, rescored?.version], ['right', preview.checker, preview.version]);
      await store.reindex();
      assert.equal((await store.read('traces/get', { trace: 'r/eval/1/2' })).verdict, 'wrong');
    });
  });

  it('says that there is no engine, and that Math-Verify has no switches', () =>
    withStore(async (store, root) => {
      await filled(store, root);
      const rescores = new EngineRescores(store, new EngineFinder({ python: '/nowhere/python', folder: null }));
      await assert.rejects(rescores.preview(wish), { code: /^engine_(missing|broken)$/ });
      await assert.rejects(rescores.preview({ ...wish, policy: 'percent=number' }), { code: 'invalid_params' });
    }));
});
