/** Where things lie under the root, and the names that may stand in a path. */
import { join, relative, sep } from 'node:path';
import { LonghandError } from '../../core/protocol/errors.ts';
import type { AttemptKey } from './trace-store.ts';

/** A run, a stage: one harmless path segment. */
const SEGMENT = /^[A-Za-z0-9][A-Za-z0-9._-]{0,127}$/;

export const isSegment = (name: string): boolean => SEGMENT.test(name);

export const journalPath = (root: string): string => join(root, 'journal.jsonl');
export const indexPath = (root: string): string => join(root, 'index.sqlite');
export const runsFolder = (root: string): string => join(root, 'runs');

/** @throws `invalid_params` for a name that could leave the root. */
export function runFolder(root: string, run: string): string {
  if (!isSegment(run)) throw new LonghandError('invalid_params', `“${run}” is not the id of a run.`);
  return join(root, 'runs', run);
}

export function attemptFolder(root: string, { run, stage, attempt }: AttemptKey): string {
  if (!isSegment(stage)) throw new LonghandError('invalid_params', `“${stage}” is not the id of a stage.`);
  return join(runFolder(root, run), 'stages', stage, `attempt-${attempt}`);
}

export const eventsPath = (folder: string): string => join(folder, 'events.jsonl');
export const textPart = (folder: string, part: number): string =>
  join(folder, 'text', `part-${String(part).padStart(5, '0')}.txt`);
export const tokensPart = (folder: string, part: number): string =>
  join(folder, 'tokens', `part-${String(part).padStart(5, '0')}.bin`);

export const streamOf = ({ run, stage, attempt }: AttemptKey): string => `${run}/${stage}/${attempt}`;

/** The path as faults name it: below the root, with forward slashes. */
export const underRoot = (root: string, path: string): string => relative(root, path).split(sep).join('/');

/** @throws `invalid_params` for what is not `run/stage/attempt`. */
export function parseStream(stream: string): AttemptKey {
  const match = /^([^/]+)\/([^/]+)\/(\d{1,9})$/.exec(stream);
  if (!match) throw new LonghandError('invalid_params', `“${stream}” is not the name of a stream (run/stage/attempt).`);
  return { run: match[1] ?? '', stage: match[2] ?? '', attempt: Number(match[3]) };
}

/** @throws `invalid_params` for what is not `run/stage/attempt/n`. */
export function parseTraceId(trace: string): { key: AttemptKey; n: number } {
  const cut = trace.lastIndexOf('/');
  const n = trace.slice(cut + 1);
  if (cut < 0 || !/^\d{1,10}$/.test(n)) {
    throw new LonghandError('invalid_params', `“${trace}” is not the id of a trace (run/stage/attempt/n).`);
  }
  return { key: parseStream(trace.slice(0, cut)), n: Number(n) };
}
