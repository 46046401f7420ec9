/**
 * Asks an OpenAI-compatible endpoint for chat completions, and nothing else: no redirect is followed, no other address is asked. What
 * is overloaded or broken is asked again; what is refused for good is not.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import { LonghandError } from '../../core/protocol/errors.ts';
import type { Message } from '../../core/judge/prompt.ts';

export interface EndpointOptions {
  /** As {@link checkedUrl} gives it. */
  url: string;
  model: string;
  maxTokens: number;
  key: string | null;
  /** Milliseconds that a request may take. Node's own limit until an answer begins is 300 s. */
  timeoutMs?: number;
  /** Milliseconds before the second try; doubled each time. */
  backoffMs?: number;
  onRetry?: (why: string) => void;
}

export interface Answered {
  text: string;
  /** It ends at the limit of tokens. */
  cut: boolean;
  /** Tokens as the endpoint counted them; null where it does not. */
  input: number | null;
  output: number | null;
  /** Of the request that was answered. */
  ms: number;
}

/** `fatal`: no other question would be answered either. The message never holds the key. */
export class EndpointError extends Error {
  readonly fatal: boolean;

  constructor(message: string, fatal: boolean) {
    super(message);
    this.name = 'EndpointError';
    this.fatal = fatal;
  }
}

const TIMEOUT_MS = 280_000;
const BACKOFF_MS = 1000;
const LONGEST_WAIT_MS = 60_000;
/** A longer `Retry-After` is cut to this: five minutes. */
const LONGEST_ASKED_WAIT_MS = 300_000;
const TRIES = 6;
/** Of a body; what is longer is not read. */
const BODY_LIMIT = 4 * 2 ** 20;
const SAID_LIMIT = 300;

/**
 * The address without a slash at its end.
 * @throws LonghandError `invalid_params` for what is not http(s), or holds a user, a query or a fragment: keys do not belong there
 */
export function checkedUrl(address: string): string {
  const refuse = (why: string): never => {
    throw new LonghandError('invalid_params', `The judge's address ${why}; it is like https://api.example.com/v1.`);
  };
  let url: URL;
  try {
    url = new URL(address);
  } catch {
    return refuse('is no URL');
  }
  if (url.protocol !== 'https:' && url.protocol !== 'http:') return refuse('begins with neither https:// nor http://');
  if (url.username !== '' || url.password !== '') return refuse('holds a user or a password');
  if (url.search !== '' || url.hash !== '') return refuse('holds a query or a fragment');
  return `${url.origin}${url.pathname.replace(/\/+$/, '')}`;
}

/** @throws LonghandError `invalid_params` for a key that cannot stand in a header. It is not repeated. */
export function checkedKey(key: string): string {
  const trimmed = key.trim();
  if (/^[\x21-\x7e]{1,4096}$/.test(trimmed)) return trimmed;
  throw new LonghandError('invalid_params', 'The key of the judge is empty, or holds a sign that a key cannot have.');
}

export class Endpoint {
  readonly #options: Required<Omit<EndpointOptions, 'key'>>;
  readonly #key: string | null;
  /** Parameters that this model takes; learnt from its refusals. */
  #bound: 'max_tokens' | 'max_completion_tokens' = 'max_tokens';
  #cold = true;
  /** Nobody asks before: somebody was told to wait. */
  #quietUntil = 0;

  constructor({ key, ...options }: EndpointOptions) {
    this.#key = key;
    this.#options = { timeoutMs: TIMEOUT_MS, backoffMs: BACKOFF_MS, onRetry: () => undefined, ...options };
  }

