/**
 * Reads an attempt's `events.jsonl` into the index, a chunk at a time. How far it has read is stored in the transaction of
 * what was read, so that a kill at any moment neither loses nor doubles an event.
 */
import { closeSync, fstatSync, openSync } from 'node:fs';
import type { BigIntStats } from 'node:fs';
import type { StageEvent } from '../../core/protocol/events.ts';
import { applyEvent } from './apply.ts';
import type { ApplyContext } from './apply.ts';
import { endAttempt, loadAttempt, saveAttempt } from './attempts.ts';
import type { AttemptState } from './attempts.ts';
import { isStorageError } from './index-file.ts';
import type { IndexFile } from './index-file.ts';
import { MAX_LINE, readLines, skipLine } from './lines.ts';
import type { Line } from './lines.ts';
import { measure, PartReader } from './measure.ts';
import type { Measured } from './measure.ts';
import { parseStageEvent } from './parse-event.ts';
import { eventsPath, textPart, underRoot } from './paths.ts';
import { readText } from './text.ts';
import { replacedIn, supersede, supersedeItems } from './supersede.ts';
import { TraceStates } from './trace-state.ts';
import type { StoreFault } from './trace-store.ts';

/** Bytes between two marks from which a replay can start. */
const MARK_EVERY = 256 * 1024;
/** Text that an event names is written before it; on a network's file system it may still be seen later. Milliseconds. */
const LATE_TEXT = 5000;
const FAULTS_KEPT = 1000;

export interface IngestResult {
  attempt: AttemptState;
  events: StageEvent[];
  faults: StoreFault[];
  /** More is there to be read now. */
  more: boolean;
  /** An event names text that cannot be seen yet: to be tried again soon. */
  later: boolean;
  /** Something was read, so the attempt has changed. */
  changed: boolean;
}

interface Entry {
  event: StageEvent;
  line: number;
  measured: Measured | null;
}

export class Ingest {
  private readonly index: IndexFile;
  private readonly root: string;
  readonly traces: TraceStates;

  constructor(index: IndexFile, root: string) {
    this.index = index;
    this.root = root;
    this.traces = new TraceStates(index);
  }

