import assert from 'node:assert/strict';
import { setImmediate as breathe } from 'node:timers/promises';
import type { EventBatch, StreamEvent } from '../../../core/protocol/methods.ts';
import { Follower } from '../../../server/store/subscription.ts';

const event = (seq: number, fields: object = {}): StreamEvent => {
  const plain: StreamEvent = { v: 1, seq, t: 0, type: 'progress', done: seq, total: null, unit: 'rows' };
  return { ...plain, ...fields };
};
const range = (from: number, to: number): StreamEvent[] =>
  Array.from({ length: to - from + 1 }, (_, i) => event(from + i));

/** A store of one process: streams that grow, a fetch that answers later, followers told at once. */
class Source {
  readonly streams = new Map<string, StreamEvent[]>();
  followers: Follower[] = [];
  fetches = 0;

  add(stream: string, events: StreamEvent[]): void {
    this.streams.set(stream, [...(this.streams.get(stream) ?? []), ...events]);
    for (const follower of this.followers) follower.push({ stream, events });
  }

  fetch = async (
    stream: string,
    after: number,
    deliver: (events: StreamEvent[], done: boolean) => void,
  ): Promise<void> => {
    this.fetches++;
    await breathe();
    const found = (this.streams.get(stream) ?? []).filter(({ seq }) => seq > after);
    deliver(found.slice(0, 10), found.length <= 10);
  };

  last(): Record<string, number> {
    return Object.fromEntries([...this.streams].map(([name, events]) => [name, events.at(-1)?.seq ?? -1]));
  }

  follow(start: Record<string, number>, listener: (batch: EventBatch) => void | Promise<void>, run?: string): Follower {
    const follower = new Follower(run, listener, this.fetch, (error) => {
      throw error;
    });
    this.followers.push(follower);
    follower.begin(start, this.last());
    return follower;
  }
}

async function until(reached: () => boolean): Promise<void> {
  for (let i = 0; i < 100_000 && !reached(); i++) await breathe();
}

async function settle(): Promise<void> {
  for (let i = 0; i < 60; i++) await breathe();
}

describe('subscription', () => {
  it('replays, then goes on live, each event once and in order, while the stream grows all the time', async () => {
    const source = new Source();
    source.add('r/a/1', range(0, 99));
    const got: number[] = [];
    source.follow({ 'r/a/1': 4 }, ({ events }) => void got.push(...events.map(({ seq }) => seq)));
    for (let at = 100; at < 140; at++) {
      source.add('r/a/1', [event(at)]);
      await breathe();
    }
    await settle();
    assert.deepEqual(
      got,
      Array.from({ length: 135 }, (_, i) => i + 5),
    );
    const fetched = source.fetches;
    source.add('r/a/1', [event(140)]);
    await settle();
    assert.equal(got.at(-1), 140);
    assert.equal(source.fetches, fetched, 'a live stream is not fetched');
  });

  it('begins streams that are new at their start', async () => {
    const source = new Source();
    const got: string[] = [];
    source.follow({}, ({ stream, events }) => void got.push(...events.map(({ seq }) => `${stream}#${seq}`)));
    source.add('r/b/1', range(0, 2));
    await settle();
    assert.deepEqual(got, ['r/b/1#0', 'r/b/1#1', 'r/b/1#2']);
  });

  it('lets a slow listener fall behind and catch up, without a queue that grows', async () => {
    const source = new Source();
    let got = 0;
    let open: () => void = () => undefined;
    const gate = new Promise<void>((resolve) => {
      open = resolve;
    });
    source.follow({}, async ({ events }) => {
      await gate;
      got += events.length;
    });
    for (let i = 0; i < 300; i++) source.add('r/a/1', range(i * 100, i * 100 + 99));
    assert.equal(source.fetches, 0);
    open();
    await until(() => got >= 30_000);
    assert.equal(got, 30_000);
    assert.ok(source.fetches > 100, 'what did not fit was fetched again');
  });

  it('tells of one run only, and of what the journal says of it', async () => {
    const source = new Source();
    const got: string[] = [];
    source.follow({}, ({ stream, events }) => void got.push(...events.map(({ seq }) => `${stream}#${seq}`)), 'r');
    source.add('other/a/1', range(0, 3));
    source.add('r/a/1', range(0, 0));
    source.add('journal', [event(0, { type: 'run_wanted', run: 'other' }), event(1, { type: 'run_wanted', run: 'r' })]);
    await settle();
    assert.deepEqual(got, ['r/a/1#0', 'journal#1']);
  });

  it('begins anew with a run that was deleted and made again', async () => {
    const source = new Source();
    const got: string[] = [];
    source.follow({}, ({ stream, events }) => void got.push(...events.map(({ seq }) => `${stream}#${seq}`)));
    source.add('r/import/1', range(0, 5));
    source.add('journal', [event(0, { type: 'run_deleted', run: 'r' })]);
    source.streams.delete('r/import/1');
    source.add('r/import/1', range(0, 1));
    await settle();
    assert.deepEqual(got.slice(6), ['journal#0', 'r/import/1#0', 'r/import/1#1']);
  });

  it('ends when its listener throws, and says so', async () => {
    const failures: unknown[] = [];
    const follower = new Follower(
      undefined,
      () => {
        throw new Error('gone');
      },
      () => Promise.resolve(),
      (error) => failures.push(error),
    );
    follower.begin({}, {});
    follower.push({ stream: 'r/a/1', events: range(0, 0) });
    follower.push({ stream: 'r/a/1', events: range(1, 1) });
    await settle();
    assert.equal(failures.length, 1);
  });
});
