/** The service's door: a WebSocket server that lets in whoever has the token and is no browser. */
import { createHash, timingSafeEqual } from 'node:crypto';
import { createServer, type IncomingMessage } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { Duplex } from 'node:stream';
import { WebSocketServer, type WebSocket } from 'ws';
import type { MessagePort } from '../../core/protocol/connection.ts';
import { LonghandError } from '../../core/protocol/errors.ts';
import { MAX_MESSAGE_BYTES, socketPort } from '../../core/protocol/socket-port.ts';
import type { Logger } from '../log.ts';

export interface SocketServerOptions {
  host: string;
  /** 0: any free one. */
  port: number;
  token: string;
  log: Logger;
  onConnection: (port: MessagePort, id: number) => void;
  /** Milliseconds between pings; a client that has not answered the last one is cut off. */
  pingEvery?: number;
}

export interface SocketServer {
  readonly url: string;
  readonly clients: number;
  close(): Promise<void>;
}

const MAX_CLIENTS = 64;
const PING_MS = 15_000;
const loopback = new Set(['127.0.0.1', '::1', 'localhost']);

/**
 * Listens on a loopback address.
 * @throws LonghandError `port_taken`; `invalid_params` for an address that other machines could reach.
 */
export async function listen(options: SocketServerOptions): Promise<SocketServer> {
  const { host, port, token, log } = options;
  if (!loopback.has(host)) {
    throw new LonghandError(
      'invalid_params',
      `The backend listens on 127.0.0.1 only, not on ${host}: traffic is not encrypted. From another machine use ssh -L PORT:127.0.0.1:PORT.`,
    );
  }
  const http = createServer((_, response) => {
    response.writeHead(426, { 'content-type': 'text/plain', connection: 'close' });
    response.end('This is a Longhand backend. It speaks WebSocket.\n');
  });
  const sockets = new WebSocketServer({
    noServer: true,
    maxPayload: MAX_MESSAGE_BYTES,
    perMessageDeflate: false,
  });
  const alive = new WeakMap<WebSocket, boolean>();
  let lastId = 0;

  http.on('upgrade', (request: IncomingMessage, stream: Duplex, head: Buffer) => {
    stream.on('error', () => stream.destroy());
    const refused = refusal(request, token, sockets.clients.size);
    if (refused) {
      log.warn({ status: refused, origin: request.headers.origin }, 'connection refused');
      const text = refused === 401 ? 'Unauthorized' : refused === 403 ? 'Forbidden' : 'Service Unavailable';
      stream.end(`HTTP/1.1 ${refused} ${text}\r\nConnection: close\r\nContent-Length: 0\r\n\r\n`);
      return;
    }
    sockets.handleUpgrade(request, stream, head, (socket) => {
      const id = ++lastId;
      alive.set(socket, true);
      socket.on('pong', () => alive.set(socket, true));
      socket.on('error', (error) => log.warn({ client: id, error: error.message }, 'socket error'));
      options.onConnection(socketPort(socket), id);
    });
  });

  const pinger = setInterval(() => {
    for (const socket of sockets.clients) {
      if (!alive.get(socket)) socket.terminate();
      else {
        alive.set(socket, false);
        socket.ping();
      }
    }
  }, options.pingEvery ?? PING_MS);
  pinger.unref();

  await new Promise<void>((resolve, reject) => {
    http.once('error', (error: NodeJS.ErrnoException) => {
      clearInterval(pinger);
      if (error.code !== 'EADDRINUSE' && error.code !== 'EACCES') return reject(error);
      const why = error.code === 'EACCES' ? 'may not be used by this user' : 'is taken';
      reject(new LonghandError('port_taken', `Port ${port} on ${host} ${why}.`));
    });
    http.listen(port, host, resolve);
  });
  http.on('error', (error) => log.error({ error: error.message }, 'http error'));

  const address = http.address() as AddressInfo;
  const shown = address.family === 'IPv6' ? `[${address.address}]` : address.address;
  return {
    url: `ws://${shown}:${address.port}`,
    get clients() {
      return sockets.clients.size;
    },
    async close() {
      clearInterval(pinger);
      for (const socket of sockets.clients) socket.close(1001, 'The backend is going away.');
      const closed = new Promise<void>((resolve) => http.close(() => resolve()));
      const timer = setTimeout(() => {
        for (const socket of sockets.clients) socket.terminate();
        http.closeAllConnections();
      }, 500);
      await closed;
      clearTimeout(timer);
    },
  };
}

/** The HTTP status of a refusal, null for a client that may come in. */
function refusal(request: IncomingMessage, token: string, clients: number): 401 | 403 | 503 | null {
  // Every browser sends an Origin, and no page has any business here; a foreign Host is a rebound name.
  if (request.headers.origin !== undefined) return 403;
  const host = (request.headers.host ?? '').replace(/:\d+$/, '').replace(/^\[|\]$/g, '');
  if (!loopback.has(host)) return 403;
  const given = /^Bearer (.+)$/.exec(request.headers.authorization ?? '')?.[1] ?? '';
  if (!timingSafeEqual(digest(given), digest(token))) return 401;
  return clients >= MAX_CLIENTS ? 503 : null;
}

function digest(text: string): Buffer {
  return createHash('sha256').update(text).digest();
}
