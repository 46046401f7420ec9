/** Folders and stores for tests, removed when the test is over. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { openStore } from '../../server/store/client.ts';
import type { TraceStore } from '../../server/store/trace-store.ts';

/** Runs `work` with an empty folder. */
export async function withFolder<T>(work: (folder: string) => Promise<T> | T): Promise<T> {
  const folder = mkdtempSync(join(tmpdir(), 'longhand-test-'));
  try {
    return await work(folder);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/** Runs `work` with the store of a root, an empty one unless `root` is given. */
export async function withStore<T>(
  work: (store: TraceStore, root: string) => Promise<T> | T,
  root?: string,
): Promise<T> {
  if (root === undefined) return withFolder((folder) => withStore(work, folder));
  const store = await openStore({ root });
  try {
    return await work(store, root);
  } finally {
    await store.close();
  }
}
