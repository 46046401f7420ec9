/**
 * One subscriber's way through the streams: what it has not seen is fetched in pieces, then it goes on live. Each stream is
 * either live or behind; a live batch of a stream that is behind is left alone, as the fetch will bring it. A slow listener
 * makes a stream fall behind instead of a queue grow.
 */
import type { Cursor, EventBatch, StreamEvent } from '../../core/protocol/methods.ts';

/** Events that may wait for the listener. */
const QUEUED = 10_000;

interface Stream {
  last: number;
  live: boolean;
}

/** Fetches events after `after`. `deliver` is called in the very moment of the answer, before any later live batch. */
export type Fetch = (
  stream: string,
  after: number,
  deliver: (events: StreamEvent[], done: boolean) => void,
) => Promise<void>;

export class Follower {
  private readonly streams = new Map<string, Stream>();
  private readonly queue: EventBatch[] = [];
  private queued = 0;
  private running = false;
  private closed = false;
  private readonly run: string | undefined;
  private readonly listener: (batch: EventBatch) => void | Promise<void>;
  private readonly fetch: Fetch;
  private readonly failed: (error: unknown) => void;

  constructor(
    run: string | undefined,
    listener: (batch: EventBatch) => void | Promise<void>,
    fetch: Fetch,
    failed: (error: unknown) => void,
  ) {
    this.run = run;
    this.listener = listener;
    this.fetch = fetch;
    this.failed = failed;
  }

  /** Where each stream starts and how far it goes by now. Called once, in the moment of the store's answer. */
  begin(start: Cursor, last: Cursor): void {
    for (const [stream, seq] of Object.entries(start)) {
      this.streams.set(stream, { last: seq, live: seq >= (last[stream] ?? -1) });
    }
    this.wake();
  }

  /** A live batch, as it comes from the store. */
  push(batch: EventBatch): void {
    if (this.closed || !this.wants(batch.stream)) return;
    let stream = this.streams.get(batch.stream);
    if (!stream) this.streams.set(batch.stream, (stream = { last: -1, live: true }));
    if (!stream.live) return;
    if (this.queued >= QUEUED) {
      stream.live = false;
      return;
    }
    this.add(batch.stream, stream, batch.events);
    this.wake();
  }

  close(): void {
    this.closed = true;
    this.queue.length = 0;
  }

  private wants(stream: string): boolean {
    return this.run === undefined || stream === 'journal' || stream.startsWith(`${this.run}/`);
  }

  private add(name: string, stream: Stream, events: StreamEvent[]): void {
    const fresh = events.filter((event) => event.seq > stream.last);
    const newest = fresh.at(-1);
    if (!newest) return;
    stream.last = newest.seq;
    if (name === 'journal') this.forgetDeleted(fresh);
    const shown =
      name === 'journal' && this.run !== undefined
        ? fresh.filter((event) => 'run' in event && event.run === this.run)
        : fresh;
    if (shown.length === 0) return;
    this.queue.push({ stream: name, events: shown });
    this.queued += shown.length;
  }

  /** A run of the same id that is made again starts its streams anew. */
  private forgetDeleted(events: StreamEvent[]): void {
    for (const event of events) {
      if (event.type !== 'run_deleted') continue;
      for (const name of this.streams.keys()) if (name.startsWith(`${event.run}/`)) this.streams.delete(name);
    }
  }

  private wake(): void {
    if (this.running || this.closed) return;
    this.running = true;
    void this.drain();
  }

  private async drain(): Promise<void> {
    try {
      while (!this.closed) {
        const batch = this.queue.shift();
        if (batch) {
          this.queued -= batch.events.length;
          await this.listener(batch);
          continue;
        }
        const behind = [...this.streams].find(([, stream]) => !stream.live);
        if (!behind) break;
        const [name, stream] = behind;
        await this.fetch(name, stream.last, (events, done) => {
          this.add(name, stream, events);
          stream.live = done;
        });
      }
    } catch (error) {
      this.close();
      this.failed(error);
    }
    // In the same moment in which nothing was left: a batch that comes next wakes it again.
    this.running = false;
  }
}
