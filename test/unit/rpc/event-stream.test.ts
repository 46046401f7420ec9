import assert from 'node:assert/strict';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Cursor, EventBatch } from '../../../core/protocol/methods.ts';
import { EventStream } from '../../../server/rpc/event-stream.ts';
import type { TraceStore } from '../../../server/store/trace-store.ts';

const fail = (error: unknown) => assert.fail(String(error));
type Listener = (batch: EventBatch) => void | Promise<void>;

/** A store that has three events of one stream and tells what it was asked. */
function fakeStore() {
  const asked: Cursor[] = [];
  const ends: ((error: unknown) => void)[] = [];
  let open = 0;
  const store = {
    cursor: () => Promise.resolve({ journal: 4, 'r/s/1': 9 }),
    subscribe: (cursor: Cursor, { onEnd }: { onEnd: (error: unknown) => void }, listener: Listener) => {
      asked.push(cursor);
      ends.push(onEnd);
      open++;
      const pump = async () => {
        for (const seq of [0, 1, 2]) await listener({ stream: 'r/s/1', events: [{ seq } as never] });
      };
      pump().catch(onEnd);
      return Promise.resolve({ cursor, close: () => open-- });
    },
  } as unknown as TraceStore;
  return { store, asked, ends, open: () => open };
}

describe('rpc/event-stream', () => {
  it('sends nothing before the answer, and never two batches at once', async () => {
    const { store } = fakeStore();
    const log: string[] = [];
    let sending = 0;
    const stream = new EventStream(
      store,
      async ({ events }) => {
        assert.equal(++sending, 1);
        await sleep(5);
        sending--;
        log.push(`batch ${events[0]!.seq}`);
      },
      fail,
    );
    await stream.subscribe({}, {}).then(() => log.push('answer'));
    await sleep(60);
    assert.deepEqual(log, ['answer', 'batch 0', 'batch 1', 'batch 2']);
  });

  it('asks for all of the streams that the cursor does not name, or for nothing of their past', async () => {
    const { store, asked } = fakeStore();
    const stream = new EventStream(store, () => Promise.resolve(), fail);
    await stream.subscribe({ journal: 2 }, {});
    await stream.subscribe({ journal: 2 }, { from: 'now' });
    assert.deepEqual(asked, [{ journal: 2, 'r/s/1': -1 }, { journal: 2 }]);
  });

  it('lets one subscription take the place of another, and tells when one fails', async () => {
    const { store, ends, open } = fakeStore();
    const failures: unknown[] = [];
    const stream = new EventStream(
      store,
      () => Promise.resolve(),
      (error) => failures.push(error),
    );
    await stream.subscribe({}, {});
    await stream.subscribe({}, {});
    assert.equal(open(), 1);
    ends[0]!(new Error('of the one that is gone'));
    assert.deepEqual(failures, []);
    ends[1]!('too slow');
    assert.deepEqual(failures, ['too slow']);
    stream.close();
    assert.equal(open(), 0);
  });
});
