/**
 * Keeps up with the attempts that may still write: a watch on each folder, and once a second a look at the sizes, as network
 * file systems send no word of changes. An attempt that has ended and is quiet is let go.
 */
import { existsSync, statSync, watch } from 'node:fs';
import type { FSWatcher } from 'node:fs';
import { eventsPath } from './paths.ts';

const POLL = 1000;
/** Polls without a change after which an ended attempt is let go. */
const QUIET = 5;
/** So many watches at most; beyond them the poll alone looks. */
const WATCHES = 256;

interface Tail {
  id: number;
  folder: string;
  watcher: FSWatcher | null;
  dirty: boolean;
  size: number;
  quiet: number;
}

export interface TailOutcome {
  more: boolean;
  later: boolean;
  ended: boolean;
}

export class Tails {
  private readonly tails = new Map<number, Tail>();
  private readonly work: (id: number) => TailOutcome;
  private readonly failed: (error: unknown) => void;
  private waiters: { pending: Set<number>; resolve: () => void }[] = [];
  private pumping = false;
  private timer: NodeJS.Timeout | null = null;
  private stopped = false;

  /** `work` reads one chunk of an attempt; an error of it is reported, and the attempt is tried again with the next poll. */
  constructor(work: (id: number) => TailOutcome, failed: (error: unknown) => void) {
    this.work = work;
    this.failed = failed;
  }

  /** Follows an attempt from now on, and reads what is there. */
  follow(id: number, folder: string): void {
    if (this.stopped) return;
    const tail = this.tails.get(id) ?? { id, folder, watcher: null, dirty: false, size: -1, quiet: 0 };
    this.tails.set(id, tail);
    tail.quiet = 0;
    this.watch(tail);
    this.wake(tail);
    this.timer ??= setInterval(() => this.poll(), POLL);
  }

  /** Resolves when each of the attempts that are followed has been read to its end at least once. */
  drained(id?: number): Promise<void> {
    const tails =
      id === undefined ? [...this.tails.values()] : [this.tails.get(id)].filter((tail) => tail !== undefined);
    if (tails.length === 0 || this.stopped) return Promise.resolve();
    return new Promise((resolve) => {
      this.waiters.push({ pending: new Set(tails.map((tail) => tail.id)), resolve });
      for (const tail of tails) this.wake(tail);
    });
  }

  get following(): number {
    return this.tails.size;
  }

  letGo(id: number): void {
    this.tails.get(id)?.watcher?.close();
    this.tails.delete(id);
    this.settle(id);
    if (this.tails.size === 0 && this.timer) {
      clearInterval(this.timer);
      this.timer = null;
    }
  }

  stop(): void {
    this.stopped = true;
    for (const id of this.tails.keys()) this.letGo(id);
  }

  private watch(tail: Tail): void {
    if (tail.watcher || !existsSync(tail.folder)) return;
    let watched = 0;
    for (const other of this.tails.values()) if (other.watcher) watched++;
    if (watched >= WATCHES) return;
    try {
      tail.watcher = watch(tail.folder, (_event, name) => {
        if (name === null || name === 'events.jsonl' || name === 'exit.json') this.wake(tail);
      });
      tail.watcher.on('error', () => {
        tail.watcher?.close();
        tail.watcher = null;
      });
    } catch {
      // No watches left on this machine, or a file system without them: the poll looks.
    }
  }

  private poll(): void {
    for (const tail of this.tails.values()) {
      this.watch(tail);
      let size = -1;
      try {
        size = statSync(eventsPath(tail.folder)).size;
      } catch {
        // Not there yet, or gone: reading it says which.
      }
      tail.quiet = size === tail.size ? tail.quiet + 1 : 0;
      if (size !== tail.size || !tail.watcher || tail.quiet % 2 === 0) this.wake(tail);
      tail.size = size;
    }
  }

  private wake(tail: Tail): void {
    tail.dirty = true;
    if (this.pumping || this.stopped) return;
    this.pumping = true;
    setImmediate(() => this.pump());
  }

  /** One chunk of each attempt that has something to read, then a breath for the questions that wait. */
  private pump(): void {
    this.pumping = false;
    for (const tail of this.tails.values()) {
      if (!tail.dirty || this.stopped) continue;
      tail.dirty = false;
      let outcome: TailOutcome;
      try {
        outcome = this.work(tail.id);
      } catch (error) {
        this.failed(error);
        this.settle(tail.id);
        continue;
      }
      if (outcome.more) {
        tail.quiet = 0;
        this.wake(tail);
      } else if (outcome.later) {
        setTimeout(() => this.wake(tail), 50).unref();
      } else {
        this.settle(tail.id);
        if (outcome.ended && tail.quiet >= QUIET) this.letGo(tail.id);
      }
    }
  }

  private settle(id: number): void {
    for (const waiter of this.waiters) {
      if (waiter.pending.delete(id) && waiter.pending.size === 0) waiter.resolve();
    }
    this.waiters = this.waiters.filter((waiter) => waiter.pending.size > 0);
  }
}
