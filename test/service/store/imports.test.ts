import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { EventBatch } from '../../../core/protocol/methods.ts';
import { eventSchema } from '../../../core/protocol/events.ts';
import { runFileSchema, specSchema } from '../../../core/protocol/files.ts';
import type { ImportedTrace, ImportWriter, TraceStore } from '../../../server/store/trace-store.ts';
import { dumpIndex } from '../../support/index-dump.ts';
import { withFolder, withStore } from '../../support/temporary.ts';

const start = { run: 'aime-1a2b3c4d', name: 'aime.jsonl', source: '/data/aime.jsonl' };

const row = (line: number, extra: Partial<ImportedTrace> = {}): ImportedTrace => ({
  problem: { text: `What is ${line} + 1?`, gold: String(line + 1), sourceId: `id-${line}`, goldOrigin: 'given' },
  prompt: null,
  completion: `<think>Hm.</think>It is \\boxed{${line + 1}}.`,
  facts: {},
  sample: 0,
  source: { file: 'aime.jsonl', line },
  replaced: 0,
  ...extra,
});

async function begin(store: TraceStore): Promise<ImportWriter> {
  const begun = await store.beginImport(start);
  assert.ok(!begun.existed);
  return begun.writer;
}

async function importAll(store: TraceStore, rows: ImportedTrace[]): Promise<void> {
  const writer = await begin(store);
  for (let i = 0; i < rows.length; i += 100) await writer.append({ traces: rows.slice(i, i + 100) });
  await writer.append({
    metrics: [{ step: 1, epoch: null, values: { loss: 1, odd: Infinity } }],
    warnings: [{ code: 'skipped', message: 'line 7: no completion' }],
  });
  assert.deepEqual(await writer.finish(), { traces: rows.length, metrics: 1 });
}

describe('store: imports', () => {
  it('makes a run that is read, listed and indexed like any other', () =>
    withStore(async (store, root) => {
      const rows = Array.from({ length: 250 }, (_, i) =>
        row(i + 1, i === 3 ? { replaced: 2, completion: 'bad \ufffd\ufffd' } : {}),
      );
      await importAll(store, rows);
      const run = await store.run(start.run);
      assert.deepEqual([run.kind, run.name, run.source, run.traces], ['import', 'aime.jsonl', '/data/aime.jsonl', 250]);
      const attempt = run.stages[0]!.attempts[0]!;
      assert.deepEqual(
        [attempt.stage, attempt.kind, attempt.outcome, attempt.end?.complete, attempt.warningCount],
        ['import', 'import', 'completed', true, 1],
      );
      const page = await store.read('traces/page', { filter: { run: start.run, verdict: ['right'] }, limit: 1000 });
      assert.equal(page.total, 249, 'the quick check alone speaks');
      const detail = await store.read('traces/get', { trace: `${start.run}/import/1/3` });
      assert.deepEqual(
        [detail.source, detail.replaced, detail.sourceId, detail.goldOrigin, detail.live],
        [{ file: 'aime.jsonl', line: 4 }, 2, 'id-4', 'given', false],
      );
      assert.deepEqual([detail.promptLength, detail.verdictBy, detail.quick?.value], [0, null, 'wrong']);
      const { series } = await store.read('metrics/snapshot', { run: start.run });
      assert.deepEqual(
        series.map(({ name, value }) => [name, value]),
        [
          ['loss', [1]],
          ['odd', [null]],
        ],
      );
      assert.equal((await store.verify()).faultCount, 0);
      const before = dumpIndex(root);
      await store.reindex();
      assert.deepEqual(dumpIndex(root), before);
      const folder = join(root, 'runs', start.run, 'stages/import/attempt-1');
      assert.deepEqual(readdirSync(folder).toSorted(), ['events.jsonl', 'spec.json', 'text']);
      specSchema.parse(JSON.parse(readFileSync(join(folder, 'spec.json'), 'utf8')));
      runFileSchema.parse(JSON.parse(readFileSync(join(root, 'runs', start.run, 'run.json'), 'utf8')));
      const lines = readFileSync(join(folder, 'events.jsonl'), 'utf8').trimEnd().split('\n');
      for (const [i, line] of lines.entries()) assert.equal(eventSchema.parse(JSON.parse(line)).seq, i);
    }));

  it('takes the same content twice as the same run', () =>
    withStore(async (store) => {
      await importAll(store, [row(1)]);
      assert.deepEqual(await store.beginImport(start), { existed: true });
      assert.equal((await store.runs()).runs.length, 1);
    }));

  it('begins an interrupted import anew, and tells its subscribers so', () =>
    withFolder(async (root) => {
      await withStore(async (store) => {
        const writer = await begin(store);
        await writer.append({ traces: [row(1), row(2)] });
        await assert.rejects(store.beginImport(start), { code: 'already_running' });
      }, root);
      await withStore(async (store) => {
        const seen: string[] = [];
        const take = ({ stream, events }: EventBatch): void =>
          void seen.push(...events.map(({ type, seq }) => (stream === 'journal' ? type : `${type}#${seq}`)));
        await store.subscribe(await store.cursor(), {}, take);
        await importAll(store, [row(1), row(2), row(3)]);
        assert.equal((await store.run(start.run)).traces, 3);
        for (let i = 0; i < 200 && !seen.includes('attempt_ended'); i++)
          await new Promise((resolve) => setTimeout(resolve, 10));
        assert.deepEqual(
          seen.filter((type) => /^(run|attempt)_/.test(type)),
          ['run_deleted', 'run_created', 'attempt_created', 'attempt_ended'],
        );
        const stream = seen.filter((type) => type.includes('#'));
        assert.equal(stream[0], 'state#0');
        assert.equal(stream.filter((type) => type.startsWith('trace_end')).length, 3);
      }, root);
    }));

  it('removes an import that is given up, and a run that is deleted, folder and all', () =>
    withStore(async (store, root) => {
      const writer = await begin(store);
      await writer.append({ traces: [row(1)] });
      await writer.abort();
      assert.deepEqual((await store.runs()).runs, []);
      assert.deepEqual(readdirSync(join(root, 'runs')), []);
      await assert.rejects(writer.append({ traces: [row(2)] }), { code: 'not_found' });
      await importAll(store, [row(1)]);
      await store.deleteRun(start.run);
      await assert.rejects(store.run(start.run), { code: 'not_found' });
      await assert.rejects(store.deleteRun(start.run), { code: 'not_found' });
      await assert.rejects(store.read('traces/get', { trace: `${start.run}/import/1/0` }), { code: 'not_found' });
      assert.equal((await store.read('traces/page', { filter: {} })).total, 0);
      await store.reindex();
      assert.deepEqual((await store.runs()).runs, []);
    }));

  it('lists runs newest first, page by page', () =>
    withStore(async (store) => {
      for (let i = 0; i < 5; i++) {
        const begun = await store.beginImport({ ...start, run: `run-${i}` });
        assert.ok(!begun.existed);
        await begun.writer.append({ traces: [row(i)] });
        await begun.writer.finish();
        await new Promise((resolve) => setTimeout(resolve, 2));
      }
      const first = await store.runs({ limit: 3 });
      const second = await store.runs({ limit: 3, ...(first.next !== undefined && { cursor: first.next }) });
      assert.deepEqual(
        [...first.runs, ...second.runs].map(({ run }) => run),
        ['run-4', 'run-3', 'run-2', 'run-1', 'run-0'],
      );
      assert.equal(second.next, undefined);
      await assert.rejects(store.runs({ cursor: 'x' }), { code: 'invalid_params' });
    }));
});
