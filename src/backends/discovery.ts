/** The discovery file of the service that owns a root folder. */
import { readFileSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import * as path from 'node:path';
import { DISCOVERY_FILE, parseDiscovery, type Discovery } from '../../core/protocol/discovery.ts';
import { at } from '../shape.ts';

/** The living service of `root`, or null: no file, a torn one, or one that a process left behind. */
export async function discover(root: string): Promise<Discovery | null> {
  const text = await readFile(path.join(root, DISCOVERY_FILE), 'utf8').catch(() => null);
  const found = text === null ? null : parseDiscovery(text);
  return found && isAlive(found.pid) ? found : null;
}

/** Whether there is such a process. One that has ended and that nobody has waited for, as in a container without an init, is none. */
export function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
  } catch (error) {
    return at(error, 'code') === 'EPERM';
  }
  return process.platform !== 'linux' || !isZombie(pid);
}

function isZombie(pid: number): boolean {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
    // The state follows the name, which is in brackets and may have any sign.
    return stat[stat.lastIndexOf(')') + 2] === 'Z';
  } catch {
    return false;
  }
}
