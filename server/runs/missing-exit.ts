/** The exit of an attempt whose runner wrote none: what followers and readers look for. */
import { join } from 'node:path';
import type { Exit } from '../../core/protocol/files.ts';
import { writeJson } from '../json-files.ts';

/** Writes `exit.json` into the attempt's folder; nothing is known of a process, so that all of its figures are none. */
export async function writeMissingExit(
  folder: string,
  { outcome, reason, message }: Pick<Exit, 'outcome' | 'reason' | 'message'>,
): Promise<void> {
  const now = Date.now();
  const exit: Exit = {
    v: 1,
    outcome,
    reason,
    message,
    code: null,
    signal: null,
    started: now,
    ended: now,
    cpu_s: 0,
    peak_rss: 0,
    survivors: [],
  };
  await writeJson(join(folder, 'exit.json'), exit);
}
