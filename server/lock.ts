/** One service a root: `<root>/service.lock` names its owner. A lock whose owner is gone is taken over. */
import { link, mkdir, readFile, rename, rm, utimes, writeFile, stat } from 'node:fs/promises';
import { randomBytes } from 'node:crypto';
import { hostname } from 'node:os';
import { join } from 'node:path';
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
    for (let attempt = 0; ; attempt++) {
      const taken = await link(temporary, path).then(
        () => true,
        (error: NodeJS.ErrnoException) => {
          if (error.code === 'EEXIST') return false;
          throw error;
        },
      );
      if (taken) break;
      const holder = await lockOwner(root);
      if (holder?.living || attempt >= 5) throw busy(root, holder);
      await removeStale(path, holder?.text ?? '');
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

/** Moves the stale lock aside; where someone else took the root meanwhile, what was moved is his and goes back. */
async function removeStale(path: string, stale: string): Promise<void> {
  const aside = `${path}.${randomBytes(6).toString('hex')}.stale`;
  try {
    await rename(path, aside);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return;
    throw error;
  }
  if ((await readFile(aside, 'utf8')) !== stale) await link(aside, path).catch(() => undefined);
  await rm(aside, { force: true });
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
