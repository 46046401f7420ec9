/** Checks every file of the root against itself and against the index. Reads only. */
import { closeSync, existsSync, fstatSync, openSync, statSync } from 'node:fs';
import { join } from 'node:path';
import type { Extent, StageEvent } from '../../core/protocol/events.ts';
import { readScoresHead, SCORES_HEAD } from '../../core/traces/token-scores.ts';
import { judgedPath, parseJudged } from '../judge/records.ts';
import type { IndexFile } from './index-file.ts';
import { MAX_LINE, readLines, skipLine } from './lines.ts';
import { parseJournalEvent, parseStageEvent } from './parse-event.ts';
import type { Parsed } from './parse-event.ts';
import { attemptFolder, eventsPath, journalPath, streamOf, textPart, tokensPart, underRoot } from './paths.ts';
import { readExtent } from './places.ts';
import type { AttemptKey, StoreFault, VerifyReport } from './trace-store.ts';

const LISTED = 1000;

interface Row extends AttemptKey {
  id: number;
  ended: number;
  last_seq: number;
}

/** Yields between chunks, so that other work goes on; the generator's return value is the report. */
export function* verify(
  index: IndexFile,
  root: string,
): Generator<{ done: number; total: number; current: string }, VerifyReport> {
  const report: VerifyReport = { attempts: 0, events: 0, traces: 0, bytes: 0, faults: [], faultCount: 0 };
  const add = (fault: StoreFault): void => {
    report.faultCount++;
    if (report.faults.length < LISTED) report.faults.push(fault);
  };
  const rows = index.all<Row>('SELECT id, run, stage, attempt, ended, last_seq FROM attempts ORDER BY id');
  yield* journal(root, add);
  for (const { run } of index.all<{ run: string }>('SELECT run FROM runs WHERE deleted = 0'))
    report.bytes += yield* judged(root, run, add);
  for (const [i, row] of rows.entries()) {
    yield { done: i, total: rows.length, current: streamOf(row) };
    const check = new AttemptCheck(root, row, add);
    yield* check.run();
    const found = index.get<{ n: number }>('SELECT count(*) AS n FROM traces WHERE attempt_id = ?', row.id)?.n ?? 0;
    const now = index.get<{ last_seq: number }>('SELECT last_seq FROM attempts WHERE id = ?', row.id)?.last_seq ?? -1;
    // What is still being written may differ for a moment.
    if (row.ended && (found !== check.traces.size || now !== check.lastSeq)) {
      const message = `index: ${found} traces up to seq ${now}; file: ${check.traces.size} up to seq ${check.lastSeq}. \`longhand reindex\` mends it`;
      add({ file: check.file, line: null, kind: 'index_differs', message });
    }
    report.attempts++;
    report.events += check.events;
    report.traces += check.traces.size;
    report.bytes += check.bytes;
  }
  return report;
}

function* journal(
  root: string,
  add: (fault: StoreFault) => void,
): Generator<{ done: number; total: number; current: string }> {
  if (!existsSync(journalPath(root))) return;
  let last = -1;
  for (const line of wholeLines(
    journalPath(root),
    (at, kind, message) => add({ file: 'journal.jsonl', line: at, kind, message }),
    true,
  )) {
    if (line === null) {
      yield { done: 0, total: 0, current: 'journal' };
      continue;
    }
    const parsed = parseJournalEvent(line.text);
    last = checkSeq(parsed, last, (kind, message) => add({ file: 'journal.jsonl', line: line.number, kind, message }));
  }
}

/** What judges said of a run. Returns the file's bytes. */
function* judged(
  root: string,
  run: string,
  add: (fault: StoreFault) => void,
): Generator<{ done: number; total: number; current: string }, number> {
  const path = judgedPath(root, run);
  if (!existsSync(path)) return 0;
  const file = underRoot(root, path);
  for (const line of wholeLines(path, (at, kind, message) => add({ file, line: at, kind, message }), true)) {
    if (line === null) yield { done: 0, total: 0, current: file };
    else if (!parseJudged(line.text))
      add({ file, line: line.number, kind: 'bad_line', message: 'no record of a judge: nothing of it is shown' });
  }
  return statSync(path).size;
}

class AttemptCheck {
  readonly file: string;
  readonly traces = new Set<number>();
  events = 0;
  bytes = 0;
  lastSeq = -1;
  private readonly folder: string;
  private readonly ended: boolean;
  private readonly add: (line: number | null, kind: StoreFault['kind'], message: string) => void;
  private readonly sizes = new Map<string, number>();

  constructor(root: string, row: Row, add: (fault: StoreFault) => void) {
    this.folder = attemptFolder(root, row);
    this.ended = row.ended === 1;
    this.file = underRoot(root, eventsPath(this.folder));
    this.add = (line, kind, message) => add({ file: this.file, line, kind, message });
  }

