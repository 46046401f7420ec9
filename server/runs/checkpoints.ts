/** Which checkpoints may be trusted: those whose COMPLETE.json lists files that are all there, with their sizes. */
import { readdir, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { completeFileSchema } from '../../core/protocol/files.ts';
import { readJson } from '../json-files.ts';

export interface FoundCheckpoint {
  attempt: number;
  step: number;
  /** Absolute. */
  path: string;
}

/** True when the folder has all files of its COMPLETE.json. */
export async function isComplete(folder: string): Promise<boolean> {
  const complete = await readJson(join(folder, 'COMPLETE.json'), completeFileSchema);
  if (!complete) return false;
  const sizes = await Promise.all(
    Object.entries(complete.files).map(async ([name, bytes]) => {
      const found = await stat(join(folder, name)).catch(() => null);
      return found?.size === bytes;
    }),
  );
  return sizes.every(Boolean);
}

/**
 * The checkpoint to go on from: of the newest attempt that has a trustworthy one, the one of the highest step.
 *
 * @param attempts numbers and folders, in any order
 */
export async function newestCheckpoint(
  attempts: { attempt: number; folder: string }[],
): Promise<FoundCheckpoint | null> {
  for (const { attempt, folder } of attempts.toSorted((a, b) => b.attempt - a.attempt)) {
    const names = await readdir(join(folder, 'checkpoints')).catch(() => [] as string[]);
    const steps = names
      .flatMap((name) => /^checkpoint-(\d+)$/.exec(name)?.[1] ?? [])
      .map(Number)
      .toSorted((a, b) => b - a);
    for (const step of steps) {
      const path = join(folder, 'checkpoints', `checkpoint-${step}`);
      if (await isComplete(path)) return { attempt, step, path };
    }
  }
  return null;
}