  /** @throws EndpointError after the last try; the signal's reason where it was aborted */
  async ask(messages: readonly Message[], signal: AbortSignal): Promise<Answered> {
    for (let attempt = 1; ; attempt += 1) {
      await this.#quiet(signal);
      const said = await this.#once(messages, signal);
      if ('text' in said) return said;
      if ('adapted' in said) continue;
      if (!said.again || attempt >= TRIES) {
        const tries = said.again ? ` (after ${TRIES} tries)` : '';
        throw new EndpointError(`${said.why}${tries}`, said.fatal);
      }
      const backoff =
        Math.min(LONGEST_WAIT_MS, this.#options.backoffMs * 2 ** (attempt - 1)) * (0.75 + Math.random() / 2);
      const wait = Math.max(backoff, said.waitMs ?? 0);
      if (said.waitMs !== null) this.#quietUntil = Math.max(this.#quietUntil, Date.now() + said.waitMs);
      this.#options.onRetry(said.why);
      await sleep(wait, undefined, { signal });
    }
  }

  async #quiet(signal: AbortSignal): Promise<void> {
    for (let left = this.#quietUntil - Date.now(); left > 0; left = this.#quietUntil - Date.now())
      await sleep(left, undefined, { signal });
  }

  async #once(messages: readonly Message[], signal: AbortSignal): Promise<Answered | Adapted | Refused> {
    const { url, model, maxTokens, timeoutMs } = this.#options;
    const sent = { bound: this.#bound, cold: this.#cold };
    const body = { model, messages, stream: false, [sent.bound]: maxTokens, ...(sent.cold && { temperature: 0 }) };
    const began = performance.now();
    try {
      const response = await fetch(`${url}/chat/completions`, {
        method: 'POST',
        headers: {
          'content-type': 'application/json',
          ...(this.#key === null ? {} : { authorization: `Bearer ${this.#key}` }),
        },
        body: JSON.stringify(body),
        signal: AbortSignal.any([signal, AbortSignal.timeout(timeoutMs)]),
        redirect: 'manual',
      });
      const text = await bounded(response);
      if (response.ok) return this.#read(text, performance.now() - began);
      return this.#refusal(response, text, sent);
    } catch (error) {
      signal.throwIfAborted();
      return again(this.#clean(`The judge at ${url} ${causeOf(error, timeoutMs)}`));
    }
  }

  #read(body: string, ms: number): Answered | Refused {
    try {
      const { choices, usage } = JSON.parse(body) as Completion;
      const choice = choices?.[0];
      const message = choice?.message;
      if (typeof message === 'object' && message !== null)
        return {
          text: textOf(message.content),
          cut: choice?.finish_reason === 'length',
          input: countOf(usage?.prompt_tokens),
          output: countOf(usage?.completion_tokens),
          ms,
        };
    } catch {
      // Said below.
    }
    return again(this.#clean(`The judge answers with what is no chat completion: ${this.#shown(body)}`));
  }

  /** `sent`: the parameters that are refused; another question may have learnt better meanwhile. */
  #refusal(response: Response, text: string, sent: { bound: string; cold: boolean }): Adapted | Refused {
    const { status } = response;
    const why = this.#clean(`The judge answers ${status}: ${this.#shown(saidIn(text)) || 'nothing else'}`);
    if (status === 400 || status === 422) {
      if (sent.bound === 'max_tokens' && text.includes('max_completion_tokens')) {
        this.#bound = 'max_completion_tokens';
        return { adapted: true };
      }
      if (sent.cold && /temperature/i.test(text)) {
        this.#cold = false;
        return { adapted: true };
      }
    }
    if (status === 429 || status >= 500 || status === 408 || status === 409 || status === 425)
      return again(why, waitOf(response.headers.get('retry-after')));
    const elsewhere = status >= 300 && status < 400;
    const shown = elsewhere ? `The judge's address sends elsewhere (${status}), which is not followed.` : why;
    return {
      again: false,
      why: shown,
      waitMs: null,
      fatal: elsewhere || [401, 402, 403, 404, 405, 407].includes(status),
    };
  }

  /** The beginning of what it said: the key goes first, as a cut through it would leave a part. */
  #shown(said: string): string {
    return this.#withoutKey(said).slice(0, SAID_LIMIT);
  }

  #withoutKey(text: string): string {
    return this.#key === null ? text : text.replaceAll(this.#key, '•••');
  }

  /** One line, without the key, of a bounded length. */
  #clean(text: string): string {
    const plain = this.#withoutKey(text);
    // oxlint-disable-next-line no-control-regex -- that is what must go
    return plain.replaceAll(/[\u0000-\u001f\u007f-\u009f\u202a-\u202e\u2066-\u2069]+/g, ' ').slice(0, 2 * SAID_LIMIT);
  }
}

interface Completion {
  choices?: ({ message?: { content?: unknown } | null; finish_reason?: unknown } | null)[] | null;
  usage?: { prompt_tokens?: unknown; completion_tokens?: unknown } | null;
}

interface Adapted {
  adapted: true;
}

interface Refused {
  again: boolean;
  why: string;
  /** As the endpoint asked for. */
  waitMs: number | null;
  fatal: boolean;
}

const again = (why: string, waitMs: number | null = null): Refused => ({ again: true, why, waitMs, fatal: false });

/** The body up to the limit. @throws Error where it is longer */
async function bounded(response: Response): Promise<string> {
  const parts: Uint8Array[] = [];
  let bytes = 0;
  for await (const part of response.body ?? []) {
    bytes += part.byteLength;
    if (bytes > BODY_LIMIT) throw new Error(`sends more than ${BODY_LIMIT / 2 ** 20} MiB`);
    parts.push(part);
  }
  return Buffer.concat(parts).toString('utf8');
}

/** A text, or the texts of a list of parts; nothing where it refused or only thought. */
function textOf(content: unknown): string {
  if (typeof content === 'string') return content;
  if (!Array.isArray(content)) return '';
  return (content as unknown[])
    .map((part) => (part as { text?: unknown } | null)?.text)
    .filter((text): text is string => typeof text === 'string')
    .join('');
}

const countOf = (value: unknown): number | null =>
  typeof value === 'number' && Number.isSafeInteger(value) && value >= 0 ? value : null;

/** The message of an error in the usual form, otherwise the body. */
function saidIn(text: string): string {
  try {
    const { error, message } = JSON.parse(text) as { error?: { message?: unknown } | string; message?: unknown };
    const said = typeof error === 'string' ? error : (error?.message ?? message);
    if (typeof said === 'string') return said;
  } catch {
    // A page, or nothing.
  }
  return text.trim();
}

/** `Retry-After` is seconds or a date. Milliseconds; null where it says nothing that can be used. */
function waitOf(header: string | null): number | null {
  if (header === null) return null;
  const seconds = /^\d{1,9}(?:\.\d+)?$/.test(header.trim()) ? Number(header) : (Date.parse(header) - Date.now()) / 1000;
  return Number.isFinite(seconds) ? Math.min(LONGEST_ASKED_WAIT_MS, Math.max(0, seconds * 1000)) : null;
}

function causeOf(error: unknown, timeoutMs: number): string {
  const { cause, message, name } = error as Error & { cause?: { code?: string; message?: string } };
  if (name === 'TimeoutError') return `does not answer within ${timeoutMs / 1000} s`;
  if (message.startsWith('sends more')) return message;
  return `cannot be reached: ${cause?.code ?? cause?.message ?? message}`;
}
