import assert from 'node:assert/strict';
import { readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { DETECTOR } from '../../../core/behaviours/detect.ts';
import { comparable } from '../../../core/labels/disagreements.ts';
import { LonghandError } from '../../../core/protocol/errors.ts';
import { importEdits } from '../../../core/labels/exchange.ts';
import { applyEdits } from '../../../core/labels/reader.ts';
import type { ExportedLabels, LabelEdit, WantedEdit } from '../../../core/protocol/label-schemas.ts';
import { LABELS_LIMIT, readerLabels, type ReaderLayer, type ReaderSpan } from '../../../core/protocol/labels.ts';
import { validateParams } from '../../../server/rpc/schemas.ts';
import type { Params, Result } from '../../../core/protocol/methods.ts';
import { appendJudged } from '../../../server/judge/records.ts';
import { attemptFolder } from '../../../server/store/paths.ts';
import type { TraceStore } from '../../../server/store/trace-store.ts';
import { makeAttempt, makeRun, writeTrace } from '../../support/attempt-writer.ts';
import { dumpIndex } from '../../support/index-dump.ts';
import { withFolder, withStore } from '../../support/temporary.ts';

const CHECKED = 'So it is 4. Let me check that: 2 + 2 = 4. Wait, that is wrong. Let me redo this.';
const [trace, other] = ['r/eval/1/0', 'r/eval/1/1'];
const by = 'Zoë';

async function fill(store: TraceStore, root: string): Promise<void> {
  makeRun(root, 'r');
  const record = makeAttempt(root, { run: 'r', stage: 'eval', attempt: 1 }, { kind: 'evaluate' });
  for (const text of [CHECKED, CHECKED.repeat(2), 'It is 4.'])
    writeTrace(record, { problem: text, completion: text, facts: { tokens: 9, finish: 'stop' } });
  await store.catchUp();
}

/** An edit on top of what is there. */
async function edit(store: TraceStore, edits: WantedEdit[], of = trace, reader = by): Promise<ReaderLayer> {
  const { revision } = await store.read('labels/get', { trace: of, by: reader });
  return store.editLabels({ trace: of, by: reader, base: revision, edits });
}

async function queue(
  store: TraceStore,
  params: Params<'labels/queue'> = { run: 'r' },
): Promise<Result<'labels/queue'>> {
  for (;;) {
    const found = await store.labelQueue({ ...params, by });
    if (found.waiting === 0) return found;
  }
}

const brief = ({ spans }: ReaderLayer) => spans.map(({ start, end, label }) => [CHECKED.slice(start, end), label]);

describe('store: labels', () => {
  it('begins as a copy of the detector’s spans, keeps each edit with its author, and shows it as a layer', () =>
    withStore(async (store, root) => {
      await fill(store, root);
      assert.deepEqual(await store.read('labels/get', { trace, by }), {
        ...{ trace, by, revision: 0, next: 1, spans: [], reviewed: [], settled: [] },
      });
      assert.equal((await store.read('traces/annotations', { trace })).layers, undefined);
      const began = Date.now();
      const copy = await edit(store, [{ op: 'copy' }]);
      const { spans } = await store.read('traces/annotations', { trace });
      assert.deepEqual(
        copy.spans.map(({ start, end, label }) => [start, end, label]),
        comparable(spans).map(({ start, end, label }) => [start, end, label]),
      );
      assert.ok(copy.spans.length >= 2 && copy.spans.every(({ copied }) => copied));
      const first = copy.spans[0]!;
      const changed = await edit(store, [
        { op: 'remove', id: copy.spans.at(-1)!.id },
        { op: 'change', id: first.id, end: first.end - 2, label: 'uncertainty' },
        { op: 'add', start: 0, end: 11, label: 'answer_commitment' },
        { op: 'reviewed', stretches: [[0, CHECKED.length]] },
      ]);
      assert.equal(changed.revision, 2);
      assert.ok(brief(changed).some(([text, label]) => text === 'So it is 4.' && label === 'answer_commitment'));
      const moved = changed.spans.find(({ id }) => id === first.id)!;
      assert.deepEqual(
        [moved.label, moved.end, moved.copied, moved.detector, moved.version],
        ['uncertainty', first.end - 2, false, DETECTOR.name, DETECTOR.version],
      );
      assert.ok(moved.at >= began && moved.at <= Date.now());
      const { layers } = await store.read('traces/annotations', { trace });
      assert.deepEqual(
        layers!.map(({ kind, name, version, read }) => [kind, name, version, read]),
        [['reader', by, '2', [[0, CHECKED.length]]]],
      );
      assert.equal(layers![0]!.spans.length, changed.spans.length);
      const lines = readFileSync(join(root, 'journal.jsonl'), 'utf8').trim().split('\n');
      const events = lines.map((line) => JSON.parse(line) as Record<string, unknown>);
      assert.deepEqual(
        events.map(({ type, trace: of, by: who, base, detector }) => [type, of, who, base, detector]),
        [0, 1].map((base) => ['labels_edited', trace, by, base, { ...DETECTOR }]),
      );
    }));

  it('refuses an edit on an older revision, one that does not fit, and one of a trace that is not there', () =>
    withStore(async (store, root) => {
      await fill(store, root);
      const add: WantedEdit = { op: 'add', start: 0, end: 11, label: 'subgoal' };
      const both = [0, 1].map(() => store.editLabels({ trace, by, base: 0, edits: [add] }));
      const [first, second] = await Promise.allSettled(both);
      assert.equal(first!.status, 'fulfilled');
      assert.ok(second?.status === 'rejected' && LonghandError.is(second.reason, 'conflict'));
      assert.deepEqual(second.reason.detail, { revision: 1 });
      for (const bad of [
        { ...add, end: CHECKED.length + 1 },
        { ...add, start: 11 },
        { op: 'remove', id: 9 },
        { ...add, id: 1 },
      ] as WantedEdit[])
        await assert.rejects(edit(store, [bad]), { code: 'invalid_params' });
      await assert.rejects(edit(store, [add], 'r/eval/1/99'), { code: 'not_found' });
      // Nothing of a request that failed is there, nor in the journal.
      await assert.rejects(edit(store, [add, { op: 'remove', id: 9 }]), { code: 'invalid_params' });
      assert.equal((await store.read('labels/get', { trace, by })).spans.length, 1);
      assert.equal((await store.cursor())['journal'], 0);
      assert.equal((await edit(store, [add], trace, 'Ada')).revision, 1, 'another reader has another layer');
    }));

  it('is the same after a restart, a reindex and a kill between journal and index', () =>
    withFolder(async (root) => {
      const before = await withStore(async (store) => {
        await fill(store, root);
        await edit(store, [{ op: 'copy' }]);
        await edit(store, [{ op: 'reviewed', stretches: [[0, 40]] }]);
        return edit(store, [{ op: 'add', start: 0, end: 11, label: 'subgoal' }]);
      }, root);
      const incremental = dumpIndex(root);
      // What is in the journal and not in the index: as after a kill between the two.
      rmSync(join(root, 'index.sqlite'));
      for (const end of ['-wal', '-shm']) rmSync(join(root, `index.sqlite${end}`), { force: true });
      await withStore(async (store) => {
        await store.catchUp();
        assert.deepEqual(await store.read('labels/get', { trace, by }), before);
        assert.deepEqual(dumpIndex(root)['reader_labels'], incremental['reader_labels']);
        await store.reindex();
        assert.deepEqual(await store.read('labels/get', { trace, by }), before);
        assert.equal((await edit(store, [{ op: 'remove', id: 1 }])).revision, before.revision + 1);
      }, root);
    }));

  it('tells subscribers, and forgets the labels of a run that is deleted', () =>
    withStore(async (store, root) => {
      await fill(store, root);
      const seen: string[] = [];
      await store.subscribe({ journal: -1 }, {}, ({ stream, events }) => {
        for (const event of events)
          if (event.type === 'labels_edited') seen.push(`${stream} ${event.trace} ${event.by}`);
      });
      await edit(store, [{ op: 'add', start: 0, end: 11, label: 'subgoal' }]);
      for (let i = 0; i < 100 && seen.length === 0; i += 1) await new Promise((resolve) => setTimeout(resolve, 10));
      assert.deepEqual(seen, [`journal ${trace} ${by}`]);
      await store.deleteRun('r');
      assert.deepEqual(dumpIndex(root)['reader_labels'], []);
    }));

  it('measures the detector over what was reviewed, of all traces of the run', () =>
    withStore(async (store, root) => {
      await fill(store, root);
      const none = await store.labelAgreement({ run: 'r', by });
      assert.deepEqual([none.labels, none.traces, none.steps, none.waiting], [[], 0, 0, 0]);
      await edit(store, [{ op: 'copy' }, { op: 'reviewed', stretches: [[0, CHECKED.length]] }]);
      await edit(store, [{ op: 'copy' }, { op: 'reviewed', stretches: [[0, CHECKED.length]] }], other);
      const { spans: found } = await store.read('traces/annotations', { trace: other });
      const unseen = readerLabels.find((one) => !found.some(({ label }) => label === one))!;
      await edit(store, [{ op: 'add', start: 0, end: 11, label: unseen }]);
      const { labels, traces, steps } = await store.labelAgreement({ run: 'r', by });
      assert.equal(traces, 2);
      const own = labels.find(({ label }) => label === unseen)!;
      assert.deepEqual(own.steps, { both: 0, gold: 1, found: 0, units: steps });
      assert.deepEqual(own.spans, { both: 0, gold: 1, found: 0, units: null });
      for (const { label, spans, steps: counts } of labels.filter(({ label }) => label !== unseen)) {
        assert.deepEqual([spans.gold, spans.found], [spans.both, spans.both], label);
        assert.deepEqual([counts.gold, counts.found, counts.units], [counts.both, counts.both, steps], label);
      }
      await assert.rejects(store.labelAgreement({ run: 'gone', by }), { code: 'not_found' });
    }));

  it('queues disagreements until they are settled, and spans of which the detector is not sure until they are read', () =>
    withStore(async (store, root) => {
      await fill(store, root);
      const unread = await queue(store);
      assert.ok(unread.items.every(({ why, confidence }) => why === 'unsure' && confidence !== null));
      assert.deepEqual([unread.looked, unread.traces], [3, 3]);
      await edit(store, [{ op: 'copy' }, { op: 'reviewed', stretches: [[0, CHECKED.length]] }]);
      assert.ok((await queue(store)).items.every((item) => item.trace !== trace));
      const { spans } = await store.read('labels/get', { trace, by });
      const taken = spans[0]!;
      await edit(store, [
        { op: 'remove', id: taken.id },
        { op: 'add', start: 0, end: 11, label: 'case_split' },
      ]);
      const { items } = await queue(store);
      assert.deepEqual(
        items.slice(0, 2).map(({ why, label, text, confidence }) => [why, label, text, confidence === null]),
        [
          ['missed', 'case_split', CHECKED, true],
          ['extra', taken.label, CHECKED.slice(taken.start), false],
        ],
      );
      assert.equal(items[0]!.trace, trace);
      await edit(store, [{ op: 'settle', start: 0, end: 11, label: 'case_split', on: true }]);
      assert.deepEqual((await queue(store)).items[0]!.why, 'extra');
      const limited = await queue(store, { run: 'r', limit: 1 });
      assert.deepEqual([limited.items.length, limited.more], [1, items.length - 2]);
    }));

  it('queues what a judge says against the detector where the reader has not read', () =>
    withStore(async (store, root) => {
      await fill(store, root);
      const { spans } = await store.read('traces/annotations', { trace: other });
      const first = comparable(spans).find(({ label }) => label === 'backtracking')!;
      const judge = { model: 'm', prompt: '1', url: 'http://judge', key: 'k' };
      appendJudged(root, 'r', {
        ...{ v: 1, t: 0, trace: other, judge, length: CHECKED.length * 2, read: [[0, CHECKED.length * 2]] },
        spans: [{ start: 0, end: 11, label: 'backtracking' }],
        steps: { judged: 9, unparsed: 0 },
      });
      const judged = (await queue(store)).items.filter(({ why }) => why === 'judge');
      assert.deepEqual(judged[0], {
        ...{ trace: other, why: 'judge', label: 'backtracking', start: 0, end: 11, confidence: null },
        ...{ problemLabel: judged[0]!.problemLabel, text: CHECKED.repeat(2).slice(0, 90).trim() },
      });
      assert.ok(judged.some(({ start, confidence }) => start === first.start && confidence === first.confidence));
      await edit(store, [{ op: 'reviewed', stretches: [[0, CHECKED.length * 2]] }], other);
      assert.deepEqual(
        (await queue(store)).items.filter(({ why }) => why === 'judge'),
        [],
      );
    }));

  it('exports by trace, a page at a time, with the text where it is asked for', () =>
    withStore(async (store, root) => {
      await fill(store, root);
      await edit(store, [{ op: 'add', start: 0, end: 11, label: 'subgoal' }]);
      await edit(store, [{ op: 'add', start: 0, end: 3, label: 'restart' }], trace, 'Ada');
      await edit(store, [{ op: 'reviewed', stretches: [[0, 5]] }], other);
      const { rows, next } = await store.read('labels/export', { run: 'r', text: true });
      assert.equal(next, undefined);
      assert.deepEqual(
        rows.map((row) => [row.trace, row.by, row.labels.length, row.reviewed, row.text?.length, row.length]),
        [
          [trace, 'Ada', 1, [], CHECKED.length, CHECKED.length],
          [trace, by, 1, [], CHECKED.length, CHECKED.length],
          [other, by, 0, [[0, 5]], CHECKED.length * 2, CHECKED.length * 2],
        ],
      );
      const { at, ...label } = rows[1]!.labels[0]!;
      assert.deepEqual(label, {
        ...{ start: 0, end: 11, label: 'subgoal', by, copied: false },
        ...{ detector: DETECTOR.name, version: DETECTOR.version },
      });
      assert.ok(Math.abs(Date.parse(at) - Date.now()) < 60_000);
      const own = await store.read('labels/export', { run: 'r', by: 'Ada' });
      assert.deepEqual(
        own.rows,
        [rows[0]!].map(({ text: _text, ...row }) => row),
      );
      rmSync(join(attemptFolder(root, { run: 'r', stage: 'eval', attempt: 1 }), 'text'), { recursive: true });
      assert.equal((await store.read('labels/export', { run: 'r' })).rows.length, 3);
      // Without the text of what is gone; the labels are in the journal.
      const rest = await store.read('labels/export', { run: 'r', text: true });
      assert.deepEqual(rest.rows.map((row) => [row.trace, row.text]), [[trace, undefined], [trace, undefined], [other, undefined]]); // prettier-ignore
    }));

  it('finds a reader whose name no table can carry as it is', () =>
    withStore(async (store, root) => {
      await fill(store, root);
      const odd = 'Z\ud800\0';
      await edit(store, [{ op: 'reviewed', stretches: [[0, 5]] }], trace, odd);
      assert.equal((await store.read('labels/export', { run: 'r', by: odd })).rows.length, 1);
      assert.equal((await store.labelAgreement({ run: 'r', by: odd })).traces, 1);
    }));

  it('takes in a layer as large as any in the place of another one', () => {
    const span = (id: number) => ({ ...{ id, start: 0, end: 1, label: 'subgoal', at: 0, detector: '', version: '', copied: false } }) as ReaderSpan; // prettier-ignore
    const spans = Array.from({ length: LABELS_LIMIT }, (_, i) => span(i + 1));
    const layer: ReaderLayer = { trace, by, revision: 1, next: LABELS_LIMIT + 1, spans, reviewed: [], settled: [] };
    const row = { labels: spans, reviewed: [[0, 1]] } as unknown as ExportedLabels;
    const edits = importEdits(layer, row);
    validateParams('labels/edit', { trace, by, base: 1, edits });
    assert.equal(applyEdits(layer, edits as LabelEdit[], { at: 0, detector: DETECTOR }).spans.length, LABELS_LIMIT);
  });
});
