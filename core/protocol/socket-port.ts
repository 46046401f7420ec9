/** A WebSocket of the `ws` package as a message port. The socket is passed in, so that nothing here depends on Node. */
import type { MessagePort } from './connection.ts';
import { LonghandError } from './errors.ts';

/** What is needed of `ws`'s WebSocket; both ends of a connection have it. */
export interface SocketLike {
  send(data: string, done: (error?: Error | null) => void): void;
  on(event: 'message', listener: (data: { toString(): string }, isBinary: boolean) => void): unknown;
  on(event: 'close', listener: (code: number, reason: { toString(): string }) => void): unknown;
  on(event: 'error', listener: (error: Error) => void): unknown;
  close(code?: number, reason?: string): void;
  terminate(): void;
}

/** Longest message that either end takes, in bytes. Text travels in slices of at most 256 KiB, pages are bounded. */
export const MAX_MESSAGE_BYTES = 16 * 1024 * 1024;
/** Milliseconds that the other end has to finish the closing handshake. */
const CLOSE_WAIT = 1000;

export function socketPort(socket: SocketLike): MessagePort {
  let failure: Error | null = null;
  socket.on('error', (error) => (failure = error));
  return {
    send: (message) =>
      new Promise((resolve, reject) =>
        socket.send(JSON.stringify(message), (error) => {
          if (error) reject(new LonghandError('disconnected', error.message));
          else resolve();
        }),
      ),
    onMessage(listener) {
      socket.on('message', (data, isBinary) => {
        let message: unknown;
        try {
          if (isBinary) throw new Error('binary');
          message = JSON.parse(data.toString());
        } catch {
          return socket.close(1007, 'Messages are JSON text.');
        }
        listener(message);
      });
    },
    onClose(listener) {
      socket.on('close', (code, reason) => {
        const why = reason.toString() || failure?.message || `code ${code}`;
        listener(new LonghandError('disconnected', `The connection to the backend ended (${why}).`));
      });
    },
    close() {
      socket.close(1000);
      const timer = setTimeout(() => socket.terminate(), CLOSE_WAIT) as unknown as { unref?: () => void };
      timer.unref?.();
    },
  };
}
