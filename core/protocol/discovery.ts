/** How a client on the same machine finds the backend of a root: `<root>/service.json`, mode 0600, written when it listens. */
export const DISCOVERY_FILE = 'service.json';

export interface Discovery {
  v: 1;
  /** `ws://127.0.0.1:PORT` */
  url: string;
  port: number;
  token: string;
  pid: number;
  /** Version of the package that the service runs from, and the major of its contract. */
  version: string;
  major: number;
  /** When it began to listen, milliseconds since 1970. */
  started: number;
}

/**
 * The content of a discovery file, or null where it is not one (half a file, an unknown version). Checked by hand: the extension reads
 * this file in every window, and loads no schema library for it.
 */
export function parseDiscovery(text: string): Discovery | null {
  let value: Partial<Record<keyof Discovery, unknown>> | null;
  try {
    value = JSON.parse(text);
  } catch {
    return null;
  }
  const { v, url, port, token, pid, version, major, started } = value ?? {};
  if (v !== 1 || !isText(url) || !isText(token) || !isText(version)) return null;
  if (!isWhole(port) || !isWhole(pid) || !isWhole(major) || !Number.isFinite(started)) return null;
  return { v, url, port, token, pid, version, major, started: started as number };
}

const isText = (value: unknown): value is string => typeof value === 'string';
const isWhole = (value: unknown): value is number => Number.isSafeInteger(value);
