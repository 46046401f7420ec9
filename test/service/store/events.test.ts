import assert from 'node:assert/strict';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Cursor, EventBatch } from '../../../core/protocol/methods.ts';
import type { TraceStore } from '../../../server/store/trace-store.ts';
import { makeAttempt, makeRun, streamTokens, writeTrace } from '../../support/attempt-writer.ts';
import { withFolder, withStore } from '../../support/temporary.ts';

const key = { run: 'r', stage: 'grpo', attempt: 1 };

/** A client that keeps its cursor, as the extension does. */
class Client {
  readonly seen: string[] = [];
  cursor: Cursor;

  constructor(cursor: Cursor) {
    this.cursor = { ...cursor };
  }

  take = ({ stream, events }: EventBatch): void => {
    for (const { seq } of events) {
      assert.ok(seq > (this.cursor[stream] ?? -1), `${stream} ${seq} comes after ${this.cursor[stream]}`);
      this.cursor[stream] = seq;
      this.seen.push(`${stream}#${seq}`);
    }
  };

  async until(count: number): Promise<void> {
    for (let i = 0; i < 1000 && this.seen.length < count; i++) await sleep(10);
    assert.equal(this.seen.length, count);
  }
}

async function created(store: TraceStore, root: string): Promise<void> {
  makeRun(root, 'r');
  await store.appendJournal({ type: 'run_created', run: 'r', kind: 'recipe' });
}

