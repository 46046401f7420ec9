/** Events of a stream from a seq on, read again from its file. */
import { closeSync, openSync } from 'node:fs';
import type { StreamEvent } from '../../core/protocol/methods.ts';
import type { IndexFile } from './index-file.ts';
import { MAX_LINE, readLines, skipLine } from './lines.ts';
import { parseJournalEvent, parseStageEvent } from './parse-event.ts';

const BYTES = 1 << 20;

/**
 * Events with `after` < seq ≤ `last`, at most `limit` of them or about a megabyte. `attempt` 0 is the journal.
 * What was a fault when it was read in is left out here too.
 */
export function replay(
  index: IndexFile,
  path: string,
  attempt: number,
  after: number,
  last: number,
  limit: number,
): { events: StreamEvent[]; done: boolean } {
  if (after >= last) return { events: [], done: true };
  const mark = index.get<{ position: number }>(
    'SELECT position FROM marks WHERE attempt_id = ? AND seq <= ? ORDER BY seq DESC LIMIT 1',
    attempt,
    after + 1,
  );
  const parse = attempt === 0 ? parseJournalEvent : parseStageEvent;
  const events: StreamEvent[] = [];
  let fd: number;
  try {
    fd = openSync(path, 'r');
  } catch (error) {
    // Deleted in the meantime: nothing more will come of it.
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return { events: [], done: true };
    throw error;
  }
  try {
    let position = mark?.position ?? 0;
    let seen = after;
    let bytes = 0;
    for (;;) {
      const chunk = readLines(fd, position);
      if (chunk.tooLong) {
        const skip = skipLine(fd, position + MAX_LINE);
        if (!skip.found) return { events, done: true };
        position = skip.next;
        continue;
      }
      for (const line of chunk.lines) {
        const parsed = parse(line.text);
        if (!parsed.ok || parsed.seq <= seen) continue;
        if (parsed.seq > last) return { events, done: true };
        seen = parsed.seq;
        events.push(parsed.raw);
        bytes += line.text.length;
        if (events.length >= limit || bytes >= BYTES) return { events, done: seen >= last };
      }
      if (chunk.atEnd) return { events, done: true };
      position = chunk.next;
    }
  } finally {
    closeSync(fd);
  }
}
