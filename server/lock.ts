/** One service a root: `<root>/service.lock` names its owner. A lock whose owner is gone is taken over. */
import { link, mkdir, readFile, rm, stat, utimes, writeFile } from 'node:fs/promises';
import { randomBytes } from 'node:crypto';
import { hostname } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import * as z from 'zod';
import { LonghandError } from '../core/protocol/errors.ts';
import { processSchema } from '../core/protocol/files.ts';
import { identify, isAlive } from './process-identity.ts';

const lockSchema = z.object({
  v: z.literal(1),
  owner: processSchema,
  host: z.string(),
  version: z.string(),
});
type LockFile = z.infer<typeof lockSchema>;

export const LOCK_FILE = 'service.lock';
/** The owner touches the file this often, so that another machine on a shared file system can tell that it lives. */
const TOUCH_MS = 10_000;
/** A lock of another machine that was not touched for so long counts as abandoned. */
const ABANDONED_MS = 60_000;
const GUARD_MS = 5000;
const RETRY_MS = 10;

export interface RootLock {
  release(): Promise<void>;
}

/**
 * Takes the root for this process.
 * @throws LonghandError `busy_root` with `detail: {pid, host, version}` of the owner, where another service has it.
 */
export async function lockRoot(root: string, version: string): Promise<RootLock> {
  await mkdir(root, { recursive: true, mode: 0o700 });
  const path = join(root, LOCK_FILE);
  const owner = identify(process.pid);
  if (!owner) throw new LonghandError('internal', 'This process cannot be identified.');
  const mine: LockFile = { v: 1, owner, host: hostname(), version };
  const temporary = `${path}.${randomBytes(6).toString('hex')}`;
  await writeFile(temporary, `${JSON.stringify(mine)}\n`, { mode: 0o600 });
  try {
    // A link is made in one step, or not at all because the name is taken.
    for (const deadline = Date.now() + 2 * GUARD_MS; ;) {
      const taken = await link(temporary, path).then(
        () => true,
        (error: NodeJS.ErrnoException) => {
          if (error.code === 'EEXIST') return false;
          throw error;
        },
      );
      if (taken) break;
      const holder = await lockOwner(root);
      if (holder?.living || Date.now() > deadline) throw busy(root, holder);
      if (holder && !(await removeStale(path, holder.text))) await sleep(RETRY_MS);
    }
  } finally {
    await rm(temporary, { force: true });
  }
  const timer = setInterval(() => {
    const now = new Date();
    utimes(path, now, now).catch(() => undefined);
  }, TOUCH_MS);
  timer.unref();
  return {
    async release() {
      clearInterval(timer);
      const holder = await lockOwner(root);
      if (holder?.lock?.owner.pid === process.pid && holder.lock.host === mine.host) await rm(path, { force: true });
    },
  };
}

export interface LockOwner {
  /** Null where the file cannot be read as a lock. */
  lock: LockFile | null;
  living: boolean;
  text: string;
}

/** Who has the root, null where nobody has. */
export async function lockOwner(root: string): Promise<LockOwner | null> {
  const path = join(root, LOCK_FILE);
  try {
    const text = await readFile(path, 'utf8');
    const parsed = lockSchema.safeParse(parseJson(text));
    if (!parsed.success) return { lock: null, living: false, text };
    const lock = parsed.data;
    const { mtimeMs } = await stat(path);
    const living = lock.host === hostname() ? isAlive(lock.owner) : Date.now() - mtimeMs < ABANDONED_MS;
    return { lock, living, text };
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return null;
    throw error;
  }
}

/**
 * Removes a stale lock. Locks appear in one step where there is none, and only the holder of the guard removes one: so what
 * it has looked at is what it removes, and nobody's fresh lock is lost. False where another holds the guard.
 */
async function removeStale(path: string, stale: string): Promise<boolean> {
  const guard = `${path}.guard`;
  try {
    await writeFile(guard, String(process.pid), { flag: 'wx', mode: 0o600 });
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
    // A process that died with the guard in its hand, a matter of milliseconds.
    const held = await stat(guard).catch(() => null);
    if (held && Date.now() - held.mtimeMs > GUARD_MS) await rm(guard, { force: true });
    return false;
  }
  try {
    if ((await readFile(path, 'utf8').catch(() => null)) === stale) await rm(path, { force: true });
    return true;
  } finally {
    await rm(guard, { force: true });
  }
}

function busy(root: string, holder: LockOwner | null): LonghandError {
  const lock = holder?.lock;
  const who = lock ? `process ${lock.owner.pid} on ${lock.host} (version ${lock.version})` : 'another service';
  return new LonghandError(
    'busy_root',
    `The root ${root} belongs to ${who}. Connect to that service, or end it first.`,
    lock ? { pid: lock.owner.pid, host: lock.host, version: lock.version } : null,
  );
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return null;
  }
}