describe('store: events', () => {
  it('tells a subscriber of each event once, over reconnections, a restart and a reindex', () =>
    withFolder(async (root) => {
      const client = new Client({ journal: -1 });
      const record = await withStore(async (store) => {
        await created(store, root);
        const record = makeAttempt(root, key);
        await store.appendJournal({ type: 'attempt_created', ...key, resumed_from: null });
        const subscription = await store.subscribe(client.cursor, {}, client.take);
        for (let i = 0; i < 50; i++) record.event({ type: 'progress', done: i, total: 100, unit: 'rows' });
        await client.until(52);
        subscription.close();
        for (let i = 50; i < 1500; i++) record.event({ type: 'progress', done: i, total: null, unit: 'rows' });
        await store.catchUp();
        await sleep(20);
        assert.equal(client.seen.length, 52, 'nothing comes after it was closed');
        const again = await store.subscribe(client.cursor, {}, client.take);
        for (let i = 1500; i < 1600; i++) {
          record.event({ type: 'progress', done: i, total: null, unit: 'rows' });
          if (i % 10 === 0) await sleep(1);
        }
        await client.until(1602);
        again.close();
        return record;
      }, root);
      // While no service runs the worker goes on.
      for (let i = 1600; i < 1700; i++) record.event({ type: 'progress', done: i, total: null, unit: 'rows' });
      await withStore(async (store) => {
        await store.subscribe(client.cursor, {}, client.take);
        await client.until(1702);
        await store.reindex();
        record.event({ type: 'progress', done: 1700, total: null, unit: 'rows' });
        await client.until(1703);
        assert.deepEqual(await store.cursor(), client.cursor);
      }, root);
      assert.equal(new Set(client.seen).size, 1703);
    }));

  it('begins a stream that it does not know at the newest event, or at its start when it was made since', () =>
    withStore(async (store, root) => {
      await created(store, root);
      const old = makeAttempt(root, key);
      await store.appendJournal({ type: 'attempt_created', ...key, resumed_from: null });
      old.event({ type: 'state', phase: 'running' });
      await store.catchUp();
      const { journal } = await store.cursor();
      const second = { ...key, stage: 'sft' };
      const fresh = makeAttempt(root, second);
      await store.appendJournal({ type: 'attempt_created', ...second, resumed_from: null });
      fresh.event({ type: 'state', phase: 'running' });
      await store.catchUp();
      const client = new Client({ journal: journal! });
      const subscription = await store.subscribe(client.cursor, {}, client.take);
      assert.deepEqual(subscription.cursor, { journal, 'r/grpo/1': 0, 'r/sft/1': -1 });
      await client.until(2);
      assert.deepEqual(client.seen.toSorted(), [`journal#${journal! + 1}`, 'r/sft/1#0']);
      const everything = new Client({});
      await store.subscribe({ 'r/grpo/1': -1 }, { run: 'r' }, everything.take);
      await everything.until(1);
      assert.deepEqual(everything.seen, ['r/grpo/1#0']);
    }));

  it('replays a long stream from anywhere', () =>
    withStore(async (store, root) => {
      await created(store, root);
      const record = makeAttempt(root, key);
      record.batch(() => {
        for (let i = 0; i < 30_000; i++) record.event({ type: 'progress', done: i, total: null, unit: 'rows' });
      });
      await store.catchUp();
      for (const after of [-1, 0, 14_999, 29_990, 29_999]) {
        const { events, done } = await store.replay('r/grpo/1', after, 100);
        assert.deepEqual(
          events.map(({ seq }) => seq),
          Array.from({ length: Math.min(100, 29_999 - after) }, (_, i) => after + 1 + i),
        );
        assert.equal(done, after + 100 >= 29_999);
      }
      await assert.rejects(store.replay('r/none/1', 0), { code: 'not_found' });
      await assert.rejects(store.replay('../x', 0), { code: 'invalid_params' });
    }));

  it('holds a torn last line back until it is whole', () =>
    withStore(async (store, root) => {
      await created(store, root);
      const record = makeAttempt(root, key);
      record.event({ type: 'state', phase: 'running' });
      const { appendFileSync } = await import('node:fs');
      const line = JSON.stringify({ v: 1, seq: 1, t: 1, type: 'warn', code: 'x', message: 'é'.repeat(50) }) + '\n';
      const bytes = Buffer.from(line);
      for (const byte of bytes.subarray(0, -1)) appendFileSync(`${record.folder}/events.jsonl`, Buffer.from([byte]));
      await store.catchUp(key);
      assert.equal((await store.attempt(key)).lastSeq, 0);
      appendFileSync(`${record.folder}/events.jsonl`, '\n');
      await store.catchUp(key);
      const attempt = await store.attempt(key);
      assert.deepEqual([attempt.lastSeq, attempt.faults, attempt.warnings[0]?.message], [1, 0, 'é'.repeat(50)]);
    }));

  it('shows a text while it is streamed', () =>
    withStore(async (store, root) => {
      await created(store, root);
      const record = makeAttempt(root, key);
      const problem = record.problem('What is 2 + 2?', { gold: '4' });
      const traces = Array.from({ length: 4 }, (_, sample) => ({
        trace: record.traceBegin(problem, null, { sample, step: 1 }),
        tokens: Array.from({ length: 100 }, (_, i) => `t${sample}-${i} `),
      }));
      await store.catchUp();
      const changed: string[] = [];
      store.onAttempts((attempts) => changed.push(...attempts.map(({ stage }) => stage)));
      let last = 0;
      const lengths: number[] = [];
      const reading = (async () => {
        while (last < traces[2]!.tokens.join('').length) {
          const slice = await store.read('traces/slice', {
            trace: 'r/grpo/1/2',
            in: 'completion',
            start: 0,
            end: 10_000,
          });
          assert.equal(slice.text, traces[2]!.tokens.join('').slice(0, slice.length));
          assert.ok(slice.live && slice.length >= last);
          if (slice.length > last) lengths.push(slice.length);
          last = slice.length;
          await sleep(5);
        }
      })();
      await streamTokens(record, traces, { every: 20, pace: 2 });
      await reading;
      assert.ok(lengths.length >= 5, `grew in ${lengths.length} steps`);
      assert.ok(changed.includes('grpo'));
      const { rows } = await store.read('traces/page', { filter: { live: true } });
      assert.equal(rows.length, 4);
      for (const { trace } of traces) record.traceEnd(trace, { tokens: 100, finish: 'stop' });
      await store.catchUp();
      assert.equal((await store.attempt(key)).liveTraces, 0);
    }));

  it('finds an attempt that nobody told of', () =>
    withStore(async (store, root) => {
      makeRun(root, 'copied', { name: 'From another machine' });
      writeTrace(makeAttempt(root, { run: 'copied', stage: 'sft', attempt: 1 }));
      await store.catchUp();
      const { runs } = await store.runs();
      assert.deepEqual(
        runs.map(({ name, traces }) => [name, traces]),
        [['From another machine', 1]],
      );
    }));
});
