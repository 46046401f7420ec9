/** One client's subscription: replays what its cursor has not seen, then goes on live, no faster than the client reads. */
import { LonghandError } from '../../core/protocol/errors.ts';
import type { Cursor, EventBatch } from '../../core/protocol/methods.ts';
import type { TraceStore } from '../store/trace-store.ts';

export class EventStream {
  readonly #store: TraceStore;
  readonly #send: (batch: EventBatch) => Promise<void>;
  readonly #onFailure: (error: unknown) => void;
  #close: (() => void) | null = null;
  #generation = 0;

  /**
   * @param send resolves when the batch has left for the client: waiting for it is the back-pressure
   * @param onFailure told when a subscription ends without having been asked to: the client must hear of it
   */
  constructor(store: TraceStore, send: (batch: EventBatch) => Promise<void>, onFailure: (error: unknown) => void) {
    this.#store = store;
    this.#send = send;
    this.#onFailure = onFailure;
  }

  /**
   * Begins a subscription in place of the one before. No batch leaves before the answer to this call has, so that a client
   * may take the returned cursor as its own.
   */
  async subscribe(
    cursor: Cursor,
    { run, from = 'start' }: { run?: string; from?: 'start' | 'now' },
  ): Promise<{ cursor: Cursor }> {
    this.close();
    const generation = this.#generation;
    const wanted = from === 'now' ? cursor : { ...(await this.#beginnings(run)), ...cursor };
    let open = () => {};
    const answered = new Promise<void>((resolve) => (open = resolve));
    const onEnd = (error: unknown) => {
      if (generation === this.#generation) this.#onFailure(error);
    };
    const options = run === undefined ? { onEnd } : { run, onEnd };
    const subscription = await this.#store.subscribe(wanted, options, async (batch) => {
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

  /** A cursor that has seen nothing of any stream. Those that are made from now on need not be named. */
  async #beginnings(run: string | undefined): Promise<Cursor> {
    const streams = Object.keys(await this.#store.cursor(run));
    return Object.fromEntries(streams.map((stream) => [stream, -1]));
  }

  close(): void {
    this.#generation++;
    this.#close?.();
    this.#close = null;
  }
}
