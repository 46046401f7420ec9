/** Reading again when something happened: whole snapshots, never two at a time, at most two in a second where nothing else is said. */
import { useEffect, useRef } from 'preact/hooks';
import type { EventBatch } from '../../core/protocol/methods.ts';
import type { Host } from '../host.ts';

const EVERY = 500;

export class Pulls {
  /** After it nothing is read; what still comes is to be dropped. */
  closed = false;
  readonly #work: () => Promise<void>;
  readonly #every: number;
  #timer: ReturnType<typeof setTimeout> | undefined;
  #last = 0;
  #busy = false;
  #again = false;

  /**
   * @param work what is read; it shows its own errors and does not reject
   * @param every milliseconds between the beginnings of two
   */
  constructor(work: () => Promise<void>, every = EVERY) {
    this.#work = work;
    this.#every = every;
  }

  close(): void {
    this.closed = true;
    clearTimeout(this.#timer);
  }

  /** Pulls as soon as it may. */
  soon(): void {
    if (this.closed) return;
    this.#timer ??= setTimeout(
      () => {
        this.#timer = undefined;
        void this.now();
      },
      Math.max(0, this.#every - (Date.now() - this.#last)),
    );
  }

  /** Pulls at once, or when the pull that is under way has ended. */
  async now(): Promise<void> {
    if (this.#busy) {
      this.#again = true;
      return;
    }
    this.#busy = true;
    this.#again = false;
    this.#last = Date.now();
    try {
      await this.#work();
    } finally {
      this.#busy = false;
      if (this.#again) this.soon();
    }
  }
}

/** Whether events are of a run (or of one stage of it, `run/stage`), or what readers and the service said, which may be of any. */
export const mayBeOf = (stream: string, place: string): boolean =>
  stream === 'journal' || stream.startsWith(`${place}/`);

interface Pulled {
  pull(): Promise<void>;
  onEvents(batch: EventBatch): void;
  close(): void;
}

/** Keeps a page's model up to date while the page is there: reads it, follows the events, reads again after a lost connection. */
export function usePulled(model: Pulled, host: Host, connected: boolean): void {
  useEffect(() => {
    void model.pull();
    const stop = host.on('events/batch', (batch) => model.onEvents(batch));
    return () => {
      stop();
      model.close();
    };
  }, [model]);
  const was = useRef(connected);
  useEffect(() => {
    if (connected && !was.current) void model.pull();
    was.current = connected;
  }, [connected]);
}
