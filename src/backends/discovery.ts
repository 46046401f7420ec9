/** The discovery file of the service that owns a root folder. */
import { readFile } from 'node:fs/promises';
import * as path from 'node:path';

export interface Discovered {
  port: number;
  token: string;
  pid: number;
  version: string;
}

/** The living service of `root`, or null: no file, a torn one, or one that a process left behind. */
export async function discover(root: string): Promise<Discovered | null> {
  let found: unknown;
  try {
    found = JSON.parse(await readFile(path.join(root, 'service.json'), 'utf8'));
  } catch {
    return null;
  }
  if (typeof found !== 'object' || found === null) return null;
  const { port, token, pid, version } = found as Record<string, unknown>;
  if (typeof port !== 'number' || typeof token !== 'string' || typeof pid !== 'number') return null;
  if (!isAlive(pid)) return null;
  return { port, token, pid, version: typeof version === 'string' ? version : '?' };
}

export function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM';
  }
}