  /** Reads the next chunk of an attempt. Throws for errors of the storage; then nothing of the chunk is in the index. */
  chunk(id: number): IngestResult | null {
    const attempt = loadAttempt(this.index, this.root, id);
    if (!attempt) return null;
    let fd: number;
    try {
      fd = openSync(eventsPath(attempt.folder), 'r');
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === 'ENOENT' && attempt.position === 0) return null;
      if ((error as NodeJS.ErrnoException).code === 'ENOENT') return this.lost(attempt);
      throw error;
    }
    try {
      return this.read(attempt, fd, Infinity);
    } catch (error) {
      this.traces.clear();
      if (isStorageError(error)) throw error;
      // One line brings the index down: found by reading line by line, then skipped with its reason.
      const fresh = loadAttempt(this.index, this.root, id);
      if (!fresh) return null;
      return this.readCarefully(fresh, fd);
    } finally {
      closeSync(fd);
    }
  }

  private readCarefully(attempt: AttemptState, fd: number): IngestResult | null {
    try {
      return this.read(attempt, fd, 1);
    } catch (error) {
      this.traces.clear();
      if (isStorageError(error)) throw error;
      const fresh = loadAttempt(this.index, this.root, attempt.id);
      return fresh ? this.read(fresh, fd, 1, (error as Error).message) : null;
    }
  }

  private lost(attempt: AttemptState): IngestResult {
    const faults = new Faults(this.root, attempt);
    if (attempt.inode === null) return { attempt, events: [], faults: [], more: false, later: false, changed: false };
    faults.add(null, 'missing_file', `events.jsonl was read up to byte ${attempt.position} and is gone`);
    attempt.inode = null;
    this.index.transaction(() => {
      faults.write(this.index);
      saveAttempt(this.index, attempt);
    });
    return { attempt, events: [], faults: faults.list, more: false, later: false, changed: true };
  }

  private read(attempt: AttemptState, fd: number, maxLines: number, unusable?: string): IngestResult {
    const faults = new Faults(this.root, attempt);
    const stat = fstatSync(fd, { bigint: true });
    followFile(attempt, stat, faults);
    if (Number(stat.size) === attempt.position && faults.list.length === 0 && unusable === undefined) {
      return { attempt, events: [], faults: [], more: false, later: false, changed: false };
    }
    if (attempt.skipping) {
      const skip = skipLine(fd, attempt.position);
      attempt.position = skip.next;
      if (skip.found) {
        attempt.skipping = 0;
        attempt.line++;
      }
    }
    const chunk = readLines(fd, attempt.position);
    let lines = chunk.lines.slice(0, maxLines);
    if (chunk.tooLong) {
      faults.add(attempt.line + 1, 'long_line', `longer than ${MAX_LINE >> 20} MiB; skipped`);
      attempt.skipping = 1;
    }
    const before = attempt.position;
    let entries: Entry[] = [];
    let later = false;
    if (unusable !== undefined) faults.add(attempt.line + 1, 'bad_line', `cannot be indexed: ${unusable}`);
    else ({ entries, lines, later } = this.parse(attempt, lines, faults));
    const end = lines.length < chunk.lines.length ? chunk.lines[lines.length]?.position : chunk.next;
    attempt.position = lines.length === 0 ? attempt.position : (end ?? chunk.next);
    attempt.line += lines.length;
    this.commit(attempt, entries, faults, before);
    return {
      attempt,
      events: entries.map((entry) => entry.event),
      faults: faults.list,
      later,
      more: !later && (chunk.tooLong || (lines.length > 0 && (lines.length < chunk.lines.length || !chunk.atEnd))),
      changed: entries.length > 0 || faults.list.length > 0 || attempt.position !== before,
    };
  }

  /** The usable events among the lines, in order and each once. Cut short before an event whose text cannot be seen yet. */
  private parse(
    attempt: AttemptState,
    lines: Line[],
    faults: Faults,
  ): { entries: Entry[]; lines: Line[]; later: boolean } {
    const texts = new TextMeasure(attempt.folder);
    const entries: Entry[] = [];
    try {
      for (const [i, line] of lines.entries()) {
        const number = attempt.line + i + 1;
        const parsed = parseStageEvent(line.text);
        const mark = faults.list.length;
        if (!line.valid) faults.add(number, 'invalid_utf8', 'bytes that are no UTF-8 were replaced');
        const seqBefore = attempt.last_seq;
        if (parsed.seq !== null && !nextSeq(attempt, parsed.seq, number, faults)) continue;
        if (!parsed.ok) {
          faults.add(number, 'bad_line', parsed.why);
          continue;
        }
        const measured = parsed.known ? texts.of(parsed.raw, (why) => faults.add(number, why.kind, why.message)) : null;
        if (measured === 'later') {
          attempt.last_seq = seqBefore;
          faults.dropAfter(mark);
          return { entries, lines: lines.slice(0, i), later: true };
        }
        entries.push({ event: parsed.raw, line: number, measured });
      }
      return { entries, lines, later: false };
    } finally {
      texts.close();
    }
  }

  private commit(attempt: AttemptState, entries: Entry[], faults: Faults, before: number): void {
    this.index.transaction(() => {
      const first = entries[0];
      if (first && attempt.mark === 0) this.index.run('DELETE FROM marks WHERE attempt_id = ?', attempt.id);
      if (first && (attempt.mark === 0 || before - attempt.mark >= MARK_EVERY)) {
        this.index.run('INSERT OR REPLACE INTO marks VALUES (?, ?, ?)', attempt.id, first.event.seq, before);
        attempt.mark = Math.max(before, 1);
      }
      const context: ApplyContext = {
        index: this.index,
        traces: this.traces,
        attempt,
        isReplaced: replacedIn(attempt),
        completion: (state) => readText(this.index, attempt.folder, 0, state.id),
        fault: () => undefined,
        evaluated: false,
        items: [],
      };
      for (const { event, line, measured } of entries) {
        context.fault = (kind, message) => faults.add(line, kind, message);
        applyEvent(context, event, measured);
      }
      const counts = this.traces.flush();
      faults.write(this.index);
      saveAttempt(this.index, attempt);
      if (counts.traces !== 0 || counts.live !== 0) {
        this.index.run(
          'UPDATE attempts SET traces = traces + ?, live = live + ? WHERE id = ?',
          counts.traces,
          counts.live,
          attempt.id,
        );
      }
      if (supersedeItems(this.index, attempt, context.items)) this.traces.clear();
      if (context.evaluated) this.reconsider(attempt);
      if (attempt.digest.end && !attempt.ended) {
        endAttempt(this.index, attempt.id);
        attempt.ended = 1;
        this.traces.clear();
      }
    });
  }

  /** In a stage of several attempts, or one that evaluates a stage of several, an evaluation may replace or be replaced. */
  private reconsider({ run, stage, attempt, digest }: AttemptState): void {
    const newest =
      this.index.get<{ n: number }>('SELECT max(attempt) AS n FROM attempts WHERE run = ? AND stage = ?', run, stage)
        ?.n ?? attempt;
    const sources =
      this.index.get<{ n: number }>('SELECT count(*) AS n FROM attempts WHERE run = ? AND stage = ?', run, digest.of)
        ?.n ?? 0;
    if (newest === 1 && sources <= 1) return;
    if (supersede(this.index, run)) this.traces.clear();
  }
}

