/** The typed view of a JSON-RPC connection, the same on the socket, on postMessage and in tests. */
import type { Method, Methods, Notifications, Params, ProgressOf, Result } from './methods.ts';

export interface CallOptions<M extends Method> {
  signal?: AbortSignal;
  /** Milliseconds; the default is the connection's. */
  timeout?: number;
  onProgress?: (progress: ProgressOf<M>) => void;
}

/** Calls a method. Rejects with a `LonghandError`: every request ends in a result, a coded error, a time-out or a cancellation. */
export interface Caller {
  call<M extends Method>(method: M, params: Params<M>, options?: CallOptions<M>): Promise<Result<M>>;
  /** Returns the function that ends the subscription. */
  on<N extends keyof Notifications>(notification: N, listener: (payload: Notifications[N]) => void): () => void;
}

export interface CallContext<M extends Method> {
  signal: AbortSignal;
  /** Resolves when it has left for the caller. */
  progress: (progress: ProgressOf<M>) => Promise<void>;
}

/** One function a method; the compiler says when one is missing. */
export type Handlers = {
  [M in Method]: (params: Methods[M]['params'], context: CallContext<M>) => Promise<Result<M>> | Result<M>;
};
