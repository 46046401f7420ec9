import assert from 'node:assert/strict';
import {
  appendFileSync,
  copyFileSync,
  cpSync,
  existsSync,
  readFileSync,
  renameSync,
  rmSync,
  truncateSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import type { StoreFault, TraceStore } from '../../../server/store/trace-store.ts';
import { makeAttempt, makeRun, writeTrace } from '../../support/attempt-writer.ts';
import { dumpIndex } from '../../support/index-dump.ts';
import { withFolder, withStore } from '../../support/temporary.ts';

const key = { run: 'r', stage: 'sft', attempt: 1 };
const kinds = (faults: StoreFault[]): string[] => faults.map(({ kind, line }) => `${kind}@${line}`);

/** A store with one attempt, and the faults that it tells of. */
async function withAttempt(
  work: (given: { store: TraceStore; root: string; events: string; faults: StoreFault[] }) => Promise<void>,
): Promise<void> {
  await withStore(async (store, root) => {
    const faults: StoreFault[] = [];
    store.onFault((fault) => faults.push(fault));
    makeRun(root, 'r');
    const record = makeAttempt(root, key);
    writeTrace(record);
    record.close();
    await store.catchUp();
    await work({ store, root, events: join(record.folder, 'events.jsonl'), faults });
  });
}

const state = (seq: number, extra: object = {}): string =>
  JSON.stringify({ v: 1, seq, t: 5, type: 'state', phase: 'running', ...extra }) + '\n';

describe('store: damaged files', () => {
  it('counts a line that cannot be read, names it, and reads on', () =>
    withAttempt(async ({ store, root, events, faults }) => {
      // Five lines are there: problem, prompt, trace_begin, trace_text, trace_end.
      appendFileSync(
        events,
        'no json\n' + state(5) + '{"v":1,"seq":6,"t":1,"type":"state","phase":"asleep"}\n\n' + state(7),
      );
      appendFileSync(
        events,
        Buffer.concat([
          Buffer.from(state(8).replace('running"', 'running","note":"')).subarray(0, -2),
          Buffer.from([0xff, 0x22, 0x7d, 0x0a]),
        ]),
      );
      appendFileSync(events, Buffer.concat([Buffer.from('{"v":1,\0 binary'), Buffer.from([1, 2, 3, 0xfe, 0x0a])]));
      appendFileSync(events, state(9));
      await store.catchUp(key);
      assert.deepEqual(kinds(faults), [
        'bad_line@6',
        'bad_line@8',
        'bad_line@9',
        'invalid_utf8@11',
        'invalid_utf8@12',
        'bad_line@12',
      ]);
      assert.equal(faults[0]?.file, 'runs/r/stages/sft/attempt-1/events.jsonl');
      const attempt = await store.attempt(key);
      assert.deepEqual([attempt.lastSeq, attempt.faults, attempt.traces], [9, 6, 1]);
      const { events: replayed } = await store.replay('r/sft/1', 4);
      assert.deepEqual(
        replayed.map(({ seq }) => seq),
        [5, 7, 8, 9],
      );
      const report = await store.verify();
      assert.deepEqual(kinds(report.faults).toSorted(), kinds(faults).toSorted());
      const before = dumpIndex(root);
      await store.reindex();
      assert.deepEqual(dumpIndex(root), before);
    }));

  it('tells of gaps and repeats in seq', () =>
    withAttempt(async ({ store, events, faults }) => {
      appendFileSync(events, state(8) + state(8) + state(3) + state(9) + state(11));
      await store.catchUp(key);
      assert.deepEqual(kinds(faults), ['seq_gap@6', 'seq_repeat@7', 'seq_repeat@8', 'seq_gap@10']);
      assert.match(faults[0]?.message ?? '', /5 to 7 are missing/);
      assert.match(faults[3]?.message ?? '', /seq 10 is missing/);
      assert.equal((await store.attempt(key)).lastSeq, 11);
    }));

  it('reads a line of ten megabytes', () =>
    withAttempt(async ({ store, root, events, faults }) => {
      const text = 'Größe '.repeat(1_700_000);
      appendFileSync(
        events,
        JSON.stringify({ v: 1, seq: 5, t: 1, type: 'problem', problem: 'long', text, gold: null }) + '\n',
      );
      appendFileSync(
        events,
        JSON.stringify({
          v: 1,
          seq: 6,
          t: 1,
          type: 'trace_begin',
          trace: 1,
          problem: 'long',
          prompt: null,
          sample: 0,
        }) + '\n',
      );
      await store.catchUp(key);
      assert.deepEqual(faults, []);
      const detail = await store.read('traces/get', { trace: 'r/sft/1/1' });
      assert.equal(detail.problemText, text);
      assert.ok(detail.problemLabel.length <= 61);
      assert.equal((await store.verify()).faultCount, 0);
      assert.ok(existsSync(root));
    }));

  it('skips a line that is longer than any event can be, however it arrives', () =>
    withAttempt(async ({ store, events, faults }) => {
      const piece = 'x'.repeat(10 << 20);
      for (let i = 0; i < 7; i++) {
        appendFileSync(events, piece);
        if (i % 3 === 0) await store.catchUp(key);
      }
      appendFileSync(events, '\n' + state(5));
      await store.catchUp(key);
      assert.deepEqual(kinds(faults), ['long_line@6']);
      assert.equal((await store.attempt(key)).lastSeq, 5);
      assert.deepEqual(kinds((await store.verify()).faults), ['long_line@6']);
      await store.reindex();
      assert.equal((await store.attempt(key)).lastSeq, 5);
    }));

  it('takes lone surrogates, NUL and names from nowhere as they are', () =>
    withAttempt(async ({ store, events, faults }) => {
      const odd = 'a\ud800b\0c\udfff';
      const lines = [
        { seq: 5, type: 'problem', problem: odd, text: odd, gold: odd, source_id: odd },
        {
          seq: 6,
          type: 'trace_begin',
          trace: 1,
          problem: odd,
          prompt: 99,
          sample: 0,
          set: odd,
          group: odd,
          marker: odd,
          model: odd,
        },
        {
          seq: 7,
          type: 'trace_end',
          trace: 1,
          facts: { answer: { text: odd, start: 0, end: 1, rule: 'boxed' }, finish: 'stop', rewards: { [odd]: 1 } },
        },
        { seq: 8, type: 'metrics', step: 1, epoch: null, values: { [odd]: 1 } },
        { seq: 9, type: 'gpu', name: odd },
        { seq: 10, type: 'warn', code: odd, message: odd },
      ];
      for (const line of lines) appendFileSync(events, JSON.stringify({ v: 1, t: 1, ...line }) + '\n');
      await store.catchUp(key);
      assert.deepEqual(faults, []);
      const detail = await store.read('traces/get', { trace: 'r/sft/1/1' });
      assert.ok(detail.set?.isWellFormed() && detail.problemText.includes('\0'));
      const { rows } = await store.read('traces/page', { filter: { text: 'b\0c' } });
      assert.equal(rows.length, 1);
      const { series } = await store.read('metrics/snapshot', { run: 'r' });
      assert.equal(series.length, 1);
      assert.equal((await store.replay('r/sft/1', 4)).events.length, 6);
    }));

  it('names events of traces that never began, or begin twice', () =>
    withAttempt(async ({ store, events, faults }) => {
      const begin = { v: 1, t: 1, type: 'trace_begin', problem: 'x', prompt: null, sample: 0 };
      appendFileSync(
        events,
        JSON.stringify({ v: 1, seq: 5, t: 1, type: 'trace_text', trace: 7, part: 1, offset: 0, length: 3 }) + '\n',
      );
      appendFileSync(events, JSON.stringify({ v: 1, seq: 6, t: 1, type: 'trace_end', trace: 8, facts: {} }) + '\n');
      appendFileSync(events, JSON.stringify({ ...begin, seq: 7, trace: 0 }) + '\n');
      await store.catchUp(key);
      assert.deepEqual(kinds(faults), ['unknown_trace@6', 'unknown_trace@7', 'bad_line@8']);
      assert.equal((await store.read('traces/get', { trace: 'r/sft/1/0' })).answer, '4');
    }));

  it('says when text is named that is not there, and waits for one that may only be late', () =>
    withAttempt(async ({ store, root, events, faults }) => {
      const text = (seq: number, part: number, offset: number, length: number, t: number): string =>
        JSON.stringify({ v: 1, seq, t, type: 'trace_text', trace: 0, part, offset, length }) + '\n';
      appendFileSync(events, text(5, 9, 0, 10, 1) + text(6, 1, 5, 100_000, 1));
      await store.catchUp(key);
      assert.deepEqual(kinds(faults), ['missing_part@6', 'extent_outside@7']);
      const late = Buffer.from(' late text');
      appendFileSync(events, text(7, 2, 0, late.length, Date.now()) + state(8));
      setTimeout(() => writeFileSync(join(root, 'runs/r/stages/sft/attempt-1/text/part-00002.txt'), late), 200);
      await store.catchUp(key);
      assert.equal(faults.length, 2);
      const { text: all } = await store.read('traces/slice', {
        trace: 'r/sft/1/0',
        in: 'completion',
        start: 0,
        end: 1e6,
      });
      assert.ok(all.endsWith(' late text'));
      assert.equal((await store.attempt(key)).lastSeq, 8);
      assert.deepEqual(kinds((await store.verify()).faults), ['missing_part@6', 'extent_outside@7']);
    }));

  it('begins anew in a record that was cut or replaced, and doubles nothing', () =>
    withAttempt(async ({ store, events, faults }) => {
      appendFileSync(events, state(5) + state(6));
      await store.catchUp(key);
      const whole = readFileSync(events);
      truncateSync(events, whole.length - 20);
      await store.catchUp(key);
      assert.deepEqual(kinds(faults), ['truncated@null']);
      appendFileSync(events, whole.subarray(-20));
      appendFileSync(events, state(7));
      await store.catchUp(key);
      assert.deepEqual(kinds(faults), ['truncated@null']);
      copyFileSync(events, events + '.copy');
      renameSync(events + '.copy', events);
      appendFileSync(events, state(8));
      await store.catchUp(key);
      assert.deepEqual(kinds(faults), ['truncated@null', 'replaced@null']);
      const attempt = await store.attempt(key);
      assert.deepEqual([attempt.lastSeq, attempt.traces], [8, 1]);
      assert.equal((await store.replay('r/sft/1', -1)).events.length, 9);
      rmSync(events);
      await store.catchUp(key);
      assert.equal(faults.at(-1)?.kind, 'missing_file');
      assert.equal((await store.attempt(key)).traces, 1, 'what was read stays');
    }));

  it('reads an empty record, an attempt without a spec and a run without a file', () =>
    withStore(async (store, root) => {
      const faults: StoreFault[] = [];
      store.onFault((fault) => faults.push(fault));
      makeRun(root, 'r');
      const record = makeAttempt(root, key);
      await store.catchUp();
      assert.equal((await store.attempt(key)).lastSeq, -1);
      rmSync(join(record.folder, 'spec.json'));
      rmSync(join(root, 'runs', 'r', 'run.json'));
      writeFileSync(join(root, 'runs', 'r', 'run.json'), '');
      await store.reindex();
      assert.ok(faults.some(({ kind, file }) => kind === 'missing_file' && file.endsWith('spec.json')));
      assert.deepEqual((await store.runs()).runs, []);
      assert.equal((await store.attempt(key)).kind, 'unknown');
    }));

  it('cuts off a torn journal line, and goes on with its numbers', () =>
    withFolder(async (root) => {
      await withStore(async (store) => {
        makeRun(root, 'r');
        await store.appendJournal({ type: 'run_created', run: 'r', kind: 'recipe' });
        await store.appendJournal({ type: 'run_renamed', run: 'r', name: 'Kept' });
      }, root);
      appendFileSync(join(root, 'journal.jsonl'), '{"v":1,"seq":2,"t":1,"type":"run_renamed","run":"r","na');
      await withStore(async (store) => {
        const event = await store.appendJournal({ type: 'run_wanted', run: 'r', wanted: 'stopped' });
        assert.equal(event.seq, 2);
        const { events } = await store.replay('journal', -1);
        assert.deepEqual(
          events.map(({ type }) => type),
          ['run_created', 'run_renamed', 'run_wanted'],
        );
        assert.equal((await store.run('r')).name, 'Kept');
        assert.equal((await store.verify()).faultCount, 0);
      }, root);
    }));

  it('keeps what the journal says of an import whose beginning it does not have, in a new index too', () =>
    withStore(async (store, root) => {
      // As after a kill between the folders and the journal.
      makeRun(root, 'broken', { kind: 'import' });
      writeTrace(makeAttempt(root, { run: 'broken', stage: 'import', attempt: 1 }, { kind: 'import' }));
      await store.catchUp();
      await store.appendJournal({ type: 'run_renamed', run: 'broken', name: 'Renamed' });
      await store.catchUp();
      const first = dumpIndex(root);
      const journal = async () => (await store.replay('journal', -1)).events.map(({ type }) => type);
      assert.deepEqual(await journal(), ['attempt_ended', 'run_renamed']);
      await store.reindex();
      assert.deepEqual(await journal(), ['attempt_ended', 'run_renamed']);
      assert.equal((await store.run('broken')).name, 'Renamed');
      assert.deepEqual(dumpIndex(root), first);
    }));

  it('makes the index anew when it is of another version, damaged, or gone', () =>
    withFolder(async (root) => {
      const file = join(root, 'index.sqlite');
      const first = await withStore(async (store) => {
        makeRun(root, 'r');
        writeTrace(makeAttempt(root, key));
        await store.appendJournal({ type: 'run_created', run: 'r', kind: 'recipe' });
        await store.catchUp();
        return dumpIndex(root);
      }, root);
      const check = () =>
        withStore(async (store) => {
          await store.catchUp();
          assert.equal((await store.read('traces/page', { filter: { run: 'r' } })).total, 1);
          assert.deepEqual(dumpIndex(root), first);
        }, root);
      const db = new DatabaseSync(file);
      db.exec("UPDATE meta SET value = '999' WHERE key = 'version'; DELETE FROM traces");
      db.close();
      await check();
      writeFileSync(file, 'this is no database, but long enough to be looked at '.repeat(100));
      await check();
      rmSync(file);
      await check();
      writeFileSync(file, '');
      await check();
    }));

  it('can be copied with its index to another place', () =>
    withFolder(async (root) => {
      await withStore(async (store) => {
        makeRun(root, 'r');
        writeTrace(makeAttempt(root, key), { completion: 'Moved \\boxed{4}' });
        await store.catchUp();
      }, root);
      await withFolder(async (other) => {
        cpSync(root, other, { recursive: true });
        await withStore(async (store) => {
          await store.catchUp();
          const { text } = await store.read('traces/slice', {
            trace: 'r/sft/1/0',
            in: 'completion',
            start: 0,
            end: 99,
          });
          assert.equal(text, 'Moved \\boxed{4}');
          assert.equal((await store.read('traces/page', { filter: {} })).total, 1);
        }, other);
      });
    }));
});
