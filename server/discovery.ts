/** The discovery file of a root, and the token that its clients need. */
import { randomBytes } from 'node:crypto';
import { readFile, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { DISCOVERY_FILE, parseDiscovery, type Discovery } from '../core/protocol/discovery.ts';
import { writeJson, writeWhole } from './json-files.ts';

export async function writeDiscovery(root: string, discovery: Discovery): Promise<void> {
  await writeJson(join(root, DISCOVERY_FILE), discovery, 0o600);
}

/** Null where no service has left one, or one that cannot be read. It may be of a service that is gone. */
export async function readDiscovery(root: string): Promise<Discovery | null> {
  const text = await readFile(join(root, DISCOVERY_FILE), 'utf8').catch(() => '');
  return parseDiscovery(text);
}

/** Removes the file if it is that of `pid`. */
export async function removeDiscovery(root: string, pid: number): Promise<void> {
  if ((await readDiscovery(root))?.pid === pid) await rm(join(root, DISCOVERY_FILE), { force: true });
}

/**
 * The root's token: 32 random bytes, made once and kept in `<root>/token` (mode 0600), so that an address and a token that
 * were typed in once hold after a restart. Remove the file to make all clients ask again.
 */
export async function rootToken(root: string): Promise<string> {
  const path = join(root, 'token');
  const known = (await readFile(path, 'utf8').catch(() => '')).trim();
  if (/^[\w-]{32,}$/.test(known)) return known;
  const token = randomBytes(32).toString('base64url');
  await writeWhole(path, `${token}\n`, 0o600);
  return token;
}
