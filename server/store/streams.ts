/** Places in the streams of events: how far each goes, and where a subscriber begins. */
import { LonghandError } from '../../core/protocol/errors.ts';
import type { Cursor, EventBatch } from '../../core/protocol/methods.ts';
import { attemptId, loadAttempt } from './attempts.ts';
import type { IndexFile } from './index-file.ts';
import { eventsPath, journalPath, parseStream, streamOf } from './paths.ts';
import { replay } from './replay.ts';
import type { AttemptKey } from './trace-store.ts';

const REPLAY_LIMIT = 10_000;

/** The newest seq of every stream, or of one run's streams and the journal. */
export function newest(index: IndexFile, journalSeq: number, run?: string): Cursor {
  const rows = index.all<AttemptKey & { last_seq: number }>(
    'SELECT run, stage, attempt, last_seq FROM attempts WHERE :run IS NULL OR run = :run ORDER BY id',
    { run: run ?? null },
  );
  return { journal: journalSeq, ...Object.fromEntries(rows.map((row) => [streamOf(row), row.last_seq])) };
}

/** Where a subscription with this cursor starts, stream by stream (see `TraceStore.subscribe`), and how far each goes by now. */
export function startOf(
  index: IndexFile,
  journalSeq: number,
  cursor: Cursor,
  run?: string,
): { start: Cursor; last: Cursor } {
  const last = newest(index, journalSeq, run);
  const seen = cursor['journal'];
  const made = new Map(
    index
      .all<AttemptKey & { created_seq: number | null }>(
        'SELECT run, stage, attempt, created_seq FROM attempts WHERE :run IS NULL OR run = :run',
        { run: run ?? null },
      )
      .map((row) => [streamOf(row), row.created_seq]),
  );
  const start: Cursor = {};
  for (const [stream, seq] of Object.entries(last)) {
    const createdSeq = made.get(stream) ?? null;
    const isLater = seen !== undefined && createdSeq !== null && createdSeq > seen;
    start[stream] = isLater ? -1 : (cursor[stream] ?? seq);
  }
  return { start, last };
}

/** @throws `not_found` for a stream that is not there. */
export function replayStream(
  index: IndexFile,
  root: string,
  journalSeq: number,
  stream: string,
  after: number,
  limit = 1000,
): { events: EventBatch['events']; done: boolean } {
  const most = Math.max(1, Math.min(limit, REPLAY_LIMIT));
  if (stream === 'journal') return replay(index, journalPath(root), 0, after, journalSeq, most);
  const id = attemptId(index, parseStream(stream));
  const attempt = id === null ? null : loadAttempt(index, root, id);
  if (!attempt) throw new LonghandError('not_found', `There is no stream ${stream}.`);
  return replay(index, eventsPath(attempt.folder), attempt.id, after, attempt.last_seq, most);
}
