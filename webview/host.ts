/**
 * The page's side of the contract with its host: typed calls and notifications over postMessage. The page knows one thing
 * about where it runs: a function `acquireVsCodeApi`, which VS Code gives to every webview and which a plain page defines.
 */
import 'vscode-jsonrpc/browser';
import { openPeer, type MessagePort, type PeerCallOptions } from '../core/protocol/connection.ts';
import type { Methods, Params, Result } from '../core/protocol/methods.ts';
import type { KeptFind } from './text/text-pane.tsx';
import type { ForwardedMethod, HostMethods, HostNotifications, View } from '../core/protocol/webview.ts';

interface HostApi {
  postMessage(message: unknown): void;
  getState(): unknown;
  setState(state: unknown): void;
}
declare const acquireVsCodeApi: () => HostApi;

/** What outlives a reload of the page: where the reader was, and how wide the columns are. Never data. */
export interface SavedState {
  view: View;
  /** Pixels. */
  listWidth?: number;
  factsWidth?: number;
  /** Labels are being edited. */
  editing?: boolean;
  /** The outline is open beside the text. */
  outline?: boolean;
  /** The rulers of the group are open over the text. */
  strips?: boolean;
  /** What is chosen in the panels of the overview. */
  panels?: { series: string; chosen: Record<string, string | number | boolean | null> };
  /** Where the reader is in the text of a trace: the unit of the completion at the top of the view. */
  place?: { trace: string; start: number };
  /** The find bar that is open over the text. */
  find?: KeptFind;
  /** A query that is not finished: what stands in its field, and which query was in force meanwhile. */
  draft?: { text: string; query: string };
}

export interface Host {
  /** Calls a method of the backend through the host. Rejects with a `LonghandError`. */
  call<M extends ForwardedMethod>(
    method: M,
    params: Params<M>,
    options?: PeerCallOptions<Methods[M]>,
  ): Promise<Result<M>>;
  /** Asks the host itself. */
  ask<M extends keyof HostMethods>(method: M, params: HostMethods[M]['params']): Promise<HostMethods[M]['result']>;
  /** Returns the function that ends the listening. */
  on<N extends keyof HostNotifications>(name: N, listener: (payload: HostNotifications[N]) => void): () => void;
  saved(): SavedState | null;
  save(state: SavedState): void;
}

type Calls = Pick<Methods, ForwardedMethod> & HostMethods;

/** Connects this page to its host. Call once. */
export function connectHost(): Host {
  const api = acquireVsCodeApi();
  const port: MessagePort = {
    // oxlint-disable-next-line unicorn/require-post-message-target-origin -- VS Code's own function, not a window's
    send: (message) => api.postMessage(message),
    onMessage: (listener) =>
      window.addEventListener('message', (event: MessageEvent<unknown>) => {
        if (isMessage(event.data)) listener(event.data);
      }),
    onClose: () => undefined,
    close: () => undefined,
  };
  const peer = openPeer<Calls, HostNotifications>(port);
  return {
    call: (method, params, options) => peer.call(method, params, options as never),
    ask: (method, params) => peer.call(method, params),
    on: (name, listener) => peer.on(name, listener),
    saved: () => (isSaved(api.getState()) ? (api.getState() as SavedState) : null),
    save: (state) => api.setState(state),
  };
}

function isMessage(data: unknown): boolean {
  return typeof data === 'object' && data !== null && (data as { jsonrpc?: unknown }).jsonrpc === '2.0';
}

function isSaved(state: unknown): boolean {
  return typeof state === 'object' && state !== null && typeof (state as { view?: unknown }).view === 'object';
}
