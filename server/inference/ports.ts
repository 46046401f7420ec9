/** Ports of this machine. */
import { createServer } from 'node:net';

const HOST = '127.0.0.1';

/** A port that nobody listens on now. */
export function freePort(): Promise<number> {
  return listenOnce(0);
}

/** True when somebody listens on the port, so that another program cannot. */
export async function isTaken(port: number): Promise<boolean> {
  try {
    await listenOnce(port);
    return false;
  } catch {
    return true;
  }
}

function listenOnce(port: number): Promise<number> {
  return new Promise((resolve, reject) => {
    const server = createServer();
    server.once('error', reject);
    server.listen(port, HOST, () => {
      const address = server.address();
      const found = typeof address === 'object' && address ? address.port : port;
      server.close(() => resolve(found));
    });
  });
}
