/**
 * JSON-RPC 2.0 over anything that carries messages: the socket, postMessage, two ends in one test. `vscode-jsonrpc` does the
 * protocol; this file gives it types, and sees to it that every request ends: in a result, a coded error, a time-out, a
 * cancellation, or because the connection closed.
 *
 * The entry point of each program imports `vscode-jsonrpc/node` or `vscode-jsonrpc/browser` once; that installs the platform.
 */
import {
  AbstractMessageReader,
  AbstractMessageWriter,
  CancellationTokenSource,
  createMessageConnection,
  ErrorCodes,
  ProgressType,
  ResponseError,
  type CancellationToken,
  type DataCallback,
  type Disposable,
  type Message,
  type MessageReader,
  type MessageWriter,
} from 'vscode-jsonrpc';
import { errorCodes, LonghandError, type ErrorCode } from './errors.ts';

/** A two-way channel of whole messages (plain JSON values), in order. */
export interface MessagePort {
  /** Resolves when the message has left this process: waiting for it is the back-pressure. */
  send(message: unknown): Promise<void> | void;
  onMessage(listener: (message: unknown) => void): void;
  /** Called once. `error` says why, where something is known. */
  onClose(listener: (error: LonghandError | null) => void): void;
  close(): void;
}

/** What `Methods` looks like to the compiler, so that an interface fits as well as a type. */
export type Shapes<M> = { [K in keyof M]: { params: unknown; result: unknown; progress?: unknown } };
type Progress<S> = S extends { progress: infer P } ? P : never;

export interface PeerCallOptions<S> {
  signal?: AbortSignal;
  /** Milliseconds without an answer or a sign of progress; 0: no limit. */
  timeout?: number;
  onProgress?: (progress: Progress<S>) => void;
}

export interface PeerCallContext<S> {
  /** Aborted when the caller cancels, times out, or is gone. */
  signal: AbortSignal;
  /** Resolves when it has left for the caller: waiting for it is the back-pressure. Never rejects. */
  progress: (progress: Progress<S>) => Promise<void>;
}

export type PeerHandlers<M extends Shapes<M>> = {
  [K in keyof M]: (params: M[K]['params'], context: PeerCallContext<M[K]>) => Promise<M[K]['result']> | M[K]['result'];
};

/** One end of a connection: calls the other end's `Calls`, hears its `Hears`, sends it `Sends`. */
export interface Peer<Calls extends Shapes<Calls>, Hears = object, Sends = object> {
  call<K extends keyof Calls & string>(
    method: K,
    params: Calls[K]['params'],
    options?: PeerCallOptions<Calls[K]>,
  ): Promise<Calls[K]['result']>;
  /** Returns the function that ends the listening. */
  on<N extends keyof Hears & string>(notification: N, listener: (payload: Hears[N]) => void): () => void;
  /** Resolves when the message has left; does nothing on a closed connection. */
  notify<N extends keyof Sends & string>(notification: N, payload: Sends[N]): Promise<void>;
  /** Resolves once, with why the connection ended. */
  readonly closed: Promise<LonghandError>;
  readonly isOpen: boolean;
  close(): void;
}

export interface PeerOptions<Serves extends Shapes<Serves>> {
  /** What this end answers; absent: nothing. */
  handlers?: PeerHandlers<Serves>;
  /** Checks what came in; throws `invalid_params`, otherwise returns the parameters. */
  validate?: (method: keyof Serves & string, params: unknown) => unknown;
  /** Default of `PeerCallOptions.timeout`. */
  timeout?: number;
  /** Told of errors that are not of the registry, before the caller gets them as `internal`. */
  onInternalError?: (method: string, error: unknown) => void;
}

const DEFAULT_TIMEOUT = 30_000;
/** Requests of one connection that are worked on at the same time; more are refused. */
const MAX_ACTIVE = 1000;
const APPLICATION_ERROR = -32000;
const progressType = new ProgressType<unknown>();