/** Keeps the place in the file; begins anew in one that was cut or replaced: events that were read already are known by their seq. */
function followFile(attempt: AttemptState, stat: BigIntStats, faults: Faults): void {
  const device = String(stat.dev);
  const inode = String(stat.ino);
  const replaced = attempt.inode !== null && (attempt.inode !== inode || attempt.device !== device);
  const cut = Number(stat.size) < attempt.position;
  if (cut)
    faults.add(
      null,
      'truncated',
      `${attempt.position} bytes had been read, now it has ${stat.size}; read again from its start`,
    );
  else if (replaced) faults.add(null, 'replaced', 'another file has taken its place; read again from its start');
  if (cut || replaced) {
    attempt.position = 0;
    attempt.line = 0;
    attempt.skipping = 0;
    attempt.mark = 0;
    attempt.again_to = attempt.last_seq;
  }
  attempt.device = device;
  attempt.inode = inode;
}

/** False for an event that was read before. */
function nextSeq(attempt: AttemptState, seq: number, line: number, faults: Faults): boolean {
  if (seq <= attempt.last_seq) {
    // In a file that is read again the old ones are no surprise.
    if (seq > attempt.again_to) faults.add(line, 'seq_repeat', `seq ${seq} a second time; skipped`);
    return false;
  }
  if (seq > attempt.last_seq + 1) {
    const from = attempt.last_seq + 1;
    faults.add(line, 'seq_gap', seq - from === 1 ? `seq ${from} is missing` : `seq ${from} to ${seq - 1} are missing`);
  }
  attempt.last_seq = seq;
  return true;
}

/** Faults of one attempt's record: the first thousand are kept by name, all are counted. */
class Faults {
  readonly list: StoreFault[] = [];
  private readonly file: string;
  private readonly attempt: AttemptState;

  constructor(root: string, attempt: AttemptState) {
    this.attempt = attempt;
    this.file = underRoot(root, eventsPath(attempt.folder));
  }

  add(line: number | null, kind: StoreFault['kind'], message: string): void {
    this.list.push({ file: this.file, line, kind, message });
  }

  dropAfter(length: number): void {
    this.list.length = length;
  }

  write(index: IndexFile): void {
    for (const { file, line, kind, message } of this.list) {
      this.attempt.faults++;
      if (this.attempt.faults > FAULTS_KEPT) continue;
      index.run(
        'INSERT INTO faults (attempt_id, file, line, kind, message) VALUES (?, ?, ?, ?, ?)',
        this.attempt.id,
        file,
        line,
        kind,
        message.slice(0, 500),
      );
    }
  }
}

/** Measures the texts that events name; each part is opened once a chunk. */
class TextMeasure {
  private readonly folder: string;
  private readonly readers = new Map<number, PartReader | null>();

  constructor(folder: string) {
    this.folder = folder;
  }

  of(event: StageEvent, fault: (why: Pick<StoreFault, 'kind' | 'message'>) => void): Measured | null | 'later' {
    if (event.type !== 'trace_text' && event.type !== 'prompt') return null;
    const young = Date.now() - event.t < LATE_TEXT;
    const reader = this.reader(event.part);
    const file = `text/part-${String(event.part).padStart(5, '0')}.txt`;
    if (!reader) {
      if (young) return 'later';
      fault({ kind: 'missing_part', message: `${file} is not there` });
      return null;
    }
    const size = reader.size;
    if (event.offset + event.length > size) {
      if (young) return 'later';
      fault({
        kind: 'extent_outside',
        message: `${file} ends at byte ${size}, the text should end at ${event.offset + event.length}`,
      });
    }
    return measure(reader, event.offset, Math.max(0, Math.min(event.length, size - event.offset)));
  }

  private reader(part: number): PartReader | null {
    let reader = this.readers.get(part);
    if (reader === undefined) {
      try {
        reader = new PartReader(textPart(this.folder, part));
      } catch (error) {
        if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error;
        reader = null;
      }
      this.readers.set(part, reader);
    }
    return reader;
  }

  close(): void {
    for (const reader of this.readers.values()) reader?.close();
  }
}
