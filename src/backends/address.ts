/** Which addresses of a backend are accepted. Pure. */
import { LonghandError } from '../../core/protocol/errors.ts';

export interface BackendAddress {
  /** Normalised, without a token or path: `ws://127.0.0.1:4711`. */
  url: string;
  /** A token that was part of what was pasted. */
  token: string | null;
  secure: boolean;
}

const loopback = new Set(['127.0.0.1', 'localhost', '[::1]']);

/**
 * Reads what a user typed or pasted: `ws://127.0.0.1:4711`, `127.0.0.1:4711`, `4711`, `wss://gpu.example:443`, each
 * perhaps with `?token=…`.
 *
 * Unencrypted connections are accepted to this machine alone: the token and every text would travel in the clear.
 *
 * @throws LonghandError `invalid_params` with what to do instead
 */
export function parseAddress(input: string): BackendAddress {
  const text = input.trim();
  if (!text) throw refuse('Give the address of a backend, such as ws://127.0.0.1:4711.');
  const withScheme = /^\d+$/.test(text)
    ? `ws://127.0.0.1:${text}`
    : /^[a-z][a-z0-9+.-]*:\/\//i.test(text)
      ? text
      : `ws://${text}`;
  let url: URL;
  try {
    url = new URL(withScheme);
  } catch {
    throw refuse(`“${text}” is not an address. It looks like ws://127.0.0.1:4711.`);
  }
  if (url.protocol !== 'ws:' && url.protocol !== 'wss:') {
    throw refuse(`A backend's address begins with ws:// or wss://, not ${url.protocol}//.`);
  }
  if (url.username || url.password)
    throw refuse('An address has no user name or password; the token is asked for separately.');
  const secure = url.protocol === 'wss:';
  if (!secure && !loopback.has(url.hostname)) throw refuse(tunnelAdvice(url.hostname, url.port));
  if (!secure && !url.port)
    throw refuse(`The port is missing: ws://${url.hostname}:PORT. \`longhand serve\` prints it.`);
  return { url: `${url.protocol}//${url.host}`, token: url.searchParams.get('token'), secure };
}

/** What to do instead of an unencrypted connection to another machine. */
export function tunnelAdvice(host: string, port: string): string {
  const p = port || 'PORT';
  return (
    `ws:// to another machine is not encrypted, so it is refused. Open a tunnel, \`ssh -L ${p}:127.0.0.1:${p} ${host}\`, ` +
    `and connect to ws://127.0.0.1:${p}; or use Remote-SSH.`
  );
}

function refuse(message: string): LonghandError {
  return new LonghandError('invalid_params', message);
}
