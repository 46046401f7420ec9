/** The socket itself. Loaded lazily by the link. */
import 'vscode-jsonrpc/node';
import { WebSocket } from 'ws';
import { connectBackend, type Backend } from '../../core/protocol/client.ts';

export function dialBackend(address: { url: string; token: string }, client: string): Promise<Backend> {
  return connectBackend({ ...address, client, open: (url, options) => new WebSocket(url, options) });
}
