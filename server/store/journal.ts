/** `<root>/journal.jsonl`: what no worker writes. Appended by this process alone, read into the index like any stream. */
import { closeSync, existsSync, fstatSync, fsyncSync, ftruncateSync, openSync } from 'node:fs';
import type { JournalEvent } from '../../core/protocol/files.ts';
import type { IndexFile } from './index-file.ts';
import { readLines } from './lines.ts';
import { parseJournalEvent } from './parse-event.ts';
import { journalPath } from './paths.ts';
import { writeAll } from './record-writer.ts';
import type { NewJournalEvent, StoreFault } from './trace-store.ts';

/** How far the journal has been read. */
interface Place {
  position: number;
  line: number;
  seq: number;
}

export class Journal {
  private readonly root: string;
  private readonly index: IndexFile;
  private place: Place;

  constructor(root: string, index: IndexFile) {
    this.root = root;
    this.index = index;
    const row = index.get<{ value: string }>("SELECT value FROM meta WHERE key = 'journal'");
    this.place = row ? (JSON.parse(row.value) as Place) : { position: 0, line: 0, seq: -1 };
  }

  get lastSeq(): number {
    return this.place.seq;
  }

  /**
   * Reads what is not in the index yet, and cuts off a torn last line: it was never acknowledged. `apply` is called within
   * the transaction. A bad line is a fault and is skipped.
   */
  catchUp(apply: (event: JournalEvent) => void, fault: (fault: StoreFault) => void): void {
    const path = journalPath(this.root);
    if (!existsSync(path)) return;
    const fd = openSync(path, 'r+');
    try {
      if (fstatSync(fd).size < this.place.position) {
        fault({
          file: 'journal.jsonl',
          line: null,
          kind: 'truncated',
          message: 'shorter than what was read of it; read again from its start',
        });
        this.place = { position: 0, line: 0, seq: this.place.seq };
      }
      for (;;) {
        const chunk = readLines(fd, this.place.position);
        this.index.transaction(() => {
          for (const [i, line] of chunk.lines.entries()) {
            const number = this.place.line + i + 1;
            const parsed = parseJournalEvent(line.text);
            if (parsed.seq !== null && parsed.seq <= this.place.seq) continue;
            if (parsed.seq !== null) this.place.seq = parsed.seq;
            if (!parsed.ok) fault({ file: 'journal.jsonl', line: number, kind: 'bad_line', message: parsed.why });
            else if (parsed.known) apply(parsed.raw);
          }
          this.place.position = chunk.next;
          this.place.line += chunk.lines.length;
          this.save();
        });
        if (chunk.atEnd || chunk.tooLong) break;
      }
      const size = fstatSync(fd).size;
      if (size > this.place.position) {
        const torn = size - this.place.position;
        ftruncateSync(fd, this.place.position);
        fault({
          file: 'journal.jsonl',
          line: this.place.line + 1,
          kind: 'torn_line',
          message: `${torn} bytes of a line that was never acknowledged were cut off`,
        });
      }
    } finally {
      closeSync(fd);
    }
  }

  /** On disk before it returns. */
  append(event: NewJournalEvent, apply: (event: JournalEvent) => void): JournalEvent {
    const full = { v: 1, seq: this.place.seq + 1, t: Date.now(), ...event } as JournalEvent;
    const line = Buffer.from(JSON.stringify(full) + '\n');
    const isNew = !existsSync(journalPath(this.root));
    const fd = openSync(journalPath(this.root), 'a');
    try {
      writeAll(fd, line);
      fsyncSync(fd);
    } finally {
      closeSync(fd);
    }
    if (isNew) syncFolder(this.root);
    this.place = { position: this.place.position + line.length, line: this.place.line + 1, seq: full.seq };
    this.index.transaction(() => {
      apply(full);
      this.save();
    });
    return full;
  }

  private save(): void {
    this.index.run("INSERT OR REPLACE INTO meta VALUES ('journal', ?)", JSON.stringify(this.place));
  }
}

/** So that a new name in the folder survives a power cut too. Not every platform can. */
export function syncFolder(folder: string): void {
  try {
    const fd = openSync(folder, 'r');
    fsyncSync(fd);
    closeSync(fd);
  } catch {
    // Windows opens no folders; the name is then as safe as the system makes it.
  }
}