  *run(): Generator<{ done: number; total: number; current: string }> {
    if (!existsSync(join(this.folder, 'spec.json'))) this.add(null, 'missing_file', 'spec.json is not there');
    const path = eventsPath(this.folder);
    if (!existsSync(path)) {
      if (this.ended) this.add(null, 'missing_file', 'there is no record of the attempt');
      return;
    }
    this.bytes += statSync(path).size;
    for (const line of wholeLines(path, this.add, this.ended)) {
      if (line === null) {
        yield { done: 0, total: 0, current: this.file };
        continue;
      }
      if (!line.valid) this.add(line.number, 'invalid_utf8', 'bytes that are no UTF-8');
      const parsed = parseStageEvent(line.text);
      const before = this.lastSeq;
      this.lastSeq = checkSeq(parsed, before, (kind, message) => this.add(line.number, kind, message));
      if (!parsed.ok || parsed.seq <= before) continue;
      this.events++;
      if (parsed.known) this.check(parsed.raw, line.number);
    }
    for (const size of this.sizes.values()) this.bytes += Math.max(0, size);
  }

  private check(event: StageEvent, line: number): void {
    if (event.type === 'trace_begin') this.traces.add(event.trace);
    if (event.type === 'trace_text' || event.type === 'trace_end' || event.type === 'trace_facts') {
      if (!this.traces.has(event.trace)) this.add(line, 'unknown_trace', `trace ${event.trace} has not begun`);
    }
    if (event.type === 'trace_text' || event.type === 'prompt')
      this.extent(textPart(this.folder, event.part), event.offset + event.length, line);
    if (event.type === 'trace_end' && event.token_ids) {
      const { part, offset, length } = event.token_ids;
      this.extent(tokensPart(this.folder, part), offset + length, line);
    }
    if (event.type === 'trace_end' && event.scores) this.scores(event.scores, line);
    // A trainer removes its older checkpoints to save room: one that is gone is no fault, one without its mark is.
    const checkpoint = event.type === 'checkpoint' ? join(this.folder, event.path) : null;
    if (checkpoint !== null && existsSync(checkpoint) && !existsSync(join(checkpoint, 'COMPLETE.json'))) {
      this.add(
        line,
        'incomplete_checkpoint',
        `${underRoot(this.folder, checkpoint)} has no COMPLETE.json, so nothing resumes from it`,
      );
    }
  }

  /** That they lie in the part, and are what their head says. */
  private scores({ part, offset, length }: Extent, line: number): void {
    const path = tokensPart(this.folder, part);
    this.extent(path, offset + length, line);
    const bytes = readExtent(path, { offset, length: Math.min(length, SCORES_HEAD) });
    const head = bytes && readScoresHead(bytes);
    if (bytes && head?.bytes !== length)
      this.add(line, 'bad_scores', `${underRoot(this.folder, path)} holds no log-probabilities at byte ${offset}`);
  }

  private extent(path: string, end: number, line: number): void {
    let size = this.sizes.get(path);
    if (size === undefined) this.sizes.set(path, (size = statSync(path, { throwIfNoEntry: false })?.size ?? -1));
    const name = underRoot(this.folder, path);
    if (size < 0) this.add(line, 'missing_part', `${name} is not there`);
    else if (end > size) {
      // It may have grown since it was looked at first.
      size = statSync(path, { throwIfNoEntry: false })?.size ?? -1;
      this.sizes.set(path, size);
      if (end > size) this.add(line, 'extent_outside', `${name} ends at byte ${size}, the text should end at ${end}`);
    }
  }
}

function checkSeq(
  parsed: Parsed<unknown>,
  last: number,
  add: (kind: StoreFault['kind'], message: string) => void,
): number {
  if (!parsed.ok) add('bad_line', parsed.why);
  if (parsed.seq === null) return last;
  if (parsed.seq <= last) {
    add('seq_repeat', `seq ${parsed.seq} a second time`);
    return last;
  }
  if (parsed.seq > last + 1) add('seq_gap', `seq ${last + 1} to ${parsed.seq - 1} are missing`);
  return parsed.seq;
}

/** Every whole line with its number; null between chunks. A torn last line is a fault where nothing more will come. */
function* wholeLines(
  path: string,
  add: (line: number | null, kind: StoreFault['kind'], message: string) => void,
  isOver: boolean,
): Generator<{ text: string; valid: boolean; number: number } | null> {
  const fd = openSync(path, 'r');
  try {
    let position = 0;
    let number = 0;
    for (;;) {
      const chunk = readLines(fd, position);
      for (const line of chunk.lines) yield { text: line.text, valid: line.valid, number: ++number };
      position = chunk.next;
      if (chunk.tooLong) {
        add(++number, 'long_line', `longer than ${MAX_LINE >> 20} MiB`);
        const skip = skipLine(fd, position);
        position = skip.next;
        if (!skip.found) return;
      } else if (chunk.atEnd) break;
      yield null;
    }
    const rest = fstatSync(fd).size - position;
    if (rest > 0 && isOver) add(number + 1, 'torn_line', `${rest} bytes of a line that was never finished`);
  } finally {
    closeSync(fd);
  }
}
