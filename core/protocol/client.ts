/** Opens a connection to a backend: socket, token, handshake. Used by the extension host, the command line and tests. */
import { openPeer, type Peer } from './connection.ts';
import { LonghandError, type ErrorCode } from './errors.ts';
import { PROTOCOL_MAJOR, type Hello, type Methods, type Notifications } from './methods.ts';
import { socketPort, type SocketLike } from './socket-port.ts';

export interface ClientSocket extends SocketLike {
  on(event: 'message', listener: (data: { toString(): string }, isBinary: boolean) => void): unknown;
  on(event: 'close', listener: (code: number, reason: { toString(): string }) => void): unknown;
  on(event: 'error', listener: (error: Error) => void): unknown;
  on(event: 'open', listener: () => void): unknown;
  on(
    event: 'unexpected-response',
    listener: (request: { destroy(): unknown }, response: { statusCode?: number | undefined }) => void,
  ): unknown;
}

export interface ConnectOptions {
  /** `ws://127.0.0.1:PORT` */
  url: string;
  token: string;
  /** Name and version of the program that connects, for the backend's log. */
  client: string;
  /** `(url, options) => new WebSocket(url, options)` of the package `ws`. */
  open: (url: string, options: { headers: Record<string, string>; maxPayload: number }) => ClientSocket;
  /** Milliseconds for the connection and the handshake together. */
  timeout?: number;
  /** Default for calls on the connection, in milliseconds. */
  callTimeout?: number;
}

export type Backend = Peer<Methods, Notifications> & { readonly hello: Hello };

/**
 * Connects and shakes hands.
 * @throws LonghandError `unauthorized` (wrong token), `incompatible` (another major version), `disconnected` (nobody there),
 *   `timeout`.
 */
export async function connectBackend(options: ConnectOptions): Promise<Backend> {
  const timeout = options.timeout ?? 10_000;
  const started = Date.now();
  const socket = options.open(options.url, {
    headers: { authorization: `Bearer ${options.token}` },
    maxPayload: 64 * 1024 * 1024,
  });
  await opened(socket, options.url, timeout);
  const peer = openPeer<Methods, Notifications>(
    socketPort(socket),
    options.callTimeout === undefined ? {} : { timeout: options.callTimeout },
  );
  try {
    const left = Math.max(1000, timeout - (Date.now() - started));
    const hello = await peer.call(
      'service/hello',
      { major: PROTOCOL_MAJOR, client: options.client },
      { timeout: left },
    );
    return Object.assign(peer, { hello });
  } catch (error) {
    peer.close();
    throw error;
  }
}

/** Waits for the open socket; the answers to a refused upgrade become coded errors. */
function opened(socket: ClientSocket, url: string, timeout: number): Promise<void> {
  return new Promise((resolve, reject) => {
    const fail = (code: ErrorCode, message: string) => {
      clearTimeout(timer);
      reject(new LonghandError(code, message));
    };
    const timer = setTimeout(() => {
      fail('timeout', `${url} did not answer within ${timeout / 1000} s.`);
      socket.terminate();
    }, timeout);
    socket.on('open', () => {
      clearTimeout(timer);
      resolve();
    });
    socket.on('error', (error) => fail('disconnected', `No backend at ${url} (${error.message}).`));
    socket.on('close', () => fail('disconnected', `${url} closed the connection.`));
    socket.on('unexpected-response', (request, response) => {
      request.destroy();
      if (response.statusCode === 401) fail('unauthorized', `The backend at ${url} does not take this token.`);
      else fail('disconnected', `${url} is not a Longhand backend (HTTP ${response.statusCode ?? '?'}).`);
    });
  });
}
