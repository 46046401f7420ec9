/** One client's subscription: replays what its cursor has not seen, then goes on live, no faster than the client reads. */
import { LonghandError } from '../../core/protocol/errors.ts';
import type { Cursor, EventBatch } from '../../core/protocol/methods.ts';
import type { TraceStore } from '../store/trace-store.ts';

export class EventStream {
  readonly #store: TraceStore;
  readonly #send: (batch: EventBatch) => Promise<void>;
  #close: (() => void) | null = null;
  #generation = 0;

  /** `send` resolves when the batch has left for the client: waiting for it is the back-pressure. */
  constructor(store: TraceStore, send: (batch: EventBatch) => Promise<void>) {
    this.#store = store;
    this.#send = send;
  }

  /**
   * Begins a subscription in place of the one before. No batch leaves before the answer to this call has, so that a client
   * may take the returned cursor as its own.
   */
  async subscribe(cursor: Cursor, run: string | undefined): Promise<{ cursor: Cursor }> {
    this.close();
    const generation = this.#generation;
    let open = () => {};
    const answered = new Promise<void>((resolve) => (open = resolve));
    const subscription = await this.#store.subscribe(cursor, run === undefined ? {} : { run }, async (batch) => {
      await answered;
      if (generation !== this.#generation) throw new LonghandError('cancelled', 'The subscription ended.');
      await this.#send(batch);
    });
    if (generation !== this.#generation) {
      subscription.close();
      open();
      throw new LonghandError('cancelled', 'Another subscription took the place of this one.');
    }
    this.#close = () => {
      subscription.close();
      open();
    };
    setImmediate(open);
    return { cursor: subscription.cursor };
  }

  close(): void {
    this.#generation++;
    this.#close?.();
    this.#close = null;
  }
}