/** Makes `port` a JSON-RPC peer. Close the peer, not the port. */
export function openPeer<
  Calls extends Shapes<Calls>,
  Hears = object,
  Sends = object,
  Serves extends Shapes<Serves> = object,
>(port: MessagePort, options: PeerOptions<Serves> = {}): Peer<Calls, Hears, Sends> {
  const connection = createMessageConnection(new PortReader(port), new PortWriter(port), quiet);
  const pending = new Set<(error: LonghandError) => void>();
  const listeners = new Map<string, Set<(payload: never) => void>>();
  const active = new Set<AbortController>();
  let endedBy: LonghandError | null = null;
  let lastToken = 0;
  let resolveClosed: (error: LonghandError) => void;
  const closed = new Promise<LonghandError>((resolve) => (resolveClosed = resolve));

  const end = (error: LonghandError) => {
    if (endedBy) return;
    endedBy = error;
    connection.dispose();
    for (const fail of pending) fail(error);
    for (const controller of active) controller.abort(error);
    listeners.clear();
    resolveClosed(error);
  };
  port.onClose((error) => end(error ?? new LonghandError('disconnected', 'The connection was closed.')));

  connection.onNotification((method, params) => {
    for (const listener of listeners.get(method) ?? []) listener(params as never);
  });

  connection.onRequest(async (method: string, raw: unknown, token: CancellationToken) => {
    const handler = options.handlers?.[method as keyof Serves & string];
    if (!handler || !Object.hasOwn(options.handlers ?? {}, method)) {
      throw new ResponseError(ErrorCodes.MethodNotFound, `There is no method ${method.slice(0, 100)}.`);
    }
    const { progressToken, ...params } = isObject(raw) ? raw : {};
    const controller = new AbortController();
    const cancelled = token.onCancellationRequested(() =>
      controller.abort(new LonghandError('cancelled', 'The caller cancelled.')),
    );
    active.add(controller);
    try {
      if (active.size > MAX_ACTIVE)
        throw new LonghandError('not_runnable', `More than ${MAX_ACTIVE} requests at once.`);
      if (raw !== undefined && raw !== null && !isObject(raw)) {
        throw new LonghandError('invalid_params', `The parameters of ${method} are not an object.`);
      }
      const valid = options.validate ? options.validate(method as keyof Serves & string, params) : params;
      const progress = async (value: unknown) => {
        if (typeof progressToken !== 'number' || endedBy || controller.signal.aborted) return;
        await connection.sendProgress(progressType, progressToken, value).catch(() => undefined);
      };
      return await handler(valid, { signal: controller.signal, progress });
    } catch (error) {
      if (!LonghandError.is(error) && !controller.signal.aborted) options.onInternalError?.(method, error);
      throw toWire(controller.signal.aborted ? controller.signal.reason : error);
    } finally {
      cancelled.dispose();
      active.delete(controller);
    }
  });

  const call = (method: string, params: unknown, callOptions: PeerCallOptions<never> = {}) =>
    new Promise<unknown>((resolve, reject) => {
      const { signal, onProgress } = callOptions;
      const timeout = callOptions.timeout ?? options.timeout ?? DEFAULT_TIMEOUT;
      if (endedBy) return reject(endedBy);
      if (signal?.aborted) return reject(new LonghandError('cancelled', `${method} was cancelled.`));
      const source = new CancellationTokenSource();
      const token = onProgress ? ++lastToken : null;
      let timer: ReturnType<typeof setTimeout> | undefined;
      let progressListener: Disposable | undefined;

      const finish = () => {
        clearTimeout(timer);
        signal?.removeEventListener('abort', onAbort);
        pending.delete(fail);
        progressListener?.dispose();
      };
      const fail = (error: LonghandError) => {
        finish();
        reject(error);
        if (!endedBy) source.cancel();
      };
      const onAbort = () => fail(new LonghandError('cancelled', `${method} was cancelled.`));
      const arm = () => {
        if (timeout <= 0) return;
        clearTimeout(timer);
        timer = setTimeout(
          () => fail(new LonghandError('timeout', `No answer to ${method} within ${timeout / 1000} s.`)),
          timeout,
        );
      };

      pending.add(fail);
      signal?.addEventListener('abort', onAbort);
      if (token !== null) {
        progressListener = connection.onProgress(progressType, token, (value) => {
          arm();
          onProgress?.(value as never);
        });
      }
      arm();
      connection
        .sendRequest<unknown>(
          method,
          token === null ? params : { ...(params as object), progressToken: token },
          source.token,
        )
        .then(
          (result) => {
            if (!pending.has(fail)) return;
            finish();
            resolve(result);
          },
          (error: unknown) => {
            if (!pending.has(fail)) return;
            finish();
            reject(endedBy ?? fromWire(error));
          },
        );
    });

  const peer = {
    call,
    on(name: string, listener: (payload: never) => void) {
      const set = listeners.get(name) ?? new Set();
      listeners.set(name, set.add(listener));
      return () => void set.delete(listener);
    },
    async notify(name: string, payload: unknown) {
      if (!endedBy) await connection.sendNotification(name, payload);
    },
    closed,
    get isOpen() {
      return endedBy === null;
    },
    close() {
      end(new LonghandError('disconnected', 'The connection was closed on this side.'));
      port.close();
    },
  };
  connection.listen();
  // The public type is checked at every call; inside, methods and payloads are unknown.
  return peer as Peer<Calls, Hears, Sends>;
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** An error as it travels: JSON-RPC's number for any client, our code and detail for ours. Stacks stay at home. */
function toWire(error: unknown): ResponseError<{ code: ErrorCode; detail: unknown }> {
  if (LonghandError.is(error)) {
    const number = error.code === 'invalid_params' ? ErrorCodes.InvalidParams : APPLICATION_ERROR;
    return new ResponseError(number, error.message, { code: error.code, detail: error.detail });
  }
  const code = isObject(error) && error['code'] === 'ENOSPC' ? 'disk_full' : 'internal';
  const message = error instanceof Error ? error.message : String(error);
  return new ResponseError(code === 'internal' ? ErrorCodes.InternalError : APPLICATION_ERROR, message, {
    code,
    detail: null,
  });
}

function fromWire(error: unknown): LonghandError {
  if (LonghandError.is(error)) return error;
  const message = error instanceof Error ? error.message : String(error);
  if (!(error instanceof ResponseError)) return new LonghandError('disconnected', message);
  const data: unknown = error.data;
  if (isObject(data) && typeof data['code'] === 'string' && Object.hasOwn(errorCodes, data['code'])) {
    return new LonghandError(data['code'] as ErrorCode, message, data['detail']);
  }
  if (error.code === ErrorCodes.MethodNotFound) return new LonghandError('unknown_method', message);
  if (error.code === ErrorCodes.InvalidParams) return new LonghandError('invalid_params', message);
  return new LonghandError('internal', message);
}

const quiet = { error: () => undefined, warn: () => undefined, info: () => undefined, log: () => undefined };

class PortReader extends AbstractMessageReader implements MessageReader {
  readonly #port: MessagePort;

  constructor(port: MessagePort) {
    super();
    this.#port = port;
  }

  listen(callback: DataCallback): Disposable {
    this.#port.onMessage((message) => callback(message as Message));
    return { dispose: () => undefined };
  }
}

class PortWriter extends AbstractMessageWriter implements MessageWriter {
  readonly #port: MessagePort;

  constructor(port: MessagePort) {
    super();
    this.#port = port;
  }

  async write(message: Message): Promise<void> {
    await this.#port.send(message);
  }

  end(): void {
    this.#port.close();
  }
}
