/**
 * Real files that some tests read: a folder beside the checkout, or the one that `LONGHAND_SHARED_DATA` names. Where it is not
 * there, those tests skip and say so.
 */
import { existsSync } from 'node:fs';
import { join, resolve } from 'node:path';

const folder = process.env.LONGHAND_SHARED_DATA ?? resolve(import.meta.dirname, '..', '..', 'shared', 'data');

/** The path of a shared file or folder, or null: it is not on this machine. */
export function sharedData(...path: string[]): string | null {
  const file = join(folder, ...path);
  return existsSync(file) ? file : null;
}

/** Like {@link sharedData}, in a test: skips it, visibly, where the file is not there. */
export function needSharedData(test: Mocha.Context, ...path: string[]): string {
  const file = sharedData(...path);
  if (file === null) {
    test.skip();
    throw new Error('not reached');
  }
  return file;
}
