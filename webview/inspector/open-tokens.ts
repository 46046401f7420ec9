/** The tokens of the trace that is open: where they are, and what was recorded of them. Read once the text is there. */
import { LonghandError } from '../../core/protocol/errors.ts';
import type { Result } from '../../core/protocol/methods.ts';
import type { NoTokens } from '../../core/protocol/tokens.ts';
import { TokenTableReader, type TokenTable } from '../../core/traces/token-slice.ts';
import type { Host } from '../host.ts';
import { Store } from '../ui/store.ts';

export interface OpenTokensState {
  trace: string | null;
  table: TokenTable | null;
  /** Why there is no table; null: it is there, or being read. */
  why: NoTokens | 'failed' | null;
}

/** Most tokens that a page holds: 12 bytes each. */
const TOKENS_LIMIT = 2_000_000;

const nothing: OpenTokensState = { trace: null, table: null, why: null };

export class OpenTokens extends Store<OpenTokensState> {
  readonly #host: Host;
  #opened = 0;

  constructor(host: Host) {
    super(nothing);
    this.#host = host;
  }

  /** Reads those of a trace that has ended, of so many UTF-16 units; null forgets what is here. */
  async open(trace: string | null, length = 0): Promise<void> {
    if (trace === this.value.trace) return;
    const opened = (this.#opened += 1);
    this.set({ ...nothing, trace });
    if (trace === null) return;
    const reader = new TokenTableReader();
    try {
      for (let start = 0; ;) {
        const answer: Result<'traces/tokens'> = await this.#host.call('traces/tokens', { trace, start, end: length });
        if (opened !== this.#opened) return;
        const { slice, why } = answer;
        if (!slice) return this.set({ why });
        if (slice.tokens > TOKENS_LIMIT) return this.set({ why: 'too_long' });
        const table = reader.add(slice);
        if (table) return this.set({ table });
        start = slice.next ?? length;
      }
    } catch (error) {
      // Places are estimates then; the text is there all the same.
      if (opened === this.#opened && !LonghandError.is(error, 'cancelled')) this.set({ why: 'failed' });
    }
  }
}
