/** Slices of the logs that a stage's worker leaves. */
import { open } from 'node:fs/promises';
import { join } from 'node:path';
import { LonghandError } from '../../core/protocol/errors.ts';
import { SLICE_LIMIT, type Params, type Result } from '../../core/protocol/methods.ts';
import type { RunRecord } from '../store/trace-store.ts';
import { attemptsOf } from './start-attempt.ts';

/**
 * Bytes `[offset, offset + limit)` of a log as text; a negative offset counts from the end, and no offset gives the end. A
 * character is never cut: `end` says where the next slice begins.
 */
export async function readStageLog(record: RunRecord, params: Params<'stages/log'>): Promise<Result<'stages/log'>> {
  const attempts = attemptsOf(record, params.stage);
  const chosen =
    params.attempt === undefined ? attempts.at(-1) : attempts.find((one) => one.attempt === params.attempt);
  if (!chosen) {
    const which = params.attempt === undefined ? 'has not run' : `has no attempt ${params.attempt}`;
    throw new LonghandError('not_found', `The stage ${params.stage} of ${params.run} ${which}.`);
  }
  const file = await open(join(chosen.folder, `${params.stream}.log`), 'r').catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return null;
    throw new LonghandError('unreadable', error.message);
  });
  if (!file) return { text: '', offset: 0, end: 0, size: 0 };
  try {
    const { size } = await file.stat();
    const limit = Math.min(params.limit ?? SLICE_LIMIT, SLICE_LIMIT);
    const asked = params.offset ?? -limit;
    const offset = Math.min(size, asked < 0 ? Math.max(0, size + asked) : asked);
    const bytes = Buffer.alloc(Math.min(limit, size - offset));
    const { bytesRead } = await file.read(bytes, 0, bytes.length, offset);
    const whole = bytes.subarray(0, bytesRead);
    const from = offset === 0 ? 0 : leadingContinuation(whole);
    const to = offset + bytesRead === size ? bytesRead : lastBoundary(whole);
    return { text: whole.toString('utf8', from, to), offset: offset + from, end: offset + Math.max(from, to), size };
  } finally {
    await file.close();
  }
}

/** Bytes at the beginning that belong to a character begun before. */
function leadingContinuation(bytes: Buffer): number {
  let n = 0;
  while (n < 3 && n < bytes.length && (bytes[n]! & 0xc0) === 0x80) n++;
  return n;
}

/** Where the last whole character ends. */
function lastBoundary(bytes: Buffer): number {
  for (let back = 1; back <= Math.min(4, bytes.length); back++) {
    const byte = bytes[bytes.length - back]!;
    if ((byte & 0xc0) === 0x80) continue;
    const length = byte < 0x80 ? 1 : byte >= 0xf0 ? 4 : byte >= 0xe0 ? 3 : byte >= 0xc0 ? 2 : 1;
    return length > back ? bytes.length - back : bytes.length;
  }
  return bytes.length;
}
